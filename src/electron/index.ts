/** What an Electron app imports. */

export type { AutoUpdater } from './auto-updater.ts';
export { type CreateUpdaterOptions, createUpdater } from './create-updater.ts';
export { type StartUpdatesOptions, startUpdates } from './start-updates.ts';
export type { Updates } from './updates.ts';
export type { WindowModel } from './window-contract.ts';
