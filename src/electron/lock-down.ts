import type { ContentsLike, Preventable, SessionLike } from './electron-client.ts';

const prevent = (event: Preventable): void => event.preventDefault();

/**
 * A page stays the page that it is: it goes nowhere, opens nothing, and embeds nothing (Electron's security checklist,
 * items 12 to 14). Links are asked for by a request of their own.
 */
export function lockContents(contents: ContentsLike): void {
  contents.on('will-frame-navigate', prevent);
  contents.on('will-redirect', prevent);
  contents.on('will-attach-webview', prevent);
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}

/** A session that reaches this app's own files and nothing else, and grants nothing (items 5 and 18). */
export function lockSession(session: SessionLike, isOurs: (url: string) => boolean): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.on('will-download', prevent);
  session.webRequest.onBeforeRequest(({ url }, answer) => answer({ cancel: !isOurs(url) }));
}
