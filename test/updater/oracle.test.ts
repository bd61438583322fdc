import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UpdateCheckResult } from 'electron-updater';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { NexyUpdater } from '../../src/updater.ts';
import { canMakeImages } from '../support/make-image.ts';
import { makeDmg, makeNexy, UpdateWorld } from '../support/update-world.ts';
import { updaterOptions } from './observed-updater.ts';
import { FEED_FILES, OracleUpdater, updateYaml } from './oracle-updater.ts';
import * as main from './sample/main-process.ts';
import { TestApplication } from './test-application.ts';

const shown = vi.hoisted(() => ({ updater: null as unknown }));

// The sample's `autoUpdater` is whichever is put here; electron-updater's own is never looked at.
vi.mock('electron-updater', async () => ({
  CancellationToken: (await import('builder-util-runtime')).CancellationToken,
  get autoUpdater() {
    return shown.updater;
  },
}));

const skipped = canMakeImages() ? '' : ' (skipped: xorriso, which makes disk images, is not installed)';

/** The same sample against both: what it was told, and how its calls ended. */
interface Run {
  readonly events: readonly string[];
  readonly payloads: ReadonlyMap<string, Shape>;
  readonly ending: Shape;
}

type Shape = string | { readonly [key: string]: Shape };

describe.skipIf(!canMakeImages())(
  `the same main process on electron-updater and on NexyUpdater${skipped}`,
  () => {
    const made = mkdtempSync(join(tmpdir(), 'nexy-oracle-'));
    let bytes: Buffer;
    let image: string;
    let world: UpdateWorld;

    beforeAll(async () => {
      await makeNexy(join(made, 'old'), '2.0.0.45');
      await makeNexy(join(made, 'new'), '2.0.0.46');
      image = await makeDmg(join(made, 'new'), join(made, 'Nexy.dmg'));
      bytes = readFileSync(image);
    });
    afterAll(() => rmSync(made, { recursive: true, force: true }));
    beforeEach(async () => {
      world = await UpdateWorld.open();
      world.install(join(made, 'old', 'Nexy.app'));
    });
    afterEach(() => world.close());

    function offer(version: string): void {
      world.publish(version, image);
      const url = `${world.host.origin}/Seregawpn/Nexy_production/releases/download/v${version}/Nexy.dmg`;
      const yaml = updateYaml(version.replace(/\.(\d+)$/, '-$1'), url, bytes);
      for (const name of FEED_FILES) world.host.setManifest(name, yaml);
    }

    function withdrawFeeds(): void {
      for (const name of ['/manifest.json', ...FEED_FILES]) world.host.setManifest(name, null);
    }

    const makers = {
      theirs: (name: string) =>
        new OracleUpdater({ folder: join(world.folder, name), feed: world.host.origin, version: '2.0.0-45' }),
      ours: (name: string) => {
        const { cacheFolder: _, ...options } = updaterOptions(world);
        const cacheFolder = join(world.folder, name);
        return new NexyUpdater({ ...options, cacheFolder, application: new TestApplication() });
      },
    } as const;

    /** Lets the sample act on one of the two, as a process that has just started. */
    async function run(
      whose: keyof typeof makers,
      autoDownload: boolean,
      act: (updater: OracleUpdater | NexyUpdater) => Promise<unknown>,
    ): Promise<Run> {
      const updater = makers[whose](whose);
      shown.updater = updater;
      const told = main.start(autoDownload);
      const ending = await act(updater).catch((error: unknown) => error);
      const names = told.map(({ name }) => name);
      if (updater instanceof NexyUpdater) await updater.discardUpdate();
      return {
        // How often progress is told depends on the clock.
        events: names.filter((name, index) => name !== 'download-progress' || names[index - 1] !== name),
        payloads: new Map(told.map(({ name, payload }) => [name, shapeOf({ ...payload })])),
        ending: shapeOf(ending),
      };
    }

    async function runBoth(
      autoDownload: boolean,
      act: (updater: OracleUpdater | NexyUpdater) => Promise<unknown>,
    ): Promise<{ readonly theirs: Run; readonly ours: Run }> {
      return { theirs: await run('theirs', autoDownload, act), ours: await run('ours', autoDownload, act) };
    }

    it('is told the same when there is no update', async () => {
      offer('2.0.0.45');
      const { theirs, ours } = await runBoth(true, () => main.check());
      expect(theirs.events).toEqual(['checking-for-update', 'update-not-available']);
      expectSame(ours, theirs);
    });

    it('is told the same of an update that downloads by itself', async () => {
      offer('2.0.0.46');
      const { theirs, ours } = await runBoth(true, () => main.check());
      expect(theirs.events).toEqual([
        'checking-for-update',
        'update-available',
        'download-progress',
        'update-downloaded',
      ]);
      expectSame(ours, theirs);
    });

    it('is told the same of an update that it downloads itself', async () => {
      offer('2.0.0.46');
      const { theirs, ours } = await runBoth(false, async () => {
        const { result } = await main.check();
        return { downloadPromise: result?.downloadPromise, files: await main.download() };
      });
      expect(theirs.events).toEqual([
        'checking-for-update',
        'update-available',
        'download-progress',
        'update-downloaded',
      ]);
      expectSame(ours, theirs);
    });

    it('is told the same of a download that it cancels', async () => {
      offer('2.0.0.46');
      world.host.fault({ on: 'asset', fault: { kind: 'trickle', bytesPerSecond: 5_000 } });
      const { theirs, ours } = await runBoth(false, async () => {
        await main.check();
        return main.downloadAndCancel();
      });
      expect(theirs.events).toEqual([
        'checking-for-update',
        'update-available',
        'download-progress',
        'update-cancelled',
      ]);
      expectSame(ours, theirs);
    });

    it('is told the same of a download that fails', async () => {
      offer('2.0.0.46');
      world.host.fault({ on: 'release', fault: { kind: 'status', status: 404 } });
      const { theirs, ours } = await runBoth(true, () => main.check());
      expect(theirs.events).toEqual(['checking-for-update', 'update-available', 'error']);
      expectSame(ours, theirs);
    });

    it('is told the same of a check that fails', async () => {
      withdrawFeeds();
      const { theirs, ours } = await runBoth(true, () => main.check());
      expect(theirs.events).toEqual(['checking-for-update', 'error']);
      expectSame(ours, theirs);
    });

    it('is told the same when it downloads before it has checked', async () => {
      const { theirs, ours } = await runBoth(true, () => main.download());
      expect(theirs.events).toEqual(['error']);
      expectSame(ours, theirs);
    });

    it('is told the same when it checks again with the update there', async () => {
      offer('2.0.0.46');
      const { theirs, ours } = await runBoth(true, async () => {
        await main.check();
        return main.check();
      });
      expect(theirs.events.slice(4)).toEqual([
        'checking-for-update',
        'update-available',
        'update-downloaded',
      ]);
      expectSame(ours, theirs);
    });

    it('is told, of a download from an earlier start, also how much of it is there', async () => {
      offer('2.0.0.46');
      await runBoth(true, () => main.check());
      const { theirs, ours } = await runBoth(true, () => main.check());
      expect(theirs.events).toEqual(['checking-for-update', 'update-available', 'update-downloaded']);
      // Ours is on purpose: whoever shows a bar shows it full while the file is hashed and prepared.
      expect(ours.events).toEqual([
        'checking-for-update',
        'update-available',
        'download-progress',
        'update-downloaded',
      ]);
      expect(world.host.log.filter(({ on }) => on === 'asset')).toHaveLength(2);
    });

    it('can cancel by the token of the result', async () => {
      offer('2.0.0.46');
      world.host.fault({ on: 'asset', fault: { kind: 'stall', after: 4_000 } });
      const { theirs, ours } = await runBoth(true, async (updater) => {
        const result: UpdateCheckResult | null = await updater.checkForUpdates();
        if (result !== null) main.cancelByResult(result);
        return result?.downloadPromise;
      });
      expect(theirs.events).toEqual(['checking-for-update', 'update-available', 'update-cancelled']);
      expectSame(ours, theirs);
    });
  },
);

