/** When to check unasked. All in milliseconds. */
export interface PollingPolicy {
  /** From one check to the next, on average. */
  readonly interval: number;
  /** The first check comes within this time after start, and not before half of it. */
  readonly firstDelay: number;
  /** The wait after a first failure, on average. It doubles with each further one. */
  readonly retryDelay: number;
  /** The longest wait after failures, on average. */
  readonly maximumDelay: number;
}

const MINUTE = 60_000;

export const DEFAULT_POLLING: PollingPolicy = {
  interval: 60 * MINUTE,
  firstDelay: MINUTE,
  retryDelay: 5 * MINUTE,
  maximumDelay: 8 * 60 * MINUTE,
};

export interface PollingHistory {
  /** Whether a check has ended since start, well or not. */
  readonly hasChecked: boolean;
  /** Checks that failed in a row; 0 after one that succeeded. */
  readonly failures: number;
}

export const NOTHING_CHECKED: PollingHistory = { hasChecked: false, failures: 0 };

/** The history as it is after one more check. */
export function afterCheck({ failures }: PollingHistory, hasFailed: boolean): PollingHistory {
  return { hasChecked: true, failures: hasFailed ? failures + 1 : 0 };
}

/**
 * The wait until the next check, in milliseconds. Jittered over the whole interval (between half of it and
 * one and a half), so that installations that started together spread out and stay spread out.
 *
 * @param random a number from 0 (inclusive) to 1 (exclusive), such as `Math.random()` gives
 */
export function findNextDelay(
  { hasChecked, failures }: PollingHistory,
  random: number,
  policy: PollingPolicy = DEFAULT_POLLING,
): number {
  if (!hasChecked) return Math.round(policy.firstDelay * (0.5 + random / 2));
  const average =
    failures === 0 ? policy.interval : Math.min(policy.retryDelay * 2 ** (failures - 1), policy.maximumDelay);
  return Math.round(average * (0.5 + random));
}
