import type { Application } from '../updater/application.ts';
import type { AppLike, ElectronMain, Preventable, WindowLike } from './electron-client.ts';

/** Electron's application as the updater knows it. */
export function electronApplication(electron: ElectronMain): Application {
  const { app, autoUpdater, Notification } = electron;
  return {
    get name() {
      return app.getName();
    },
    get isPackaged() {
      return app.isPackaged;
    },
    onQuit: (listener) => listenLast(app, listener),
    onQuitRefused: (listener) => watchRefusals(electron, listener),
    quit: () => {
      // Applications let their windows close on this event of Electron's own updater.
      autoUpdater.emit('before-quit-for-update');
      app.quit();
    },
    exit: (status) => app.exit(status),
    notify: ({ title, body }) => {
      if (Notification.isSupported()) new Notification({ title, body }).show();
    },
  };
}

/** `will-quit` comes when all windows are closed. Who else listens may refuse, so the updater goes last. */
function listenLast(app: AppLike, listener: () => void): void {
  const last = (event: Preventable): void => {
    if (!event.defaultPrevented) listener();
  };
  app.on('will-quit', last);
  app.on('before-quit', () => {
    app.removeListener('will-quit', last);
    app.on('will-quit', last);
  });
}

/**
 * Electron tells of no quit that does not come, so it is put together from what can be seen:
 *
 * - A window that does not close (`close` prevented, or `beforeunload` of its page) has ended the quit.
 * - A handler that prevents `before-quit` or `will-quit` often only wants to finish something first, and quits again
 *   by itself. So that the update is still installed and the app opened again, the quit counts as refused only when
 *   the person is back at work: a window gets the focus, or the app is activated.
 *
 * No time is waited for: a quit may take as long as saving takes.
 */
function watchRefusals({ app, BrowserWindow }: ElectronMain, listener: () => void): void {
  let stop = (): void => undefined;
  const refuse = (): void => {
    stop();
    listener();
  };
  const waitForPerson = (): void => {
    stop();
    app.once('browser-window-focus', refuse);
    app.once('activate', refuse);
    stop = () => {
      app.removeListener('browser-window-focus', refuse);
      app.removeListener('activate', refuse);
    };
  };
  app.on('before-quit', (event) => {
    stop();
    stop = watchWindows(BrowserWindow.getAllWindows(), refuse);
    whenPrevented(event, waitForPerson);
  });
  app.on('will-quit', (event) => whenPrevented(event, waitForPerson));
}

function watchWindows(windows: readonly WindowLike[], refuse: () => void): () => void {
  const onClose = (event: Preventable): void => whenPrevented(event, refuse);
  // Here to prevent means to let the window close after all.
  const onUnload = (event: Preventable): void => queueMicrotask(() => event.defaultPrevented || refuse());
  for (const window of windows) {
    window.on('close', onClose);
    window.webContents.on('will-prevent-unload', onUnload);
  }
  return () => {
    for (const window of windows) {
      if (window.isDestroyed()) continue;
      window.removeListener('close', onClose);
      window.webContents.removeListener('will-prevent-unload', onUnload);
    }
  };
}

/** A microtask later all listeners have been heard, whichever was first. */
function whenPrevented(event: Preventable, act: () => void): void {
  queueMicrotask(() => {
    if (event.defaultPrevented) act();
  });
}
