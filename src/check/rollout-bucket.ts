import { createHash } from 'node:crypto';

/** Buckets are 0 to 9999, so that a percentage may have two decimals. */
export const ROLLOUT_BUCKETS = 10_000;

/**
 * The bucket of an installation in one rollout: the first 4 bytes (big endian) of sha256(salt + ":" +
 * installation id) mod 10000. Another salt deals the installations anew.
 */
export function findRolloutBucket(salt: string, installationId: string): number {
  const digest = createHash('sha256').update(`${salt}:${installationId}`).digest();
  return digest.readUInt32BE(0) % ROLLOUT_BUCKETS;
}

/** Whether a bucket is served at that percentage. Anything that is not a number serves nobody. */
export function isBucketServed(bucket: number, percentage: unknown): boolean {
  return bucket >= 0 && bucket < (rolloutThreshold(percentage) ?? 0);
}

/** The first bucket that is not served, or null where the percentage is not a number. */
export function rolloutThreshold(percentage: unknown): number | null {
  if (typeof percentage !== 'number' || Number.isNaN(percentage)) return null;
  // 0.07 * 100 is 7.000000000000001 and would serve bucket 7.
  const threshold = Number((percentage * 100).toFixed(6));
  return Math.min(Math.max(threshold, 0), ROLLOUT_BUCKETS);
}
