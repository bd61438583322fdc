import { renameSync } from 'node:fs';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { syncFolderNow } from '../durable.ts';
import { isDiskFull, UpdateError } from '../errors.ts';
import type { FileLock } from '../file-lock.ts';
import { loadNativeCalls } from '../native-calls.ts';
import { removeTree } from '../remove-tree.ts';
import { identityAt } from './exchange.ts';
import { gatherEvidence, readInstallationStatus } from './installation.ts';
import { appendToJournal, type Journal, readJournals, type UndoReason } from './journal.ts';
import { type Layout, type StagingPaths, stagingIdOf, stagingPaths } from './layout.ts';
import { installBusy, takeLock } from './lock.ts';
import { closeAbandonedImages } from './open-image.ts';
import { readStartTime } from './processes.ts';
import { discardStaging } from './stage.ts';
import type { Tools } from './tools.ts';
import { putOldAppBack } from './undo.ts';

/** The watchdog takes a version back that has ended unasked so often (DESIGN.md section 6, step 8). */
const DEATHS_BEFORE_UNDO = 2;

/** `finished`: the new app is at the target; `undone`: the old one is, and what was begun is gone. */
export type RecoveryAction = 'none' | 'finished' | 'undone';

export interface RecoverOptions {
  readonly tools: Tools;
  /** Where disk images were mounted; null to leave mounts alone. */
  readonly cacheFolder: string | null;
  readonly now: () => Date;
  readonly warn: (message: string) => void;
}

/**
 * Repairs whatever an install that was cut off left behind, judging by what lies on disk. Leaves one whole app at the
 * target; what was displaced by an unconfirmed version is kept. Runs at every start, and is safe to run again.
 *
 * @throws UpdateError `install-busy` while an install is going on; `not-writable` and `read-only-volume` where there is
 *   no app at the target and this user may not put one there.
 */
export async function recover(layout: Layout, options: RecoverOptions): Promise<RecoveryAction> {
  const lock = (await hasOwnLeftovers(layout)) ? await lockToRepair(layout) : null;
  if (lock === null) {
    // Nothing to write beside the target, which may belong to somebody else.
    await clearMounts(options);
    return 'none';
  }
  try {
    return await recoverHoldingLock(layout, options);
  } finally {
    await lock.release();
  }
}

/** The same for an install that has just taken the lock itself. */
export async function recoverHoldingLock(layout: Layout, options: RecoverOptions): Promise<RecoveryAction> {
  await clearMounts(options);
  const [newest, ...older] = await readOwnJournals(layout);
  const action = newest === undefined ? 'none' : await repair(layout, newest, options);
  for (const journal of older) {
    await clearSuperseded(layout, journal).catch((error: unknown) =>
      options.warn(`${journal.paths.folder} stays behind: ${error}`),
    );
  }
  await clearOrphans(layout, options);
  return action;
}

/** Null where this user has no right to repair: that is for the app's owner, unless there is no app to start. */
async function lockToRepair(layout: Layout): Promise<FileLock | null> {
  try {
    return await takeLock(layout);
  } catch (error) {
    const isWithoutRight =
      error instanceof UpdateError && ['not-writable', 'read-only-volume'].includes(error.code);
    if (isWithoutRight && identityAt(layout.target) !== null) return null;
    throw error;
  }
}

/** What lies beside the target and is for this user to repair; where there is no app, everything. */
async function hasOwnLeftovers(layout: Layout): Promise<boolean> {
  const names = await readdir(layout.parent).catch(() => []);
  const lock = basename(layout.lock);
  for (const name of names) {
    const isLeftover = name.startsWith(lock) || stagingIdOf(layout, name) !== null;
    if (isLeftover && (await isOwn(join(layout.parent, name), layout))) return true;
  }
  return false;
}

async function readOwnJournals(layout: Layout): Promise<readonly Journal[]> {
  const journals = await readJournals(layout);
  const own = await Promise.all(journals.map(({ paths }) => isOwn(paths.journal, layout)));
  return journals.filter((_, index) => own[index]);
}

/**
 * Another user's install is not ours to finish or to take back, though an administrator may write beside the target:
 * its app would change hands, and its backup cannot be looked at. Root repairs what is root's or of those who could
 * replace the app without it; what anybody else has put there is no work of an updater.
 */
async function isOwn(path: string, layout: Layout): Promise<boolean> {
  const user = process.geteuid?.() ?? 0;
  const ownerOf = async (each: string) => (await lstat(each).catch(() => null))?.uid ?? 0;
  const owner = await ownerOf(path);
  if (user === 0) return [0, await ownerOf(layout.target), await ownerOf(layout.parent)].includes(owner);
  return owner === user || identityAt(layout.target) === null;
}

