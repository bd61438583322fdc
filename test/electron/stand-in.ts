import { EventEmitter } from 'node:events';
import type {
  BrowserWindowConstructorOptions,
  MenuItemConstructorOptions,
  MessageBoxOptions,
  NotificationConstructorOptions,
} from 'electron';
import type {
  ContentsLike,
  ElectronClient,
  FrameLike,
  IpcEvent,
  MenuLike,
  SessionLike,
  WindowLike,
} from '../../src/electron/electron-client.ts';

/** An event of Electron's that can be prevented. */
export class StandInEvent {
  #defaultPrevented = false;

  get defaultPrevented(): boolean {
    return this.#defaultPrevented;
  }

  preventDefault(): void {
    this.#defaultPrevented = true;
  }
}

type IpcListener = (event: IpcEvent, ...values: unknown[]) => unknown;

/** The contents of a window: what a page could do is done by a test, through the same doors. */
export class StandInContents extends EventEmitter implements ContentsLike {
  readonly sent: { readonly channel: string; readonly value: unknown }[] = [];
  openHandler: (() => { action: 'deny' }) | null = null;
  url = '';
  readonly #handlers = new Map<string, IpcListener>();
  readonly ipc = {
    handle: (channel: string, listener: IpcListener): void => void this.#handlers.set(channel, listener),
  };

  send(channel: string, value: unknown): void {
    // As Electron's IPC: what cannot be cloned cannot be sent, and what arrives is a copy.
    const copy = structuredClone(value);
    this.sent.push({ channel, value: copy });
    // Of the stand-in: for whoever gives it a real page.
    this.emit('sent-to-page', channel, copy);
  }

  setWindowOpenHandler(handler: () => { action: 'deny' }): void {
    this.openHandler = handler;
  }

  /** A message of the page's preload script, or of another frame. */
  async invoke(
    channel: string,
    value?: unknown,
    senderFrame: FrameLike | null = this.mainFrame,
  ): Promise<unknown> {
    const listener = this.#handlers.get(channel);
    if (listener === undefined) throw new Error(`Nobody handles ${channel}`);
    return structuredClone(await listener({ senderFrame }, structuredClone(value)));
  }

  get mainFrame(): FrameLike {
    return { url: this.url, parent: null };
  }

  /** @returns whether it was allowed */
  attempt(name: 'will-frame-navigate' | 'will-redirect' | 'will-attach-webview'): boolean {
    const event = new StandInEvent();
    this.emit(name, event);
    return !event.defaultPrevented;
  }
}

export class StandInWindow extends EventEmitter implements WindowLike {
  readonly webContents = new StandInContents();
  readonly options: BrowserWindowConstructorOptions;
  /** How it was shown, in order. */
  readonly shown: ('active' | 'inactive')[] = [];
  /** The page's `beforeunload` says no. */
  holdsPage = false;
  #isDestroyed = false;

  constructor(options: BrowserWindowConstructorOptions = {}) {
    super();
    this.options = options;
  }

  async loadURL(url: string): Promise<void> {
    this.webContents.url = url;
    await Promise.resolve();
    this.emit('ready-to-show');
  }

  show(): void {
    this.shown.push('active');
  }

  showInactive(): void {
    this.shown.push('inactive');
  }

  isDestroyed(): boolean {
    return this.#isDestroyed;
  }

  close(): void {
    this.tryToClose();
  }

  /** @returns whether it closed */
  tryToClose(): boolean {
    const closing = new StandInEvent();
    this.emit('close', closing);
    if (closing.defaultPrevented) return false;
    if (this.holdsPage) {
      const unloading = new StandInEvent();
      this.webContents.emit('will-prevent-unload', unloading);
      if (!unloading.defaultPrevented) return false;
    }
    this.#isDestroyed = true;
    this.emit('closed');
    return true;
  }
}

export class StandInSession extends EventEmitter implements SessionLike {
  /** What `resolveProxy` answers, by host. */
  readonly proxies = new Map<string, string>();
  readonly schemes = new Map<string, (request: Request) => Response | Promise<Response>>();
  readonly protocol = {
    handle: (scheme: string, handler: (request: Request) => Response | Promise<Response>): void =>
      void this.schemes.set(scheme, handler),
  };
  #filter: Parameters<SessionLike['webRequest']['onBeforeRequest']>[0] | null = null;
  readonly webRequest: SessionLike['webRequest'] = {
    onBeforeRequest: (listener) => {
      this.#filter = listener;
    },
  };
  #permissionHandler: Parameters<SessionLike['setPermissionRequestHandler']>[0] | null = null;
  #checkHandlers: (() => boolean)[] = [];

