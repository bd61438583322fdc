import { chmod, lstat, mkdir, readdir, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode, UpdateError } from '../errors.ts';
import { isLockHeld } from '../file-lock.ts';

/** Where everything about one artifact lies; the name is its sha256, so nothing else can collide. */
export interface PendingPaths {
  readonly folder: string;
  readonly partial: string;
  readonly record: string;
  readonly refused: string;
  readonly lock: string;
  readonly final: string;
}

/** Every name that this folder may hold: `<sha256>.<part|json|lock|dmg|...>`. */
const OWN_NAME = /^([0-9a-f]{64})\.[0-9a-z.-]+$/;

/** Left free besides the artifact, for the records and the journal. */
const RESERVE = 1024 * 1024;

/**
 * Makes `<cache>/pending` if need be and sees that nobody else can put anything into it: a real folder,
 * ours, mode 0700.
 *
 * @throws UpdateError `download-failed`, `disk-full`
 */
export async function openPendingFolder(cacheFolder: string): Promise<string> {
  const folder = join(cacheFolder, 'pending');
  try {
    await mkdir(cacheFolder, { recursive: true, mode: 0o700 });
    await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
      if (systemErrorCode(error) !== 'EEXIST') throw error;
    });
    const stats = await lstat(folder);
    if (!stats.isDirectory()) throw unusable(folder, 'it is not a folder (links are not followed)');
    // Windows has no user ids.
    const user = process.getuid?.();
    if (user !== undefined && stats.uid !== user) throw unusable(folder, 'it belongs to another user');
    if ((stats.mode & 0o077) !== 0) await chmod(folder, 0o700);
  } catch (error) {
    throw asDownloadError(error, folder);
  }
  return folder;
}

export function pendingPaths(folder: string, sha256: string, type: string): PendingPaths {
  const of = (suffix: string): string => join(folder, `${sha256}.${suffix}`);
  return {
    folder,
    partial: of('part'),
    record: of('json'),
    refused: of('refused.json'),
    lock: of('lock'),
    final: of(type),
  };
}

/**
 * Removes what other artifacts left behind, except where a live process is downloading one of them, and what a
 * killed process left of its records about this one. For the holder of this one's lock.
 */
export async function removeOthers(folder: string, sha256: string): Promise<void> {
  const names = await readdir(folder);
  for (const name of names) {
    if (name.startsWith(`${sha256}.`) && name.endsWith('.tmp')) await removeIfPresent(join(folder, name));
  }
  const others = new Set<string>();
  for (const name of names) {
    const digest = OWN_NAME.exec(name)?.[1];
    if (digest !== undefined && digest !== sha256) others.add(digest);
  }
  for (const digest of others) {
    if (await isLockHeld(join(folder, `${digest}.lock`))) continue;
    for (const name of names) {
      if (name.startsWith(`${digest}.`)) await unlink(join(folder, name)).catch(() => {});
    }
  }
}

/** @throws UpdateError `disk-full` when the volume cannot take `missing` more bytes. */
export async function assertSpace(folder: string, missing: number): Promise<void> {
  const { bavail, bsize, blocks } = await statfs(folder);
  // Some network volumes tell nothing; the write itself will say.
  if (blocks === 0) return;
  const free = bavail * bsize;
  if (free < missing + RESERVE) throw diskFull(folder, missing + RESERVE, free);
}

export async function removeIfPresent(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  });
}

function diskFull(folder: string, needed?: number, free?: number, cause?: unknown): UpdateError {
  const megabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`;
  const figures =
    needed === undefined || free === undefined
      ? ''
      : ` It needs ${megabytes(needed)}, and ${megabytes(free)} are free.`;
  return new UpdateError(
    'disk-full',
    `There is not enough space for the download.${figures} Nothing was changed. Make room on the disk, then try again.`,
    { cause, details: { folder, ...(needed === undefined ? {} : { needed, free }) } },
  );
}

/**
 * Every failure of the cache becomes one with a name: it must never look like the network's. What is not the
 * system's is a mistake of ours and stays what it is.
 */
export function asDownloadError(error: unknown, folder: string): unknown {
  if (error instanceof UpdateError) return error;
  const code = systemErrorCode(error);
  if (code === null) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(folder, undefined, undefined, error);
  return unusable(folder, `the system says ${code}`, error);
}

function unusable(folder: string, reason: string, cause?: unknown): UpdateError {
  return new UpdateError(
    'download-failed',
    `The download folder ${folder} cannot be used: ${reason}. Nothing was changed. Correct the folder or choose another.`,
    { cause, details: { folder, systemCode: systemErrorCode(cause) } },
  );
}
