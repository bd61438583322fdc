import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { canMakeImages } from '../support/make-image.ts';
import {
  ADMIN,
  ALICE,
  BOB,
  CAN_BE_OTHERS,
  NEEDS_OTHERS,
  type OtherUser,
  STAFF,
} from '../support/other-user.ts';
import { type CliResult, runCli, type StartOptions } from '../support/run-cli.ts';
import { makeUpdatePair, type UpdatePair } from '../support/update-pair.ts';
import { UpdateWorld } from '../support/update-world.ts';

const skipped = canMakeImages()
  ? NEEDS_OTHERS
  : ' (skipped: xorriso, which makes disk images, is not installed)';

describe.skipIf(!canMakeImages() || !CAN_BE_OTHERS)(`permissions${skipped}`, () => {
  let pair: UpdatePair;
  let world: UpdateWorld;
  let home: string;

  beforeAll(async () => {
    pair = await makeUpdatePair();
  });
  /** Everything is Alice's, but for the folder that it lies in. */
  beforeEach(async () => {
    world = await UpdateWorld.open();
    onTestFinished(() => world.close());
    home = join(world.folder, 'home');
    mkdirSync(home, { mode: 0o755 });
    world.install(pair.oldApp);
    world.publish('2.0.0.46', pair.image);
    chmodSync(world.folder, 0o755);
    for (const path of [home, dirname(world.app)])
      execFileSync('chown', ['-hR', `${ALICE.uid}:${STAFF}`, path]);
  });

  const ownFolders = (): readonly string[] => [
    '--cache',
    join(home, 'cache'),
    '--state',
    join(home, 'state'),
  ];

  function updateAs(user: OtherUser, options: StartOptions = {}): Promise<CliResult> {
    return runCli(world.updateArguments(...ownFolders()), { ...options, user });
  }

  function confirmAs(user: OtherUser): Promise<CliResult> {
    return runCli(['confirm', '--json', '--app', world.app, ...world.folderOptions(), ...ownFolders()], {
      user,
    });
  }

  const modeOf = (path: string): string => (lstatSync(path).mode & 0o7777).toString(8);

  /** Path, owner, group and permissions of all folders and files. */
  function rightsIn(app: string): readonly string[] {
    const listing = execFileSync('find', [app, '-not', '-type', 'l', '-printf', '%P %U %G %m\\n'], {
      encoding: 'utf8',
    });
    return listing.trimEnd().split('\n').toSorted();
  }

  describe('of what is installed do not come from who installs', () => {
    it.each(['077', '000', '027'])('with a umask of %s', async (octal) => {
      const umask = Number.parseInt(octal, 8);
      execFileSync('chown', ['-hR', `${ALICE.uid}:${STAFF}`, pair.newApp]);
      const expected = rightsIn(pair.newApp);
      expect((await updateAs({ ...ALICE, umask })).json).toMatchObject({ installed: true });
      expect(world.installedTree()).toEqual(pair.newTree);
      expect(rightsIn(world.app)).toEqual(expected);
      for (const name of world.beside()) {
        const path = join(dirname(world.app), name);
        expect(modeOf(path)).toBe(name.endsWith('.journal') ? '644' : '700');
      }
      const own = ['cache', 'cache/pending', 'cache/mounts', 'state'].map((name) => join(home, name));
      expect(own.map(modeOf)).toEqual(own.map(() => '700'));
      for (const name of readdirSync(join(home, 'cache', 'pending'))) {
        expect(modeOf(join(home, 'cache', 'pending', name))).toBe('600');
      }
    });

    it('in a folder that gives its group on', async () => {
      chownSync(dirname(world.app), ALICE.uid, ADMIN);
      chmodSync(dirname(world.app), 0o2775);
      execFileSync('chown', ['-hR', `${ALICE.uid}:${STAFF}`, pair.newApp]);
      const expected = rightsIn(pair.newApp);
      expect((await updateAs(ALICE)).json).toMatchObject({ installed: true });
      expect(rightsIn(world.app)).toEqual(expected);
    });

    it('for an app that keeps others out', async () => {
      chmodSync(world.app, 0o700);
      expect((await updateAs(ALICE)).json).toMatchObject({ installed: true });
      expect(modeOf(world.app)).toBe('700');
    });
  });

  describe('inside the installed app', () => {
    it('do not matter: folders that are read-only, files that its owner cannot read', async () => {
      chmodSync(join(world.app, 'Contents', 'Frameworks'), 0o555);
      chmodSync(join(world.app, 'Contents', 'Resources', 'app.asar'), 0o000);
      expect((await updateAs(ALICE)).json).toMatchObject({ installed: true });
      expect((await confirmAs(ALICE)).json).toMatchObject({ state: 'confirmed' });
      expect(world.beside()).toHaveLength(1);
    });

    it('that lock a file keep it after the update, but neither the update nor its confirmation fails', async (context) => {
      const locked = join(world.app, 'Contents', 'Resources', 'app.asar');
      if (spawnSync('chattr', ['+i', locked]).status !== 0) context.skip('nothing can be locked here');
      const inode = lstatSync(locked).ino;
      const find = (): string =>
        execFileSync('find', [world.folder, '-inum', String(inode)], { encoding: 'utf8' }).trim();
      onTestFinished(() => void spawnSync('chattr', ['-i', find()]));
      expect((await updateAs(ALICE)).json).toMatchObject({ installed: true });
      expect(world.installedTree()).toEqual(pair.newTree);
      expect((await confirmAs(ALICE)).json).toMatchObject({ state: 'confirmed', action: 'finished' });
      const again = await updateAs(ALICE);
      expect(again.json).toMatchObject({ installed: false, reason: 'up-to-date' });
      expect(again.stderr).toMatch(/version at .+ could not be removed/);
      spawnSync('chattr', ['-i', find()]);
      expect((await updateAs(ALICE)).stderr).not.toMatch(/could not be removed/);
      expect(world.beside()).toHaveLength(1);
    });

    it('that lock the app itself are told before anything is fetched', async (context) => {
      if (spawnSync('chattr', ['+i', world.app]).status !== 0) context.skip('nothing can be locked here');
      onTestFinished(() => void spawnSync('chattr', ['-i', world.app]));
      expect((await updateAs(ALICE)).json).toMatchObject({
        error: { code: 'not-writable', message: expect.stringContaining('is locked') },
      });
      expect(world.host.log.filter(({ on }) => on !== 'manifest')).toEqual([]);
      expect(world.beside()).toEqual([]);
    });
  });

  describe('of the cache', () => {
    const cache = (): string => join(home, 'cache');

    async function expectRefusal(reason: RegExp): Promise<void> {
      const { json } = await updateAs(ALICE);
      expect(json).toMatchObject({
        error: { code: 'download-failed', message: expect.stringMatching(reason) },
      });
      expect(world.host.log.filter(({ on }) => on !== 'manifest')).toEqual([]);
      expect(world.installedTree()).toEqual(pair.oldTree);
      expect(world.beside()).toEqual([]);
    }

    function make(path: string, { uid, gid }: OtherUser, mode: number): void {
      mkdirSync(path);
      chownSync(path, uid, gid);
      chmodSync(path, mode);
    }

    it("that is another user's is refused", async () => {
      make(cache(), BOB, 0o777);
      await expectRefusal(/belongs to another user/);
    });

    it("that is a link to another user's is refused", async () => {
      make(join(world.folder, 'lair'), BOB, 0o777);
      symlinkSync(join(world.folder, 'lair'), cache());
      await expectRefusal(/belongs to another user/);
    });

    it('that is a link to a folder of hers works, and there the download lies', async () => {
      make(join(home, 'large disk'), ALICE, 0o755);
      symlinkSync(join(home, 'large disk'), cache());
      expect((await updateAs(ALICE)).json).toMatchObject({ installed: true });
      expect(readdirSync(join(home, 'large disk')).toSorted()).toEqual(['mounts', 'pending']);
    });

    it('that everybody may write is closed first, since it is hers', async () => {
      make(cache(), ALICE, 0o777);
      expect((await updateAs(ALICE)).json).toMatchObject({ installed: true });
      expect(modeOf(cache())).toBe('755');
    });

    it('that lies in a folder in which everybody may put another in its place is refused', async () => {
      chmodSync(home, 0o777);
      await expectRefusal(/everybody may put another one in its place/);
    });

    it('with a sticky bit works, as long as what lies in it is hers', async () => {
      make(cache(), { ...BOB, uid: 0, gid: 0 }, 0o1777);
      expect((await updateAs(ALICE)).json).toMatchObject({ installed: true });
    });

    it.each(['pending', 'mounts'])('in which somebody else has put %s first is refused', async (name) => {
      make(cache(), { ...BOB, uid: 0, gid: 0 }, 0o1777);
      make(join(cache(), name), BOB, 0o777);
      const { json } = await updateAs(ALICE);
      expect(json).toMatchObject({ error: { code: 'download-failed', message: /belongs to another user/ } });
      expect(world.installedTree()).toEqual(pair.oldTree);
      expect(world.beside()).toEqual([]);
      expect(readdirSync(join(cache(), name))).toEqual([]);
    });

    it('in which pending is a link is refused, and nothing is written where it leads', async () => {
      make(cache(), ALICE, 0o755);
      make(join(world.folder, 'lair'), ALICE, 0o777);
      symlinkSync(join(world.folder, 'lair'), join(cache(), 'pending'));
      await expectRefusal(/links are not followed/);
      expect(readdirSync(join(world.folder, 'lair'))).toEqual([]);
    });
  });

  describe('of the state', () => {
    it('do not let another user say what the manifest is, what is refused or which rollout is hers', async () => {
      expect((await updateAs(ALICE)).json).toMatchObject({ installed: true });
      const state = join(home, 'state');
      chmodSync(state, 0o777);
      const folder = join(state, 'manifests');
      const [name = ''] = readdirSync(folder);
      // The same answer, as Bob would write it after he had moved hers away.
      const forged = readFileSync(join(folder, name));
      renameSync(folder, `${folder}-moved`);
      mkdirSync(folder);
      writeFileSync(join(folder, name), forged, { mode: 0o644 });
      writeFileSync(join(state, 'refusals.json'), '[]', { mode: 0o644 });
      for (const path of [folder, join(folder, name), join(state, 'refusals.json')])
        chownSync(path, BOB.uid, STAFF);
      const { json, stderr } = await updateAs(ALICE);
      expect(json).toMatchObject({ reason: 'up-to-date' });
      expect(stderr.match(/could not be read \(not ours alone\)/g)).toHaveLength(2);
      expect(world.host.log.filter(({ on }) => on === 'manifest').map(({ status }) => status)).toEqual([
        200, 200,
      ]);
    });

    it('that cannot be written do not stop an update', async () => {
      mkdirSync(join(home, 'state'));
      const { json, stderr } = await updateAs(ALICE);
      expect(json).toMatchObject({ installed: true });
      expect(stderr).toMatch(/could not be kept.+EACCES/);
    });
  });

  describe('of a user without an entry', () => {
    it('and without a home or a folder for temporary files do not stop an update', async () => {
      const environment = { TMPDIR: '/nonexistent/temporary', HOME: undefined };
      execFileSync('chown', ['-hR', `65503:${STAFF}`, home, dirname(world.app)]);
      expect((await updateAs({ ...ALICE, uid: 65_503 }, { environment })).json).toMatchObject({
        installed: true,
      });
    });

    it('ask for folders, where none are named', async () => {
      const user = { ...ALICE, uid: 65_503 };
      const args = ['recover', '--json', '--app', world.app, '--tools', world.tools];
      const { status, json } = await runCli(args, { user, environment: { HOME: undefined } });
      expect({ status, json }).toMatchObject({
        status: 2,
        json: { error: { code: 'usage', message: /--cache/ } },
      });
      expect(existsSync('/nexy-updater')).toBe(false);
    });
  });
});
