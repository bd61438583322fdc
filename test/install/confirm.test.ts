import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { confirmUpdate } from '../../src/install/confirm.ts';
import { takeLock } from '../../src/install/lock.ts';
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

describe.skipIf(process.getuid?.() !== 0)('confirming where something is in the way (needs root)', () => {
  const failing = (code: string, times = Number.POSITIVE_INFINITY) => {
    let calls = 0;
    return (): Date => {
      calls += 1;
      if (calls <= times) throw Object.assign(new Error(`as ${code}`), { code });
      return new Date();
    };
  };
  const make = async (context: TestContext) => {
    const install = await WatchedInstall.make(context);
    await install.exchange();
    return install;
  };
  const NOT_WRITTEN = 'That the update works could not be written down.';

  it('leaves a note where the lock cannot be taken, and once only', async (context) => {
    const { layout, stateFolder, paths } = await make(context);
    symlinkSync('elsewhere', layout.lock);
    expect(await confirmUpdate(layout, now, stateFolder)).toMatchObject({ from: '1.0', to: '2.0' });
    expect(readdirSync(notesFolder(stateFolder))).toEqual([`${paths.id}.confirmed`]);
    expect(await confirmUpdate(layout, now, stateFolder)).toBeNull();
    await expect(confirmUpdate(layout, now)).rejects.toMatchObject({ code: 'not-writable' });
  });

  it('leaves no note for the install of an ordinary user, who confirms it', async (context) => {
    const { layout, stateFolder, paths } = await make(context);
    symlinkSync('elsewhere', layout.lock);
    chownSync(paths.journal, ALICE.uid, ALICE.gid);
    expect(await confirmUpdate(layout, now, stateFolder)).toBeNull();
    expect(existsSync(notesFolder(stateFolder))).toBe(false);
  });

  it.for(['EACCES', 'EPERM'])(
    'leaves a note where the journal may not be written (%s)',
    async (code, context) => {
      const { layout, stateFolder, paths } = await make(context);
      expect(await confirmUpdate(layout, failing(code), stateFolder)).toMatchObject({ to: '2.0' });
      expect(readdirSync(notesFolder(stateFolder))).toEqual([`${paths.id}.confirmed`]);
      await expect(confirmUpdate(layout, failing(code))).rejects.toMatchObject({
        code: 'not-writable',
        message: `${NOT_WRITTEN} Do it as the user who installed the update, and confirm again.`,
        details: { journal: paths.journal },
        cause: { code },
      });
    },
  );

  it('makes room for the word on a full disk', async (context) => {
    const install = await make(context);
    expect(await confirmUpdate(install.layout, failing('ENOSPC', 1))).toMatchObject({ to: '2.0' });
    expect(install.steps().at(-1)).toBe('confirmed');
    expect(existsSync(install.paths.folder)).toBe(false);
  });

  it.for(['ENOSPC', 'EIO'])('says so where the word cannot be written at all (%s)', async (code, context) => {
    const { layout, paths } = await make(context);
    await expect(confirmUpdate(layout, failing(code))).rejects.toMatchObject({
      code: 'disk-full',
      message: `${NOT_WRITTEN} Free some space, and confirm again.`,
      details: { journal: paths.journal },
      cause: { code },
    });
  });

  it('waits while an install is going on, also with somebody to leave a note for', async (context) => {
    const { layout, stateFolder } = await make(context);
    const lock = await takeLock(layout);
    await expect(confirmUpdate(layout, now, stateFolder)).rejects.toMatchObject({ code: 'install-busy' });
    await lock.release();
  });
});
