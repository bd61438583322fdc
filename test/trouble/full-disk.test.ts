import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { fetchManifest } from '../../src/check/fetch-manifest.ts';
import type { VerifiedFile } from '../../src/download/verified-file.ts';
import { verifyFile } from '../../src/download/verify-file.ts';
import { UpdateError } from '../../src/errors.ts';
import { confirmUpdate } from '../../src/install/confirm.ts';
import { readInstallationStatus } from '../../src/install/installation.ts';
import { type JournalEntry, JournalWriter, parseJournal, readJournals } from '../../src/install/journal.ts';
import { type Layout, layoutOf, makeStagingId, stagingPaths } from '../../src/install/layout.ts';
import { openImage } from '../../src/install/open-image.ts';
import { prepareInstall } from '../../src/install/prepare.ts';
import type { PrepareOptions } from '../../src/install/prepared-install.ts';
import { recover } from '../../src/install/recover.ts';
import { Tools } from '../../src/install/tools.ts';
import { parseVersion } from '../../src/version.ts';
import { startDownloadWorld } from '../support/download-world.ts';
import { MACOS_TOOLS } from '../support/fixtures.ts';
import { CAN_SERVE_VOLUMES, NEEDS_VOLUMES, type ServedVolume, serveVolume } from '../support/fuse/volume.ts';
import { canMakeImages } from '../support/make-image.ts';
import { mountSmallVolume } from '../support/small-volume.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { describeTree } from '../support/tree.ts';
import { makeUpdatePair, type UpdatePair } from '../support/update-pair.ts';
import { BUNDLE_ID, UpdateWorld } from '../support/update-world.ts';

const AT = '2026-11-24T12:00:00.000Z';
const now = (): Date => new Date(AT);
const tools = new Tools(MACOS_TOOLS);
const skipped = canMakeImages()
  ? NEEDS_VOLUMES
  : ' (skipped: xorriso, which makes disk images, is not installed)';

/** Larger than any number of changes in these tests: a loop that gets here does not end by itself. */
const TOO_MANY = 120;

