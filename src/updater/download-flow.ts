import { asUpdateError, UpdateError } from '../errors.ts';
import type { DownloadSummary, PreparedUpdate } from '../prepare-update.ts';
import { states, tellApart } from '../state.ts';
import type { Cancellation } from './cancellation.ts';
import { type CheckResult, describeProgress } from './events.ts';
import { LastMoments } from './last-moments.ts';
import { handled, type LifeOf, type Ready } from './life.ts';
import { followUntil, type UpdaterParts } from './parts.ts';
import { discard, makeReady } from './ready-update.ts';

/** From an offer to an update that is ready. */
export class DownloadFlow {
  readonly #parts: UpdaterParts;
  readonly #prepareForQuit: (ready: Ready) => Promise<void>;

  constructor(parts: UpdaterParts, prepareForQuit: (ready: Ready) => Promise<void>) {
    this.#parts = parts;
    this.#prepareForQuit = prepareForQuit;
  }

  download(cancellation: Cancellation | undefined): Promise<string[]> {
    const life = this.#parts.line.now();
    switch (life.kind) {
      case 'downloading':
      case 'preparing':
        followUntil(cancellation, life.controller, life.files);
        return life.files;
      case 'checking':
        return handled(life.result.then(() => this.download(cancellation)));
      case 'ready':
        return handled(this.#tellAgain(life));
      case 'available':
        return this.#begin(life, life.offer, cancellation);
      case 'failed':
        if (life.offer !== null) return this.#begin(life, life.offer, cancellation);
        break;
    }
    const error = new UpdateError('usage', 'There is no update to download. Check for updates first.');
    this.#parts.report(error);
    return handled(Promise.reject(error));
  }

  #begin(
    life: LifeOf<'available' | 'failed'>,
    offer: CheckResult,
    cancellation: Cancellation | undefined,
  ): Promise<string[]> {
    const controller = new AbortController();
    const { promise, resolve, reject } = Promise.withResolvers<string[]>();
    const state = states.downloading({ version: offer.updateInfo.version, progress: null });
    const files = handled(promise);
    const begun = this.#parts.line.become(life, { kind: 'downloading', state, offer, files, controller });
    followUntil(offer.cancellationToken, controller, promise);
    followUntil(cancellation, controller, promise);
    this.#run(begun).then(({ path }) => resolve([path]), reject);
    return promise;
  }

  async #run(begun: LifeOf<'downloading'>): Promise<DownloadSummary> {
    const { line } = this.#parts;
    const now: { life: LifeOf<'downloading' | 'preparing'> } = { life: begun };
    try {
      const { offer } = begun;
      const { prepared, summary, file } = await this.#prepare(now);
      if (now.life.kind !== 'preparing') throw new Error('An update was prepared without a step of it.');
      const lastMoments = new LastMoments(prepared);
      const ready = makeReady({ offer, prepared, lastMoments, download: summary, file });
      await this.#prepareForQuit(ready);
      line.become(now.life, ready);
      this.#tellReady(ready);
      return summary;
    } catch (cause) {
      throw this.#fail(now.life, asUpdateError(cause));
    }
  }

  async #prepare(now: { life: LifeOf<'downloading' | 'preparing'> }): Promise<PreparedUpdate> {
    const { options, settings, feed, line, tell } = this.#parts;
    const { offer, controller } = now.life;
    const { version } = now.life.state;
    const { prepareUpdate } = await import('../prepare-update.ts');
    return prepareUpdate(offer, {
      ...options,
      http: feed.httpFor(offer.assessment.candidates.map(({ url }) => url)),
      allowDowngrade: settings.allowDowngrade,
      now: this.#parts.now,
      warn: this.#parts.warn,
      signal: controller.signal,
      onProgress: (progress) => {
        if (now.life.kind !== 'downloading') return;
        const before = now.life.state.progress;
        now.life = line.become(now.life, { ...now.life, state: states.downloading({ version, progress }) });
        tell('download-progress', describeProgress(progress, before));
      },
      onStep: (step) => {
        const state = states.preparing({ version, step });
        now.life = line.become(now.life, { ...now.life, kind: 'preparing', state });
      },
    });
  }

  #fail(life: LifeOf<'downloading' | 'preparing'>, error: UpdateError): UpdateError {
    const { line, tell, report } = this.#parts;
    const { offer } = life;
    const { updateInfo } = offer;
    const decision = tellApart(offer.decision);
    if (error.code === 'cancelled' && decision.action === 'update') {
      const state = states.available({ version: updateInfo.version, decision });
      line.become(life, { kind: 'available', state, offer });
      tell('update-cancelled', updateInfo);
    } else {
      line.become(life, { kind: 'failed', state: states.failed({ error }), offer });
    }
    report(error);
    return error;
  }

  /** The file that is told of must be the one that was verified, though what would be installed is its staged copy. */
  async #tellAgain(ready: LifeOf<'ready'>): Promise<string[]> {
    const isUnchanged = await ready.file.assertUnchanged().then(
      () => true,
      () => false,
    );
    const { line } = this.#parts;
    if (line.now() === ready && !isUnchanged) {
      await discard(line, ready);
      return this.download(undefined);
    }
    if (line.now() === ready) this.#tellReady(ready);
    return [ready.download.path];
  }

  #tellReady({ offer, download }: LifeOf<'ready'>): void {
    this.#parts.tell('update-downloaded', { ...offer.updateInfo, downloadedFile: download.path });
  }
}
