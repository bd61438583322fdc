import { describe, expect, it } from 'vitest';
import { readRateLimit } from '../../../src/release/github/rate-limit.ts';

const NOW = Date.parse('2026-11-24T12:00:00Z');

describe('how long GitHub asks to wait', () => {
  it.each([
    ['as Retry-After says', 429, { 'retry-after': '30' }, '', 30_000],
    [
      'as Retry-After says, before all else',
      403,
      { 'retry-after': '5', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '9' },
      '',
      5_000,
    ],
    ['as a date says', 403, { 'retry-after': 'Tue, 24 Nov 2026 12:01:00 GMT' }, '', 60_000],
    [
      'until the reset, and a second',
      403,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1000 + 90) },
      '',
      91_000,
    ],
    [
      'no longer than the reset that is over',
      429,
      { 'x-ratelimit-remaining': 0, 'x-ratelimit-reset': 5 },
      '',
      1_000,
    ],
    ['a minute where the reset is no number', 403, { 'x-ratelimit-remaining': '0' }, '', 60_000],
    [
      'a minute for a secondary limit without a time',
      403,
      {},
      'You have exceeded a secondary rate limit.',
      60_000,
    ],
    ['a minute for 429 without a time', 429, {}, '', 60_000],
    [
      'not at all for what is forbidden',
      403,
      { 'x-ratelimit-remaining': '4999' },
      'Resource not accessible',
      null,
    ],
    ['not at all for other answers', 503, { 'retry-after': '30' }, '', null],
  ])('%s', (_, status, headers, words, expected) => {
    expect(readRateLimit(status, headers, words, NOW)).toBe(expected);
  });
});
