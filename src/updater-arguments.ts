/** Another install is under way: try again (EX_TEMPFAIL of sysexits(3)). */
const BUSY = 75;
/** There is nothing to be taken back, and nobody else may try either. */
const NOT_TO_BE_UNDONE = 3;

/**
 * Does what a process of the updater's own started this program for. An app's main calls it in its first lines, before
 * any window and before it asks for the single-instance lock: the watchdog runs the displaced app with
 * `--updater-exchange <journal>`, so that the exchange back is made by a program of the app's own team (App Management
 * of macOS 13 and later does not object to that).
 *
 * @param argv all arguments of the process
 * @returns the exit status, or null for an ordinary start
 */
export async function runUpdaterArguments(argv: readonly string[]): Promise<number | null> {
  const at = argv.indexOf('--updater-exchange');
  if (at < 0) return null;
  const journal = argv[at + 1];
  if (journal === undefined) return fail('--updater-exchange needs the path of a journal.', 2);
  const { undoInstall } = await import('./install/undo.ts');
  const { asUpdateError } = await import('./errors.ts');
  try {
    await undoInstall(journal, 'failed-starts', { now: () => new Date() });
    return 0;
  } catch (cause) {
    const { code, message } = asUpdateError(cause);
    return fail(message, code === 'install-busy' ? BUSY : code === 'usage' ? NOT_TO_BE_UNDONE : 1);
  }
}

function fail(message: string, status: number): number {
  process.stderr.write(`${message}\n`);
  return status;
}
