import { afterEach, describe, expect, it, vi } from 'vitest';
import { figuresOf, requestsPerSecond, timeUntilKnown } from '../../../bench/polling/figures.ts';
import { COUNTED, HOUR, MINUTE, OUTAGE, runScenario, SCENARIOS } from '../../../bench/polling/scenarios.ts';
import { seededRandom } from '../../../bench/polling/seeded-random.ts';
import { type Client, simulatePolling, type Traffic } from '../../../bench/polling/simulate.ts';
import { findNextDelay } from '../../../src/check/schedule.ts';
import { startPolling } from '../../../src/polling.ts';

const CLIENTS = 5000;
const EVERYTHING = COUNTED;

function sumOf(counts: Uint32Array): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

function run(situation: string, isOurs: boolean): Traffic {
  const scenario = SCENARIOS.find((each) => each.situation === situation && each.isOurs === isOurs);
  if (scenario === undefined) throw new Error(`no such scenario: ${situation}`);
  return runScenario(scenario, CLIENTS);
}

afterEach(() => {
  vi.useRealTimers();
});

describe('the simulation of polling clients', () => {
  it.each(SCENARIOS)('conserves requests: $name', ({ client, outage }) => {
    let sent = 0;
    const counting: Client = {
      start: client.start,
      wait: (history, random, now) => {
        const delay = client.wait(history, random, now);
        if (now + delay >= COUNTED.from && now + delay < COUNTED.until) sent += 1;
        return delay;
      },
    };
    const random = seededRandom('conserves');
    const traffic = simulatePolling({ clients: CLIENTS, client: counting, outage, counted: COUNTED, random });
    expect(sent).toBeGreaterThan(CLIENTS);
    expect(sumOf(requestsPerSecond(traffic))).toBe(sent);
    expect(figuresOf(traffic, EVERYTHING).requests).toBe(sent);
  });

  it.each(SCENARIOS)('tells every client of the release once, and none before it: $name', (scenario) => {
    const traffic = runScenario(scenario, CLIENTS);
    expect(sumOf(traffic.modified)).toBe(CLIENTS);
    expect(figuresOf(traffic, { from: COUNTED.from, until: 0 }).modified).toBe(0);
  });

  it('fails every request of the outage, and no other', () => {
    const traffic = run('outage', true);
    const during = figuresOf(traffic, OUTAGE);
    expect(during.failed).toBe(during.requests);
    expect(during.failed).toBe(figuresOf(traffic, EVERYTHING).failed);
    expect(during.failed).toBeGreaterThan(CLIENTS);
  });

  it('sends at the moments at which the client does', async () => {
    const until = 20 * HOUR;
    const outage = { from: 2 * HOUR, until: 5 * HOUR };
    vi.useFakeTimers({ now: 0 });
    const sent: { readonly second: number; readonly isFailed: boolean }[] = [];
    const check = async (): Promise<void> => {
      const isFailed = Date.now() >= outage.from && Date.now() < outage.until;
      sent.push({ second: Math.floor(Date.now() / 1000), isFailed });
      if (isFailed) throw new Error('down');
    };
    const polling = startPolling(check, undefined, seededRandom('one client'));
    await vi.advanceTimersByTimeAsync(until - 1);
    polling.stop();

    const random = seededRandom('one client');
    const traffic = simulatePolling({
      clients: 1,
      client: {
        // The client draws no number for its start; the first one drawn is for its first wait.
        start: () => 0,
        wait: (history, value) => findNextDelay(history, value),
      },
      outage,
      counted: { from: 0, until },
      random: skipFirst(random),
    });
    const simulated = [...requestsPerSecond(traffic).entries()]
      .filter(([, requests]) => requests !== 0)
      .map(([second]) => ({ second, isFailed: traffic.failed[second] === 1 }));
    expect(sent.filter(({ isFailed }) => isFailed).length).toBeGreaterThan(3);
    expect(simulated).toEqual(sent);
  });

  it('is the same at every run', () => {
    expect(run('outage', true)).toEqual(run('outage', true));
    expect(run('outage', true)).not.toEqual(run('release', true));
  });
});

/** The simulation's first number goes to the start of the client; here it must not use one up. */
function skipFirst(random: () => number): () => number {
  let isFirst = true;
  return () => {
    if (!isFirst) return random();
    isFirst = false;
    return 0;
  };
}

describe('what the client does about herds', () => {
  const later = { from: 2 * HOUR, until: COUNTED.until };

  it('spreads its requests evenly', () => {
    const seconds = requestsPerSecond(run('release', true));
    const perTenMinutes = Array.from({ length: seconds.length / 600 }, (_, index) =>
      sumOf(seconds.subarray(index * 600, (index + 1) * 600)),
    );
    const mean = sumOf(seconds) / perTenMinutes.length;
    for (const each of perTenMinutes) expect(each / mean).toBeCloseTo(1, 0.7);
    const ours = figuresOf(run('release', true), EVERYTHING);
    const herd = figuresOf(run('release', false), EVERYTHING);
    expect(herd.peak / ours.peak).toBeGreaterThan(10);
    expect(ours.mean / herd.mean).toBeCloseTo(1, 1);
  });

  it('asks a server that is down less and less, and does not fall upon it when it is back', () => {
    const ours = run('outage', true);
    const fixed = run('outage', false);
    expect(figuresOf(fixed, OUTAGE).failed / figuresOf(ours, OUTAGE).failed).toBeGreaterThan(8);
    const back = { from: OUTAGE.until, until: OUTAGE.until + 10 * MINUTE };
    expect(figuresOf(fixed, back).peak / figuresOf(ours, back).peak).toBeGreaterThan(8);
  });

  it('pays for that with time, but less than another hour', () => {
    const known = timeUntilKnown(run('outage', true), CLIENTS, 0.99) ?? Number.NaN;
    expect(known - OUTAGE.until).toBeGreaterThan(MINUTE);
    expect(known - OUTAGE.until).toBeLessThan(HOUR);
  });

  it('has forgotten after two hours that all started together', () => {
    expect(figuresOf(run('restart', false), later).peak).toBeGreaterThan(CLIENTS / 100);
    expect(figuresOf(run('restart', true), later).peak).toBeLessThan(CLIENTS / 400);
  });
});
