const FIRST = 1_000;
const LONGEST = 30_000;
/** A server may ask for more patience than that, but nobody waits for it in front of a progress bar. */
const LONGEST_ASKED_FOR = 60_000;

/**
 * Milliseconds until retry number `retry` (from 1): exponential with full jitter (any time up to the bound
 * is as likely), so that clients that failed together do not return together. A Retry-After is the least.
 */
export function retryDelay(retry: number, retryAfter: number | null, random: () => number): number {
  const bound = Math.min(LONGEST, FIRST * 2 ** (retry - 1));
  const least = Math.min(LONGEST_ASKED_FOR, retryAfter ?? 0);
  return least + random() * bound;
}

/** Milliseconds to wait, from seconds or a date (RFC 9110 section 10.2.3). */
export function readRetryAfter(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
