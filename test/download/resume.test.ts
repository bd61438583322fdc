import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { download } from '../../src/download/download.ts';
import { tryFileLock } from '../../src/file-lock.ts';
import type { FaultKind } from '../../src/lab/release-host/fault.ts';
import { type DownloadWorld, IMPATIENT, startDownloadWorld } from '../support/download-world.ts';
import { randomBody, sha256Of } from '../support/random-body.ts';

const CHILD = fileURLToPath(new URL('../support/download-child.ts', import.meta.url));

describe('a broken connection', () => {
  it('is resumed at any byte, by the same call or by a later one, and no byte is fetched twice', async () => {
    const world = await startDownloadWorld();
    let run = 0;
    const cut = fc.record({ after: fc.nat(20_000), isLastOfItsCall: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 20_000 }),
        fc.array(cut, { minLength: 1, maxLength: 5 }),
        async (size, cuts) => {
          run += 1;
          const body = randomBody(size);
          const tag = `v1.${run}`;
          const url = world.host.publish(tag, 'Nexy.dmg', body);
          cuts.forEach(({ after }, index) => {
            world.host.fault({ tag, skip: index, times: 1, fault: { kind: 'cut', after } });
          });
          const before = world.host.log.length;
          const sha256 = sha256Of(body);
          const ends = cuts.map(({ isLastOfItsCall }) => isLastOfItsCall);
          const changes = { candidates: [{ url, kind: 'version-tag' as const }], size, sha256 };
          const { file } = await downloadInCalls(world, changes, ends);
          expect((await readFile(file.path)).equals(body)).toBe(true);
          const asset = world.host.log.slice(before).filter(({ on }) => on === 'asset');
          expect(asset.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(size);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('survives more cuts than there are retries, as long as each brings something', async () => {
    const world = await startDownloadWorld({ faults: [{ fault: { kind: 'cut', after: 50_000 } }] });
    expect((await world.download()).bytesDownloaded).toBe(1_000_000);
    expect(world.ranges().length).toBeGreaterThan(15);
    expect(new Set(world.waits)).toEqual(new Set([500]));
  });

  it('is given up when it always breaks at the same byte', async () => {
    const world = await startDownloadWorld({
      faults: [{ fault: { kind: 'etag', etag: null } }, { fault: { kind: 'cut', after: 50_000 } }],
    });
    expect((await world.fail()).code).toBe('download-failed');
    expect(world.ranges()).toEqual(Array(6).fill(null));
  });

  it('is given up when a server hands out a few bytes between two silences', async () => {
    const world = await startDownloadWorld({ faults: [{ fault: { kind: 'stall', after: 10 } }] });
    expect((await world.fail({ seams: IMPATIENT })).code).toBe('download-stalled');
  });
});

describe('the second request', () => {
  /** The first 100,000 bytes come, then the given fault meets the second request. */
  async function startCut(...faults: readonly FaultKind[]): Promise<DownloadWorld> {
    const world = await startDownloadWorld({
      faults: [{ times: 1, fault: { kind: 'cut', after: 100_000 } }],
    });
    for (const fault of faults) world.host.fault({ skip: 1, times: 1, fault });
    return world;
  }

  it('asks for the rest under the ETag of the first answer, at the original address', async () => {
    const world = await startCut();
    const result = await world.download();
    expect(result).toMatchObject({ bytesDownloaded: 1_000_000, resumedFrom: 0 });
    const [first, second] = world.host.log.filter(({ on }) => on === 'asset');
    expect([first?.range, second?.range]).toEqual([null, 'bytes=100000-']);
    expect(second?.headers['if-range']).toMatch(/^"0x/);
    expect(world.host.log.filter(({ on }) => on === 'release')).toHaveLength(2);
  });

  it.each<[string, readonly FaultKind[], readonly (string | null)[]]>([
    ['200 for a range', [{ kind: 'ignore-range' }], [null, 'bytes=100000-']],
    ['a changed strong ETag', [{ kind: 'etag', etag: '"changed"' }], [null, 'bytes=100000-']],
    [
      'a 206 under another ETag',
      [
        { kind: 'etag', etag: '"x"' },
        { kind: 'other-range', start: 100_000 },
      ],
      [null, 'bytes=100000-', null],
    ],
    [
      'a 206 without an ETag',
      [
        { kind: 'etag', etag: null },
        { kind: 'other-range', start: 100_000 },
      ],
      [null, 'bytes=100000-', null],
    ],
    ['a 206 that begins elsewhere', [{ kind: 'other-range', start: 99_999 }], [null, 'bytes=100000-', null]],
    ['416', [{ kind: 'status', status: 416 }], [null, 'bytes=100000-', null]],
  ])('starts over on %s', async (_, faults, ranges) => {
    const world = await startCut(...faults);
    const { file, bytesDownloaded } = await world.download();
    expect((await readFile(file.path)).equals(world.body)).toBe(true);
    expect(bytesDownloaded).toBe(1_100_000);
    expect(world.ranges()).toEqual(ranges);
  });

  it.each<[string, string | null]>([
    ['a weak', 'W/"0x1"'],
    ['no', null],
    ['an unquoted', '0x1'],
  ])('asks for everything where the first answer had %s ETag', async (_, etag) => {
    const world = await startCut();
    world.host.fault({ times: 1, fault: { kind: 'etag', etag } });
    expect((await world.download()).bytesDownloaded).toBe(1_100_000);
    expect(world.ranges()).toEqual([null, null]);
  });

  it('refuses another total', async () => {
    const world = await startCut({ kind: 'other-total', total: 1_000_001 });
    expect((await world.fail()).code).toBe('size-mismatch');
  });

  it('takes an unknown total', async () => {
    const world = await startCut({ kind: 'other-total', total: '*' });
    expect((await world.download()).bytesDownloaded).toBe(1_000_000);
  });

  it('gets the new file when it was replaced in between', async () => {
    const world = await startCut();
    const replaced = randomBody(1_000_000);
    const sha256 = sha256Of(replaced);
    const result = await world.download({
      sha256,
      seams: { sleep: async () => void world.host.replace('v2.0.0.46', 'Nexy.dmg', replaced) },
    });
    expect((await readFile(result.file.path)).equals(replaced)).toBe(true);
  });
});

describe('what an earlier process left', () => {
  async function leavePartial(): Promise<DownloadWorld> {
    const world = await startDownloadWorld({
      faults: [{ times: 1, fault: { kind: 'cut', after: 100_000 } }],
    });
    world.host.fault({ skip: 1, times: 1, fault: { kind: 'status', status: 403 } });
    await world.fail();
    expect(await world.pending()).toEqual(['json', 'part']);
    return world;
  }
  const pathOf = ({ cacheFolder, sha256 }: DownloadWorld, suffix: string): string =>
    join(cacheFolder, 'pending', `${sha256}.${suffix}`);

  it('is hashed and continued', async () => {
    const world = await leavePartial();
    expect(await world.download()).toMatchObject({ resumedFrom: 100_000, bytesDownloaded: 900_000 });
  });

  it('is left alone while that process lives', async () => {
    const world = await leavePartial();
    const { lock } = await tryFileLock(pathOf(world, 'lock'), 0o600);
    expect(await world.fail()).toMatchObject({ code: 'install-busy' });
    await lock?.release();
    expect(await world.download()).toMatchObject({ resumedFrom: 100_000 });
  });

  it('is finished without a request when only the name is missing', async () => {
    const world = await leavePartial();
    await writeFile(pathOf(world, 'part'), world.body);
    const before = world.host.log.length;
    const result = await world.download();
    expect(result).toMatchObject({ resumedFrom: 1_000_000, bytesDownloaded: 0, fromCache: false });
    expect(world.host.log).toHaveLength(before);
    expect((await readFile(result.file.path)).equals(world.body)).toBe(true);
  });

  it.each<[string, (world: DownloadWorld) => Promise<void>]>([
    ['is torn', (world) => writeFile(pathOf(world, 'part'), Buffer.alloc(100_000))],
    ['is complete but torn', (world) => writeFile(pathOf(world, 'part'), Buffer.alloc(1_000_000))],
    ['is too long', (world) => truncate(pathOf(world, 'part'), 1_000_001)],
    ['has no record', (world) => writeFile(pathOf(world, 'json'), '')],
    ['has a torn record', (world) => writeFile(pathOf(world, 'json'), '{"url":"http')],
    ['has a record of another kind', (world) => writeFile(pathOf(world, 'json'), '[1]')],
    [
      'has a record of another size',
      async (world) => {
        const record = JSON.parse(await readFile(pathOf(world, 'json'), 'utf8'));
        await writeFile(pathOf(world, 'json'), JSON.stringify({ ...record, size: 7 }));
      },
    ],
  ])('is fetched anew when it %s', async (_, damage) => {
    const world = await leavePartial();
    await damage(world);
    const { file, resumedFrom } = await world.download();
    expect((await readFile(file.path)).equals(world.body)).toBe(true);
    expect(resumedFrom).toBe(0);
    // Torn bytes say nothing about the server: it is not remembered as one that sends wrong ones.
    expect(await world.pending()).toEqual(['dmg', 'json']);
  });
});

describe('a killed process', () => {
  it('costs at most 512 KiB of repetition, killed at 90 %', async () => {
    const size = 20_000_000;
    const world = await startDownloadWorld({ size });
    world.host.fault({ times: 1, fault: { kind: 'stall', after: size * 0.9 } });
    const child = startChild(world);
    await untilStill(world);
    await kill(child);
    const { resumedFrom } = await world.download();
    const served = world.host.log
      .filter(({ on }) => on === 'asset')
      .reduce((sum, { bytes }) => sum + bytes, 0);
    expect(served - size).toBeLessThanOrEqual(512 * 1024);
    expect(resumedFrom).toBeGreaterThanOrEqual(size * 0.9 - 512 * 1024);
  });

  it('is continued wherever it was', async () => {
    const size = 3_000_000;
    const world = await startDownloadWorld({ size });
    for (let round = 0; round < 6; round += 1) {
      const undo = world.host.fault({ fault: { kind: 'trickle', bytesPerSecond: 4_000_000 } });
      const child = startChild(world);
      const requests = world.host.log.length;
      while (world.host.log.length === requests && child.exitCode === null) await pause(5);
      await pause(Math.random() * 250);
      await kill(child);
      undo();
    }
    const { file, resumedFrom, bytesDownloaded, fromCache } = await world.download();
    expect((await readFile(file.path)).equals(world.body)).toBe(true);
    if (!fromCache) expect(resumedFrom + bytesDownloaded).toBe(size);
  });

  function startChild(world: DownloadWorld): ChildProcess {
    const { seams: _, ...request } = world.request();
    const child = spawn(process.execPath, [CHILD, JSON.stringify(request)], { stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    return child;
  }

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** Until the partial file has not grown for the 250 ms within which received bytes must be in it. */
  async function untilStill(world: DownloadWorld): Promise<void> {
    let size = 0;
    for (;;) {
      await pause(250);
      const now = await world.partial().then(
        (bytes) => bytes.byteLength,
        () => 0,
      );
      if (now > 0 && now === size) return;
      size = now;
    }
  }
});

/** A call for every cut that is said to be the last of its call, and one that comes through. */
async function downloadInCalls(
  world: DownloadWorld,
  changes: Parameters<DownloadWorld['request']>[0],
  ends: readonly boolean[],
) {
  const left = [...ends];
  for (;;) {
    const controller = new AbortController();
    const sleep = async (): Promise<void> => {
      if (left.shift() !== true) return;
      controller.abort();
      controller.signal.throwIfAborted();
    };
    try {
      return await download(world.request({ ...changes, signal: controller.signal, seams: { sleep } }));
    } catch (error) {
      if (!controller.signal.aborted) throw error;
    }
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
