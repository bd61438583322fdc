import type { Span, Traffic } from './simulate.ts';

export interface Figures {
  readonly requests: number;
  readonly modified: number;
  readonly notModified: number;
  readonly failed: number;
  /** Requests in a second, on average. */
  readonly mean: number;
  /** Requests in the busiest second. */
  readonly peak: number;
}

/** What the server sees in a part of what was counted. */
export function figuresOf(traffic: Traffic, { from, until }: Span): Figures {
  const [first, last] = [from, until].map((time) => (time - traffic.counted.from) / 1000);
  const [modified, notModified, failed] = [traffic.modified, traffic.notModified, traffic.failed].map(
    (each) => each.subarray(first, last).reduce((sum, count) => sum + count, 0),
  ) as [number, number, number];
  const requests = modified + notModified + failed;
  const peak = requestsPerSecond(traffic)
    .subarray(first, last)
    .reduce((highest, count) => Math.max(highest, count), 0);
  return { requests, modified, notModified, failed, mean: requests / ((until - from) / 1000), peak };
}

export function requestsPerSecond({ modified, notModified, failed }: Traffic): Uint32Array {
  return modified.map((count, second) => count + (notModified[second] ?? 0) + (failed[second] ?? 0));
}

/** Milliseconds after the release until this share of the clients knows of it; null if that is not reached. */
export function timeUntilKnown(traffic: Traffic, clients: number, share: number): number | null {
  let known = 0;
  for (const [second, count] of traffic.modified.entries()) {
    known += count;
    if (known >= clients * share) return (second + 1) * 1000 + traffic.counted.from;
  }
  return null;
}
