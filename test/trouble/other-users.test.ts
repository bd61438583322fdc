import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, existsSync, lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { canMakeImages } from '../support/make-image.ts';
import {
  ADMIN,
  ALICE,
  asAdministrator,
  BOB,
  CAN_BE_OTHERS,
  NEEDS_OTHERS,
  type OtherUser,
  STAFF,
} from '../support/other-user.ts';
import { type CliResult, type RunningCli, runCli, startCli } from '../support/run-cli.ts';
import { makeUpdatePair, type UpdatePair } from '../support/update-pair.ts';
import { UpdateWorld } from '../support/update-world.ts';

const skipped = canMakeImages()
  ? NEEDS_OTHERS
  : ' (skipped: xorriso, which makes disk images, is not installed)';
const [alice, bob] = [asAdministrator(ALICE), asAdministrator(BOB)];

describe.skipIf(!canMakeImages() || !CAN_BE_OTHERS)(`several users of one Mac${skipped}`, () => {
  let pair: UpdatePair;
  let world: UpdateWorld;

  beforeAll(async () => {
    pair = await makeUpdatePair();
  });
  /** /Applications as macOS has it: any administrator may change it. */
  beforeEach(async () => {
    world = await UpdateWorld.open();
    onTestFinished(() => world.close());
    chmodSync(world.folder, 0o755);
    world.install(pair.oldApp);
    world.publish('2.0.0.46', pair.image);
    applicationsAre(0, ADMIN, 0o775);
    for (const user of [alice, bob]) {
      mkdirSync(homeOf(user), { mode: 0o700 });
      chownSync(homeOf(user), user.uid, user.gid);
    }
  });

  function homeOf({ uid }: OtherUser): string {
    return join(world.folder, `home-${uid}`);
  }

  function applicationsAre(uid: number, gid: number, mode: number): void {
    chownSync(dirname(world.app), uid, gid);
    chmodSync(dirname(world.app), mode);
  }

  function appBelongsTo(uid: number, gid: number): void {
    execFileSync('chown', ['-hR', `${uid}:${gid}`, world.app]);
  }

  function ownFolders(user: OtherUser): readonly string[] {
    return ['--cache', join(homeOf(user), 'cache'), '--state', join(homeOf(user), 'state')];
  }

  function startUpdate(user: OtherUser, ...more: readonly string[]): RunningCli {
    return startCli(world.updateArguments(...ownFolders(user), ...more), { user });
  }

  function updateAs(user: OtherUser, ...more: readonly string[]): Promise<CliResult> {
    return startUpdate(user, ...more).result;
  }

  function installationAs(user: OtherUser, command: string): Promise<CliResult> {
    const args = [command, '--json', '--app', world.app, ...world.folderOptions(), ...ownFolders(user)];
    return runCli(args, { user });
  }

  /** The double of the prompt has nobody who could answer: who asks the person is for other tests. */
  async function expectAsksAdministrator(user: OtherUser): Promise<void> {
    const { uid, gid } = lstatSync(world.app);
    const { status, json } = await updateAs(user);
    expect({ status, json }).toMatchObject({
      status: 1,
      json: {
        error: { code: 'authorization-denied', message: expect.stringMatching(/Nothing was changed\./) },
      },
    });
    expect(world.installedTree()).toEqual(pair.oldTree);
    expect(lstatSync(world.app)).toMatchObject({ uid, gid });
    expect(world.beside()).toEqual([]);
    expect(world.mounted()).toEqual([]);
  }

  describe('the app of an administrator in /Applications', () => {
    beforeEach(() => appBelongsTo(alice.uid, ADMIN));

    it('is updated by her, and belongs to her and her group as before', async () => {
      const before = lstatSync(world.app);
      expect((await updateAs(alice)).json).toMatchObject({ installed: true });
      expect(world.installedTree()).toEqual(pair.newTree);
      const { uid, gid, mode } = lstatSync(world.app);
      expect({ uid, gid, mode }).toEqual({ uid: before.uid, gid: before.gid, mode: before.mode });
      const inside = lstatSync(join(world.app, 'Contents', 'Info.plist'));
      expect([inside.uid, inside.gid]).toEqual([alice.uid, ADMIN]);
    });

    it('is not updated by another administrator without a password: it would become his', async () => {
      await expectAsksAdministrator(bob);
    });

    it('is not updated by a user who is no administrator, without the password of one', async () => {
      await expectAsksAdministrator(BOB);
    });

    it('is updated by root, and stays hers', async () => {
      expect((await world.update()).json).toMatchObject({ installed: true });
      expect([lstatSync(world.app).uid, lstatSync(world.app).gid]).toEqual([alice.uid, ADMIN]);
    });

    it('does not trouble others after her update, confirmed or not: they start it as it is', async () => {
      expect((await updateAs(alice)).json).toMatchObject({ installed: true });
      for (const state of ['swapped', 'confirmed']) {
        for (const user of state === 'swapped' ? [bob, BOB] : [BOB]) {
          expect((await installationAs(user, 'recover')).json).toMatchObject({ state, action: 'none' });
          expect((await installationAs(user, 'status')).json).toMatchObject({ state });
          expect((await updateAs(user)).json).toMatchObject({ installed: false, reason: 'up-to-date' });
        }
        if (state === 'swapped') {
          expect((await installationAs(BOB, 'confirm')).json).toMatchObject({ action: 'none', state });
          expect((await installationAs(alice, 'confirm')).json).toMatchObject({ state: 'confirmed' });
        }
      }
    });

    it('is not held up by a lock that another user left behind', async () => {
      const lock = join(dirname(world.app), '.Nexy-update.lock');
      writeFileSync(lock, '{"pid":1}\n', { mode: 0o600 });
      chownSync(lock, bob.uid, STAFF);
      chmodSync(lock, 0o644);
      expect((await updateAs(alice)).json).toMatchObject({ installed: true });
      expect(existsSync(lock)).toBe(false);
    });

    it('is held up while root installs, whatever his umask', async () => {
      const lockHolder = holdLock(join(dirname(world.app), '.Nexy-update.lock'));
      try {
        await lockHolder.isHeld;
        expect((await updateAs(alice)).json).toMatchObject({
          error: { code: 'install-busy', details: { pid: lockHolder.pid } },
        });
      } finally {
        await lockHolder.release();
      }
    });

    it('is updated again by her once the staging folder of another user cannot be cleared away', async () => {
      const orphan = join(dirname(world.app), '.Nexy-update-0mgw3k2zq1a2b3c4d');
      mkdirSync(join(orphan, 'new'), { recursive: true });
      writeFileSync(join(orphan, 'new', 'file'), '');
      execFileSync('chown', ['-R', `${bob.uid}`, orphan]);
      expect((await updateAs(alice)).json).toMatchObject({ installed: true });
      expect(existsSync(orphan)).toBe(true);
    });
  });

  it("root's app is not updated by an administrator without a password", async () => {
    appBelongsTo(0, ADMIN);
    await expectAsksAdministrator(alice);
  });

  it("a user's own app in a folder of root's is not updated by her without an administrator's password", async () => {
    appBelongsTo(ALICE.uid, STAFF);
    await expectAsksAdministrator(ALICE);
  });

  it("a user's own app is updated by her in a folder of everybody's, with the sticky bit", async () => {
    appBelongsTo(ALICE.uid, STAFF);
    applicationsAre(0, 0, 0o1777);
    expect((await updateAs(ALICE)).json).toMatchObject({ installed: true });
    expect((await installationAs(ALICE, 'confirm')).json).toMatchObject({ state: 'confirmed' });
    expect(world.beside()).toHaveLength(1);
  });

  it('an app that is not there is named, not the rights of who asks', async () => {
    const { json } = await updateAs(BOB, '--app', join(dirname(world.app), 'None.app'));
    expect(json).toMatchObject({ error: { code: 'app-not-found' } });
  });

  describe('an app that runs in the session of another user', () => {
    async function runAs({ uid, gid }: OtherUser, program: string): Promise<number> {
      const path = join(world.app, program);
      mkdirSync(dirname(path), { recursive: true });
      cpSync(process.execPath, path);
      const child = spawn(path, ['-e', 'console.log(1); setInterval(() => 0, 1000)'], { uid, gid });
      onTestFinished(async () => {
        child.kill('SIGKILL');
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      });
      await once(child.stdout, 'data');
      return child.pid ?? 0;
    }

    it.each([
      ['itself', 'Contents/MacOS/second'],
      ['by one of its helpers', 'Contents/Frameworks/Nexy Helper.app/Contents/MacOS/Nexy Helper'],
    ])('%s is left alone, and the user is named', async (_, program) => {
      appBelongsTo(alice.uid, ADMIN);
      const pid = await runAs(BOB, program);
      const { json } = await updateAs(alice, '--no-codesign');
      expect(json).toMatchObject({
        error: {
          code: 'target-in-use',
          message: `${world.app} is running in the session of another user, ${BOB.uid} (process ${pid}). Nothing was changed. It has to be quit there first; then try again.`,
          details: {
            processes: [{ pid, uid: BOB.uid, user: String(BOB.uid), executable: join(world.app, program) }],
          },
        },
      });
      expect(world.host.log.filter(({ on }) => on !== 'manifest')).toEqual([]);
      expect(world.beside()).toEqual([]);
    });

    it('with a name is left alone under that name', async () => {
      appBelongsTo(alice.uid, ADMIN);
      await runAs({ ...BOB, uid: 0 }, 'Contents/MacOS/second');
      const { json } = await updateAs(alice, '--no-codesign');
      expect(json).toMatchObject({
        error: { message: expect.stringContaining('another user, root (process') },
      });
    });

    it('is not exchanged either when it was started during the download', async () => {
      appBelongsTo(alice.uid, ADMIN);
      world.host.fault({ times: 1, fault: { kind: 'trickle', bytesPerSecond: 10_000 } });
      const running = startUpdate(alice, '--no-codesign');
      await new Promise<void>((fulfil) => {
        running.child.stderr?.on('data', (text: Buffer) => {
          if (String(text).includes('"event":"progress"')) fulfil();
        });
      });
      await runAs(BOB, 'Contents/MacOS/second');
      expect((await running.result).json).toMatchObject({ error: { code: 'target-in-use' } });
      expect(world.beside()).toEqual([]);
      expect(world.mounted()).toEqual([]);
    });
  });
});

/** Another process that holds a lock, made under the strictest of umasks. */
function holdLock(path: string) {
  const script = `
    process.umask(0o077);
    const { tryFileLock } = await import(${JSON.stringify(new URL('../../src/file-lock.ts', import.meta.url).href)});
    await tryFileLock(process.argv[1], 0o644);
    console.log('held');
    setInterval(() => 0, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return {
    pid: child.pid,
    isHeld: once(child.stdout, 'data'),
    release: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
