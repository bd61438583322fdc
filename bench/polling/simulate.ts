import { afterCheck, NOTHING_CHECKED, type PollingHistory } from '../../src/check/schedule.ts';

/** From one moment to another, in milliseconds after the release. */
export interface Span {
  readonly from: number;
  readonly until: number;
}

/** How a client polls. All in milliseconds; `random` is a number from 0 (inclusive) to 1 (exclusive). */
export interface Client {
  /** When it starts, after the release (usually long before). */
  start(random: number): number;
  /** How long it waits for its next check. */
  wait(history: PollingHistory, random: number, now: number): number;
}

export interface Simulation {
  readonly clients: number;
  readonly client: Client;
  /** Every request fails in it. */
  readonly outage: Span | null;
  /** What is counted, in whole seconds. */
  readonly counted: Span;
  readonly random: () => number;
}

/** Requests in each second that is counted, by what became of them. */
export interface Traffic {
  readonly counted: Span;
  /** 200: the client's first request after the release that was answered. It knows of the release from then on. */
  readonly modified: Uint32Array;
  /** 304 */
  readonly notModified: Uint32Array;
  readonly failed: Uint32Array;
}

const SECOND = 1000;

/**
 * Walks every client from its start to the end of what is counted. Answers take no time, and a server that is
 * up holds everything: what it would have to hold is what is asked here.
 */
export function simulatePolling({ clients, client, outage, counted, random }: Simulation): Traffic {
  const seconds = (counted.until - counted.from) / SECOND;
  const modified = new Uint32Array(seconds);
  const notModified = new Uint32Array(seconds);
  const failed = new Uint32Array(seconds);
  const add = (to: Uint32Array, now: number): void => {
    const second = Math.floor((now - counted.from) / SECOND);
    if (second >= 0) to[second] = (to[second] ?? 0) + 1;
  };

  for (let index = 0; index < clients; index += 1) {
    let history = NOTHING_CHECKED;
    let knows = false;
    let now = client.start(random());
    while (true) {
      now += client.wait(history, random(), now);
      if (now >= counted.until) break;
      const fails = outage !== null && now >= outage.from && now < outage.until;
      const learns: boolean = !fails && !knows && now >= 0;
      add(fails ? failed : learns ? modified : notModified, now);
      knows ||= learns;
      history = afterCheck(history, fails);
    }
  }
  return { counted, modified, notModified, failed };
}
