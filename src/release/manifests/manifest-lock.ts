import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { UpdateError } from '../../errors.ts';
import { type LockAttempt, tryFileLock } from '../../file-lock.ts';
import type { ReleaseReporter } from '../reporter.ts';
import { folderError } from './manifest-folder.ts';

export interface LockOptions {
  readonly reporter: ReleaseReporter;
  readonly signal?: AbortSignal;
  /** How long to wait for another run, in milliseconds. */
  readonly patience?: number;
}

const LOCK = '.nexy-release.lock';
const INTERVAL = 100;
/** What is done under the lock takes seconds; a fetch and a push over a bad line may take minutes. */
const PATIENCE = 5 * 60_000;

/**
 * Does something while no other run on this machine changes the manifests of that folder. The kernel ends the lock with
 * its owner, however that ends.
 *
 * @throws UpdateError `manifest-conflict` when another run holds the folder for too long, `usage`, `not-writable`,
 *   `cancelled`, and what `work` throws
 */
export async function withManifestLock<T>(
  folder: string,
  { reporter, signal, patience = PATIENCE }: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const start = performance.now();
  for (let isTold = false; ; ) {
    const attempt = await tryLock(folder);
    if (attempt.lock !== null) {
      try {
        return await work();
      } finally {
        await attempt.lock.release();
      }
    }
    const owner = attempt.owner === null ? 'another run' : `another run (process ${attempt.owner})`;
    if (performance.now() - start >= patience)
      throw new UpdateError(
        'manifest-conflict',
        `The manifests in ${folder} were not changed: ${owner} has been working on them all the while. Wait until it has ended, then run this again.`,
        { details: { folder, process: attempt.owner } },
      );
    if (!isTold) reporter.step('wait', `Waiting for ${owner} that works on ${folder}`);
    isTold = true;
    await wait(INTERVAL, undefined, signal === undefined ? {} : { signal }).catch(() => {
      throw new UpdateError('cancelled', 'Cancelled while waiting for another run. No manifest was changed.');
    });
  }
}

async function tryLock(folder: string): Promise<LockAttempt> {
  try {
    return await tryFileLock(join(folder, LOCK), 0o644);
  } catch (error) {
    throw error instanceof UpdateError ? error : folderError(folder, error);
  }
}
