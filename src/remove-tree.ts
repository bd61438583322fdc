import { chmod, lstat, opendir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from './errors.ts';

/**
 * Removes a folder of ours with everything in it, also where an app's own folders are read-only: their owner has to
 * make them writable first (rmdir(2)). Links are removed, never followed.
 *
 * @throws the system's error when something belongs to somebody else
 */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    const code = systemErrorCode(error);
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'ENOTEMPTY') throw error;
    await makeFoldersWritable(path);
    await rm(path, { recursive: true, force: true });
  }
}

async function makeFoldersWritable(path: string): Promise<void> {
  const status = await lstat(path);
  if (!status.isDirectory()) return;
  await chmod(path, (status.mode & 0o7777) | 0o700);
  for await (const entry of await opendir(path)) {
    if (entry.isDirectory()) await makeFoldersWritable(join(path, entry.name));
  }
}
