import { isDiskFull, systemErrorCode, UpdateError } from '../errors.ts';
import { type FileLock, tryFileLock } from '../file-lock.ts';
import type { Layout } from './layout.ts';

/**
 * Takes the right to change one target, which one process has at a time, of whatever user.
 *
 * @throws UpdateError `install-busy` when another process has it, `not-writable`, `read-only-volume`,
 *   `disk-full`.
 */
export async function takeLock(layout: Layout): Promise<FileLock> {
  const attempt = await tryFileLock(layout.lock, 0o644).catch((error: unknown) => {
    throw cannotLock(layout, error);
  });
  if (attempt.lock !== null) return attempt.lock;
  throw installBusy(layout, attempt.owner);
}

/** @param owner number of the process that is at work; null where it did not leave its name */
export function installBusy({ target }: Layout, owner: number | null): UpdateError {
  return new UpdateError(
    'install-busy',
    `${owner === null ? 'Another process' : `Process ${owner}`} is installing an update of ${target} right now. Nothing was changed. Try again when it is done.`,
    { details: { target, pid: owner } },
  );
}

function cannotLock(layout: Layout, cause: unknown): unknown {
  // The system calls could not be loaded; that says more than anything here.
  if (cause instanceof UpdateError) return cause;
  const code = systemErrorCode(cause);
  if (isDiskFull(cause)) {
    return new UpdateError(
      'disk-full',
      `There is no space left beside ${layout.target}. Nothing was changed.`,
      { cause },
    );
  }
  if (code === 'EROFS') {
    return new UpdateError(
      'read-only-volume',
      `${layout.target} lies on a volume that cannot be written to. Nothing was changed. Move the app to the Applications folder.`,
      { cause, details: { target: layout.target } },
    );
  }
  return new UpdateError(
    'not-writable',
    `Beside ${layout.target} nothing can be written (${code}). Nothing was changed. Update it as its owner, or ask an administrator.`,
    { cause, details: { target: layout.target } },
  );
}
