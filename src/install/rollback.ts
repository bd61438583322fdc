import type { InstallOutcome } from './exchange.ts';
import { readInstallationStatus } from './installation.ts';
import type { Layout } from './layout.ts';
import { assertNotRunning } from './preflight.ts';
import type { QuitExchange } from './prepared-install.ts';
import type { Tools } from './tools.ts';
import { prepareUndo, undoInstall } from './undo.ts';
import { startWatchdog } from './watchdog.ts';

export interface RollBackOptions {
  readonly tools: Tools;
  readonly now: () => Date;
}

/**
 * Goes back to the version before the last update, because somebody asked for it. Possible until the new version has
 * confirmed; automatic checks hold it back for a while afterwards.
 *
 * @returns from which version to which; null when there is nothing to go back to
 * @throws UpdateError `target-in-use` while the app runs, `install-busy`, `swap-failed`, `app-management-denied`,
 *   `not-writable`; the target is as it was then.
 */
export async function rollBack(
  layout: Layout,
  { tools, now }: RollBackOptions,
): Promise<InstallOutcome | null> {
  const { state, journal } = await readInstallationStatus(layout);
  if (state !== 'swapped' || journal === null) return null;
  return undoInstall(journal.paths.journal, 'requested', {
    now,
    assertAllowed: () => assertNotRunning(layout, tools),
  });
}

/** Going back in the last moments of the app that is gone back from. */
export interface PreparedRollBack extends QuitExchange {
  readonly outcome: InstallOutcome;
}

/**
 * As `rollBack`, for the app itself: gets everything ready for its last moments. A watchdog opens the version before
 * once this process has ended. What was gone back from is removed at the next start.
 *
 * @returns null when there is nothing to go back to
 * @throws UpdateError `install-busy`, `swap-failed`, `not-writable`.
 */
export async function prepareRollBack(
  layout: Layout,
  { tools, now, stateFolder }: RollBackOptions & { readonly stateFolder: string },
): Promise<PreparedRollBack | null> {
  const status = await readInstallationStatus(layout);
  if (status.state !== 'swapped' || status.journal === null) return null;
  const undo = await prepareUndo(status.journal.paths.journal, 'requested', { now });
  const { outcome, paths, journal } = undo;
  try {
    if (journal.staged === null) throw new Error(`${paths.journal} does not say which directory is which.`);
    const { newApp, oldApp } = journal.staged;
    const oldProcess = process.pid;
    const watched = { layout, paths, newApp, oldApp, exchanger: null, oldProcess, stateFolder, tools };
    const watchdog = await startWatchdog({ ...watched, relaunches: true });
    return {
      outcome,
      exchangeNow: () => undo.undoNow(),
      abandon: async () => {
        await watchdog.stop();
        await undo.release();
      },
    };
  } catch (error) {
    await undo.release();
    throw error;
  }
}
