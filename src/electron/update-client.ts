import { skipVersion } from '../check/skips.ts';
import type { Channel } from '../config.ts';
import { asUpdateError, type UpdateError } from '../errors.ts';
import type { LastInstall } from '../install/last-install.ts';
import { states, type UpdaterState } from '../state.ts';
import type { CheckResult } from '../updater/events.ts';
import { NexyUpdater } from '../updater.ts';
import { parseVersion } from '../version.ts';
import { ClientLog } from './client-log.ts';
import { type ClientRecord, writeClientRecord } from './client-record.ts';
import { electronApplication } from './electron-application.ts';
import type { ElectronClient } from './electron-client.ts';
import { LastCheck } from './last-check.ts';
import type { ManagedPreferences } from './managed-preferences.ts';
import type { ClientSettings } from './settings.ts';
import type { OfferView, QaModel, WindowModel } from './window-contract.ts';
import { makeWindowModel } from './window-model.ts';

export interface ClientParts {
  readonly electron: ElectronClient;
  readonly settings: ClientSettings;
  readonly currentVersion: string;
  readonly record: ClientRecord;
  readonly managed: ManagedPreferences;
  readonly readManaged: () => Promise<ManagedPreferences>;
}

/** QA's panel while it is shown. */
export interface QaPanel {
  /** What QA's own check came to; null shows the last ordinary one. */
  readonly model: QaModel | null;
  /** The journal's lines, newest install first. */
  readonly journal: readonly string[];
}

/**
 * The updater as people use it: what they chose, what they are told, what is remembered. Knows no window; whoever shows
 * something listens to `onChange`.
 */
export class UpdateClient {
  readonly updater: NexyUpdater;
  readonly settings: ClientSettings;
  readonly #electron: ElectronClient;
  readonly #currentVersion: string;
  readonly #readManaged: () => Promise<ManagedPreferences>;
  readonly #listeners = new Set<(model: WindowModel) => void>();
  readonly #refusalListeners = new Set<() => void>();
  readonly #log: ClientLog;
  readonly #lastCheck: LastCheck;
  /** A person stopped the download; nothing is downloaded until they ask. */
  #isDownloadHeld = false;
  #record: ClientRecord;
  #managed: ManagedPreferences;
  /** The last state that was told, and the last one that was no check. */
  #state: UpdaterState = states.idle();
  #before: UpdaterState = states.idle();
  #failedVersion: string | null = null;
  /** A person asked for the restart, and the update is ready again without one. */
  #isBackFromRestart = false;
  #refusal: UpdateError | null = null;
  #paused: { readonly progress: NonNullable<Downloading['progress']> | null } | null = null;
  #since = new Date().toISOString();
  #news: { readonly install: LastInstall; readonly notes: string | null } | null = null;
  #qa: QaPanel | null = null;

