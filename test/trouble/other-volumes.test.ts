import { cpSync, mkdirSync, readdirSync, renameSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { readJournals } from '../../src/install/journal.ts';
import { layoutOf } from '../../src/install/layout.ts';
import { loadNativeCalls } from '../../src/native-calls.ts';
import { CAN_SERVE_VOLUMES, NEEDS_VOLUMES, serveVolume } from '../support/fuse/volume.ts';
import { canMakeImages } from '../support/make-image.ts';
import { startCli } from '../support/run-cli.ts';
import { mountSmallVolume } from '../support/small-volume.ts';
import { makeUpdatePair, type UpdatePair } from '../support/update-pair.ts';
import { UpdateWorld } from '../support/update-world.ts';

const skipped = canMakeImages()
  ? NEEDS_VOLUMES
  : ' (skipped: xorriso, which makes disk images, is not installed)';

describe.skipIf(!canMakeImages() || !CAN_SERVE_VOLUMES)(`an app on a volume of its own${skipped}`, () => {
  let pair: UpdatePair;
  let world: UpdateWorld;

  beforeAll(async () => {
    pair = await makeUpdatePair();
  });
  beforeEach(async () => {
    world = await UpdateWorld.open();
    onTestFinished(() => world.close());
    world.publish('2.0.0.46', pair.image);
  });

  /** Puts the installed app into `folder`, in place of the world's Applications. */
  function installIn(folder: string): void {
    renameSync(dirname(world.app), join(world.folder, 'unused'));
    symlinkSync(folder, dirname(world.app));
    world.install(pair.oldApp);
  }

  it('is updated with the cache on another one, and the copy is made on its own', async (context) => {
    const volume = (await mountSmallVolume({ size: '20m' })) ?? context.skip('mount is not allowed here');
    installIn(volume);
    expect((await world.update()).json).toMatchObject({ installed: true });
    expect(world.installedTree()).toEqual(pair.newTree);
    expect((await world.installation('confirm')).json).toMatchObject({ state: 'confirmed' });
    expect(world.beside()).toHaveLength(1);
  });

  it('is updated by two renames where the volume has no exchange', async (context) => {
    const volume = (await serveVolume({ hasExchange: false })) ?? context.skip('mount is not allowed here');
    const probes = ['a', 'b'].map((name) => join(volume.folder, name)) as [string, string];
    for (const probe of probes) mkdirSync(probe);
    const { exchange } = await loadNativeCalls();
    expect(exchange(...probes)).toEqual({ done: false, errno: 'EINVAL' });
    installIn(volume.folder);
    expect((await world.update()).json).toMatchObject({ installed: true });
    expect(world.installedTree()).toEqual(pair.newTree);
    const [journal] = await readJournals(await layoutOf(world.app));
    expect(journal?.lastStep).toBe('exchanged');
    expect(readdirSync(journal?.paths.folder ?? '')).toEqual(['old']);
  });

  it.for([
    { renames: 0, when: 'before the first', left: 'oldTree', action: 'undone' },
    { renames: 1, when: 'after the first', left: 'newTree', action: 'finished' },
  ] as const)(
    'is whole again after a kill $when of two renames: $action',
    async ({ renames, left, action }, context) => {
      const volume = (await serveVolume({ hasExchange: false })) ?? context.skip('mount is not allowed here');
      installIn(volume.folder);
      const { held } = await volume.holdRenameAfter(renames);
      const running = startCli(world.updateArguments());
      await Promise.race([held, running.result]);
      running.child.kill('SIGKILL');
      await volume.release();
      expect(await running.result).toMatchObject({ status: null });
      expect((await world.installation('recover')).json).toMatchObject({ action });
      expect(world.installedTree()).toEqual(pair[left]);
      expect(world.mounted()).toEqual([]);
      expect((await world.update()).json).toMatchObject({ installed: left === 'oldTree' });
      expect(world.installedTree()).toEqual(pair.newTree);
    },
  );

  it('that is the volume itself, is left alone: nothing can be exchanged for a mount point', async (context) => {
    const volume =
      (await mountSmallVolume({ size: '20m', at: world.app })) ?? context.skip('mount is not allowed here');
    cpSync(pair.oldApp, volume, { recursive: true, verbatimSymlinks: true });
    const { json } = await world.update();
    expect(json).toMatchObject({ error: { code: 'not-writable', message: /is a volume of its own/ } });
    expect(world.installedTree()).toEqual(pair.oldTree);
    expect(world.beside()).toEqual([]);
    expect(world.host.log.filter(({ on }) => on !== 'manifest')).toEqual([]);
  });
});