/** What ours gives besides, in every UpdateInfo: names as electron-updater's other providers give, and the digest. */
const ADDED_TO_INFO = ['releaseName', 'releaseNotes'];
const ADDED_TO_FILES = ['sha256'];
/** And in the result of a check: why. */
const ADDED_TO_RESULT = ['assessment', 'currentVersion', 'decision', 'facts', 'machine'];

function expectSame(ours: Run, theirs: Run): void {
  expect(ours.events).toEqual(theirs.events);
  expect(Object.fromEntries([...ours.payloads].map(([name, shape]) => [name, withoutAdded(shape)]))).toEqual(
    Object.fromEntries(theirs.payloads),
  );
  expect(withoutAdded(ours.ending)).toEqual(theirs.ending);
}

function withoutAdded(shape: Shape): Shape {
  if (typeof shape === 'string') return shape;
  const added = [
    ...('releaseDate' in shape ? ADDED_TO_INFO : []),
    ...('sha512' in shape && !('releaseDate' in shape) ? ADDED_TO_FILES : []),
    ...('versionInfo' in shape ? ADDED_TO_RESULT : []),
  ];
  for (const key of added) expect(Object.keys(shape)).toContain(key);
  const kept = Object.entries(shape).filter(([key]) => !added.includes(key));
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutAdded(value)]));
}

/** Keys, and types of values. A token and an error are what they are, whoever made them. */
function shapeOf(value: unknown): Shape {
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value;
  if (value instanceof Error) return 'Error';
  if (value instanceof Promise) return 'Promise';
  if ('cancel' in value && 'cancelled' in value) return 'CancellationToken';
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shapeOf(each)]));
}
