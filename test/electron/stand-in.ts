import { EventEmitter } from 'node:events';
import type { ElectronMain } from '../../src/electron/electron-application.ts';

/** An event of Electron's that can be prevented. */
class StandInEvent {
  #defaultPrevented = false;

  get defaultPrevented(): boolean {
    return this.#defaultPrevented;
  }

  preventDefault(): void {
    this.#defaultPrevented = true;
  }
}

class StandInWindow extends EventEmitter {
  readonly webContents = new EventEmitter();
  /** The page's `beforeunload` says no. */
  holdsPage = false;
  #isDestroyed = false;

  isDestroyed(): boolean {
    return this.#isDestroyed;
  }

  /** @returns whether it closed */
  close(): boolean {
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

/**
 * Electron's main process as far as a quit goes, in the order that Electron's documentation gives: `before-quit`, then
 * each window's `close`, then `will-quit`, then `quit`; who prevents one of them ends it there.
 */
export class StandInElectron {
  readonly windows: StandInWindow[] = [];
  readonly exits: number[] = [];
  readonly notifications: unknown[] = [];
  readonly app = Object.assign(new EventEmitter(), {
    isPackaged: true,
    getName: () => 'Nexy',
    quit: () => this.#quit(),
    exit: (status: number) => void this.exits.push(status),
  });
  readonly autoUpdater = new EventEmitter();

  openWindow(): StandInWindow {
    const window = new StandInWindow();
    this.windows.push(window);
    this.app.emit('browser-window-created', new StandInEvent(), window);
    return window;
  }

  /** What `import('electron')` gives. The cast is about all that a quit has nothing to do with. */
  module(): ElectronMain {
    const { app, autoUpdater, notifications } = this;
    const BrowserWindow = { getAllWindows: () => this.windows.filter((window) => !window.isDestroyed()) };
    class Notification {
      static isSupported(): boolean {
        return true;
      }
      readonly #options: unknown;
      constructor(options: unknown) {
        this.#options = options;
      }
      show(): void {
        notifications.push(this.#options);
      }
    }
    return { app, autoUpdater, BrowserWindow, Notification } as unknown as ElectronMain;
  }

  focus(): void {
    this.app.emit('browser-window-focus', new StandInEvent(), this.windows[0]);
  }

  #quit(): void {
    const beginning = new StandInEvent();
    this.app.emit('before-quit', beginning);
    if (beginning.defaultPrevented) return;
    for (const window of this.windows.filter((each) => !each.isDestroyed())) if (!window.close()) return;
    const ending = new StandInEvent();
    this.app.emit('will-quit', ending);
    if (!ending.defaultPrevented) this.app.emit('quit', new StandInEvent(), 0);
  }
}
