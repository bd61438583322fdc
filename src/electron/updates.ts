import { asUpdateError } from '../errors.ts';
import { wordingFor } from '../texts/texts.ts';
import type { ElectronClient } from './electron-client.ts';
import { offerMove } from './offer-move.ts';
import type { UpdateClient } from './update-client.ts';
import { UpdateWindow } from './update-window.ts';
import type { QaRequest, WindowModel, WindowRequest } from './window-contract.ts';

/**
 * System Settings > Privacy & Security > App Management. Apple documents no such addresses; this one is what other
 * installers open since macOS 13 (Vencord's, for one). An unknown part of it opens Privacy & Security, which is near.
 */
const APP_MANAGEMENT = 'x-apple.systempreferences:com.apple.preference.security?Privacy_AppBundles';

/** What an app's own menu does with updates. */
export class Updates {
  readonly #electron: ElectronClient;
  readonly #client: UpdateClient;
  readonly #window: UpdateWindow;
  #stopPolling: () => void = () => undefined;

  constructor(electron: ElectronClient, client: UpdateClient) {
    this.#electron = electron;
    this.#client = client;
    const { pageFolder, preload } = client.settings;
    this.#window = new UpdateWindow({
      electron,
      pageFolder,
      preload,
      title: () =>
        wordingFor(electron.app.getPreferredSystemLanguages()).texts.windowTitle({
          app: electron.app.getName(),
        }),
      model: () => client.model,
      onRequest: (request) => this.#handle(request),
      onClosed: () => {
        client.dismissNews();
        client.showQa(null);
      },
    });
    client.onChange(() => this.#window.update());
    // The restart may have been asked for in the menu.
    client.onRefusal(() => this.#window.open(true));
  }

  /** What the window would show. */
  get model(): WindowModel {
    return this.#client.model;
  }

  /** Called after every change until the returned function is. */
  onChange(listener: (model: WindowModel) => void): () => void {
    return this.#client.onChange(listener);
  }

  /** *Check for Updates…*: opens the window and checks, as a person asked for it. */
  check(): void {
    this.#window.open(true);
    this.#begin(this.#client.check(true));
  }

  /** Opens the window. @param isWanted false takes nobody's focus */
  open(isWanted = true): void {
    this.#window.open(isWanted);
  }

  /** QA's panel, for Option-click on *Check for Updates…* and for `--qa`. */
  openQa(): void {
    this.#begin(
      this.#readJournal().then((journal) => {
        this.#client.showQa({ model: null, journal });
        this.#window.open(true);
      }),
    );
  }

  /** *Restart to Update*, where an update is ready. */
  restart(): void {
    this.#client.restart();
  }

  /** A managed channel stays what it is. */
  setChannel(channel: WindowModel['channel']): void {
    this.#begin(this.#client.setChannel(channel).then((isSet) => (isSet ? this.#client.check(true) : null)));
  }

  /** Offers to move the app to the Applications folder. */
  offerMove(): void {
    this.#begin(offerMove(this.#electron));
  }

  /** No check begins by itself any more. */
  stop(): void {
    this.#stopPolling();
  }

  /** @param stop ends the polling */
  setPolling(stop: () => void): void {
    this.#stopPolling = stop;
  }

  /** Takes a request of the window, which is checked already. What it leads to, the model tells. */
  async #handle(request: WindowRequest): Promise<void> {
    const client = this.#client;
    switch (request.kind) {
      case 'check':
        return this.#begin(client.check(true));
      case 'download':
      case 'resume':
        return this.#begin(client.download());
      case 'pause':
        return client.pause();
      case 'cancel':
        return client.cancel();
      case 'restart':
        return client.restart();
      case 'skip':
        return this.#begin(client.skip());
      case 'set-channel':
        return this.setChannel(request.channel);
      case 'move-to-applications':
        return this.offerMove();
      case 'open-app-management':
        return this.#electron.shell.openExternal(APP_MANAGEMENT);
      case 'open-link':
        return this.#electron.shell.openExternal(request.url);
      case 'copy-report':
        return this.#copyReport();
      case 'install-on-quit':
      case 'close':
        return this.#window.close();
      case 'qa-check':
        return this.#checkForQa(request.request);
    }
  }

  async #checkForQa(request: QaRequest): Promise<void> {
    if (!this.#client.isQa) throw new TypeError('QA checks are asked for in the QA panel.');
    const { runQaCheck } = await import('./qa-check.ts');
    const { settings } = this.#client;
    const model = await runQaCheck(request, { ...settings, toolsFolder: settings.toolsFolder ?? null });
    // The panel may have been closed meanwhile.
    if (this.#client.isQa) this.#client.showQa({ model, journal: model.journal });
  }

  async #copyReport(): Promise<void> {
    const [{ makeReport }, journal] = await Promise.all([import('./report.ts'), this.#readJournal()]);
    const { settings, log, macosVersion, forcedPreferences } = this.#client;
    const report = makeReport(this.model, {
      at: new Date().toISOString(),
      bundleId: settings.bundleId,
      appPath: settings.app,
      macosVersion: macosVersion ?? 'unknown',
      electronVersion: process.versions.electron ?? 'unknown',
      architecture: process.arch,
      forced: forcedPreferences,
      lastCheck: this.#client.describeLastCheck(journal),
      log,
    });
    this.#electron.clipboard.writeText(report);
  }

  async #readJournal(): Promise<readonly string[]> {
    const [{ layoutOf }, { readJournalLines }] = await Promise.all([
      import('../install/layout.ts'),
      import('../install/journal.ts'),
    ]);
    return readJournalLines(await layoutOf(this.#client.settings.app));
  }

  /** What fails has been told by the model, or is for the log. */
  #begin(act: Promise<unknown>): void {
    act.catch((error: unknown) => this.#client.warn(asUpdateError(error).message));
  }
}
