import { runUpdaterArguments } from '../updater-arguments.ts';
import type { ElectronClient } from './electron-client.ts';
import type { StartUpdatesOptions } from './settings.ts';

/**
 * What a process of the app was started for other than to be the app: to put a version back
 * (`--updater-exchange <journal>`), to be tried before it is offered (`--updater-self-test`), or to check in a terminal
 * (`--check-updates`). Comes before any window and before the single-instance lock.
 *
 * @returns the exit status, or null for an ordinary start
 */
export async function runFirstArguments(
  electron: ElectronClient,
  argv: readonly string[],
  options: StartUpdatesOptions,
): Promise<number | null> {
  const status = await runUpdaterArguments(argv);
  if (status !== null) return status;
  if (argv.includes('--updater-self-test')) {
    const { runSelfTest } = await import('./self-test.ts');
    return runSelfTest(typeof options.config === 'string' ? options.config : null);
  }
  if (argv.includes('--check-updates')) {
    const { runTerminalCheck } = await import('./terminal-check.ts');
    return runTerminalCheck(electron, argv, options);
  }
  return null;
}
