import { EventEmitter } from 'node:events';
import type { OutgoingHttpHeaders } from 'node:http';
import type { SemVer } from 'semver';
import { readInstalledVersion } from './bundle/bundle-version.ts';
import type { PollingPolicy } from './check/schedule.ts';
import type { Channel } from './config.ts';
import { UpdateError } from './errors.ts';
import type { InstallOutcome } from './install/exchange.ts';
import type { LastInstall } from './install/last-install.ts';
import type { Layout } from './install/layout.ts';
import type { RecoveryAction } from './install/recover.ts';
import type { Tools } from './install/tools.ts';
import type { AssessPolicy } from './manifest/assess.ts';
import type { Polling } from './polling.ts';
import type { InstallSettings } from './prepare-update.ts';
import { states, type UpdaterState } from './state.ts';
import type { Application } from './updater/application.ts';
import type { Cancellation } from './updater/cancellation.ts';
import type { CheckRequest } from './updater/check-flow.ts';
import type { UpdaterContract } from './updater/contract.ts';
import type { CheckResult, UpdaterEvents } from './updater/events.ts';
import { Feed, type ManifestUrls } from './updater/feed.ts';
import type { Flows } from './updater/flows.ts';
import { handled, LifeLine } from './updater/life.ts';
import type { NotificationTexts } from './updater/notification.ts';
import type { UpdaterParts } from './updater/parts.ts';
import { toSemVer } from './version.ts';

export interface UpdaterLogger {
  info(message: unknown): void;
  warn(message: unknown): void;
  error(message: unknown): void;
  debug?(message: string): void;
}

export interface UpdaterOptions extends InstallSettings {
  readonly manifestUrl: ManifestUrls;
  /** The channel that is asked for; null where the manifest's own counts. */
  readonly channel: Channel | null;
  readonly policy: AssessPolicy;
  /** The application that is updated, where this process is it. */
  readonly application?: Application;
  readonly logger?: UpdaterLogger;
  readonly now?: () => Date;
}