async function repair(layout: Layout, journal: Journal, options: RecoverOptions): Promise<RecoveryAction> {
  const { paths, lastStep } = journal;
  const at = options.now().toISOString();
  if (lastStep === 'confirmed' || lastStep === 'undone' || lastStep === 'failed') {
    // Only the removal of the copy that is not at the target can have been cut off; locked files in it must not keep an
    // app from starting. The journal stays: it tells the next start what became of the update.
    await removeTree(paths.folder).catch((error: unknown) =>
      options.warn(`The other version at ${paths.folder} could not be removed: ${error}`),
    );
    return 'none';
  }
  if (lastStep !== 'exchanged') await assertNobodyWorksOn(layout, paths, options.tools);
  if (lastStep === 'installing') return takePackageBack(layout, journal, at);
  const hasBegunExchange = lastStep === 'exchanging' || lastStep === 'exchanged';
  // Undoing was cut off between two renames: the new app is not worth completing.
  const isGivenUp = journal.deaths >= DEATHS_BEFORE_UNDO;
  const isCompleted = hasBegunExchange && !isGivenUp && completeExchange(layout, journal);
  if (hasBegunExchange && gatherEvidence(layout, journal).isNewAtTarget) {
    const wasMoved = putOldAppInItsPlace(layout, journal) || isCompleted;
    if (lastStep === 'exchanging') writeIfRoom(() => appendToJournal(paths, { step: 'exchanged', at }));
    return wasMoved || lastStep === 'exchanging' ? 'finished' : 'none';
  }
  if (hasBegunExchange) restoreOldApp(layout, journal);
  const { isTargetMissing, isOldAtTarget } = gatherEvidence(layout, journal);
  // Nothing at the target and nothing to put there: whatever lies here may be somebody's last copy.
  if (hasBegunExchange && isTargetMissing) return 'none';
  if (lastStep !== 'exchanged' && !isGivenUp) {
    await discardStaging(paths);
    return 'undone';
  }
  if (isOldAtTarget) {
    // It was taken back, and whoever did so had no time to say it.
    const reason: UndoReason = isGivenUp ? 'failed-starts' : 'requested';
    // In this order the line has the room that the copy took; cut off in between, it is the same again.
    await removeTree(paths.folder);
    writeIfRoom(() => appendToJournal(paths, { step: 'undone', at, reason }));
    return 'undone';
  }
  // Somebody has installed another copy by hand since; ours has nothing more to say.
  await discardStaging(paths);
  return 'none';
}

/** The Installer was cut off. Where the copy of what was there before is gone, nobody can tell what is whole. */
async function takePackageBack(layout: Layout, journal: Journal, at: string): Promise<RecoveryAction> {
  const { isOldAtTarget, oldAppAside } = gatherEvidence(layout, journal);
  if (!isOldAtTarget && oldAppAside === null) return 'none';
  putOldAppBack(layout, journal, await loadNativeCalls());
  appendToJournal(journal.paths, { step: 'undone', at, reason: 'interrupted' });
  await removeTree(journal.paths.folder);
  return 'undone';
}

/**
 * A root script notes in its folder who it is, and holds no lock.
 *
 * @throws UpdateError `install-busy` while it runs.
 */
async function assertNobodyWorksOn(layout: Layout, paths: StagingPaths, tools: Tools): Promise<void> {
  const text = await readFile(join(paths.folder, 'owner'), 'utf8').catch(() => '');
  const [, owner, startedAt] = /^(\d+) (.+?)\s*$/m.exec(text) ?? [];
  if (owner === undefined || startedAt === undefined) return;
  const found = await readStartTime(Number(owner), tools).catch(() => null);
  if (found === startedAt.replace(/\s+/g, ' ')) throw installBusy(layout, Number(owner));
}

/** On a full disk the line waits until the next start: what lies on disk tells the same. */
function writeIfRoom(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!isDiskFull(error)) throw error;
  }
}

/**
 * An older install than the newest. Its displaced app is kept while the newest is not confirmed: it is the last
 * version that was.
 */
async function clearSuperseded(layout: Layout, journal: Journal): Promise<void> {
  const { state } = await readInstallationStatus(layout);
  const isNeeded = state === 'swapped' && journal.lastStep === 'exchanged';
  if (!isNeeded && !gatherEvidence(layout, journal).isNewAtTarget) await discardStaging(journal.paths);
}

/** Two renames were cut off between the first and the second. The new app was verified, so it takes its place. */
function completeExchange(layout: Layout, journal: Journal): boolean {
  const { isTargetMissing, newAppAside } = gatherEvidence(layout, journal);
  if (!isTargetMissing || newAppAside === null) return false;
  renameSync(newAppAside, layout.target);
  syncFolderNow(layout.parent);
  return true;
}

/** After one exchange the displaced app still lies where the new one was. */
function putOldAppInItsPlace(layout: Layout, journal: Journal): boolean {
  const { oldAppAside } = gatherEvidence(layout, journal);
  if (oldAppAside === null || oldAppAside === journal.paths.oldApp) return false;
  renameSync(oldAppAside, journal.paths.oldApp);
  syncFolderNow(journal.paths.folder);
  return true;
}

function restoreOldApp(layout: Layout, journal: Journal): void {
  const { isTargetMissing, oldAppAside } = gatherEvidence(layout, journal);
  if (!isTargetMissing || oldAppAside === null) return;
  renameSync(oldAppAside, layout.target);
  syncFolderNow(layout.parent);
}

/**
 * Staging folders without a journal: a clean-up was cut off after the journal had gone. One that holds anything else
 * than we put there was made by somebody else, whatever its name.
 */
async function clearOrphans(layout: Layout, { warn }: RecoverOptions): Promise<void> {
  if (identityAt(layout.target) === null) return;
  for (const name of await readdir(layout.parent)) {
    const id = stagingIdOf(layout, name);
    if (id === null) continue;
    const { folder, journal } = stagingPaths(layout, id);
    const isOrphan = await lstat(journal).then(
      () => false,
      () => true,
    );
    const isAtStake = isOrphan && (await isOwn(folder, layout));
    if (!isAtStake || !(await isMadeByInstall(folder))) continue;
    await removeTree(folder).catch((error: unknown) => warn(`${folder} stays behind: ${error}`));
  }
}

async function isMadeByInstall(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch(() => null);
  return names?.every((name) => ['new', 'old', 'owner'].includes(name)) ?? false;
}

async function clearMounts({ tools, cacheFolder, warn }: RecoverOptions): Promise<void> {
  if (cacheFolder !== null) await closeAbandonedImages({ tools, cacheFolder, warn });
}
