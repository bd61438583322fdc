import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from './temporary-folder.ts';

/** Only root on Linux mounts volumes. */
export const CAN_MOUNT = process.platform === 'linux' && process.getuid?.() === 0;

/** Shown in the name of a test that needs one, so that a skipped one says why. */
export const NEEDS_MOUNT = CAN_MOUNT ? '' : ' (skipped: needs root on Linux, to mount volumes)';

/**
 * A volume in memory for as long as the test runs.
 *
 * @param options `size` and `inodes` as tmpfs(5) has them; `at` the mount point, made where it is missing
 * @returns null where mounting is not allowed
 */
export async function mountSmallVolume(options: {
  readonly size: string;
  readonly inodes?: number;
  readonly at?: string;
}): Promise<string | null> {
  const { size, inodes, at } = options;
  const folder = at ?? (await temporaryFolder());
  mkdirSync(folder, { recursive: true });
  const limits = `size=${size}${inodes === undefined ? '' : `,nr_inodes=${inodes}`}`;
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', limits, 'tmpfs', folder]).status !== 0) return null;
  onTestFinished(() => {
    spawnSync('umount', ['-l', folder]);
  });
  await chmod(folder, 0o755);
  return folder;
}

/** Makes a mounted volume read-only. */
export function makeReadOnly(folder: string): void {
  const { status, stderr } = spawnSync('mount', ['-o', 'remount,ro', folder], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}
