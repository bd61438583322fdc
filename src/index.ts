/** What an app imports. `nexy-updater/electron` has what needs Electron. */

export { UpdateError } from './errors.ts';
export type { LastInstall } from './install/last-install.ts';
export type { UpdaterState } from './state.ts';
export { NexyUpdater, type UpdaterLogger, type UpdaterOptions } from './updater.ts';
export { runUpdaterArguments } from './updater-arguments.ts';
