import { readRetryAfter } from '../../retry-delay.ts';

/** GitHub's advice where it names no time: "wait for at least one minute". */
const UNNAMED_WAIT = 60_000;
/** So that the limit is over when the call is made again. */
const MARGIN = 1_000;

/**
 * Milliseconds that GitHub asks to wait for, or null where an answer is no rate limit. In the order of GitHub's
 * documentation ("Rate limits for the REST API", "Exceeding the rate limit"): `Retry-After`, else the reset of the
 * primary limit, else a minute.
 *
 * @param headers with names in lower case
 * @param now GitHub's clock, milliseconds since the epoch
 */
export function readRateLimit(
  status: number,
  headers: Readonly<Record<string, string | number | undefined>>,
  words: string,
  now: number,
): number | null {
  if (status !== 403 && status !== 429) return null;
  const retryAfter = readRetryAfter(headerText(headers['retry-after']), now);
  if (retryAfter !== null) return retryAfter;
  if (headerText(headers['x-ratelimit-remaining']) === '0') {
    const reset = Number(headers['x-ratelimit-reset']) * 1000;
    return Number.isFinite(reset) ? Math.max(0, reset - now) + MARGIN : UNNAMED_WAIT;
  }
  return status === 429 || /\bsecondary rate limit\b/i.test(words) ? UNNAMED_WAIT : null;
}

function headerText(value: string | number | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}
