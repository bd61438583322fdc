import { stat } from 'node:fs/promises';
import { isDiskFull, systemErrorCode, UpdateError } from '../errors.ts';
import type { FileLock } from '../file-lock.ts';
import { removeTree } from '../remove-tree.ts';
import { readInstallationStatus } from './installation.ts';
import { appendToJournal, type Journal, readJournals } from './journal.ts';
import type { Layout } from './layout.ts';
import { takeLock } from './lock.ts';
import { noteConfirmed } from './notes.ts';
import { discardStaging } from './stage.ts';

const confirmed = Symbol('confirmed update');

/** The new version said that it came up well; the displaced one is gone. */
export interface Confirmed {
  readonly [confirmed]: true;
  readonly from: string;
  readonly to: string;
}

/**
 * Step 8 of an install: the new version is good, so its predecessor need not be kept. The word comes first and the
 * removal after it: a crash in between costs disk space until the next start, nothing else. Where the journal belongs
 * to root, a note tells the root script, which does both.
 *
 * @param stateFolder where notes are left; null where there is no root script that could read them
 * @returns null when there is nothing to confirm, or nothing for this user
 * @throws UpdateError `install-busy`, `disk-full`; `not-writable` where no note can be left instead.
 */
export async function confirmUpdate(
  layout: Layout,
  now: () => Date,
  stateFolder: string | null = null,
): Promise<Confirmed | null> {
  const lock = await tryLock(layout, stateFolder);
  try {
    const { state, journal } = await readInstallationStatus(layout);
    if (state !== 'swapped' || journal?.begin == null) return null;
    const outcome: Confirmed = { [confirmed]: true, from: journal.begin.from, to: journal.begin.to };
    const error = lock === null ? null : await writeConfirmed(journal, now);
    if (lock === null || error !== null) {
      if (stateFolder === null) throw notWritten('not-writable', journal, error);
      // An ordinary user's install is confirmed by that user; nobody would read a note of ours.
      if ((await stat(journal.paths.journal)).uid !== 0) return null;
      return noteConfirmed(stateFolder, journal.paths.id) ? outcome : null;
    }
    const older = (await readJournals(layout)).slice(1);
    const removals = [removeTree(journal.paths.folder), ...older.map(({ paths }) => discardStaging(paths))];
    // What cannot be removed (a locked file) takes room until it can, and takes nothing back.
    await Promise.allSettled(removals);
    return outcome;
  } finally {
    await lock?.release();
  }
}

/** Null where this user may not write beside the target. */
async function tryLock(layout: Layout, stateFolder: string | null): Promise<FileLock | null> {
  try {
    return await takeLock(layout);
  } catch (error) {
    if (stateFolder !== null && error instanceof UpdateError && error.code === 'not-writable') return null;
    throw error;
  }
}

/** Writes the word. Gives the system's error where the journal belongs to somebody else. */
async function writeConfirmed(journal: Journal, now: () => Date): Promise<unknown> {
  const write = (): void => appendToJournal(journal.paths, { step: 'confirmed', at: now().toISOString() });
  try {
    await writeOrMakeRoom(write, () => removeTree(journal.paths.folder));
    return null;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'EACCES' || code === 'EPERM') return error;
    throw notWritten('disk-full', journal, error);
  }
}

function notWritten(code: 'not-writable' | 'disk-full', { paths }: Journal, cause: unknown): UpdateError {
  const advice = code === 'disk-full' ? 'Free some space' : 'Do it as the user who installed the update';
  return new UpdateError(
    code,
    `That the update works could not be written down. ${advice}, and confirm again.`,
    { cause, details: { journal: paths.journal } },
  );
}

/**
 * The word comes first. On a full disk it could never be written while the predecessor, a whole app, takes the room;
 * since the new version works, that one goes first then.
 */
async function writeOrMakeRoom(write: () => void, makeRoom: () => Promise<void>): Promise<void> {
  try {
    write();
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    await makeRoom();
    write();
  }
}
