import { Octokit as Core } from '@octokit/core';
import { paginateRest } from '@octokit/plugin-paginate-rest';
import { restEndpointMethods } from '@octokit/plugin-rest-endpoint-methods';
import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';
import type { ApiUrl } from './api-url.ts';
import type { Fetch } from './transport.ts';

const Octokit = Core.plugin(restEndpointMethods, paginateRest, retry, throttling);

export type Client = InstanceType<typeof Octokit>;

export interface OctokitOptions {
  readonly api: ApiUrl;
  readonly token: string;
  readonly fetch: Fetch;
  /** Milliseconds that count as a second in its waits; tests shorten them. */
  readonly second: number;
  /** Whether writing calls are spaced as GitHub asks: a second, and three after one that notifies people. */
  readonly isPaced: boolean;
  /** Interrupts reads; writing calls that are to be interrupted bring it themselves. */
  readonly signal: AbortSignal | null;
}

const RETRIES_OF_READS = 3;
const silent = (): void => undefined;

/**
 * Octokit with what of its plugins can be trusted here: reads are repeated after network errors and 5xx, writing calls
 * never (their callers look what happened), and they are spaced. Waiting for a rate limit is the caller's, which can
 * be interrupted while it waits.
 */
export function makeOctokit({ api, token, fetch, second, isPaced, signal }: OctokitOptions): Client {
  const octokit = new Octokit({
    auth: token,
    baseUrl: api.href,
    userAgent: 'nexy-release',
    request: { fetch },
    log: { debug: silent, info: silent, warn: silent, error: silent },
    retry: {
      retries: RETRIES_OF_READS,
      retryAfterBaseValue: second,
      doNotRetry: [400, 401, 403, 404, 409, 410, 422, 429, 451],
    },
    throttle: { enabled: isPaced, onRateLimit: silent, onSecondaryRateLimit: silent },
  });
  octokit.hook.before('request', (options) => {
    options.headers['x-github-api-version'] = '2022-11-28';
    // A copy: Octokit hands out the same object for every call, and its plugins write into it.
    options.request = { ...options.request };
    if (options.method !== 'GET') {
      options.request['retries'] = 0;
      return;
    }
    // Not as the request's own: the plugin would then repeat refusals too.
    if (signal !== null) options.request.signal = signal;
  });
  return octokit;
}