  async resolveProxy(url: string): Promise<string> {
    return this.proxies.get(new URL(url).hostname) ?? 'DIRECT';
  }

  setPermissionRequestHandler(handler: Parameters<SessionLike['setPermissionRequestHandler']>[0]): void {
    this.#permissionHandler = handler;
  }

  setPermissionCheckHandler(handler: () => boolean): void {
    this.#checkHandlers.push(handler);
  }

  setDevicePermissionHandler(handler: () => boolean): void {
    this.#checkHandlers.push(handler);
  }

  /** Whether a page gets a permission; without handlers Electron grants it. */
  isGranted(permission: string): boolean {
    let isGranted = this.#permissionHandler === null;
    this.#permissionHandler?.(null, permission, (answer) => {
      isGranted = answer;
    });
    return isGranted || this.#checkHandlers.length < 2 || this.#checkHandlers.some((handler) => handler());
  }

  /** What a request of a page comes to: null where it is cancelled. */
  async fetch(url: string): Promise<Response | null> {
    let isCancelled = false;
    this.#filter?.({ url }, ({ cancel }) => {
      isCancelled = cancel;
    });
    const handler = this.schemes.get(new URL(url).protocol.slice(0, -1));
    if (isCancelled) return null;
    if (handler === undefined) throw new Error(`${url} would go to the network`);
    return handler(new Request(url));
  }
}

interface ShownNotification extends NotificationConstructorOptions {
  click(): void;
}

/**
 * Electron's main process as far as the client uses it. A quit goes in the order that Electron's documentation gives:
 * `before-quit`, then each window's `close`, then `will-quit`, then `quit`; who prevents one of them ends it there.
 * The compiler holds it to the interface that `typeof import('electron')` is held to.
 */
export class StandInElectron {
  readonly windows: StandInWindow[] = [];
  readonly exits: number[] = [];
  readonly notifications: ShownNotification[] = [];
  readonly dialogs: MessageBoxOptions[] = [];
  /** Which button a person presses in a dialog. */
  dialogAnswer = 0;
  readonly opened: string[] = [];
  readonly moves: string[] = [];
  readonly preferences = new Map<string, boolean | string>();
  readonly copied: string[] = [];
  readonly schemes: string[] = [];
  /** Of the tray. */
  menu: readonly MenuItemConstructorOptions[] = [];
  applicationMenu: readonly MenuItemConstructorOptions[] = [];
  readonly #templates = new Map<MenuLike, readonly MenuItemConstructorOptions[]>();
  readonly trays: string[] = [];
  isOnline = true;
  holdsInstanceLock = true;
  userData = '/nowhere';
  version = '2.0.0.45';
  languages = ['en-US'];
  canMove = true;
  readonly app = Object.assign(new EventEmitter(), {
    isPackaged: true,
    getName: () => 'Nexy',
    getVersion: () => this.version,
    getPath: () => this.userData,
    getPreferredSystemLanguages: () => this.languages,
    whenReady: async () => undefined,
    enableSandbox: () => void this.calls.push('enableSandbox'),
    focus: () => void this.calls.push('focus'),
    requestSingleInstanceLock: () => this.holdsInstanceLock,
    setAsDefaultProtocolClient: (scheme: string) => this.schemes.push(scheme) > 0,
    isInApplicationsFolder: () => false,
    moveToApplicationsFolder: () => {
      if (!this.canMove) throw new Error('The destination could not be written');
      return this.moves.push('moved') > 0;
    },
    showAboutPanel: () => void this.calls.push('showAboutPanel'),
    quit: () => this.#quit(),
    exit: (status = 0) => void this.exits.push(status),
  });
  /** What else was asked of `app`. */
  readonly calls: string[] = [];
  readonly autoUpdater = new EventEmitter();
  readonly powerMonitor = new EventEmitter();
  readonly defaultSession = new StandInSession();
  readonly sessions = new Map<string, StandInSession>();

