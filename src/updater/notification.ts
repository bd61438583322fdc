/** electron-updater's parameter: `{appName}` and `{version}` are filled in. */
export interface NotificationTexts {
  title: string;
  body: string;
}

interface ReadyUpdate {
  readonly name: string;
  readonly version: string;
  /** It is installed on quit by itself. */
  readonly isOnQuit: boolean;
}

/** What is shown once an update is ready. */
export function describeReadyUpdate(
  { name, version, isOnQuit }: ReadyUpdate,
  texts: NotificationTexts = {
    title: '{appName} {version} is ready',
    body: isOnQuit ? 'It is installed when you quit {appName}.' : 'It can be installed now.',
  },
): NotificationTexts {
  const fill = (text: string): string =>
    text.replaceAll('{appName}', () => name).replaceAll('{version}', () => version);
  return { title: fill(texts.title), body: fill(texts.body) };
}
