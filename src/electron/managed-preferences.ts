import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { parsePropertyList } from '../bundle/property-list.ts';
import { CHANNELS, type Channel } from '../config.ts';
import type { ElectronClient } from './electron-client.ts';

/** What whoever manages this Mac has decided: by a configuration profile, or with `defaults write`. */
export interface ManagedPreferences {
  /** `NexyUpdatesDisabled`: nothing is looked for, nothing downloaded. */
  readonly updatesOff: boolean;
  /** `NexyUpdateChannel`: the one channel, whatever the person chose. */
  readonly channel: Channel | null;
  /** Keys that a profile enforces, as far as it can be seen. */
  readonly forced: readonly string[];
  readonly warnings: readonly string[];
}

/** In this folder the system keeps what configuration profiles enforce, for all users and for each. */
const FOLDER = '/Library/Managed Preferences';
const OFF = 'NexyUpdatesDisabled';
const CHANNEL = 'NexyUpdateChannel';

/**
 * Reads the preferences through Electron, which asks NSUserDefaults: that knows managed ones and puts them first.
 * Whether one is enforced, only CFPreferencesAppValueIsForced could say for sure, which Electron does not offer; the
 * files of the profiles tell, where they can be read. Both kinds are obeyed alike.
 */
export async function readManagedPreferences(
  { systemPreferences }: Pick<ElectronClient, 'systemPreferences'>,
  bundleId: string,
  folder: string = FOLDER,
): Promise<ManagedPreferences> {
  const updatesOff = systemPreferences.getUserDefault(OFF, 'boolean') === true;
  const text = systemPreferences.getUserDefault(CHANNEL, 'string') || null;
  const channel = CHANNELS.find((known) => known === text) ?? null;
  const isSet = updatesOff || text !== null;
  const warnings =
    text === null || channel !== null
      ? []
      : [`The managed preference ${CHANNEL} is no channel and is not obeyed. Use ${CHANNELS.join(' or ')}.`];
  return { updatesOff, channel, forced: isSet ? await readForced(bundleId, folder) : [], warnings };
}

async function readForced(bundleId: string, folder: string): Promise<readonly string[]> {
  const paths = [join(folder, `${bundleId}.plist`), join(folder, userName(), `${bundleId}.plist`)];
  const keys = await Promise.all(
    paths.map(async (path) => {
      try {
        return Object.keys(parsePropertyList(await readFile(path), path));
      } catch {
        return [];
      }
    }),
  );
  return [OFF, CHANNEL].filter((key) => keys.flat().includes(key));
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return '';
  }
}
