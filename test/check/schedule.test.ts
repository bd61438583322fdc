import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_POLLING, findNextDelay } from '../../src/check/schedule.ts';

const MINUTE = 60_000;
const ALMOST_ONE = 1 - Number.EPSILON;
const random = fc.double({ min: 0, max: ALMOST_ONE, noNaN: true });

function range(hasChecked: boolean, failures: number): readonly [number, number, number] {
  const at = (value: number) => findNextDelay({ hasChecked, failures }, value) / MINUTE;
  return [at(0), at(0.5), at(ALMOST_ONE)];
}

describe('findNextDelay', () => {
  it('checks soon after start', () => {
    expect(range(false, 0)).toEqual([0.5, 0.75, 1]);
  });

  it('checks hourly on average, spread over a whole interval', () => {
    expect(range(true, 0)).toEqual([30, 60, 90]);
  });

  it.each([
    [1, 5],
    [2, 10],
    [3, 20],
    [4, 40],
    [5, 80],
    [6, 160],
    [7, 320],
    [8, 480],
    [9, 480],
    [2000, 480],
  ])('after %i failures waits %i minutes on average', (failures, average) => {
    expect(range(true, failures)).toEqual([average / 2, average, average * 1.5]);
  });

  it('never waits for nothing, and takes the policy it is given', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.nat(), random, (hasChecked, failures, value) => {
        const delay = findNextDelay({ hasChecked, failures }, value);
        expect(Number.isSafeInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(DEFAULT_POLLING.firstDelay / 2);
        expect(delay).toBeLessThanOrEqual(DEFAULT_POLLING.maximumDelay * 1.5);
      }),
    );
    const policy = { interval: 100, firstDelay: 10, retryDelay: 1, maximumDelay: 1000 };
    expect(findNextDelay({ hasChecked: true, failures: 0 }, 0.5, policy)).toBe(100);
    expect(findNextDelay({ hasChecked: true, failures: 30 }, 0.5, policy)).toBe(1000);
  });
});
