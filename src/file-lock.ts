import { constants } from 'node:fs';
import { type FileHandle, open, readFile, rm, stat } from 'node:fs/promises';
import { loadNativeCalls } from './native-calls.ts';

export interface FileLock {
  release(): Promise<void>;
}

/** Either the lock, or the number of the process that holds it (null where it did not leave its name). */
export type LockAttempt =
  | { readonly lock: FileLock }
  | { readonly lock: null; readonly owner: number | null };

/** Node closes a file that nobody refers to any more, and with it the lock would be gone. */
const held = new Set<FileHandle>();

/**
 * Takes a lock that is a file, without waiting. The kernel holds it (flock(2)), so that it ends with its owner,
 * however that ends: there are no stale locks. What the file says only tells who the owner is.
 *
 * @param mode permissions of the file when it is made
 * @throws the system's error when the file cannot be opened
 */
export async function tryFileLock(path: string, mode: number): Promise<LockAttempt> {
  const { tryLock } = await loadNativeCalls();
  for (;;) {
    const file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, mode);
    if (!tryLock(file.fd)) {
      await file.close();
      return { lock: null, owner: await readOwner(path) };
    }
    // The last owner may have removed the file between the two calls; then others lock another one.
    if (await isAt(path, file)) return { lock: await signOwner(path, file) };
    await file.close();
  }
}

/** Whether some process holds the lock now. */
export async function isLockHeld(path: string): Promise<boolean> {
  const { tryLock } = await loadNativeCalls();
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => null);
  if (file === null) return false;
  try {
    return !tryLock(file.fd);
  } finally {
    await file.close();
  }
}

async function signOwner(path: string, file: FileHandle): Promise<FileLock> {
  const startedAt = new Date(Date.now() - process.uptime() * 1000).toISOString();
  held.add(file);
  await file.truncate();
  await file.write(`${JSON.stringify({ pid: process.pid, startedAt })}\n`, 0);
  return {
    release: async () => {
      // Removed while it is held, so that nobody's new lock can be hit.
      await rm(path, { force: true });
      await file.close();
      held.delete(file);
    },
  };
}

async function isAt(path: string, file: FileHandle): Promise<boolean> {
  const [there, ours] = await Promise.all([stat(path).catch(() => null), file.stat()]);
  return there !== null && there.ino === ours.ino && there.dev === ours.dev;
}

async function readOwner(path: string): Promise<number | null> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const pid = /"pid":(\d+)/.exec(text)?.[1];
  return pid === undefined ? null : Number(pid);
}
