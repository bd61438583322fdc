import type { components } from '@octokit/openapi-types';

const HOUR = 3600;

/** Requests an hour, as GitHub counts them. */
export class RateLimit {
  readonly #limit: number;
  /** Milliseconds since 1970. */
  readonly #now: () => number;
  #used = 0;
  #reset = 0;

  constructor(limit: number, now: () => number) {
    this.#limit = limit;
    this.#now = now;
  }

  /** Counts a request. Says whether it was one too many. */
  take(): boolean {
    this.#turn();
    if (this.#used >= this.#limit) return false;
    this.#used += 1;
    return true;
  }

  /** A conditional request that is answered 304 does not count. */
  giveBack(): void {
    this.#used = Math.max(0, this.#used - 1);
  }

  document(): components['schemas']['rate-limit'] {
    this.#turn();
    return {
      limit: this.#limit,
      used: this.#used,
      remaining: this.#limit - this.#used,
      reset: this.#reset,
    };
  }

  headers(): Record<string, string> {
    const { limit, used, remaining, reset } = this.document();
    return {
      'x-ratelimit-limit': String(limit),
      'x-ratelimit-remaining': String(remaining),
      'x-ratelimit-reset': String(reset),
      'x-ratelimit-resource': 'core',
      'x-ratelimit-used': String(used),
    };
  }

  #turn(): void {
    const seconds = Math.floor(this.#now() / 1000);
    if (seconds < this.#reset) return;
    this.#reset = seconds + HOUR;
    this.#used = 0;
  }
}
