import fc from 'fast-check';
import { expect, it } from 'vitest';
import { retryDelay } from '../src/retry-delay.ts';

it('doubles its bound up to half a minute', () => {
  const bounds = [1, 2, 3, 4, 5, 6, 7, 50].map((retry) => retryDelay(retry, null, () => 1));
  expect(bounds).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
});

it('spreads over the whole interval, never waits less than was asked for, nor much longer than a minute', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100 }),
      fc.option(fc.nat(10_000_000)),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (retry, retryAfter, random) => {
        const delay = retryDelay(retry, retryAfter, () => random);
        expect(delay).toBeGreaterThanOrEqual(Math.min(60_000, retryAfter ?? 0));
        expect(delay).toBeLessThan(90_000);
        expect(retryDelay(retry, retryAfter, () => 0)).toBe(Math.min(60_000, retryAfter ?? 0));
      },
    ),
  );
});
