import { constants } from 'node:fs';
import { type FileHandle, open, readFile, rm, stat } from 'node:fs/promises';
import { systemErrorCode } from './errors.ts';
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
 * @param mode permissions of the file, whatever the umask
 * @throws the system's error when the file cannot be opened or made
 */
export async function tryFileLock(path: string, mode: number): Promise<LockAttempt> {
  const { tryLock } = await loadNativeCalls();
  for (;;) {
    const { file, refusal } = await openLock(path, mode);
    if (!tryLock(file.fd)) {
      await file.close();
      return { lock: null, owner: await readOwner(path) };
    }
    // The last owner may have removed the file between the two calls; then others lock another one.
    const isThere = await isAt(path, file);
    if (isThere && refusal === null) return { lock: await signOwner(path, file, mode) };
    try {
      // Nobody holds it, and it is somebody else's: one of our own takes its place.
      if (isThere) await rm(path, { force: true });
    } catch {
      throw refusal;
    } finally {
      await file.close();
    }
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

/** A lock that another user's process left behind, or holds, can only be read; flock(2) asks for no more. */
async function openLock(
  path: string,
  mode: number,
): Promise<{ readonly file: FileHandle; readonly refusal: unknown }> {
  try {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
    return { file: await open(path, flags, mode), refusal: null };
  } catch (refusal) {
    if (systemErrorCode(refusal) !== 'EACCES') throw refusal;
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => null);
    if (file === null) throw refusal;
    return { file, refusal };
  }
}

async function signOwner(path: string, file: FileHandle, mode: number): Promise<FileLock> {
  const startedAt = new Date(Date.now() - process.uptime() * 1000).toISOString();
  held.add(file);
  try {
    await file.chmod(mode);
    await file.truncate();
    await file.write(`${JSON.stringify({ pid: process.pid, startedAt })}\n`, 0);
  } catch {
    // On a full disk, or in a file of another user's: the lock holds, only its owner stays unnamed.
  }
  return {
    release: async () => {
      // Removed while it is held, so that nobody's new lock can be hit. What cannot be removed is taken over next time.
      await rm(path, { force: true }).catch(() => undefined);
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