describe.skipIf(!canMakeImages() || !CAN_SERVE_VOLUMES)(`a disk that is full at one moment${skipped}`, () => {
  let pair: UpdatePair;
  let file: VerifiedFile;

  beforeAll(async () => {
    // As few files as an app can have: the tests fail once at each of them.
    pair = await makeUpdatePair({ hasFramework: false, sign: false, extraFiles: {} });
    const bytes = readFileSync(pair.image);
    file = await verifyFile(pair.image, { size: bytes.length, sha256: digest(bytes) });
  });

  async function optionsFor(layout: Layout, cacheFolder: string): Promise<PrepareOptions> {
    return {
      ...{ tools, layout, cacheFolder, stateFolder: join(cacheFolder, 'state') },
      ...{ type: 'dmg', bundleId: BUNDLE_ID, from: '2.0.0.45' },
      ...{ offered: parseVersion('2.0.0.46'), current: parseVersion('2.0.0.45'), allowDowngrade: false },
      machine: { systemVersion: null, architecture: null, hasRosetta: null },
      ...{ verifiesSignature: false, refusesRunningTarget: false, warn: () => undefined, now },
    };
  }

  async function serve(context: TestContext): Promise<ServedVolume> {
    return (await serveVolume()) ?? context.skip('mount is not allowed here');
  }

  function installOld(folder: string): Promise<Layout> {
    mkdirSync(folder, { recursive: true });
    cpSync(pair.oldApp, join(folder, 'Nexy.app'), { recursive: true, verbatimSymlinks: true });
    return layoutOf(join(folder, 'Nexy.app'));
  }

  /** Nothing but the app lies there, or an install that is whole but for its last words. */
  async function expectWhole(layout: Layout, isInstalled: boolean): Promise<void> {
    expect(describeTree(layout.target)).toEqual(isInstalled ? pair.newTree : pair.oldTree);
    const repair = { tools, cacheFolder: null, now, warn: () => undefined };
    expect(['none', isInstalled ? 'finished' : 'undone']).toContain(await recover(layout, repair));
    expect(describeTree(layout.target)).toEqual(isInstalled ? pair.newTree : pair.oldTree);
    const beside = readdirSync(layout.parent).map((name) => name.replace(/-[0-9a-z]{17}/, '-*'));
    expect(beside.toSorted()).toEqual(
      isInstalled ? ['.Nexy-update-*', '.Nexy-update-*.journal', 'Nexy.app'] : ['Nexy.app'],
    );
  }

  describe("the app's", () => {
    it.for([
      ['from then on', Number.MAX_SAFE_INTEGER],
      ['once', 1],
    ] as const)(
      'at each of its changes, %s: named, and the app stays as it is',
      { timeout: 180_000 },
      async ([_, times], context) => {
        const volume = await serve(context);
        const cacheFolder = await temporaryFolder();
        const codes: (string | null)[] = [];
        for (let changes = 0; codes.at(-1) !== null; changes += 1) {
          expect(changes).toBeLessThan(TOO_MANY);
          const layout = await installOld(join(volume.folder, `apps-${changes}`));
          const options = await optionsFor(layout, cacheFolder);
          await volume.fillAfter(changes, times);
          const code = await codeOf(async () => {
            await (await prepareInstall(file, options)).install({ relaunches: false });
          });
          const isWhole = (await volume.countChanges()) <= changes;
          await volume.empty();
          const isInstalled = code === null;
          await expectWhole(layout, isInstalled);
          codes.push(isInstalled && isWhole ? null : (code ?? 'installed'));
        }
        const failures = codes.slice(0, -1);
        // The lock's signature and the line after the exchange may fail; nothing else may.
        expect(new Set(failures)).toEqual(new Set(['disk-full', 'installed']));
        expect(failures.length).toBeGreaterThan(15);
        expect(failures.filter((code) => code === 'installed').length).toBeLessThanOrEqual(2);
      },
    );

    it('before anything is copied, when it cannot hold the copy, and with room the next update succeeds', async (context) => {
      const folder = (await mountSmallVolume({ size: '400k' })) ?? context.skip('mount is not allowed here');
      const layout = await installOld(join(folder, 'apps'));
      const options = await optionsFor(layout, await temporaryFolder());
      let isInstalled = false;
      const filler = join(folder, 'filler');
      const { bavail, bsize } = statfsSync(folder);
      for (let free = 0; !isInstalled; free += 2) {
        writeFileSync(filler, Buffer.alloc((bavail - free) * bsize));
        const code = await codeOf(async () => {
          await (await prepareInstall(file, options)).install({ relaunches: false });
        });
        expect([null, 'disk-full']).toContain(code);
        isInstalled = code === null;
        await expectWhole(layout, isInstalled);
      }
    });

    it('of files, when it can hold no more of them, however large', async (context) => {
      let isInstalled = false;
      for (let inodes = 16; !isInstalled; inodes += 3) {
        const folder =
          (await mountSmallVolume({ size: '4m', inodes })) ?? context.skip('mount is not allowed here');
        const layout = await installOld(join(folder, 'apps')).catch(() => null);
        if (layout === null) continue;
        const options = await optionsFor(layout, await temporaryFolder());
        const code = await codeOf(async () => {
          await (await prepareInstall(file, options)).install({ relaunches: false });
        });
        expect([null, 'disk-full']).toContain(code);
        isInstalled = code === null;
        await expectWhole(layout, isInstalled);
      }
    });

    it('does not keep an update from being confirmed: the previous version makes room', async (context) => {
      const volume = await serve(context);
      const layout = await installOld(volume.folder);
      await (await prepareInstall(file, await optionsFor(layout, await temporaryFolder()))).install({
        relaunches: false,
      });
      // The lock is made and signed; the first attempt to write the word fails.
      await volume.fillAfter(2, 1);
      expect(await confirmUpdate(layout, now)).toMatchObject({ to: '2.0.0.46' });
      expect((await readInstallationStatus(layout)).state).toBe('confirmed');
      expect(readdirSync(layout.parent)).toHaveLength(2);
    });

    it.for([0, 1, 2, 3])('while it is repaired, at change %i', async (changes, context) => {
      const volume = await serve(context);
      const layout = await installOld(volume.folder);
      await (await prepareInstall(file, await optionsFor(layout, await temporaryFolder()))).install({
        relaunches: false,
      });
      const [journal] = await readJournals(layout);
      const path = journal?.paths.journal ?? '';
      writeFileSync(path, readFileSync(path, 'utf8').replace(/^.*"exchanged".*\n/m, ''));
      await volume.fillAfter(changes);
      const repair = { tools, cacheFolder: null, now, warn: () => undefined };
      const code = await codeOf(() => recover(layout, repair));
      expect(['disk-full', null]).toContain(code);
      await volume.empty();
      await expectWhole(layout, true);
      expect(await confirmUpdate(layout, now)).toMatchObject({ to: '2.0.0.46' });
    });

    it('at each byte of the journal: what can be read is true, and it goes on after it', async (context) => {
      const volume = await serve(context);
      const layout = await layoutOf(join(volume.folder, 'Nexy.app'));
      const entries: readonly JournalEntry[] = (['exchanging', 'exchanged', 'confirmed'] as const).map(
        (step) => ({ step, at: AT }),
      );
      const length = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('').length;
      for (let bytes = 0; bytes <= length; bytes += 1) {
        const paths = stagingPaths(layout, makeStagingId(now()));
        const journal = JournalWriter.create(paths);
        await volume.limitBytes(bytes);
        const written = entries.filter((entry) => {
          try {
            journal.append(entry);
            return true;
          } catch (error) {
            expect(error).toMatchObject({ code: 'ENOSPC' });
            return false;
          }
        });
        await volume.empty();
        expect(parseJournal(readFileSync(paths.journal, 'utf8'))).toEqual(written);
        journal.append({ step: 'undone', at: AT });
        journal.close();
        const all = parseJournal(readFileSync(paths.journal, 'utf8'));
        expect(all).toEqual([...written, { step: 'undone', at: AT }]);
      }
    });
  });

  describe("the cache's", () => {
    it.for([
      ['from then on', Number.MAX_SAFE_INTEGER],
      ['once', 1],
    ] as const)(
      'at each change of a download, %s: named, and the next one succeeds',
      async ([_, times], context) => {
        const volume = await serve(context);
        const world = await startDownloadWorld({ size: 300_000 });
        const codes: (string | null)[] = [];
        for (let changes = 0; codes.at(-1) !== null; changes += 1) {
          expect(changes).toBeLessThan(TOO_MANY);
          const cacheFolder = join(volume.folder, `cache-${changes}`);
          await volume.fillAfter(changes, times);
          const code = await codeOf(() => world.download({ cacheFolder }));
          const isWhole = (await volume.countChanges()) <= changes;
          await volume.empty();
          codes.push(code === null && isWhole ? null : (code ?? 'downloaded'));
          const { file: verified } = await world.download({ cacheFolder });
          expect(verified.size).toBe(300_000);
          expect(
            readdirSync(join(cacheFolder, 'pending')).filter((name) => /tmp|part|lock/.test(name)),
          ).toEqual([]);
        }
        // Where there is room again at once, what a short write left out is written after it.
        const expected = times === 1 ? ['disk-full', 'downloaded'] : ['disk-full'];
        expect(new Set(codes.slice(0, -1))).toEqual(new Set(expected));
      },
    );

    it('at each change of opening the image: named, and nothing stays attached', async (context) => {
      const volume = await serve(context);
      let isOpened = false;
      for (let changes = 0; !isOpened; changes += 1) {
        expect(changes).toBeLessThan(TOO_MANY);
        const cacheFolder = join(volume.folder, `cache-${changes}`);
        const warnings: string[] = [];
        await volume.fillAfter(changes);
        const code = await codeOf(async () => {
          const image = await openImage(file.path, {
            tools,
            cacheFolder,
            warn: (text) => warnings.push(text),
          });
          await image.close();
        });
        await volume.empty();
        expect({ code, warnings }).toEqual({ code: code === null ? null : 'disk-full', warnings: [] });
        expect(await attachedBelow(cacheFolder)).toBe(false);
        expect(listed(join(cacheFolder, 'mounts'))).toEqual([]);
        isOpened = code === null;
      }
    });
  });

  describe("the state's", () => {
    it('throughout an update: it is done, and one that is refused is refused for its own reason', async (context) => {
      const volume = await serve(context);
      const world = await UpdateWorld.open();
      try {
        await volume.fillAfter(0);
        world.install(pair.oldApp);
        const state = ['--no-codesign', '--state', join(volume.folder, 'state')];
        world.publish('2.0.0.47', pair.image);
        const refused = await world.update(...state);
        expect(refused.json).toMatchObject({ error: { code: 'payload-version-mismatch' } });
        expect(refused.stderr).toMatch(/hold another version could not be kept/);
        world.publish('2.0.0.46', pair.image);
        expect((await world.update(...state)).json).toMatchObject({ installed: true });
      } finally {
        await world.close();
      }
    });

    it('at each change: a check goes on with a warning', async (context) => {
      const volume = await serve(context);
      const world = await UpdateWorld.open();
      try {
        world.publish('2.0.0.46', pair.image);
        let isKept = false;
        for (let changes = 0; !isKept; changes += 1) {
          const stateFolder = join(volume.folder, `state-${changes}`);
          await volume.fillAfter(changes);
          const url = `${world.host.origin}/manifest.json`;
          const fetched = await fetchManifest({ url, stateFolder, http: { allowLoopback: true } });
          await volume.empty();
          expect(JSON.parse(Buffer.from(fetched.bytes).toString())).toMatchObject({ version: '2.0.0.46' });
          isKept = fetched.warnings.length === 0;
          if (!isKept) expect(fetched.warnings).toEqual([expect.stringMatching(/could not be kept.+ENOSPC/)]);
          expect(listed(join(stateFolder, 'manifests')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
        }
      } finally {
        await world.close();
      }
    });
  });
});

async function codeOf(act: () => Promise<unknown>): Promise<string | null> {
  try {
    await act();
    return null;
  } catch (error) {
    if (error instanceof UpdateError) return error.code;
    throw error;
  }
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

async function attachedBelow(folder: string): Promise<boolean> {
  const { stdout } = await tools.run('hdiutil', ['info', '-plist']);
  return stdout.includes(`${folder}/`);
}
