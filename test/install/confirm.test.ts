import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { confirmUpdate } from '../../src/install/confirm.ts';
import { notesFolder } from '../../src/install/notes.ts';
import { REPOSITORY } from '../support/fixtures.ts';
import {
  ADMIN,
  ALICE,
  asAdministrator,
  CAN_BE_OTHERS,
  NEEDS_OTHERS,
  type OtherUser,
  scriptAs,
} from '../support/other-user.ts';
import { WatchedInstall } from '../support/watched-install.ts';

const SCRIPT = join(REPOSITORY, 'test', 'support', 'confirm-child.ts');
const now = (): Date => new Date();

describe('confirming', () => {
  it('writes it down, and then removes the displaced app and the notes of nobody', async (context) => {
    const install = await WatchedInstall.make(context);
    await install.exchange();
    expect(await confirmUpdate(install.layout, now, install.stateFolder)).toMatchObject({
      from: '1.0',
      to: '2.0',
    });
    expect(install.steps().at(-1)).toBe('confirmed');
    expect(existsSync(install.paths.folder)).toBe(false);
    expect(existsSync(notesFolder(install.stateFolder))).toBe(false);
    expect(await confirmUpdate(install.layout, now, install.stateFolder)).toBeNull();
  });

  it('has nothing to say before the exchange', async (context) => {
    const install = await WatchedInstall.make(context);
    expect(await confirmUpdate(install.layout, now, install.stateFolder)).toBeNull();
    expect(install.steps()).toEqual(['begin', 'staged']);
  });
});

describe.skipIf(!CAN_BE_OTHERS)(`confirming an install of root's${NEEDS_OTHERS}`, () => {
  /** The app, its journal and its backup are root's, as after an authorized install. */
  const make = async (context: TestContext, mode: number) => {
    const install = await WatchedInstall.make(context);
    await install.exchange();
    chmodSync(dirname(install.layout.parent), 0o755);
    chmodSync(install.paths.folder, 0o700);
    chownSync(install.layout.parent, 0, ADMIN);
    chmodSync(install.layout.parent, mode);
    mkdirSync(install.stateFolder);
    chownSync(install.stateFolder, ALICE.uid, ALICE.gid);
    return install;
  };
  const confirmAs = (user: OtherUser, { layout, stateFolder }: WatchedInstall): unknown => {
    const words = scriptAs(user, SCRIPT, [layout.target, stateFolder]);
    return JSON.parse(
      execFileSync(process.execPath, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }),
    );
  };

  it.for([
    ['who may write nothing there', ALICE, 0o755],
    ['who may write beside the app', asAdministrator(ALICE), 0o775],
  ] as const)('leaves a note for the root script, by a user %s', async ([, user, mode], context) => {
    const install = await make(context, mode);
    expect(confirmAs(user, install)).toEqual({ from: '1.0', to: '2.0' });
    expect(readdirSync(notesFolder(install.stateFolder))).toEqual([`${install.paths.id}.confirmed`]);
    expect(install.steps().at(-1)).toBe('exchanged');
    expect(existsSync(install.paths.oldApp)).toBe(true);
    expect(confirmAs(user, install)).toBeNull();
  });
});
