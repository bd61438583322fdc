import { renameSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { syncFolderNow } from '../durable.ts';
import { UpdateError } from '../errors.ts';
import { loadNativeCalls, type NativeCalls } from '../native-calls.ts';
import { removeTree } from '../remove-tree.ts';
import { exchangeDirectories, type InstallOutcome } from './exchange.ts';
import { gatherEvidence } from './installation.ts';
import { appendToJournal, type Journal, readJournal, type UndoReason } from './journal.ts';
import { type Layout, layoutOf, type StagingPaths, stagingIdOf, stagingPaths } from './layout.ts';
import { takeLock } from './lock.ts';

export interface UndoOptions {
  readonly now: () => Date;
  readonly load?: () => Promise<NativeCalls>;
  /** Refuses while the lock is held, e.g. since something runs from the target. */
  readonly assertAllowed?: (layout: Layout) => Promise<void>;
}

/** An undoing for which everything is loaded and locked: what is left is a handful of system calls. */
export interface PreparedUndo {
  /** What was installed, and what is again. */
  readonly outcome: InstallOutcome;
  readonly paths: StagingPaths;
  readonly journal: Journal;
  /**
   * Synchronous: the displaced app and the new one change places once more. What was installed is kept until
   * `release`, or until the next start where the process ends before that.
   *
   * @throws UpdateError `usage`, `swap-failed`, `app-management-denied`, `not-writable`; the target is as it was then.
   */
  undoNow(): void;
  /** Ends it, done or not. */
  release(): Promise<void>;
}

/**
 * Takes an install back: the displaced app and the new one change places once more, and the new one is removed. Safe
 * to run again after it was cut off anywhere. Judged by what lies on disk, as in `recover`.
 *
 * @param journalPath the install's journal, beside its target
 * @returns what was installed, and what is again
 * @throws UpdateError `usage` where there is nothing to be taken back (confirmed, superseded, no journal of ours),
 *   `install-busy`, `swap-failed`, `app-management-denied`, `not-writable`; the target is as it was then.
 */
export async function undoInstall(
  journalPath: string,
  reason: UndoReason,
  options: UndoOptions,
): Promise<InstallOutcome> {
  const undo = await prepareUndo(journalPath, reason, options);
  try {
    undo.undoNow();
    // Whether it can be removed says nothing about the undoing; `recover` tries again.
    await removeTree(undo.paths.folder).catch(() => undefined);
    return undo.outcome;
  } finally {
    await undo.release();
  }
}

/** As `undoInstall`, up to the exchange. */
export async function prepareUndo(
  journalPath: string,
  reason: UndoReason,
  options: UndoOptions,
): Promise<PreparedUndo> {
  const { layout, paths } = await findInstall(journalPath);
  // Everything is loaded before the exchange: this may run from one of the two apps.
  const calls = await (options.load ?? loadNativeCalls)();
  const lock = await takeLock(layout);
  try {
    await options.assertAllowed?.(layout);
    const journal = await readJournal(paths);
    const { begin, lastStep } = journal;
    if (begin === null || lastStep === 'confirmed') throw nothingToUndo(layout, journal);
    return {
      outcome: { from: begin.to, to: begin.from },
      paths,
      journal,
      undoNow: () => {
        if (lastStep === 'undone') return;
        putOldAppBack(layout, journal, calls);
        appendToJournal(paths, { step: 'undone', at: options.now().toISOString(), reason });
      },
      release: () => lock.release(),
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** A journal counts only where an install of its own target would have put it. */
async function findInstall(journalPath: string): Promise<Pick<Journal, 'paths'> & { layout: Layout }> {
  const folder = dirname(journalPath);
  const name = basename(journalPath);
  const id = /-([0-9a-z]{17})\.journal$/.exec(name)?.[1];
  const given = { id: '', folder: '', newApp: '', oldApp: '', journal: journalPath };
  const { begin } = await readJournal(given);
  if (id !== undefined && begin !== null) {
    const layout = await layoutOf(begin.target);
    const paths = stagingPaths(layout, id);
    const own = await layoutOf(`${folder}/any`);
    if (own.parent === layout.parent && stagingIdOf(layout, name) === id) return { layout, paths };
  }
  throw new UpdateError(
    'usage',
    `${journalPath} is no journal of an install, so nothing was taken back. Nothing was changed.`,
    { details: { journal: journalPath } },
  );
}

/**
 * Puts the displaced app back at the target, where it is not there already.
 *
 * @throws UpdateError `usage` where it is not to be found, and what `exchangeDirectories` throws
 */
export function putOldAppBack(layout: Layout, journal: Journal, calls: NativeCalls): void {
  const { paths, lastStep } = journal;
  const { isNewAtTarget, isOldAtTarget, isTargetMissing, oldAppAside } = gatherEvidence(layout, journal);
  // The Installer was cut off: what lies at the target may be half an app.
  const isHalf = lastStep === 'installing';
  const isBegun = isHalf || lastStep === 'exchanging' || lastStep === 'exchanged';
  if (isOldAtTarget && isBegun) {
    // An earlier attempt got this far.
  } else if (isTargetMissing && oldAppAside !== null) {
    renameSync(oldAppAside, layout.target);
  } else if ((isNewAtTarget || isHalf) && oldAppAside !== null) {
    const spare = oldAppAside === paths.oldApp ? paths.newApp : paths.oldApp;
    exchangeDirectories({ target: layout.target, aside: oldAppAside, spare }, calls);
  } else {
    throw nothingToUndo(layout, journal);
  }
  try {
    syncFolderNow(paths.folder);
    syncFolderNow(layout.parent);
  } catch {
    // The deed is done; the kernel writes it sooner or later.
  }
}

function nothingToUndo(layout: Layout, { begin, lastStep }: Journal): UpdateError {
  const why =
    lastStep === 'confirmed'
      ? `${begin?.to} has confirmed that it works, and ${begin?.from} is no longer kept`
      : 'the version that the update displaced is not there any more';
  return new UpdateError('usage', `There is nothing to go back to: ${why}. Nothing was changed.`, {
    details: { target: layout.target, from: begin?.from ?? null, to: begin?.to ?? null },
  });
}
