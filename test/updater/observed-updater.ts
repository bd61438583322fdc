import { join } from 'node:path';
import { NexyUpdater, type UpdaterOptions } from '../../src/updater.ts';
import { BUNDLE_ID, OWNER, type UpdateWorld } from '../support/update-world.ts';

export function updaterOptions(world: UpdateWorld): UpdaterOptions {
  const { host, app, folder, tools } = world;
  return {
    app,
    bundleId: BUNDLE_ID,
    manifestUrl: `${host.origin}/manifest.json`,
    channel: 'stable',
    policy: { owner: OWNER, downloadBase: host.origin, allowedHosts: [], allowLoopback: true },
    http: { allowLoopback: true },
    cacheFolder: join(folder, 'cache'),
    stateFolder: join(folder, 'state'),
    toolsFolder: tools,
  };
}

export interface Observed {
  readonly updater: NexyUpdater;
  /** Kinds of states, steps of preparing, and events in parentheses; what repeats is told once. */
  readonly told: string[];
}

/** An updater that downloads only when it is told to, and everything that it tells. */
export function observeUpdater(world: UpdateWorld, more: Partial<UpdaterOptions> = {}): Observed {
  const updater = new NexyUpdater({ ...updaterOptions(world), ...more });
  updater.autoDownload = false;
  const told: string[] = [];
  const note = (text: string): void => {
    if (told.at(-1) !== text) told.push(text);
  };
  updater.on('state', (state) => note(state.kind === 'preparing' ? `preparing: ${state.step}` : state.kind));
  const names = ['checking-for-update', 'update-available', 'update-not-available'] as const;
  for (const name of names) updater.on(name, () => note(`(${name})`));
  updater.on('update-downloaded', () => note('(update-downloaded)'));
  updater.on('update-cancelled', () => note('(update-cancelled)'));
  return { updater, told };
}
