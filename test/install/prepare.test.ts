import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyFile } from '../../src/download/verify-file.ts';
import { readLastInstall } from '../../src/install/last-install.ts';
import { layoutOf } from '../../src/install/layout.ts';
import { notesFolder } from '../../src/install/notes.ts';
import { prepareInstall } from '../../src/install/prepare.ts';
import type { PreparedInstall, PrepareOptions } from '../../src/install/prepared-install.ts';
import { Tools } from '../../src/install/tools.ts';
import { parseVersion } from '../../src/version.ts';
import { canMakeImages } from '../support/make-image.ts';
import { makePackage } from '../support/make-package.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { describeTree } from '../support/tree.ts';
import { BUNDLE_ID, makeDmg, makeNexy, UpdateWorld } from '../support/update-world.ts';
import { until } from '../support/watched-install.ts';

const skipped = canMakeImages() ? '' : ' (skipped: xorriso, which makes disk images, is not installed)';

describe.skipIf(!canMakeImages())(`a prepared install${skipped}`, () => {
  let world: UpdateWorld;
  let newTree: readonly string[];
  let prepared: PreparedInstall;

  beforeEach(async () => {
    const made = await temporaryFolder();
    world = await UpdateWorld.open();
    world.install(await makeNexy(join(made, 'old'), '2.0.0.45', { sign: false }));
    newTree = describeTree(await makeNexy(join(made, 'new'), '2.0.0.46', { sign: false }));
    prepared = await prepare(await makeDmg(join(made, 'new'), join(made, 'Nexy.dmg')));
  });
  afterEach(() => world.close());

  async function prepare(path: string, more: Partial<PrepareOptions> = {}): Promise<PreparedInstall> {
    const bytes = readFileSync(path);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return prepareInstall(await verifyFile(path, { size: bytes.length, sha256 }), {
      tools: new Tools(world.tools),
      layout: await layoutOf(world.app),
      cacheFolder: join(world.folder, 'cache'),
      stateFolder: join(world.folder, 'state'),
      type: 'dmg',
      bundleId: BUNDLE_ID,
      offered: parseVersion('2.0.0.46'),
      current: parseVersion('2.0.0.45'),
      from: '2.0.0.45',
      allowDowngrade: false,
      machine: { systemVersion: null, architecture: null, hasRosetta: null },
      verifiesSignature: false,
      refusesRunningTarget: true,
      warn: () => undefined,
      now: () => new Date(),
      ...more,
    });
  }

  async function putAnotherInPlace(): Promise<void> {
    renameSync(world.app, join(world.folder, 'put aside'));
    mkdirSync(world.app);
  }

  /** Nothing that was started stays: a watchdog's copy of its script goes with it. */
  async function expectNoWatchdog(): Promise<void> {
    const folder = notesFolder(join(world.folder, 'state'));
    await until(() => !readdirSync(folder).some((name) => name.endsWith('.sh')), 'the watchdog ends');
  }

  it('is exchanged once, and gives the lock back', async () => {
    expect(await prepared.install({ relaunches: false })).toEqual({ from: '2.0.0.45', to: '2.0.0.46' });
    expect(world.installedTree()).toEqual(newTree);
    expect(world.beside().filter((name) => name.endsWith('.lock'))).toEqual([]);
  });

  it('leaves nothing when it is discarded', async () => {
    await prepared.discard();
    expect(world.beside()).toEqual([]);
  });

  describe('that is tried before it is offered', () => {
    async function prepareTried(script: string): Promise<PreparedInstall> {
      await prepared.discard();
      const app = await makeNexy(join(world.folder, 'tried'), '2.0.0.46', {
        sign: false,
        executable: { kind: 'script', text: `#!/bin/sh\n${script}\n` },
      });
      const image = await makeDmg(dirname(app), join(world.folder, 'tried.dmg'));
      return prepare(image, { triesStagedApp: true });
    }

    it('is ready when its own program says so, run from where it is staged', async () => {
      const mark = join(world.folder, 'mark');
      const tried = await prepareTried(`[ "$1" = --updater-self-test ] && echo "$0" > '${mark}'`);
      expect(readFileSync(mark, 'utf8')).toMatch(/\/\.Nexy-update-[0-9a-z]+\/new\/Contents\/MacOS\/Nexy\n$/);
      expect(await tried.install({ relaunches: false })).toMatchObject({ to: '2.0.0.46' });
    });

    it('is not where its program fails: nothing stays staged, mounted or locked', async () => {
      await expect(prepareTried('exit 1')).rejects.toMatchObject({ code: 'payload-incompatible' });
      expect(world.beside()).toEqual([]);
      expect(world.mounted()).toEqual([]);
    });
  });

  it('leaves alone, and clears itself away, when somebody put another app in place meanwhile', async () => {
    await putAnotherInPlace();
    await expect(prepared.install({ relaunches: false })).rejects.toMatchObject({ code: 'swap-failed' });
    expect(world.installedTree()).toEqual(['./']);
    expect(world.beside()).toEqual([]);
  });

  it('ends the watchdog when nothing was installed', async () => {
    await putAnotherInPlace();
    await expect(prepared.install({ relaunches: true })).rejects.toMatchObject({ code: 'swap-failed' });
    await expectNoWatchdog();
    expect(world.installedTree()).toEqual(['./']);
  });

  it('is as ready as before when a quit is refused', async () => {
    const quit = await prepared.prepareForQuit({ relaunches: true });
    await quit.abandon();
    await expectNoWatchdog();
    expect(await prepared.install({ relaunches: false })).toMatchObject({ to: '2.0.0.46' });
    expect(world.installedTree()).toEqual(newTree);
  });

  it('tells at the next start when the exchange failed in the last moments', async () => {
    await prepared.discard();
    const image = join(dirname(world.app), '..', 'own.dmg');
    await makeDmg(dirname(await makeNexy(join(world.folder, 'own'), '2.0.0.46', { sign: false })), image);
    const own = await prepare(image, { refusesRunningTarget: false });
    const quit = await own.prepareForQuit({ relaunches: false });
    await putAnotherInPlace();
    expect(() => quit.exchangeNow()).toThrow(expect.objectContaining({ code: 'swap-failed' }));
    await expectNoWatchdog();
    await own.discard();
    const state = join(world.folder, 'state');
    expect(await readLastInstall(await layoutOf(world.app), state)).toMatchObject({
      outcome: 'failed',
      code: 'swap-failed',
      from: '2.0.0.45',
      to: '2.0.0.46',
    });
  });

  it.skipIf(process.getuid?.() !== 0)(
    'asks for authorization where the update is a package, alone or in an image, which root installs (root only)',
    async () => {
      const folder = join(world.folder, 'package');
      const app = await makeNexy(join(world.folder, 'packed'), '2.0.0.46', { sign: false });
      mkdirSync(folder);
      const path = await makePackage({
        app,
        output: join(folder, 'Nexy.pkg'),
        installLocation: dirname(world.app),
      });
      const image = await makeDmg(folder, join(world.folder, 'package.dmg'));
      await prepared.discard();
      for (const [update, type] of [
        [path, 'pkg'],
        [image, 'dmg'],
      ] as const) {
        const ready = await prepare(update, { type });
        expect(ready.needsAuthorization).toBe(true);
        await ready.discard();
        expect(world.beside()).toEqual([]);
      }
      const installing = await prepare(image);
      expect(await installing.install({ relaunches: false })).toMatchObject({ to: '2.0.0.46' });
      expect(world.installedTree()).toEqual(describeTree(app));
    },
  );
});