  constructor({ electron, settings, currentVersion, record, managed, readManaged }: ClientParts) {
    this.#electron = electron;
    this.#log = new ClientLog(settings.logger);
    this.#lastCheck = new LastCheck(settings);
    this.settings = {
      ...settings,
      http: { ...settings.http, onExchange: (each) => this.#lastCheck.noteExchange(each) },
    };
    this.#currentVersion = currentVersion;
    this.#record = record;
    this.#managed = managed;
    this.#readManaged = readManaged;
    this.updater = new NexyUpdater({
      triesStagedApp: true,
      ...this.settings,
      channel: this.channel,
      application: electronApplication(electron),
      logger: this.#log,
    });
    this.updater.on('state', (state) => this.#follow(state));
    this.updater.on('error', (error) => this.#noteError(error));
    this.#applyWishes();
  }

  /** What the window shows, now. */
  get model(): WindowModel {
    const { app } = this.#electron;
    const { updatesOff, channel } = this.#managed;
    return makeWindowModel(this.updater.state, {
      appName: app.getName(),
      currentVersion: this.#currentVersion,
      channel: this.channel,
      lastCheckedAt: this.#record.lastCheckedAt,
      managed: { updatesOff, channel },
      languages: app.getPreferredSystemLanguages(),
      offer: this.#lastCheck.offer,
      minimumOs: this.#lastCheck.minimumOs,
      failedVersion: this.#failedVersion,
      before: this.#before,
      refusal: this.#refusal === null ? null : { code: this.#refusal.code, message: this.#refusal.message },
      installsOnQuit: this.updater.autoInstallOnAppQuit,
      paused: this.#paused === null ? undefined : this.#paused.progress,
      since: this.#since,
      news: this.#news?.install ?? null,
      newsNotes: this.#news?.notes ?? null,
      qa: this.#qa === null ? null : (this.#qa.model ?? this.describeLastCheck(this.#qa.journal)),
    });
  }

  get channel(): Channel {
    return this.#managed.channel ?? this.#record.channel ?? this.settings.channel;
  }

  get offer(): OfferView | null {
    return this.#lastCheck.offer;
  }

  /** What the updater told its log, oldest first. */
  get log(): readonly string[] {
    return this.#log.lines;
  }

  /** Managed preferences that a profile enforces, as far as it can be seen. */
  get forcedPreferences(): readonly string[] {
    return this.#managed.forced;
  }

  /** As the last check saw it; null before. */
  get macosVersion(): string | null {
    return this.#lastCheck.macosVersion;
  }

  /** Called after every change until the returned function is. */
  onChange(listener: (model: WindowModel) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Called when a restart came to nothing, which the model tells. */
  onRefusal(listener: () => void): void {
    this.#refusalListeners.add(listener);
  }

  /**
   * One check. A person who asks passes over skips and rollouts, and takes up what was paused.
   *
   * @returns null where nobody may check, or the app is not packaged
   * @throws UpdateError as `NexyUpdater.checkForUpdates`; the model tells it, too
   */
  async check(isManual: boolean): Promise<CheckResult | null> {
    await this.#obeyManaged();
    if (this.#managed.updatesOff) return null;
    if (isManual) {
      this.#news = null;
      this.#holdDownload(false);
    }
    if (!['checking', 'downloading', 'preparing'].includes(this.updater.state.kind)) this.#lastCheck.begin();
    this.#change();
    const result = await this.updater.checkForUpdates({ isManual });
    if (result === null || !this.#lastCheck.note(result)) return result;
    await this.#remember({ lastCheckedAt: new Date().toISOString() });
    const problem = await this.#lastCheck.readNotes(this.settings.http);
    if (problem !== null) this.warn(problem);
    this.#change();
    return result;
  }

  /** Downloads what is offered, or goes on with what was paused. */
  async download(): Promise<void> {
    this.#holdDownload(false);
    await this.updater.downloadUpdate();
  }

  /** Stops a download, which goes on where it stopped: what came lies on disk. */
  pause(): void {
    const { state } = this.updater;
    if (state.kind !== 'downloading') return;
    this.#paused = { progress: state.progress };
    this.#holdDownload(true);
  }

  /** Stops a download until somebody asks for it again. */
  cancel(): void {
    this.#paused = null;
    this.#holdDownload(true);
    this.#change();
  }

  restart(): void {
    this.updater.quitAndInstall();
  }

  /** The offered version is not offered any more, unless it is critical or a person asks. */
  async skip(): Promise<void> {
    if (this.offer === null) return;
    await skipVersion(this.settings.stateFolder, parseVersion(this.offer.version));
    if (this.updater.state.kind === 'ready') await this.updater.discardUpdate();
    await this.check(false);
  }

  /** @returns whether it was; a managed channel is not a person's to change */
  async setChannel(channel: Channel): Promise<boolean> {
    if (this.#managed.channel !== null) return false;
    this.updater.channel = channel;
    await this.#remember({ channel });
    return true;
  }

  /** What became of the last install is shown until somebody has seen it. */
  async tellNews(install: LastInstall, notes: string | null): Promise<void> {
    this.#news = { install, notes };
    this.#change();
    await this.#remember({ toldInstall: keyOf(install) });
  }

  isTold(install: LastInstall): boolean {
    return this.#record.toldInstall === keyOf(install);
  }

  /** What has been seen. */
  dismissNews(): void {
    this.#news = null;
    this.#refusal = null;
    this.#change();
  }

  /** Null hides the panel: only who opened it sees anything of it. */
  showQa(qa: QaPanel | null): void {
    this.#qa = qa;
    this.#change();
  }

  get isQa(): boolean {
    return this.#qa !== null;
  }

  /** What the last ordinary check came to, for QA and for reports. */
  describeLastCheck(journal: readonly string[]): QaModel {
    return this.#lastCheck.describe(this.updater.getFeedURL(), journal);
  }

  warn(message: string): void {
    this.#log.warn(message);
  }

  async #obeyManaged(): Promise<void> {
    const before = this.channel;
    this.#managed = await this.#readManaged();
    for (const warning of this.#managed.warnings) this.warn(warning);
    if (this.channel !== before) this.updater.channel = this.channel;
    if (this.#managed.updatesOff) this.#stopDownload();
    this.#applyWishes();
    this.#change();
  }

  async #remember(change: Partial<ClientRecord>): Promise<void> {
    this.#record = { ...this.#record, ...change };
    this.#change();
    await writeClientRecord(this.settings.stateFolder, this.#record).catch((error: unknown) =>
      this.warn(`What the client remembers could not be written: ${asUpdateError(error).message}`),
    );
  }

  #follow(state: UpdaterState): void {
    if (!['checking', 'downloading', 'preparing'].includes(state.kind))
      this.#since = new Date().toISOString();
    if (state.kind === 'not-available' || state.kind === 'failed') this.#paused = null;
    // What fails is the step before; a check that fails is of no version.
    if (state.kind === 'failed') this.#failedVersion = 'version' in this.#state ? this.#state.version : null;
    const isBack = state.kind === 'ready' && ['authorizing', 'quitting'].includes(this.#state.kind);
    this.#isBackFromRestart = isBack;
    this.#refusal = null;
    if (state.kind !== 'checking') this.#before = state;
    this.#state = state;
    this.#change();
  }

  /** A restart that fails leaves the update ready, which alone would look as if nobody had asked. */
  #noteError(error: UpdateError): void {
    if (!this.#isBackFromRestart) return;
    this.#refusal = error;
    this.#change();
    for (const listener of this.#refusalListeners) listener();
  }

  #applyWishes(): void {
    const { updatesOff } = this.#managed;
    this.updater.autoDownload = !updatesOff && !this.#isDownloadHeld;
    this.updater.autoInstallOnAppQuit = !updatesOff;
  }

  /** An aborted signal joins the download that is under way, and ends it. */
  #stopDownload(): void {
    const { kind } = this.updater.state;
    if (kind !== 'downloading' && kind !== 'preparing') return;
    this.updater.downloadUpdate(AbortSignal.abort()).catch(() => undefined);
  }

  #holdDownload(isHeld: boolean): void {
    this.#isDownloadHeld = isHeld;
    this.#applyWishes();
    if (isHeld) this.#stopDownload();
    else this.#paused = null;
  }

  #change(): void {
    const { model } = this;
    for (const listener of this.#listeners) listener(model);
  }
}

type Downloading = Extract<UpdaterState, { kind: 'downloading' }>;

function keyOf({ outcome, to, at }: LastInstall): string {
  return `${outcome} ${to} ${at}`;
}