const SILENT: UpdaterLogger = { info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * Walks an update through check, download and install, for those who know electron-updater's `autoUpdater`: the same
 * names, events and defaults, and a reason for everything. Works in plain Node and in Electron's main process.
 * Modules are loaded when they are first needed, so that importing this one costs an app's start next to nothing.
 *
 * What fails is told by `error` (to those who listen), by the state, and by the promise; none of them has to be
 * listened to.
 */
export class NexyUpdater extends EventEmitter<UpdaterEvents> implements UpdaterContract {
  /** Downloads what a check finds by itself, unless the manifest only announces it. */
  autoDownload = true;
  /** Installs what is ready when the application quits, unless an administrator is needed. */
  autoInstallOnAppQuit = true;
  /** Opens the new version after `quitAndInstall`. */
  autoRunAppAfterInstall = true;
  /** Offers an older version too. Only this switches it on, never `channel`. */
  allowDowngrade: boolean;
  /** Lets an application that is not packaged be updated. */
  forceDevUpdateConfig = false;
  /** As with every provider but GitHub's: without effect. Set `channel` to `beta` instead. */
  allowPrerelease = false;
  /** Without effect, as with every provider but GitHub's. */
  fullChangelog = false;
  /** Without effect: for Windows. */
  disableWebInstaller = false;
  /** Without effect: there are no differential downloads yet. */
  disableDifferentialDownload = false;
  /** Without effect: there are no differential downloads yet. */
  previousBlockmapBaseUrlOverride: string | null = null;
  /** Handlers by name, as in electron-updater. `login` is never called: proxies are the HTTP agents' matter. */
  readonly signals = {
    login: (_handler: (...args: never) => void): void => undefined,
    progress: (handler: (...args: UpdaterEvents['download-progress']) => void): void =>
      void this.on('download-progress', handler),
    updateDownloaded: (handler: (...args: UpdaterEvents['update-downloaded']) => void): void =>
      void this.on('update-downloaded', handler),
    updateCancelled: (handler: (...args: UpdaterEvents['update-cancelled']) => void): void =>
      void this.on('update-cancelled', handler),
  };

  readonly #options: UpdaterOptions;
  readonly #feed: Feed;
  readonly #now: () => Date;
  readonly #line: LifeLine;
  readonly #parts: UpdaterParts;
  #flows: Flows | null = null;
  #loading: Promise<Flows> | null = null;
  #logger: UpdaterLogger;
  #currentVersion: SemVer | null = null;

  constructor(options: UpdaterOptions) {
    super();
    const { application, manifestUrl, channel, http } = options;
    // The application itself is replaced while it quits.
    this.#options = { refusesRunningTarget: application === undefined, ...options };
    this.allowDowngrade = options.allowDowngrade ?? false;
    this.#feed = new Feed(manifestUrl, channel, http);
    this.#now = options.now ?? (() => new Date());
    this.#logger = options.logger ?? SILENT;
    this.#line = new LifeLine({ kind: 'idle', state: states.idle() }, (state) => this.#tell('state', state));
    this.#parts = {
      options: this.#options,
      settings: this,
      feed: this.#feed,
      line: this.#line,
      now: this.#now,
      tell: (name, ...payload) => this.#tell(name, ...payload),
      report: (error) => this.#report(error),
      info: (message) => this.#logger.info(message),
      warn: this.#warn,
    };
    // What a quit needs has to be there before one comes.
    if (application !== undefined) handled(this.#load());
  }

  get state(): UpdaterState {
    return this.#line.now().state;
  }

  get logger(): UpdaterLogger | null {
    return this.#logger;
  }

  set logger(logger: UpdaterLogger | null) {
    this.#logger = logger ?? SILENT;
  }

  /** `stable` or `beta`; the next check asks for it. */
  get channel(): string | null {
    return this.#feed.channel;
  }

  set channel(channel: string | null) {
    this.#feed.setChannel(channel);
  }

  /** Sent with the request for the manifest, and with downloads from the manifest's own host. */
  get requestHeaders(): OutgoingHttpHeaders | null {
    return this.#feed.requestHeaders;
  }

  set requestHeaders(headers: OutgoingHttpHeaders | null) {
    this.#feed.requestHeaders = headers;
  }

  addAuthHeader(token: string): void {
    this.#feed.addHeader('authorization', token);
  }

  /** The manifest's address. */
  getFeedURL(): string {
    return this.#feed.manifestUrl;
  }

  /** @throws UpdateError `usage` for feeds other than the address of a manifest. */
  setFeedURL(options: Parameters<UpdaterContract['setFeedURL']>[0]): void {
    this.#feed.setUrl(options);
  }

  /** electron-updater 27's name for `autoInstallOnAppQuit`. The version after a quit is the one at the next launch. */
  get autoInstallEvent(): 'manual' | 'onQuit' {
    return this.autoInstallOnAppQuit ? 'onQuit' : 'manual';
  }

  set autoInstallEvent(event: 'manual' | 'onQuit' | 'onNextLaunch') {
    this.autoInstallOnAppQuit = event !== 'manual';
  }

  /** The installed version, from its Info.plist; for semver with all four parts: `2.0.0-46` is 2.0.0.46. */
  get currentVersion(): SemVer {
    this.#currentVersion ??= toSemVer(readInstalledVersion(this.#options.app));
    return this.#currentVersion;
  }

  /** False in an application that is not packaged, which is not offered updates. */
  isUpdaterActive(): boolean {
    return (this.#options.application?.isPackaged ?? true) || this.forceDevUpdateConfig;
  }

  /**
   * Fetches the manifest and decides. One check runs at a time: a second call gets the first one's answer, and from
   * the download on the answer that is being installed. A newer release replaces one that is ready.
   *
   * @returns null where the updater is not active
   * @throws UpdateError `manifest-unreachable`, `app-not-found`, `bundle-id-mismatch`, `cancelled`.
   */
  checkForUpdates(request: CheckRequest = {}): Promise<CheckResult | null> {
    return this.isUpdaterActive() ? this.check(request) : Promise.resolve(null);
  }

  /** As `checkForUpdates`, whether or not the updater is active. */
  check(request: CheckRequest = {}): Promise<CheckResult> {
    return this.#act((flows) => flows.check.check(request));
  }

  /** Checks, and shows a notification of the system once the update is ready. */
  async checkForUpdatesAndNotify(texts?: NotificationTexts): Promise<CheckResult | null> {
    const result = await this.checkForUpdates();
    result?.downloadPromise?.then(
      () => this.#notify(result, texts),
      () => undefined,
    );
    return result;
  }

  /** Checks by itself from now on: shortly after start, then hourly, spread out at random. */
  async startPolling(policy?: PollingPolicy): Promise<Polling> {
    const { startPolling } = await import('./polling.ts');
    return startPolling(() => this.checkForUpdates(), policy);
  }

  /**
   * Downloads the update that the last check found, verifies it and stages it: afterwards only the exchange is left.
   * A call during a download joins it; its cancellation then counts as well.
   *
   * @param cancellation electron-updater's token, or a signal
   * @returns paths of the verified files
   * @throws UpdateError with the code of the step that failed. The target is untouched then.
   */
  downloadUpdate(cancellation?: Cancellation): Promise<string[]> {
    return this.#act((flows) => flows.download.download(cancellation));
  }

  /**
   * Quits the application, and installs in its last moments. Where an administrator is needed, asks first. A quit
   * that somebody refuses leaves the update ready. The parameters are for Windows.
   */
  quitAndInstall(_isSilent?: boolean, _isForceRunAfter?: boolean): void {
    handled(
      this.#act(async ({ quit }) => {
        if (quit !== null) return quit.quitAndInstall();
        const message =
          'This process is not the application, so its end installs nothing. Use installUpdate().';
        this.#report(new UpdateError('usage', message));
      }),
    );
  }

  /**
   * Exchanges the installed app for the staged one, where nothing runs from it. With `relaunches`, a watchdog opens it
   * when this process has ended.
   *
   * @throws UpdateError `usage` when nothing is staged, `target-in-use`, `swap-failed`, `app-management-denied`,
   *   `authorization-denied`.
   */
  installUpdate(options = { relaunches: false }): Promise<InstallOutcome> {
    return this.#act((flows) => flows.install.install(options));
  }

  /** Takes away what was staged; the target was never touched. */
  discardUpdate(): Promise<void> {
    return this.#act((flows) => flows.install.discard());
  }

  /** Says that the running version came up well; the previous one is no longer kept. */
  async confirmUpdate(): Promise<InstallOutcome | null> {
    const [{ confirmUpdate }, { layout }] = await Promise.all([
      import('./install/confirm.ts'),
      this.#openTarget(),
    ]);
    return confirmUpdate(layout, this.#now, this.#options.stateFolder);
  }

  /**
   * Goes back to the version before the last update, which is possible until the new one has confirmed. The application
   * quits for it and is opened again; another process does it at once, where nothing runs from the target.
   *
   * @returns from which version to which; null when there is nothing to go back to
   * @throws UpdateError `usage` while an update is under way, `target-in-use`, `install-busy`, `swap-failed`,
   *   `app-management-denied`, `not-writable`.
   */
  rollback(): Promise<InstallOutcome | null> {
    return this.#act((flows) => flows.rollback.rollBack());
  }

  /** What became of the last update, with the reason where it failed while the application quit; null for none. */
  async lastInstall(): Promise<LastInstall | null> {
    const [{ readLastInstall }, { layout }] = await Promise.all([
      import('./install/last-install.ts'),
      this.#openTarget(),
    ]);
    return readLastInstall(layout, this.#options.stateFolder);
  }

  /** Repairs what an earlier run left behind. To be called at every start. */
  async recover(): Promise<RecoveryAction> {
    const [{ recover }, { keepFailedStarts }, { layout, tools }] = await Promise.all([
      import('./install/recover.ts'),
      import('./failed-starts.ts'),
      this.#openTarget(),
    ]);
    const { cacheFolder, stateFolder } = this.#options;
    await keepFailedStarts(layout, stateFolder, this.#now());
    return recover(layout, { tools, cacheFolder, now: this.#now, warn: this.#warn });
  }

  async #notify({ updateInfo }: CheckResult, texts: NotificationTexts | undefined): Promise<void> {
    const { describeReadyUpdate } = await import('./updater/notification.ts');
    const { state } = this;
    const isOnQuit = state.kind === 'ready' && !state.needsAuthorization && this.autoInstallOnAppQuit;
    const { application } = this.#options;
    const { name = '' } = application ?? {};
    application?.notify(describeReadyUpdate({ name, version: updateInfo.version, isOnQuit }, texts));
  }

  /** At once where it can be, so that its first step is taken when this returns. */
  #act<Result>(act: (flows: Flows) => Promise<Result>): Promise<Result> {
    return handled(this.#flows === null ? this.#load().then(act) : act(this.#flows));
  }

  #load(): Promise<Flows> {
    this.#loading ??= import('./updater/flows.ts').then(({ makeFlows }) => {
      const application = this.#options.application ?? null;
      this.#flows = makeFlows(this.#parts, application, () => this.#openTarget());
      return this.#flows;
    });
    return this.#loading;
  }

  async #openTarget(): Promise<{ readonly layout: Layout; readonly tools: Tools }> {
    const [{ layoutOf }, { Tools }] = await Promise.all([
      import('./install/layout.ts'),
      import('./install/tools.ts'),
    ]);
    const { app, tools, toolsFolder = null } = this.#options;
    return { layout: await layoutOf(app), tools: tools ?? new Tools(toolsFolder) };
  }

  /** A listener that fails is a bug of its own; it must not break an install. */
  #tell<Name extends keyof UpdaterEvents>(name: Name, ...payload: UpdaterEvents[Name]): void {
    try {
      (this as EventEmitter).emit(name, ...payload);
    } catch (error) {
      this.#logger.error(`A listener of "${name}" failed: ${error instanceof Error ? error.stack : error}`);
    }
  }

  #report(error: UpdateError): void {
    this.#logger.error(error.message);
    // Who cancels knows. And Node ends the process on an `error` that nobody listens to.
    if (error.code === 'cancelled' || this.listenerCount('error') === 0) return;
    this.#tell('error', error, error.message);
  }

  readonly #warn = (message: string): void => this.#logger.warn(message);
}