  openWindow(options: BrowserWindowConstructorOptions = {}): StandInWindow {
    const window = new StandInWindow(options);
    this.windows.push(window);
    this.app.emit('web-contents-created', new StandInEvent(), window.webContents);
    return window;
  }

  get openWindows(): StandInWindow[] {
    return this.windows.filter((window) => !window.isDestroyed());
  }

  /** What `import('electron')` gives. */
  module(): ElectronClient {
    const { app, autoUpdater, powerMonitor, notifications } = this;
    const open = (options: BrowserWindowConstructorOptions): StandInWindow => this.openWindow(options);
    const BrowserWindow = Object.assign(
      function BrowserWindow(options: BrowserWindowConstructorOptions): StandInWindow {
        return open(options);
      } as unknown as new (
        options: BrowserWindowConstructorOptions,
      ) => StandInWindow,
      { getAllWindows: () => this.openWindows },
    );
    class Notification extends EventEmitter {
      static isSupported(): boolean {
        return true;
      }
      readonly #options: NotificationConstructorOptions;
      constructor(options: NotificationConstructorOptions) {
        super();
        this.#options = options;
      }
      show(): void {
        notifications.push({ ...this.#options, click: () => void this.emit('click') });
      }
    }
    const made = this.trays;
    const show = (menu: MenuLike | null): void => {
      this.menu = this.#templates.get(menu as MenuLike) ?? [];
    };
    class Tray {
      constructor(image: string) {
        made.push(image);
      }
      setToolTip(): void {}
      setContextMenu(menu: MenuLike | null): void {
        show(menu);
      }
    }
    return {
      app,
      autoUpdater,
      powerMonitor,
      BrowserWindow,
      Notification,
      Tray,
      Menu: {
        buildFromTemplate: (template) => this.#buildMenu(template),
        setApplicationMenu: (menu) => {
          this.applicationMenu = this.#templates.get(menu as MenuLike) ?? [];
        },
      },
      clipboard: { writeText: (text) => void this.copied.push(text) },
      dialog: {
        showMessageBox: async (options) => {
          this.dialogs.push(options);
          return { response: this.dialogAnswer };
        },
      },
      net: { isOnline: () => this.isOnline },
      session: {
        defaultSession: this.defaultSession,
        fromPartition: (partition) => {
          const session = this.sessions.get(partition) ?? new StandInSession();
          this.sessions.set(partition, session);
          return session;
        },
      },
      shell: {
        openExternal: async (url) => void this.opened.push(url),
      },
      systemPreferences: {
        getUserDefault: ((key: string, type: 'boolean' | 'string') =>
          this.preferences.get(key) ?? (type === 'boolean' ? false : '')) as {
          (key: string, type: 'boolean'): boolean;
          (key: string, type: 'string'): string;
        },
      },
    };
  }

  focus(): void {
    this.app.emit('browser-window-focus', new StandInEvent(), this.windows[0]);
  }

  /** A click on an item of the tray's menu. */
  choose(label: string | RegExp, event: { readonly altKey?: boolean } = {}): void {
    const item = this.item(label);
    (item.click as ((...payload: unknown[]) => void) | undefined)?.(item, undefined, event);
  }

  item(label: string | RegExp): MenuItemConstructorOptions {
    const all = this.menu.flatMap((item) => [item, ...(Array.isArray(item.submenu) ? item.submenu : [])]);
    const found = all.find((item) =>
      typeof label === 'string' ? item.label === label : label.test(item.label ?? ''),
    );
    if (found === undefined) throw new Error(`The menu has no ${label}`);
    return found;
  }

  #buildMenu(template: readonly MenuItemConstructorOptions[]): MenuLike {
    const menu = { items: template.map(({ label = '' }) => ({ label })) };
    this.#templates.set(menu, template);
    return menu;
  }

  #quit(): void {
    const beginning = new StandInEvent();
    this.app.emit('before-quit', beginning);
    if (beginning.defaultPrevented) return;
    for (const window of this.openWindows) if (!window.tryToClose()) return;
    const ending = new StandInEvent();
    this.app.emit('will-quit', ending);
    if (!ending.defaultPrevented) this.app.emit('quit', new StandInEvent(), 0);
  }
}
