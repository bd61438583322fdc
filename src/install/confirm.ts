import { isDiskFull, systemErrorCode, UpdateError } from '../errors.ts';
import { removeTree } from '../remove-tree.ts';
import { readInstallationStatus } from './installation.ts';
import { appendToJournal, readJournals } from './journal.ts';
import type { Layout } from './layout.ts';
import { takeLock } from './lock.ts';
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
 * removal after it: a crash in between costs disk space until the next start, nothing else.
 *
 * @returns null when there is nothing to confirm
 * @throws UpdateError `install-busy`, `not-writable`, `disk-full`.
 */
export async function confirmUpdate(layout: Layout, now: () => Date): Promise<Confirmed | null> {
  const lock = await takeLock(layout);
  try {
    const { state, journal } = await readInstallationStatus(layout);
    if (state !== 'swapped' || journal?.begin == null) return null;
    const write = (): void => appendToJournal(journal.paths, { step: 'confirmed', at: now().toISOString() });
    try {
      await writeOrMakeRoom(write, () => removeTree(journal.paths.folder));
    } catch (error) {
      const code = systemErrorCode(error) === 'EACCES' ? 'not-writable' : 'disk-full';
      const advice = code === 'disk-full' ? 'Free some space' : 'Do it as the user who installed the update';
      throw new UpdateError(
        code,
        `That the update works could not be written down. ${advice}, and confirm again.`,
        { cause: error, details: { journal: journal.paths.journal } },
      );
    }
    await removeTree(journal.paths.folder);
    for (const older of (await readJournals(layout)).slice(1)) await discardStaging(older.paths);
    return { [confirmed]: true, from: journal.begin.from, to: journal.begin.to };
  } finally {
    await lock.release();
  }
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
