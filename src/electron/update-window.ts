import type { ElectronClient, IpcEvent, WindowLike } from './electron-client.ts';
import { lockContents, lockSession } from './lock-down.ts';
import { MODEL_CHANNEL, REQUEST_CHANNEL, type WindowModel, type WindowRequest } from './window-contract.ts';
import { isWindowUrl, serveWindow, WINDOW_ORIGIN, WINDOW_URL } from './window-files.ts';

export interface WindowOptions {
  readonly electron: ElectronClient;
  /** Holds index.html and what it needs. */
  readonly pageFolder: string;
  /** The preload script, one file. */
  readonly preload: string;
  readonly title: () => string;
  readonly model: () => WindowModel;
  readonly onRequest: (request: WindowRequest) => Promise<void>;
  readonly onClosed: () => void;
}

/** In memory only, and of this window alone: nothing of the app's own session is there. */
const PARTITION = 'nexy-updates';

/** The window, while it is open. What it asks for is checked before anything hears of it. */
export class UpdateWindow {
  readonly #options: WindowOptions;
  #window: WindowLike | null = null;
  #isSessionReady = false;

  constructor(options: WindowOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#window !== null;
  }

  /**
   * Opens the window, or brings the open one forward.
   *
   * @param isWanted a person asked for it just now; otherwise it takes nobody's focus
   */
  open(isWanted: boolean): void {
    const { electron } = this.#options;
    const show = (window: WindowLike): void => {
      if (!isWanted) {
        window.showInactive();
        return;
      }
      window.show();
      // A menu-bar app is not the active one, even when its menu was used.
      electron.app.focus({ steal: true });
    };
    if (this.#window !== null) {
      show(this.#window);
      return;
    }
    const window = this.#make();
    this.#window = window;
    window.once('ready-to-show', () => {
      if (!window.isDestroyed()) show(window);
    });
    window.once('closed', () => {
      this.#window = null;
      this.#options.onClosed();
    });
    // A window that was closed while it loaded is no failure.
    window.loadURL(WINDOW_URL).catch(() => undefined);
  }

  close(): void {
    this.#window?.close();
  }

  /** Tells the open window of a new model. */
  update(): void {
    const { model } = this.#options;
    if (this.#window?.isDestroyed() === false) this.#window.webContents.send(MODEL_CHANNEL, model());
  }

  #make(): WindowLike {
    const { electron, preload, title, model, onRequest } = this.#options;
    const session = electron.session.fromPartition(PARTITION, { cache: false });
    if (!this.#isSessionReady) {
      lockSession(session, (url) => url.startsWith(`${WINDOW_ORIGIN}/`));
      session.protocol.handle('https', serveWindow(this.#options.pageFolder));
      this.#isSessionReady = true;
    }
    const window = new electron.BrowserWindow({
      title: title(),
      show: false,
      width: 560,
      height: 520,
      minWidth: 320,
      minHeight: 320,
      fullscreenable: false,
      webPreferences: {
        preload,
        partition: PARTITION,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        webSecurity: true,
        webviewTag: false,
        navigateOnDragDrop: false,
        spellcheck: false,
        devTools: !electron.app.isPackaged,
      },
    });
    const { webContents } = window;
    lockContents(webContents);
    webContents.ipc.handle(MODEL_CHANNEL, (event) => {
      assertOurs(event);
      return model();
    });
    webContents.ipc.handle(REQUEST_CHANNEL, async (event, value) => {
      assertOurs(event);
      const { parseWindowRequest } = await import('./window-schema.ts');
      await onRequest(parseWindowRequest(value));
    });
    return window;
  }
}

/**
 * Only messages of this window's contents arrive at its `ipc`; of those only the main frame, and only while it shows
 * our page, is listened to (item 17).
 */
function assertOurs({ senderFrame }: IpcEvent): void {
  if (senderFrame !== null && senderFrame.parent === null && isWindowUrl(senderFrame.url)) return;
  throw new TypeError('This frame may not ask for anything.');
}
