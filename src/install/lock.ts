import { type FileHandle, open, readFile, rm, stat } from 'node:fs/promises';
import { systemErrorCode, UpdateError } from '../errors.ts';
import type { Layout } from './layout.ts';
import { loadNativeCalls } from './native-calls.ts';

/** The right to change one target. Held by one process at a time, of whatever user. */
export interface InstallLock {
  release(): Promise<void>;
}

/**
 * Takes the lock beside the target. The kernel holds it (flock(2)), so that it ends with its owner, however that
 * ends; the file's content only tells who it is.
 *
 * @throws UpdateError `install-busy` when another process holds it.
 */
export async function takeLock(layout: Layout): Promise<InstallLock> {
  const { tryLock } = await loadNativeCalls();
  for (;;) {
    const file = await openLock(layout);
    if (!tryLock(file.fd)) {
      await file.close();
      throw busy(layout, await readOwner(layout));
    }
    // The last owner may have removed the file between the two calls; then others lock another one.
    if (await isAt(layout.lock, file)) return own(layout, file);
    await file.close();
  }
}

/** The number of the process that holds the lock, 0 when it did not leave its name; null when nobody does. */
export async function lockOwner(layout: Layout): Promise<number | null> {
  const { tryLock } = await loadNativeCalls();
  const file = await open(layout.lock, 'r').catch(() => null);
  if (file === null) return null;
  try {
    return tryLock(file.fd) ? null : ((await readOwner(layout)) ?? 0);
  } finally {
    await file.close();
  }
}

async function openLock(layout: Layout): Promise<FileHandle> {
  try {
    return await open(layout.lock, 'a+', 0o644);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOSPC')
      throw new UpdateError('disk-full', 'There is no space left beside the app.', { cause: error });
    throw new UpdateError(
      'not-writable',
      `Beside ${layout.target} nothing can be written (${code}). Nothing was changed. Update it as its owner, or ask an administrator.`,
      { cause: error, details: { target: layout.target } },
    );
  }
}

async function own(layout: Layout, file: FileHandle): Promise<InstallLock> {
  const startedAt = new Date(Date.now() - process.uptime() * 1000).toISOString();
  await file.truncate();
  await file.writeFile(`${JSON.stringify({ pid: process.pid, startedAt })}\n`);
  return {
    release: async () => {
      // Removed while it is held, so that nobody's new lock can be hit.
      await rm(layout.lock, { force: true });
      await file.close();
    },
  };
}

async function isAt(path: string, file: FileHandle): Promise<boolean> {
  const [there, ours] = await Promise.all([stat(path).catch(() => null), file.stat()]);
  return there !== null && there.ino === ours.ino && there.dev === ours.dev;
}

async function readOwner(layout: Layout): Promise<number | null> {
  const text = await readFile(layout.lock, 'utf8').catch(() => '');
  const pid = /"pid":(\d+)/.exec(text)?.[1];
  return pid === undefined ? null : Number(pid);
}

function busy(layout: Layout, pid: number | null): UpdateError {
  const who = pid === null ? 'Another process' : `Process ${pid}`;
  return new UpdateError(
    'install-busy',
    `${who} is installing an update of ${layout.target} right now. Nothing was changed. Try again when it is done.`,
    { details: { target: layout.target, pid } },
  );
}
