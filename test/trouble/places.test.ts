import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { NexyUpdater } from '../../src/updater.ts';
import { canMakeImages } from '../support/make-image.ts';
import { CAN_MOUNT, makeReadOnly, mountSmallVolume, NEEDS_MOUNT } from '../support/small-volume.ts';
import { describeTree } from '../support/tree.ts';
import { makeUpdatePair, type UpdatePair } from '../support/update-pair.ts';
import { BUNDLE_ID, OWNER, UpdateWorld } from '../support/update-world.ts';

const skipped = canMakeImages()
  ? NEEDS_MOUNT
  : ' (skipped: xorriso, which makes disk images, is not installed)';

/** Where an app may be started from, though it cannot be updated there. */
interface Place {
  readonly name: string;
  readonly reason: 'read-only-volume' | 'translocated';
  readonly advice: RegExp;
  /** Puts the app there, and gives its path; null where that cannot be done here. */
  readonly place: (world: UpdateWorld, pair: UpdatePair) => Promise<string | null>;
}

const PLACES: readonly Place[] = [
  {
    name: 'on a volume that is mounted read-only',
    reason: 'read-only-volume',
    advice: /Move the app to the Applications folder/,
    place: async (world, pair) => {
      const volume = await mountSmallVolume({ size: '20m', at: dirname(world.app) });
      if (volume === null) return null;
      world.install(pair.oldApp);
      makeReadOnly(volume);
      return world.app;
    },
  },
  {
    name: 'that is the read-only volume itself',
    reason: 'read-only-volume',
    advice: /Move the app to the Applications folder/,
    place: async (world, pair) => {
      const volume = await mountSmallVolume({ size: '20m', at: world.app });
      if (volume === null) return null;
      cpSync(pair.oldApp, volume, { recursive: true, verbatimSymlinks: true });
      makeReadOnly(volume);
      return world.app;
    },
  },
  {
    name: 'on a disk image that was opened writable',
    reason: 'read-only-volume',
    advice: /as with an open disk image/,
    place: async (world, pair) => {
      const mounts = await mountSmallVolume({ size: '40m', at: join(world.folder, 'Volumes') });
      if (mounts === null) return null;
      const source = join(world.folder, 'source');
      mkdirSync(source);
      cpSync(pair.oldApp, join(source, 'Nexy.app'), { recursive: true, verbatimSymlinks: true });
      const image = join(world.folder, 'installed.dmg');
      const hdiutil = join(world.tools, 'hdiutil');
      const create = [
        'create',
        '-srcfolder',
        source,
        '-volname',
        'Nexy',
        '-fs',
        'HFS+',
        '-format',
        'UDZO',
        image,
      ];
      execFileSync(hdiutil, create);
      execFileSync(hdiutil, ['attach', image, '-nobrowse', '-mountroot', mounts]);
      onTestFinished(() => void execFileSync(hdiutil, ['detach', join(mounts, 'Nexy')]));
      return join(mounts, 'Nexy', 'Nexy.app');
    },
  },
  {
    name: 'that macOS runs from a random read-only place',
    reason: 'translocated',
    advice: /move it to the Applications folder with the Finder/,
    place: async (world, pair) => {
      const at = join(world.folder, 'AppTranslocation', '0F4C1C1E-4B1B-4D0A-9B0C-2D3E4F506172');
      const mount = await mountSmallVolume({ size: '20m', at });
      if (mount === null) return null;
      const folder = join(mount, 'd');
      cpSync(pair.oldApp, join(folder, 'Nexy.app'), { recursive: true, verbatimSymlinks: true });
      makeReadOnly(mount);
      return join(folder, 'Nexy.app');
    },
  },
];

describe.skipIf(!canMakeImages() || !CAN_MOUNT)(
  `an app in a place where it cannot be replaced${skipped}`,
  () => {
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

    async function putInto({ place }: Place, context: TestContext): Promise<string> {
      return (await place(world, pair)) ?? context.skip('mount is not allowed here');
    }

    /** Nothing but the manifest was asked for, and nothing was written beside the app. */
    function expectNothingDone(app: string): void {
      expect(world.host.log.filter(({ on }) => on !== 'manifest')).toEqual([]);
      expect(describeTree(app)).toEqual(pair.oldTree);
      expect(readdirSync(dirname(app)).filter((name) => name.startsWith('.Nexy'))).toEqual([]);
    }

    it.for(PLACES)('$name is held back by check', async (place, context) => {
      const app = await putInto(place, context);
      for (const manual of [[], ['--manual']]) {
        const { status, json } = await world.check('--app', app, ...manual);
        expect({ status, json }).toMatchObject({
          status: 0,
          json: { action: 'held', reason: place.reason, message: expect.stringMatching(place.advice) },
        });
      }
      expectNothingDone(app);
    });

    it.for(PLACES)('$name is held back by update, before it is downloaded', async (place, context) => {
      const app = await putInto(place, context);
      const { status, json } = await world.update('--app', app);
      expect({ status, json }).toMatchObject({
        status: 0,
        json: {
          installed: false,
          action: 'held',
          reason: place.reason,
          message: expect.stringMatching(place.advice),
        },
      });
      expectNothingDone(app);
    });

    it.for(PLACES)('$name is held back by NexyUpdater, which offers no download', async (place, context) => {
      const app = await putInto(place, context);
      const updater = new NexyUpdater({
        ...{ app, bundleId: BUNDLE_ID, manifestUrl: `${world.host.origin}/manifest.json`, channel: null },
        policy: {
          owner: OWNER,
          downloadBase: world.host.origin,
          allowedHosts: [],
          allowLoopback: true,
          keys: [],
        },
        http: { allowLoopback: true },
        cacheFolder: join(world.folder, 'cache'),
        stateFolder: join(world.folder, 'state'),
        toolsFolder: world.tools,
      });
      const heard: string[] = [];
      updater.on('update-not-available', () => heard.push('update-not-available'));
      updater.on('update-available', () => heard.push('update-available'));
      expect(await updater.recover()).toBe('none');
      for (const isManual of [false, true]) {
        const { decision } = await updater.check({ isManual });
        expect(decision).toMatchObject({ action: 'held', reason: place.reason });
        expect(updater.state).toMatchObject({ kind: 'not-available', decision: { reason: place.reason } });
      }
      expect(heard).toEqual(['update-not-available', 'update-not-available']);
      await expect(updater.downloadUpdate()).rejects.toMatchObject({ code: 'usage' });
      expectNothingDone(app);
    });

    it('is held back also where an update was cut off before the volume became read-only', async (context) => {
      const volume =
        (await mountSmallVolume({ size: '20m', at: dirname(world.app) })) ?? context.skip('no mounts');
      world.install(pair.oldApp);
      const orphan = join(dirname(world.app), '.Nexy-update-0mgw3k2zq1a2b3c4d');
      mkdirSync(join(orphan, 'new'), { recursive: true });
      makeReadOnly(volume);
      const { json } = await world.update();
      expect(json).toMatchObject({ installed: false, action: 'held', reason: 'read-only-volume' });
      expect((await world.installation('recover')).json).toMatchObject({ action: 'none' });
    });
  },
);
