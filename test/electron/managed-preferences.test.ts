import { mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { serialize } from '@plist/plist';
import { describe, expect, it } from 'vitest';
import { readManagedPreferences } from '../../src/electron/managed-preferences.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { StandInElectron } from './stand-in.ts';

const ID = 'com.nexy.assistant';

describe('managed preferences', () => {
  async function read(preferences: Readonly<Record<string, boolean | string>>, folder?: string) {
    const electron = new StandInElectron();
    for (const [key, value] of Object.entries(preferences)) electron.preferences.set(key, value);
    return readManagedPreferences(electron.module(), ID, folder ?? (await temporaryFolder()));
  }

  it('leave everything to the person where there are none', async () => {
    expect(await read({})).toEqual({ updatesOff: false, channel: null, forced: [], warnings: [] });
  });

  it('switch updates off, and choose the channel', async () => {
    expect(await read({ NexyUpdatesDisabled: true, NexyUpdateChannel: 'beta' })).toEqual({
      updatesOff: true,
      channel: 'beta',
      forced: [],
      warnings: [],
    });
  });

  it('that name no channel are not obeyed, and it is said', async () => {
    const { channel, warnings } = await read({ NexyUpdateChannel: 'nightly' });
    expect(channel).toBeNull();
    expect(warnings).toEqual([expect.stringContaining('Use stable or beta')]);
  });

  it.each([
    ['for all users', []],
    ['for this user', [userInfo().username]],
  ])('are known to be enforced where a profile has them %s', async (_name, below) => {
    const folder = await temporaryFolder();
    mkdirSync(join(folder, ...below), { recursive: true });
    writeFileSync(join(folder, ...below, `${ID}.plist`), serialize({ NexyUpdateChannel: 'beta' }, 1));
    expect((await read({ NexyUpdateChannel: 'beta' }, folder)).forced).toEqual(['NexyUpdateChannel']);
  });

  it('are obeyed where the profile cannot be read', async () => {
    const folder = await temporaryFolder();
    writeFileSync(join(folder, `${ID}.plist`), 'no list');
    expect(await read({ NexyUpdatesDisabled: true }, folder)).toMatchObject({ updatesOff: true, forced: [] });
  });
});
