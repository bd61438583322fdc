import { setTimeout as wait } from 'node:timers/promises';
import { UpdateError } from '../../errors.ts';
import { type CallFailure, readCallFailure } from './call-failure.ts';
import type { Client } from './make-octokit.ts';
import type { Transport } from './transport.ts';
import type { WriteResult } from './write-result.ts';

/** What Octokit gives for a call that went well, as far as it is looked at. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  readonly data: unknown;
}

export interface CallsOptions {
  readonly client: Client;
  readonly transport: Transport;
  readonly token: string;
  readonly owner: string;
  readonly signal: AbortSignal | null;
  /** Milliseconds that count as a second in its waits; tests shorten them. */
  readonly second: number;
  /** Told when GitHub asks to wait. */
  readonly onWait: (seconds: number) => void;
}

/** A run that GitHub asks to wait for longer than this ends instead. */
const LONGEST_WAIT = 600_000;
/** A hundred thousand releases; GitHub's own addresses of further pages never go in circles. */
const MAXIMUM_PAGES = 1_000;

/**
 * Makes calls and turns what comes of them into values, results or errors. Obeys rate limits, and what it waits for
 * can be interrupted.
 */
export class Calls {
  readonly client: Client;
  readonly #options: CallsOptions;

  constructor(options: CallsOptions) {
    this.client = options.client;
    this.#options = options;
  }

  /**
   * A read, which Octokit repeats when it fails for a moment.
   *
   * @param what goes into messages, e.g. "reading release 12"
   * @param mayRedirect whether a 302 is the answer, whose address the caller may follow without the token
   * @returns null where GitHub knows nothing of the kind (404)
   * @throws UpdateError `github-auth`, `github-rate-limited`, `github-failed`, `cancelled`
   */
  async read(what: string, call: () => Promise<Answer>, mayRedirect = false): Promise<Answer | null> {
    const outcome = await this.#make(call, true, mayRedirect);
    if (outcome.kind === 'done') return outcome.answer;
    if (outcome.kind === 'refused' && outcome.status === 404) return null;
    throw this.#asError(what, outcome);
  }

  /** As `read`, for a list: all its pages. */
  async readPages<Value>(
    what: string,
    pages: AsyncIterable<Answer>,
    parse: (data: unknown) => readonly Value[] | null,
  ): Promise<readonly Value[] | null> {
    const iterator = pages[Symbol.asyncIterator]();
    const values: Value[] = [];
    for (let page = 1; page <= MAXIMUM_PAGES; page += 1) {
      let isOver = false;
      const answer = await this.read(what, async () => {
        const next = await iterator.next();
        isOver = next.done === true;
        return next.done === true ? { status: 200, headers: {}, data: [] } : next.value;
      });
      if (answer === null) return null;
      if (isOver) return values;
      // Octokit's paginator makes an empty page without headers of a 409.
      const isAnswer = Object.keys(answer.headers).length > 0;
      values.push(...this.understand(what, isAnswer ? answer.data : null, parse));
    }
    throw this.failed(what, `it goes on after ${MAXIMUM_PAGES} pages`);
  }

  /**
   * A writing call; made once, and again only after a rate limit, which kept it from taking effect.
   *
   * @param isInterruptible false for short ones, which are better known than broken off
   * @throws UpdateError `github-auth`, `github-rate-limited`, `cancelled`: nothing was changed, except that a call that
   * was broken off may have been
   */
  async write<Value>(
    what: string,
    call: () => Promise<Answer>,
    parse: (data: unknown) => Value | null,
    isInterruptible = false,
  ): Promise<WriteResult<Value>> {
    const outcome = await this.#make(call, isInterruptible, false);
    if (outcome.kind === 'done') {
      const value = parse(outcome.answer.data);
      if (value !== null) return { kind: 'done', value };
      return { kind: 'unknown', error: this.failed(what, 'the answer is not of the documented form') };
    }
    const error = this.#asError(what, outcome);
    if (outcome.kind === 'refused') return { kind: 'refused', status: outcome.status, error };
    if (outcome.kind === 'unknown') return { kind: 'unknown', error };
    throw error;
  }

  /** @throws UpdateError `github-failed` for an answer that is not of the documented form */
  understand<Value>(what: string, data: unknown, parse: (data: unknown) => Value | null): Value {
    const value = parse(data);
    if (value !== null) return value;
    throw this.failed(what, 'the answer is not of the documented form');
  }

