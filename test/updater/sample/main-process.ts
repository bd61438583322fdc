import {
  autoUpdater,
  CancellationToken,
  type Logger,
  type ProgressInfo,
  type UpdateCheckResult,
  type UpdateDownloadedEvent,
  type UpdateInfo,
} from 'electron-updater';

// A main process as electron-updater's users write it. Nothing here knows of NexyUpdater: tsc checks this file against
// electron-updater's types, a test checks it against ours, and another runs it against both.

export interface Told {
  readonly name: string;
  readonly payload: readonly unknown[];
}

export interface Outcome {
  readonly result: UpdateCheckResult | null;
  readonly files: string[];
}

const lines: string[] = [];
const logger: Logger = {
  info: (message?: unknown) => void lines.push(`info ${message}`),
  warn: (message?: unknown) => void lines.push(`warn ${message}`),
  error: (message?: unknown) => void lines.push(`error ${message}`),
  debug: (message: string) => void lines.push(`debug ${message}`),
};

/** Sets the updater up, and gives what it tells from now on. */
export function start(autoDownload: boolean): readonly Told[] {
  const told: Told[] = [];
  autoUpdater.logger = logger;
  autoUpdater.autoDownload = autoDownload;
  autoUpdater.autoInstallOnAppQuit = true;
  autoUpdater.autoRunAppAfterInstall = true;
  autoUpdater.allowPrerelease = false;
  autoUpdater.fullChangelog = true;
  autoUpdater.disableWebInstaller = true;
  autoUpdater.forceDevUpdateConfig = true;
  autoUpdater.requestHeaders = { 'Cache-Control': 'no-cache', 'X-Retries': 3, 'X-List': ['a', 'b'] };
  autoUpdater.addAuthHeader('Bearer secret');

  autoUpdater.on('checking-for-update', () => {
    told.push({ name: 'checking-for-update', payload: [] });
  });
  autoUpdater.on('update-available', (info: UpdateInfo) => {
    logger.info(`${info.version} of ${info.releaseDate}: ${info.files.map((file) => file.url).join(', ')}`);
    told.push({ name: 'update-available', payload: [info] });
  });
  autoUpdater.on('update-not-available', (info) => {
    told.push({ name: 'update-not-available', payload: [info] });
  });
  autoUpdater.on('download-progress', ({ bytesPerSecond, percent, transferred, total, delta }) => {
    const progress: ProgressInfo = { bytesPerSecond, percent, transferred, total, delta };
    logger.info(`${Math.round(percent)} % of ${total} bytes at ${bytesPerSecond} bytes/s`);
    told.push({ name: 'download-progress', payload: [progress] });
  });
  autoUpdater.on('update-downloaded', (event: UpdateDownloadedEvent) => {
    logger.info(`${event.version} lies at ${event.downloadedFile}`);
    told.push({ name: 'update-downloaded', payload: [event] });
  });
  autoUpdater.on('update-cancelled', (info) => {
    told.push({ name: 'update-cancelled', payload: [info] });
  });
  autoUpdater.on('error', (error: Error, message?: string) => {
    logger.error(error.stack);
    told.push({ name: 'error', payload: [error, message] });
  });
  autoUpdater.signals.progress((info) => logger.info(info.percent));
  autoUpdater.signals.updateDownloaded((info) => logger.info(info.downloadedFile));
  return told;
}

/** Checks, and waits for the download that began by itself. */
export async function check(): Promise<Outcome> {
  logger.info(`This is ${autoUpdater.currentVersion.version} on ${autoUpdater.channel ?? 'no channel'}`);
  const result = await autoUpdater.checkForUpdates();
  if (result?.isUpdateAvailable) logger.info(`${result.updateInfo.version} is available`);
  const files = (await result?.downloadPromise) ?? [];
  return { result, files };
}

export function download(token?: CancellationToken): Promise<string[]> {
  return token === undefined ? autoUpdater.downloadUpdate() : autoUpdater.downloadUpdate(token);
}

/** Begins to download and thinks better of it when the first bytes have come. */
export async function downloadAndCancel(): Promise<Error> {
  const token = new CancellationToken();
  autoUpdater.once('download-progress', () => token.cancel());
  const error = await autoUpdater.downloadUpdate(token).then(
    () => null,
    (reason: Error) => reason,
  );
  if (error === null || !token.cancelled) throw new Error('The download should be cancelled');
  return error;
}

export function cancelByResult({ cancellationToken }: UpdateCheckResult): void {
  cancellationToken?.cancel();
}

/** As a menu item would. */
export function restart(): void {
  setImmediate(() => {
    autoUpdater.removeAllListeners('update-downloaded');
    autoUpdater.quitAndInstall(false, true);
  });
}

export async function checkQuietly(): Promise<string | undefined> {
  const found = await autoUpdater.checkForUpdatesAndNotify({ title: '{appName}', body: '{version} is here' });
  return found?.versionInfo.version;
}

export function useFeed(url: string): void {
  autoUpdater.setFeedURL({ provider: 'generic', url });
  autoUpdater.channel = 'beta';
  autoUpdater.allowDowngrade = false;
  logger.info(`${autoUpdater.getFeedURL()} ${autoUpdater.isUpdaterActive()}`);
}
