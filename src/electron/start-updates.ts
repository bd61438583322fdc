import { asUpdateError, UpdateError } from '../errors.ts';
import type { ElectronClient } from './electron-client.ts';
import { runFirstArguments } from './first-arguments.ts';
import type { StartUpdatesOptions } from './settings.ts';
import type { Updates } from './updates.ts';

export type { StartUpdatesOptions } from './settings.ts';

/** Where Electron comes from; tests bring a stand-in. */
export interface ClientModules {
  readonly electron: () => Promise<ElectronClient>;
  readonly platform: NodeJS.Platform;
}

const MODULES: ClientModules = { electron: () => import('electron'), platform: process.platform };

/**
 * Everything about updates that an app on macOS needs: its main calls this first of all, shows itself in `comeUp`, and
 * puts `check` of the result into its menu. (On Windows and Linux, see `createUpdater`.)
 *
 * 1. Does what this process was started for, where that is not to be the app: the exchange back, the self-test, a check
 *    in a terminal.
 * 2. Takes the single-instance lock.
 * 3. Waits for Electron, and lets the app come up. Nothing of the updater is loaded before.
 * 4. Repairs what a crash left behind, tells what became of the last update, and confirms the running version.
 * 5. Checks by itself from then on, while the Mac is awake and has a network.
 *
 * Never to be awaited on the top level of an ES module: Electron is ready only once main has been evaluated
 * (electron#40719).
 *
 * @returns null where this process is not to be the app: it ends by itself
 * @throws UpdateError `usage` for a config that cannot be used, or another system than macOS; and what `comeUp` throws
 */
export async function startUpdates(
  options: StartUpdatesOptions,
  modules: ClientModules = MODULES,
): Promise<Updates | null> {
  const electron = await modules.electron();
  const { app } = electron;
  // At once: the address that the app was opened with is told before it is ready.
  const wishes = listenToUrls(electron, options.scheme ?? null);
  const argv = options.argv ?? process.argv;
  const status = await runFirstArguments(electron, argv, options);
  if (status !== null) {
    app.exit(status);
    return null;
  }
  if (modules.platform !== 'darwin') {
    throw new UpdateError('usage', 'startUpdates is for macOS. Use createUpdater on Windows and Linux.');
  }
  if (options.takesInstanceLock !== false && !app.requestSingleInstanceLock()) {
    app.quit();
    return null;
  }
  await app.whenReady();
  await options.comeUp?.();
  const { openUpdates } = await import('./open-updates.ts');
  const { updates, begin } = await openUpdates(electron, options);
  wishes.take(() => updates.check());
  if (options.takesInstanceLock !== false) {
    app.on('second-instance', (_event, theirs) => (isQa(theirs) ? updates.openQa() : updates.open()));
  }
  if (isQa(argv)) updates.openQa();
  // The app does not wait for this.
  begin().catch((error: unknown) => options.logger?.error(asUpdateError(error).message));
  return updates;
}

function isQa(argv: readonly string[]): boolean {
  return argv.includes('--qa');
}

/** Any page may open such an address, so all that it can do is what the menu does, whatever else it holds. */
function listenToUrls(
  { app }: ElectronClient,
  scheme: string | null,
): { readonly take: (check: () => void) => void } {
  let isWished = false;
  let check = (): void => {
    isWished = true;
  };
  if (scheme !== null) {
    app.on('open-url', (event, address) => {
      const url = URL.parse(address);
      if (url?.protocol !== `${scheme}:` || url.host !== 'check-updates') return;
      event.preventDefault();
      check();
    });
  }
  return {
    take: (act) => {
      if (scheme !== null) app.setAsDefaultProtocolClient(scheme);
      check = act;
      if (isWished) act();
    },
  };
}