  /** For a repository that answers 404. */
  invisible(): UpdateError {
    const { owner } = this.#options;
    return new UpdateError(
      'github-auth',
      `GitHub knows no repository ${owner}, or does not show it to this token. Nothing was changed. ` +
        'Check the owner in the configuration, and give a token that may write the contents of that repository.',
      { details: { owner, status: 404 } },
    );
  }

  failed(what: string, words: string, details: Readonly<Record<string, unknown>> = {}): UpdateError {
    const { owner } = this.#options;
    return new UpdateError(
      'github-failed',
      `${capitalised(what)} at ${owner} failed (${words}). Run the same command again; it goes on from what is there.`,
      { details: { owner, ...details } },
    );
  }

  async #make(
    call: () => Promise<Answer>,
    isInterruptible: boolean,
    mayRedirect: boolean,
  ): Promise<
    { readonly kind: 'done'; readonly answer: Answer } | Exclude<CallFailure, { kind: 'rate-limited' }>
  > {
    const { signal, token, transport } = this.#options;
    let waited = 0;
    for (;;) {
      if (signal?.aborted) return { kind: 'cancelled' };
      const failure = await (isInterruptible ? unlessAborted(call(), signal) : call()).then(
        (answer): { readonly kind: 'done'; readonly answer: Answer } => ({ kind: 'done', answer }),
        (error: unknown) =>
          signal?.aborted && isInterruptible
            ? ({ kind: 'cancelled' } as const)
            : readCallFailure(error, token, transport.serverTime),
      );
      if (failure.kind === 'done') return this.#judge(failure.answer, mayRedirect);
      if (failure.kind !== 'rate-limited') return failure;
      waited += failure.wait;
      if (waited > LONGEST_WAIT) return { kind: 'ours', error: this.#limited(failure.wait) };
      await this.#wait(failure.wait);
    }
  }

  /** A redirect is never followed: the token would go along. */
  #judge(
    answer: Answer,
    mayRedirect: boolean,
  ): { readonly kind: 'done'; readonly answer: Answer } | (CallFailure & { kind: 'ours' }) {
    if (answer.status < 300 || (mayRedirect && answer.status === 302)) return { kind: 'done', answer };
    const { owner } = this.#options;
    return {
      kind: 'ours',
      error: new UpdateError(
        'github-failed',
        `GitHub says that ${owner} is somewhere else now (status ${answer.status}). Nothing was changed. ` +
          'Was the repository renamed or moved? Correct the owner in the configuration.',
        { details: { owner, status: answer.status } },
      ),
    };
  }

  async #wait(milliseconds: number): Promise<void> {
    const { signal, second, onWait } = this.#options;
    onWait(Math.ceil(milliseconds / 1000));
    await wait((milliseconds * second) / 1000, undefined, signal === null ? {} : { signal }).catch(
      () => undefined,
    );
  }

  #limited(milliseconds: number): UpdateError {
    const retryAt = new Date(this.#options.transport.serverTime + milliseconds).toISOString();
    return new UpdateError(
      'github-rate-limited',
      `GitHub takes no more calls with this token until ${retryAt}. Run the same command again then; ` +
        'it goes on from what is there.',
      { details: { retryAt } },
    );
  }

  #asError(what: string, failure: Exclude<CallFailure, { kind: 'rate-limited' }>): UpdateError {
    const { owner } = this.#options;
    switch (failure.kind) {
      case 'ours':
        return failure.error;
      case 'cancelled':
        return new UpdateError('cancelled', `It was cancelled while ${what}.`);
      case 'forbidden':
        return new UpdateError(
          'github-auth',
          failure.status === 401
            ? `GitHub does not accept the token (${failure.words}). Nothing was changed by this call. Set GITHUB_TOKEN to one that is valid.`
            : `The token may not do this at ${owner}: ${what} (${failure.words}). Nothing was changed by this call. ` +
                'Give one that may write the contents of that repository.',
          { details: { owner, status: failure.status } },
        );
      case 'refused':
        return this.failed(what, failure.words, { status: failure.status, codes: failure.codes });
      case 'unknown':
        return this.failed(what, failure.words);
    }
  }
}

async function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal | null): Promise<Value> {
  if (signal === null) return promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
