import { lstatSync, renameSync } from 'node:fs';
import { syncFolderNow } from '../durable.ts';
import { isDiskFull, systemErrorCode, UpdateError } from '../errors.ts';
import { loadNativeCalls, type NativeCalls } from '../native-calls.ts';
import { type DirectoryIdentity, JournalWriter } from './journal.ts';
import { diskFull } from './preflight.ts';
import { identityOf, type StagedApp } from './stage.ts';

const installed = Symbol('installed app');

/** The new version lies at the target; the displaced one is kept until the new one confirms. Only an exchange makes one. */
export interface Installed {
  readonly [installed]: true;
  readonly staged: StagedApp;
}

/** From which version to which. */
export interface InstallOutcome {
  readonly from: string;
  readonly to: string;
}

/** Everything is loaded and open: what is left is a handful of system calls. */
export interface PreparedExchange {
  /**
   * Step 6 of an install, synchronously, as the last act of a process: journal, exchange, journal.
   *
   * @throws UpdateError `swap-failed`, `app-management-denied`, `not-writable`, `disk-full`. The target is as it was then.
   */
  exchangeNow(): Installed;
  /** Gives the open journal back without an exchange. */
  abandon(): void;
}

/** @throws UpdateError `swap-failed` when the system call cannot be loaded. */
export async function prepareExchange(
  staged: StagedApp,
  now: () => Date,
  load: () => Promise<NativeCalls> = loadNativeCalls,
): Promise<PreparedExchange> {
  const calls = await load();
  const journal = JournalWriter.reopen(staged.paths);
  return {
    abandon: () => journal.close(),
    exchangeNow: () => {
      try {
        assertUnchanged(staged);
        announce(staged, () => journal.append({ step: 'exchanging', at: now().toISOString() }));
        exchange(staged, calls);
        settle(staged, () => journal.append({ step: 'exchanged', at: now().toISOString() }));
        return { [installed]: true, staged };
      } finally {
        journal.close();
      }
    },
  };
}

/** Neither the target nor the staged copy may have been put aside for another since they were verified. */
function assertUnchanged({ layout, paths, newApp, oldApp }: StagedApp): void {
  for (const [path, expected] of [
    [layout.target, oldApp],
    [paths.newApp, newApp],
  ] as const) {
    const found = identityAt(path);
    if (found !== null && isSame(found, expected)) continue;
    throw new UpdateError(
      'swap-failed',
      `${path} is not what it was when the update was prepared: something else changed it meanwhile. Nothing was changed. Check for updates again.`,
      { details: { path, expected, found } },
    );
  }
}

/** Without its line in the journal nobody could repair an exchange that is cut off, so it is not begun. */
function announce({ layout }: StagedApp, writeLine: () => void): void {
  try {
    writeLine();
  } catch (error) {
    if (isDiskFull(error)) throw diskFull(layout, {}, error);
    throw exchangeFailure(layout.target, systemErrorCode(error) ?? 'unknown', error);
  }
}

function exchange({ layout, paths }: StagedApp, calls: NativeCalls): void {
  exchangeDirectories({ target: layout.target, aside: paths.newApp, spare: paths.oldApp }, calls);
}

/** Two directories that change places, and where the one at the target is put while they cannot do it in one step. */
export interface Places {
  readonly target: string;
  readonly aside: string;
  readonly spare: string;
}

/**
 * In one step, or on a volume that cannot do that by two renames in the order that `recover` can finish.
 *
 * @throws UpdateError `swap-failed`, `app-management-denied`, `not-writable`. Both are where they were then.
 */
export function exchangeDirectories(places: Places, calls: NativeCalls): void {
  const outcome = calls.exchange(places.target, places.aside);
  if (outcome.done) return;
  if (!CANNOT_EXCHANGE.has(outcome.errno)) throw exchangeFailure(places.target, outcome.errno);
  renameTwice(places);
}

/**
 * What follows the deed. The new version is in place by now: a failure here (a full disk) is none of the update,
 * and `recover` finishes it by what lies on disk.
 */
function settle({ layout, paths }: StagedApp, writeLastLine: () => void): void {
  try {
    if (identityAt(paths.newApp) !== null) renameSync(paths.newApp, paths.oldApp);
    syncFolderNow(paths.folder);
    syncFolderNow(layout.parent);
    writeLastLine();
  } catch {
    // Said above.
  }
}

/**
 * What renamex_np(2) and renameat2(2) answer where the volume has no exchange (exFAT, SMB, NFS). Anything else is a
 * failure, not a reason for the second best way.
 */
const CANNOT_EXCHANGE: ReadonlySet<string> = new Set(['ENOTSUP', 'EOPNOTSUPP', 'EINVAL', 'ENOSYS']);

/** In this order `recover` finds out from what lies on disk how far it got, and finishes it. */
function renameTwice({ target, aside, spare }: Places): void {
  try {
    renameSync(target, spare);
  } catch (error) {
    throw exchangeFailure(target, systemErrorCode(error) ?? 'unknown', error);
  }
  try {
    renameSync(aside, target);
  } catch (error) {
    renameSync(spare, target);
    throw exchangeFailure(target, systemErrorCode(error) ?? 'unknown', error);
  }
}

function exchangeFailure(target: string, errno: string, cause?: unknown): UpdateError {
  if (errno === 'EPERM') {
    return new UpdateError(
      'app-management-denied',
      `macOS did not let the updater replace ${target}. Nothing was changed. Allow it in System Settings, Privacy & Security, App Management, and try again.`,
      { cause, details: { target, errno } },
    );
  }
  const code = errno === 'EACCES' ? 'not-writable' : 'swap-failed';
  return new UpdateError(
    code,
    `${target} could not be exchanged for the new version (${errno}). Nothing was changed.`,
    {
      cause,
      details: { target, errno },
    },
  );
}

/** Null also where another user's staging folder cannot be looked into: who may not look may not act either. */
export function identityAt(path: string): DirectoryIdentity | null {
  try {
    const status = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return status?.isDirectory() ? identityOf(status) : null;
  } catch (error) {
    if (systemErrorCode(error) === 'EACCES') return null;
    throw error;
  }
}

export function isSame(first: DirectoryIdentity | null, second: DirectoryIdentity): boolean {
  return first !== null && first.inode === second.inode && first.device === second.device;
}
