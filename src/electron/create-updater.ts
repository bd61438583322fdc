import type { AppUpdater } from 'electron-updater';
import type { UpdaterOptions } from '../updater.ts';
import type { AutoUpdater } from './auto-updater.ts';
import type { ElectronMain } from './electron-client.ts';

export interface CreateUpdaterOptions extends Omit<UpdaterOptions, 'application'> {
  /** As in `process.platform`, which is the default. */
  readonly platform?: NodeJS.Platform;
}

/** Where the two come from. Nothing is loaded before it is needed. */
export interface UpdaterModules {
  readonly electron: () => Promise<ElectronMain>;
  /** electron-updater's own, which makes itself for the platform as soon as it is looked at. */
  readonly autoUpdater: () => Promise<AppUpdater>;
}

const MODULES: UpdaterModules = {
  electron: () => import('electron'),
  // By its default export: to look for the name `autoUpdater` among the exports would be to look at it.
  autoUpdater: async () => (await import('electron-updater')).default.autoUpdater,
};

/**
 * The updater of this platform: NexyUpdater on macOS, electron-updater's `autoUpdater` on Windows and Linux. One call
 * site serves all; what only NexyUpdater can do is found with `updater instanceof NexyUpdater`.
 *
 * @param options of NexyUpdater; elsewhere electron-updater reads its `app-update.yml`
 */
export async function createUpdater(
  { platform = process.platform, ...options }: CreateUpdaterOptions,
  modules: UpdaterModules = MODULES,
): Promise<AutoUpdater> {
  if (platform !== 'darwin') return modules.autoUpdater();
  const [{ NexyUpdater }, { electronApplication }, electron] = await Promise.all([
    import('../updater.ts'),
    import('./electron-application.ts'),
    modules.electron(),
  ]);
  return new NexyUpdater({ ...options, application: electronApplication(electron) });
}
