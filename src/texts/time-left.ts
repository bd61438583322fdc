/** How long something still takes, as coarse as a person would say it. */
export type TimeLeft =
  | { readonly unit: 'moment' | 'day' }
  | { readonly unit: 'second' | 'minute' | 'hour'; readonly count: number };

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Below this, counting seconds would only be hectic. */
const MOMENT = 5;

/** @param seconds as estimated, in seconds; rounded up, since it is better to be early */
export function describeTimeLeft(seconds: number): TimeLeft {
  if (seconds < MOMENT) return { unit: 'moment' };
  const rounded = Math.ceil(seconds / MOMENT) * MOMENT;
  if (rounded < MINUTE) return { unit: 'second', count: rounded };
  const minutes = Math.ceil(seconds / MINUTE);
  if (minutes < MINUTE) return { unit: 'minute', count: minutes };
  if (seconds < DAY) return { unit: 'hour', count: Math.ceil(seconds / HOUR) };
  return { unit: 'day' };
}
