import type { InstallOutcome } from './exchange.ts';
import { readInstallationStatus } from './installation.ts';
import type { Layout } from './layout.ts';
import { assertNotRunning } from './preflight.ts';
import type { Tools } from './tools.ts';
import { undoInstall } from './undo.ts';

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
