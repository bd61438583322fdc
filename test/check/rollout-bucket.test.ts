import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findRolloutBucket, isBucketServed, rolloutThreshold } from '../../src/check/rollout-bucket.ts';

describe('findRolloutBucket', () => {
  // printf '%s:%s' SALT ID | sha256sum, the first 8 digits as a number, modulo 10000.
  it.each([
    ['2.0.0.46', '123e4567-e89b-42d3-a456-426614174000', 9914],
    ['', '', 1014],
    ['a:b', 'c', 8856],
    ['a', 'b:c', 8856],
    ['сіль', 'ид', 7640],
  ])('salt %j and id %j: %i', (salt, id, bucket) => {
    expect(findRolloutBucket(salt, id)).toBe(bucket);
  });

  it('is 0 to 9999, and another for another salt', () => {
    fc.assert(
      fc.property(fc.string(), fc.uuid(), (salt, id) => {
        const bucket = findRolloutBucket(salt, id);
        expect(Number.isInteger(bucket) && bucket >= 0 && bucket < 10_000).toBe(true);
        expect(findRolloutBucket(salt, id)).toBe(bucket);
      }),
    );
    const ids = Array.from({ length: 200 }, (_each, index) => `id-${index}`);
    const moved = ids.filter((id) => findRolloutBucket('one', id) !== findRolloutBucket('two', id));
    expect(moved.length).toBeGreaterThan(190);
  });

  it('serves about the percentage', () => {
    const ids = Array.from({ length: 10_000 }, (_each, index) => `installation ${index}`);
    const served = ids.filter((id) => isBucketServed(findRolloutBucket('2.0.0.46', id), 25));
    // Four standard deviations of a binomial distribution around 2500; the ids are fixed, so it never flickers.
    expect(Math.abs(served.length - 2500)).toBeLessThan(175);
  });
});

describe('isBucketServed', () => {
  it('grows with the percentage and never takes back', () => {
    const percentage = fc.double({ min: -10, max: 110, noNaN: true });
    fc.assert(
      fc.property(percentage, percentage, fc.nat({ max: 9999 }), (a, b, bucket) => {
        const [less, more] = a < b ? [a, b] : [b, a];
        if (isBucketServed(bucket, less)) expect(isBucketServed(bucket, more)).toBe(true);
        expect(isBucketServed(bucket, 100)).toBe(true);
        expect(isBucketServed(bucket, 0)).toBe(false);
      }),
    );
  });

  it('serves exactly as many buckets as two decimals say', () => {
    fc.assert(
      fc.property(fc.nat({ max: 10_000 }), (count) => {
        expect(rolloutThreshold(count / 100)).toBe(count);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([Number.NaN, '100', null, undefined, [100], {}])('serves nobody at %s', (percentage) => {
    expect(isBucketServed(0, percentage)).toBe(false);
  });

  it('takes infinity for all or nobody', () => {
    expect(isBucketServed(9999, Number.POSITIVE_INFINITY)).toBe(true);
    expect(isBucketServed(0, Number.NEGATIVE_INFINITY)).toBe(false);
  });
});
