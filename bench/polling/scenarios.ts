import { findNextDelay } from '../../src/check/schedule.ts';
import { seededRandom } from './seeded-random.ts';
import { type Client, type Span, simulatePolling, type Traffic } from './simulate.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** The release comes at 0; three quarters of an hour before it show what was usual. */
export const COUNTED: Span = { from: -0.75 * HOUR, until: 4 * HOUR };
export const OUTAGE: Span = { from: 0, until: HOUR };

/** Long enough ago that how they started has worn off. */
const longAgo = (random: number): number => COUNTED.from - 6 * HOUR - random * HOUR;
/** Half past: half an hour after the release, as it is on average. */
const HERD_MINUTE = HOUR / 2;

const ours = (start: Client['start']): Client => ({
  start,
  wait: (history, random) => findNextDelay(history, random),
});

/** Every hour in the same minute, as a line of cron has it, but at any moment within that minute. */
const sameMinute: Client = {
  start: longAgo,
  wait: (_, random, now) => {
    const next = Math.floor((now - HERD_MINUTE) / HOUR + 1) * HOUR + HERD_MINUTE;
    return next - now + random * MINUTE;
  },
};

/** A timer of an hour from its start on, and of a minute after a failure. */
const fixedTimer = (start: Client['start']): Client => ({
  start,
  wait: ({ hasChecked, failures }) => (!hasChecked || failures > 0 ? MINUTE : HOUR),
});

export interface Scenario {
  readonly situation: 'release' | 'outage' | 'restart';
  readonly isOurs: boolean;
  readonly name: string;
  /** Where the situation is clear. */
  readonly shortName: string;
  readonly client: Client;
  readonly outage: Span | null;
}

/** All start with the release: a restart that was pushed to every Mac, or an app that crashed everywhere. */
const together = (random: number): number => random * MINUTE;

const OURS = { isOurs: true, shortName: 'back-off, jitter (ours)' } as const;

export const SCENARIOS: readonly Scenario[] = [
  {
    situation: 'release',
    isOurs: false,
    name: 'A release: all poll in the same minute of the hour',
    shortName: 'the same minute',
    client: sameMinute,
    outage: null,
  },
  {
    situation: 'release',
    ...OURS,
    name: 'A release: jitter over the whole interval (ours)',
    client: ours(longAgo),
    outage: null,
  },
  {
    situation: 'outage',
    isOurs: false,
    name: 'Down for an hour: retry every minute',
    shortName: 'retry every minute',
    client: fixedTimer(longAgo),
    outage: OUTAGE,
  },
  {
    situation: 'outage',
    ...OURS,
    name: 'Down for an hour: back-off with jitter (ours)',
    client: ours(longAgo),
    outage: OUTAGE,
  },
  {
    situation: 'restart',
    isOurs: false,
    name: 'All start in one minute: fixed timer',
    shortName: 'a fixed timer',
    client: fixedTimer(together),
    outage: null,
  },
  {
    situation: 'restart',
    ...OURS,
    name: 'All start in one minute: jitter (ours)',
    client: ours(together),
    outage: null,
  },
];

/** Every scenario draws its own random numbers, so that a new one leaves the others as they are. */
export function runScenario({ situation, isOurs, client, outage }: Scenario, clients: number): Traffic {
  const random = seededRandom(`${situation}-${isOurs ? 'ours' : 'fixed'}`);
  return simulatePolling({ clients, client, outage, counted: COUNTED, random });
}
