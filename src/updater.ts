import { EventEmitter } from 'node:events';
import type { PollingPolicy } from './check/schedule.ts';
import type { Channel } from './config.ts';
import type { DownloadProgress } from './download/progress.ts';
import { asUpdateError, UpdateError } from './errors.ts';
import type { InstallOutcome } from './install/exchange.ts';
import type { Layout } from './install/layout.ts';
import type { PreparedInstall } from './install/prepare.ts';
import type { RecoveryAction } from './install/recover.ts';
import type { Tools } from './install/tools.ts';
import type { AssessPolicy } from './manifest/assess.ts';
import type { Polling } from './polling.ts';
import type { DownloadSummary, InstallSettings } from './prepare-update.ts';
import type { Check } from './run-check.ts';
import type { UpdaterState } from './state.ts';

export interface UpdaterLogger {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export interface UpdaterOptions extends InstallSettings {
  readonly manifestUrl: string;
  /** The channel that is asked for; null where the manifest's own counts. */
  readonly channel: Channel | null;
  readonly policy: AssessPolicy;
  readonly logger?: UpdaterLogger;
  readonly now?: () => Date;
}

export interface UpdaterEvents {
  'checking-for-update': [];
  'update-available': [info: { readonly version: string }];
  'update-not-available': [info: { readonly version: string }];
  'download-progress': [progress: DownloadProgress];
  'update-downloaded': [info: { readonly version: string }];
  'update-cancelled': [info: { readonly version: string }];
  error: [error: UpdateError];
  state: [state: UpdaterState];
}

/** A staged update, and what was downloaded for it. */
interface ReadyUpdate {
  readonly version: string;
  readonly prepared: PreparedInstall;
  readonly summary: DownloadSummary;
}

const SILENT: UpdaterLogger = { info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * Walks an update through check, download and install. Works in plain Node and in Electron's main process. Modules
 * are loaded when they are first needed, so that importing this one costs an app's start next to nothing.
 */
export class NexyUpdater extends EventEmitter<UpdaterEvents> {
  readonly #options: UpdaterOptions;
  readonly #logger: UpdaterLogger;
  readonly #now: () => Date;
  #state: UpdaterState = { kind: 'idle' };
  #checking: Promise<Check> | null = null;
  #check: Check | null = null;
  #downloading: Promise<DownloadSummary> | null = null;
  #ready: ReadyUpdate | null = null;
  readonly #warn = (message: string): void => this.#logger.warn(message);

  constructor(options: UpdaterOptions) {
    super();
    this.#options = options;
    this.#logger = options.logger ?? SILENT;
    this.#now = options.now ?? (() => new Date());
  }

  get state(): UpdaterState {
    return this.#state;
  }

  /**
   * Fetches the manifest and decides. One check runs at a time: a second call gets the first one's answer, and
   * during a download the answer that it is based on. A newer release replaces one that is ready.
   *
   * @param request `isManual`: a person asked, which passes over skips, rollouts and failed starts
   * @throws UpdateError `manifest-unreachable`, `app-not-found`, `bundle-id-mismatch`, `cancelled`.
   */
  checkForUpdates(
    request: { readonly isManual?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<Check> {
    if (this.#downloading !== null && this.#check !== null) return Promise.resolve(this.#check);
    const { isManual = false, signal } = request;
    this.#checking ??= this.#guard(() => this.#runCheck(isManual, signal)).finally(() => {
      this.#checking = null;
    });
    return this.#checking;
  }

  /** Checks by itself from now on: shortly after start, then hourly, spread out at random. */
  async startPolling(policy?: PollingPolicy): Promise<Polling> {
    const { startPolling } = await import('./polling.ts');
    return startPolling(() => this.checkForUpdates(), policy);
  }

  /**
   * Downloads the update that the last check found, verifies it and stages it: afterwards only the exchange is left.
   *
   * @throws UpdateError with the code of the step that failed. The target is untouched then.
   */
  downloadUpdate(signal?: AbortSignal): Promise<DownloadSummary> {
    if (this.#ready !== null) return Promise.resolve(this.#ready.summary);
    this.#downloading ??= this.#guard(() => this.#download(signal)).finally(() => {
      this.#downloading = null;
    });
    return this.#downloading;
  }

  /**
   * Exchanges the installed app for the staged one. With `relaunches`, a watchdog opens it when this process has ended.
   *
   * @throws UpdateError `usage` when nothing is staged, `target-in-use`, `swap-failed`, `app-management-denied`.
   */
  installUpdate({ relaunches = false }: { readonly relaunches?: boolean } = {}): Promise<InstallOutcome> {
    return this.#guard(() => this.#install(relaunches));
  }

  /** Takes away what was staged; the target was never touched. */
  async discardUpdate(): Promise<void> {
    const ready = this.#ready;
    this.#ready = null;
    await ready?.prepared.discard();
  }

  /** Says that the running version came up well; the previous one is no longer kept. */
  async confirmUpdate(): Promise<InstallOutcome | null> {
    const [{ confirmUpdate }, { layout }] = await Promise.all([
      import('./install/confirm.ts'),
      this.#openTarget(),
    ]);
    return confirmUpdate(layout, this.#now, this.#options.stateFolder);
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

  async #runCheck(isManual: boolean, signal: AbortSignal | undefined): Promise<Check> {
    const { app, manifestUrl, allowDowngrade = false, toolsFolder = null } = this.#options;
    this.#become({ kind: 'checking', isManual });
    this.emit('checking-for-update');
    const { runCheck } = await import('./run-check.ts');
    const check = await runCheck({
      ...this.#options,
      source: manifestUrl,
      target: { app },
      isManual,
      allowDowngrade,
      toolsFolder,
      now: this.#now,
      warn: this.#warn,
      ...(signal === undefined ? {} : { signal }),
    });
    this.#check = check;
    const { assessment, decision } = check;
    const version = assessment.version ?? '';
    this.#logger.info(decision.message);
    const isOffered = decision.action === 'update';
    const isReady = isOffered && this.#ready?.summary.sha256 === assessment.manifest?.artifact.sha256;
    if (!isReady) await this.discardUpdate();
    if (isReady) this.#become({ kind: 'ready', version });
    else if (isOffered) this.#become({ kind: 'available', version, decision });
    else this.#become({ kind: 'not-available', decision });
    this.emit(isOffered ? 'update-available' : 'update-not-available', { version });
    return check;
  }

  async #download(signal: AbortSignal | undefined): Promise<DownloadSummary> {
    const check = this.#check;
    const version = check?.assessment.manifest?.version.text;
    if (check === null || version === undefined || check.decision.action !== 'update') {
      throw nothingTo('download', 'Check for updates first.');
    }
    this.#become({ kind: 'downloading', version, progress: null });
    const { prepareUpdate } = await import('./prepare-update.ts');
    const { summary, prepared } = await prepareUpdate(check, {
      ...this.#options,
      now: this.#now,
      warn: this.#warn,
      onProgress: (progress) => {
        this.#become({ kind: 'downloading', version, progress });
        this.emit('download-progress', progress);
      },
      onStep: (step) => this.#become({ kind: 'preparing', version, step }),
      ...(signal === undefined ? {} : { signal }),
    });
    this.#ready = { version, prepared, summary };
    this.#become({ kind: 'ready', version });
    this.emit('update-downloaded', { version });
    return summary;
  }

  async #install(relaunches: boolean): Promise<InstallOutcome> {
    const ready = this.#ready;
    if (ready === null) throw nothingTo('install', 'Download an update first.');
    this.#ready = null;
    this.#become({ kind: 'installing', version: ready.version });
    const outcome = await ready.prepared.install({ relaunches });
    this.#become({ kind: 'installed', ...outcome });
    return outcome;
  }

  async #openTarget(): Promise<{ readonly layout: Layout; readonly tools: Tools }> {
    const [{ layoutOf }, { Tools }] = await Promise.all([
      import('./install/layout.ts'),
      import('./install/tools.ts'),
    ]);
    return { layout: await layoutOf(this.#options.app), tools: new Tools(this.#options.toolsFolder ?? null) };
  }

  #become(state: UpdaterState): void {
    this.#state = state;
    this.emit('state', state);
  }

  /** Every failure is an UpdateError, becomes the state, and is told to those who listen. */
  async #guard<Result>(act: () => Promise<Result>): Promise<Result> {
    const version = this.#check?.assessment.version ?? '';
    try {
      return await act();
    } catch (cause) {
      const error = asUpdateError(cause);
      this.#logger.error(error.message);
      this.#become({ kind: 'failed', error });
      // What is staged is as good as before, e.g. when a later check found no network.
      if (this.#ready !== null) this.#become({ kind: 'ready', version: this.#ready.version });
      if (error.code === 'cancelled') this.emit('update-cancelled', { version });
      // Node ends the process on an `error` that nobody listens to; the rejected promise tells it as well.
      else if (this.listenerCount('error') > 0) this.emit('error', error);
      throw error;
    }
  }
}

function nothingTo(act: string, advice: string): UpdateError {
  return new UpdateError('usage', `There is no update to ${act}. ${advice}`);
}
