import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, stat, unlink, utimes } from 'node:fs/promises';
import { uptime } from 'node:os';
import { systemErrorCode, UpdateError } from '../errors.ts';

/**
 * One process downloads an artifact at a time; a second is told `install-busy`. The lock is a file made
 * with O_EXCL that names its owner and is touched every few seconds. It counts for nothing when its owner is
 * dead, when it is from before the last boot, or when it has not been touched for a minute (then the number
 * was given to another process). In the last case the old owner might only have been suspended, so the new
 * one must not write into the same partial file: `wasAbandoned` is false, and it starts a fresh one.
 */
export interface DownloadLock {
  /** The previous owner, if there was one, is dead for certain, and its partial file may be continued. */
  readonly wasAbandoned: boolean;
  /** @throws UpdateError `install-busy` when another process has taken the lock over. */
  assertHeld(): Promise<void>;
  release(): Promise<void>;
}

interface LockContent {
  readonly pid: number;
  readonly token: string;
}

type LockState = 'absent' | 'held' | 'abandoned' | 'doubtful';

const TOUCH_INTERVAL = 5_000;
const DOUBTFUL_AFTER = 60_000;
const ATTEMPTS = 5;

/** @throws UpdateError `install-busy`; the system's error when the file cannot be made. */
export async function acquireDownloadLock(path: string): Promise<DownloadLock> {
  const content: LockContent = { pid: process.pid, token: randomUUID() };
  let wasAbandoned = true;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (await createExclusively(path, content)) return hold(path, content, wasAbandoned);
    const { state, text, pid } = await inspectLock(path);
    if (state === 'held') throw busy(path, pid);
    if (state === 'doubtful') wasAbandoned = false;
    if (state !== 'absent') await removeStale(path, text);
  }
  throw busy(path, null);
}

export async function isLockHeld(path: string): Promise<boolean> {
  return (await inspectLock(path)).state === 'held';
}

function hold(path: string, content: LockContent, wasAbandoned: boolean): DownloadLock {
  const touch = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, TOUCH_INTERVAL);
  touch.unref();
  const isOurs = async (): Promise<boolean> => parse(await readText(path))?.token === content.token;
  return {
    wasAbandoned,
    assertHeld: async () => {
      if (!(await isOurs())) throw busy(path, null);
    },
    release: async () => {
      clearInterval(touch);
      if (await isOurs()) await unlink(path).catch(() => {});
    },
  };
}

async function createExclusively(path: string, content: LockContent): Promise<boolean> {
  // Written aside first: the lock must never be seen without its content.
  const temporary = `${path}.${content.token}`;
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(JSON.stringify(content));
  } finally {
    await handle.close();
  }
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    // ENOENT: another process cleared up and took the draft along. The next attempt writes it again.
    if (['EEXIST', 'ENOENT'].includes(systemErrorCode(error) ?? '')) return false;
    throw error;
  } finally {
    await unlink(temporary).catch(() => {});
  }
}

async function inspectLock(
  path: string,
): Promise<{ readonly state: LockState; readonly text: string | null; readonly pid: number | null }> {
  const text = await readText(path);
  const touched = await stat(path).then(
    (stats) => stats.mtimeMs,
    () => null,
  );
  if (text === null || touched === null) return { state: 'absent', text, pid: null };
  const content = parse(text);
  if (content === null) return { state: 'abandoned', text, pid: null };
  const { pid } = content;
  const bootTime = Date.now() - uptime() * 1000;
  // A minute's grace: the clock may have been set since the boot.
  if (!isAlive(pid) || touched < bootTime - DOUBTFUL_AFTER) return { state: 'abandoned', text, pid };
  const isDoubtful = Math.abs(Date.now() - touched) > DOUBTFUL_AFTER;
  return { state: isDoubtful ? 'doubtful' : 'held', text, pid };
}

/** Takes the stale lock away by a rename, so that of two processes that try only one has it. */
async function removeStale(path: string, expected: string | null): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return;
    throw error;
  }
  // Another process may have replaced the stale lock by its own in between: that one goes back.
  if ((await readText(aside)) !== expected) await link(aside, path).catch(() => {});
  await unlink(aside).catch(() => {});
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // EPERM: another user's process. The folder is ours alone, so that number was given away since.
    return false;
  }
}

function parse(text: string | null): LockContent | null {
  try {
    const value: unknown = JSON.parse(text ?? '');
    if (typeof value !== 'object' || value === null) return null;
    if (!('pid' in value) || !('token' in value)) return null;
    const { pid, token } = value;
    if (!Number.isSafeInteger(pid) || typeof pid !== 'number' || pid <= 0) return null;
    return typeof token === 'string' ? { pid, token } : null;
  } catch {
    return null;
  }
}

async function readText(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(() => null);
}

function busy(path: string, pid: number | null): UpdateError {
  const owner = pid === null ? '' : ` (process ${pid})`;
  return new UpdateError(
    'install-busy',
    `This update is already being downloaded by another process${owner}. Nothing was changed. Wait until that one is done.`,
    { details: { lock: path, pid } },
  );
}
