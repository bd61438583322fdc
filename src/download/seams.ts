import { setTimeout as wait } from 'node:timers/promises';

/** What tests put in the place of time and chance. */
export interface DownloadSeams {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds on a clock that nobody sets. */
  readonly ticks: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Resolves after so many milliseconds; rejects when the signal is aborted. */
  readonly sleep: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
  /** Milliseconds without a byte after which an attempt counts as stalled. */
  readonly stallTimeout: number;
}

export const REAL_SEAMS: DownloadSeams = {
  now: Date.now,
  ticks: () => performance.now(),
  random: Math.random,
  sleep: async (milliseconds, signal) => {
    await wait(milliseconds, undefined, signal === undefined ? {} : { signal });
  },
  stallTimeout: 30_000,
};
