import { asUpdateError, UpdateError } from '../errors.ts';
import type { Check } from '../run-check.ts';
import { states, tellApart } from '../state.ts';
import { makeCancellationToken } from './cancellation.ts';
import { type CheckResult, describeOffer } from './events.ts';
import { handled, type LifeOf } from './life.ts';
import { followUntil, type UpdaterParts } from './parts.ts';
import { giveBack, makeReady } from './ready-update.ts';

export interface CheckRequest {
  /** A person asked, which passes over skips, rollouts and failed starts. */
  readonly isManual?: boolean;
  readonly signal?: AbortSignal;
}

type Download = (cancellation: CheckResult['cancellationToken']) => Promise<string[]>;

/** From "is there an update?" to a decision, and on to the download where that begins by itself. */
export class CheckFlow {
  readonly #parts: UpdaterParts;
  readonly #download: Download;

  constructor(parts: UpdaterParts, download: Download) {
    this.#parts = parts;
    this.#download = download;
  }

  check(request: CheckRequest): Promise<CheckResult> {
    const { line } = this.#parts;
    const life = line.now();
    const { isManual = false, signal } = request;
    switch (life.kind) {
      case 'checking':
        if (!isManual || life.state.isManual) return life.result;
        // What holds back an automatic check must not hold back a person.
        return handled(life.result.catch(() => undefined).then(() => this.check(request)));
      case 'downloading':
      case 'preparing':
      case 'authorizing':
      case 'quitting':
      case 'installing':
        return Promise.resolve(life.offer);
      case 'rolling-back':
        return handled(Promise.reject(new UpdateError('usage', 'The version before is being put back.')));
    }
    const { promise, resolve, reject } = Promise.withResolvers<CheckResult>();
    const controller = new AbortController();
    followUntil(signal, controller, promise);
    const ready = life.kind === 'ready' ? life.state.version : null;
    const checking = line.become(life, {
      kind: 'checking',
      state: states.checking({ isManual, ready }),
      before: life,
      result: handled(promise),
      controller,
    });
    this.#run(checking).then(resolve, reject);
    return promise;
  }

  async #run(checking: LifeOf<'checking'>): Promise<CheckResult> {
    const { options, feed, settings, now, tell, info, warn } = this.#parts;
    tell('checking-for-update');
    let check: Check;
    try {
      const { runCheck } = await import('../run-check.ts');
      check = await runCheck({
        ...options,
        source: feed.manifestUrl,
        channel: feed.channel,
        http: feed.http,
        target: { app: options.app },
        isManual: checking.state.isManual,
        allowDowngrade: settings.allowDowngrade,
        toolsFolder: options.toolsFolder ?? null,
        now,
        warn,
        signal: checking.controller.signal,
      });
    } catch (cause) {
      throw this.#fail(checking, asUpdateError(cause));
    }
    info(check.decision.message);
    return this.#apply(checking, check);
  }

  /** What was ready or offered before is as good as it was, e.g. when there is no network. */
  #fail(checking: LifeOf<'checking'>, error: UpdateError): UpdateError {
    const { line, report } = this.#parts;
    if (line.now() !== checking) return error;
    const { before } = checking;
    if (error.code === 'cancelled' || before.kind === 'ready') line.become(checking, before);
    else {
      const offer = 'offer' in before ? before.offer : null;
      line.become(checking, { kind: 'failed', state: states.failed({ error }), offer });
    }
    report(error);
    return error;
  }

  async #apply(checking: LifeOf<'checking'>, check: Check): Promise<CheckResult> {
    const { line, settings, tell } = this.#parts;
    const { before } = checking;
    const decision = tellApart(check.decision);
    const isUpdateAvailable = decision.action === 'update';
    const updateInfo = describeOffer(check.assessment);
    const common = { ...check, isUpdateAvailable, versionInfo: updateInfo, updateInfo };
    if (line.now() !== checking) return common;
    const digest = check.assessment.manifest?.artifact.sha256;
    const isStillReady = before.kind === 'ready' && isUpdateAvailable && before.download.sha256 === digest;
    if (before.kind === 'ready' && !isStillReady) await giveBack(before);
    if (decision.action !== 'update') {
      line.become(checking, { kind: 'not-available', state: states['not-available']({ decision }) });
      tell('update-not-available', updateInfo);
      return common;
    }
    const cancellationToken = makeCancellationToken();
    const offer = { ...common, cancellationToken, downloadPromise: null as Promise<string[]> | null };
    if (isStillReady) line.become(checking, makeReady({ ...before, offer }));
    else {
      const state = states.available({ version: updateInfo.version, decision });
      line.become(checking, { kind: 'available', state, offer });
    }
    tell('update-available', updateInfo);
    // A listener may have gone further already.
    const isWaiting = ['available', 'downloading', 'ready'].includes(line.now().kind);
    if (settings.autoDownload && !decision.announceOnly && isWaiting) {
      offer.downloadPromise = this.#download(cancellationToken);
    }
    return offer;
  }
}
