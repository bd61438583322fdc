import { join } from 'node:path';
import type { PollingPolicy } from '../check/schedule.ts';
import { type Channel, DEFAULT_DOWNLOAD_BASE, type UpdaterConfig } from '../config.ts';
import type { UpdaterLogger, UpdaterOptions } from '../updater.ts';
import type { ElectronClient } from './electron-client.ts';

export interface StartUpdatesOptions {
  /** Path of the app's `updater.yml`, or what it holds. */
  readonly config: string | UpdaterConfig;
  /** The channel until a person chooses another; `stable` where left out. */
  readonly channel?: Channel;
  /**
   * Shows the app: tray or window. The running version confirms itself when this has ended well, and only then is
   * anything of the updater loaded.
   */
  readonly comeUp?: () => void | Promise<void>;
  /** Of `<scheme>://check-updates`, which starts a check as the menu does; none where left out. */
  readonly scheme?: string;
  /** False for an app that takes the single-instance lock itself. */
  readonly takesInstanceLock?: boolean;
  readonly logger?: UpdaterLogger;
  readonly polling?: PollingPolicy;
  /** Arguments of the process; its own where left out. */
  readonly argv?: readonly string[];
  /** Take the place of what Electron and the config say. For tests: an app that ships has none. */
  readonly overrides?: Partial<UpdaterOptions> & { readonly pageFolder?: string; readonly preload?: string };
}

/** What the client works with, as the config, Electron and the overrides come to it. */
export interface ClientSettings extends Omit<UpdaterOptions, 'application' | 'channel'> {
  readonly channel: Channel;
  readonly manifestUrls: Readonly<Record<Channel, string>>;
  readonly pageFolder: string;
  readonly preload: string;
}

/** @throws UpdateError `usage` for a config that cannot be used */
export async function readSettings(
  electron: Pick<ElectronClient, 'app' | 'session'>,
  options: StartUpdatesOptions,
): Promise<ClientSettings> {
  const [{ sessionNetwork }, config] = await Promise.all([
    import('./session-network.ts'),
    typeof options.config === 'string'
      ? import('../load-config.ts').then(({ loadConfig }) => loadConfig(String(options.config)))
      : options.config,
  ]);
  const { owner, bundleId, manifests, allowedHosts, keys } = config;
  const { http, ...overrides } = options.overrides ?? {};
  const userData = electron.app.getPath('userData');
  return {
    // From Contents/MacOS/<program> to the bundle.
    app: join(electron.app.getPath('exe'), '../../..'),
    bundleId,
    manifestUrl: manifests,
    manifestUrls: manifests,
    policy: { owner, downloadBase: DEFAULT_DOWNLOAD_BASE, allowedHosts, allowLoopback: false, keys },
    http: { allowLoopback: false, ...sessionNetwork(electron), ...http },
    cacheFolder: join(userData, 'updates'),
    stateFolder: join(userData, 'update-state'),
    pageFolder: join(import.meta.dirname, '..', 'renderer'),
    preload: join(import.meta.dirname, 'preload.cjs'),
    ...(options.logger === undefined ? {} : { logger: options.logger }),
    ...overrides,
    channel: options.channel ?? 'stable',
  };
}
