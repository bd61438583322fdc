import { spawnSync } from 'node:child_process';
import { readdir, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { IMPATIENT, startDownloadWorld } from '../support/download-world.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const MEGABYTE = 1024 * 1024;

/** A volume of its own, or null where this user may not mount one. */
async function mountSmallVolume(megabytes: number): Promise<string | null> {
  const folder = await temporaryFolder();
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
  if (status !== 0) return null;
  onTestFinished(() => {
    spawnSync('umount', [folder]);
  });
  return folder;
}

const canMount = process.platform === 'linux' && process.getuid?.() === 0;

describe.skipIf(!canMount)('a full disk (needs root on Linux, for a small tmpfs)', () => {
  it('is noticed before anything is fetched', async (context) => {
    const cacheFolder = (await mountSmallVolume(4)) ?? context.skip('mount is not allowed here');
    const world = await startDownloadWorld({ size: 5 * MEGABYTE });
    const error = await world.fail({ cacheFolder });
    expect(error).toMatchObject({ code: 'disk-full', message: /needs 7 MB, and 5 MB are free/ });
    expect(world.host.log).toEqual([]);
    expect(await readdir(join(cacheFolder, 'pending'))).toEqual([]);
  });

  it('is noticed while writing, and what was written goes', async (context) => {
    const cacheFolder = (await mountSmallVolume(8)) ?? context.skip('mount is not allowed here');
    const world = await startDownloadWorld({ size: 6 * MEGABYTE });
    const error = await world.fail({
      cacheFolder,
      // Somebody else takes the space after it was counted.
      onCandidate: () => void fill(cacheFolder, 3 * MEGABYTE),
    });
    expect(error.code).toBe('disk-full');
    expect(await readdir(join(cacheFolder, 'pending'))).toEqual([]);
    const { bavail, bsize } = await statfs(cacheFolder);
    expect(bavail * bsize).toBeGreaterThan(4 * MEGABYTE);
  });

  it('has room again once the files of other artifacts are gone', async (context) => {
    const cacheFolder = (await mountSmallVolume(8)) ?? context.skip('mount is not allowed here');
    const world = await startDownloadWorld({ size: 5 * MEGABYTE });
    await world.download({ cacheFolder });
    const other = await startDownloadWorld({ size: 5 * MEGABYTE });
    const { file } = await other.download({ cacheFolder });
    expect(file.size).toBe(5 * MEGABYTE);
  });

  it('counts what is already there', async (context) => {
    const cacheFolder = (await mountSmallVolume(8)) ?? context.skip('mount is not allowed here');
    const world = await startDownloadWorld({ size: 6 * MEGABYTE });
    world.host.fault({ times: 1, fault: { kind: 'stall', after: 5 * MEGABYTE } });
    world.host.fault({ skip: 1, times: 1, fault: { kind: 'status', status: 403 } });
    await world.fail({ cacheFolder, seams: IMPATIENT });
    const { resumedFrom } = await world.download({ cacheFolder });
    expect(resumedFrom).toBe(5 * MEGABYTE);
  });
});

describe.skipIf(!canMount)('a volume that cannot be written (needs root on Linux)', () => {
  it('is named at once', async (context) => {
    const cacheFolder = (await mountSmallVolume(4)) ?? context.skip('mount is not allowed here');
    spawnSync('mount', ['-o', 'remount,ro', cacheFolder]);
    const world = await startDownloadWorld();
    const error = await world.fail({ cacheFolder });
    expect(error).toMatchObject({ code: 'download-failed', message: /folder .+ cannot be used: .+ EROFS/ });
    expect(world.host.log).toEqual([]);
  });
});

async function fill(folder: string, bytes: number): Promise<void> {
  await writeFile(join(folder, 'filler'), Buffer.alloc(bytes));
}
