import { readBundle } from '../bundle/bundle.ts';
import { versionOfBundle } from '../bundle/bundle-version.ts';
import { asUpdateError } from '../errors.ts';
import { startPolling } from '../polling.ts';
import { readClientRecord } from './client-record.ts';
import type { ElectronClient } from './electron-client.ts';
import { readManagedPreferences } from './managed-preferences.ts';
import { Notifier } from './notifier.ts';
import { PollingConditions } from './polling-conditions.ts';
import { readSettings, type StartUpdatesOptions } from './settings.ts';
import { UpdateClient } from './update-client.ts';
import { Updates } from './updates.ts';

/**
 * Puts the client together.
 *
 * @returns what the app's menu works with, and `begin`, which goes through what a start has to do
 */
export async function openUpdates(
  electron: ElectronClient,
  options: StartUpdatesOptions,
): Promise<{ readonly updates: Updates; readonly begin: () => Promise<void> }> {
  const settings = await readSettings(electron, options);
  const readManaged = () => readManagedPreferences(electron, settings.bundleId);
  const [record, managed, currentVersion] = await Promise.all([
    readClientRecord(settings.stateFolder),
    readManaged(),
    readBundle(settings.app).then(
      (bundle) => versionOfBundle(bundle) ?? electron.app.getVersion(),
      () => electron.app.getVersion(),
    ),
  ]);
  const client = new UpdateClient({ electron, settings, currentVersion, record, managed, readManaged });
  const updates = new Updates(electron, client);
  const notifier = new Notifier(electron, client, {
    open: (isWanted) => updates.open(isWanted),
    offerMove: () => updates.offerMove(),
  });
  // At once: the Mac may go to sleep before the first check.
  const conditions = new PollingConditions(electron);
  const begin = async (): Promise<void> => {
    await attempt(client, () => client.updater.recover());
    await attempt(client, () => tellLastInstall(client, notifier));
    await attempt(client, () => client.updater.confirmUpdate());
    const check = async (): Promise<void> => {
      // Rejected, so that the next one comes sooner than after an answer.
      if (!conditions.mayCheck()) throw new Error('There is no network.');
      const result = await client.check(false);
      if (result !== null) notifier.noteCheck(result);
    };
    conditions.govern(startPolling(check, options.polling));
    updates.setPolling(() => conditions.stop());
  };
  return { updates, begin };
}

/** Whatever goes wrong with one of these must not keep the others from being done. */
async function attempt(client: UpdateClient, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    client.warn(asUpdateError(error).message);
  }
}

async function tellLastInstall(client: UpdateClient, notifier: Notifier): Promise<void> {
  const install = await client.updater.lastInstall();
  if (install === null || client.isTold(install)) return;
  const { readKeptNotes } = await import('../check/release-notes.ts');
  await client.tellNews(install, await readKeptNotes(client.settings.stateFolder, install.to));
  notifier.tellInstall(install);
}
