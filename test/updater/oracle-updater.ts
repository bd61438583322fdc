import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type DownloadOptions, HttpExecutor } from 'builder-util-runtime';
import type { AppUpdater } from 'electron-updater';

// Never by its main module: that makes an updater for Electron as soon as somebody looks at it.
const load = createRequire(import.meta.url);
const electronUpdater = load('electron-updater/out/AppUpdater.js') as {
  readonly AppUpdater: abstract new (options: null, application: unknown) => AppUpdater;
};
const { resolveFiles } = load('electron-updater/out/providers/Provider.js') as {
  resolveFiles(info: unknown, base: URL): { readonly url: URL; readonly info: unknown }[];
};

/** electron-updater's way over the network, with plain Node below it in place of Electron's. */
class NodeExecutor extends HttpExecutor<ReturnType<typeof request>> {
  override createRequest(options: RequestOptions, callback: (response: IncomingMessage) => void) {
    return request(options, callback);
  }

  download(url: URL, destination: string, options: DownloadOptions): Promise<void> {
    return options.cancellationToken.createPromise<void>((resolve, reject, onCancel) => {
      const callback = (error: Error | null | undefined): void => (error ? reject(error) : resolve());
      const { protocol, hostname, port, pathname, search } = url;
      const requestOptions = { protocol, hostname, port, path: pathname + search, headers: {} };
      this.doDownload(requestOptions, { destination, options, onCancel, callback, responseHandler: null }, 0);
    });
  }
}

export interface OracleOptions {
  readonly folder: string;
  readonly feed: string;
  /** In semver's form. */
  readonly version: string;
}

interface DownloadTask {
  readonly updateInfoAndProvider: { readonly info: unknown };
}

/**
 * electron-updater 6.8's AppUpdater in plain Node: its own checks, provider, cache and events. Added is what each of
 * its subclasses has to add: fetch the file, then tell that it is there.
 */
export class OracleUpdater extends electronUpdater.AppUpdater {
  constructor({ folder, feed, version }: OracleOptions) {
    mkdirSync(folder, { recursive: true });
    const appUpdateConfigPath = join(folder, 'app-update.yml');
    writeFileSync(appUpdateConfigPath, 'updaterCacheDirName: oracle\n');
    super(null, {
      version,
      name: 'Nexy',
      isPackaged: true,
      appUpdateConfigPath,
      userDataPath: folder,
      baseCachePath: folder,
      whenReady: async () => undefined,
      relaunch: () => undefined,
      quit: () => undefined,
      onQuit: () => undefined,
    });
    Object.assign(this, { httpExecutor: new NodeExecutor() });
    this.setFeedURL({ provider: 'generic', url: feed });
  }

  protected override doDownloadUpdate(options: never): ReturnType<AppUpdater['executeDownload']> {
    const { info } = (options as DownloadTask).updateInfoAndProvider;
    const [fileInfo] = resolveFiles(info, new URL('http://127.0.0.1'));
    if (fileInfo === undefined) throw new Error('No file');
    const executor = new NodeExecutor();
    return this.executeDownload({
      fileExtension: 'dmg',
      fileInfo: fileInfo as never,
      downloadUpdateOptions: options,
      task: (destination, downloadOptions) => executor.download(fileInfo.url, destination, downloadOptions),
      done: async (event) => this.dispatchUpdateDownloaded(event),
    });
  }

  override quitAndInstall(): void {
    throw new Error('Nothing is installed here');
  }
}

/** The metadata that electron-builder writes beside a release. */
export function updateYaml(version: string, url: string, bytes: Uint8Array, more = ''): string {
  const sha512 = createHash('sha512').update(bytes).digest('base64');
  return `version: ${version}
files:
  - url: ${url}
    sha512: ${sha512}
    size: ${bytes.length}
path: ${url}
sha512: ${sha512}
releaseDate: '2026-03-12T00:00:00.000Z'
${more}`;
}

/** The names by which the provider asks for it, on one system or another. */
export const FEED_FILES = [
  '/latest.yml',
  '/latest-mac.yml',
  '/latest-linux.yml',
  `/latest-linux-${process.arch}.yml`,
] as const;
