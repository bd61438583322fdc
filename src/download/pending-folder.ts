import { readdir, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode, UpdateError } from '../errors.ts';
import { isLockHeld } from '../file-lock.ts';
import { openPrivateFolder } from '../private-folder.ts';

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
 * Makes `<cache>/pending` if need be and sees that nobody else can put anything into it.
 *
 * @throws UpdateError `download-failed`, `disk-full`
 */
export function openPendingFolder(cacheFolder: string): Promise<string> {
  return openPrivateFolder(cacheFolder, 'pending');
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

function diskFull(folder: string, needed: number, free: number): UpdateError {
  const megabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`;
  return new UpdateError(
    'disk-full',
    `There is not enough space for the download. It needs ${megabytes(needed)}, and ${megabytes(free)} are free. Nothing was changed. Make room on the disk, then try again.`,
    { details: { folder, needed, free } },
  );
}
