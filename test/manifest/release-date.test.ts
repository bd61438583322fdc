import { describe, expect, it } from 'vitest';
import { parseReleaseDate } from '../../src/manifest/release-date.ts';

const NOON = Date.UTC(2026, 2, 12, 12, 0, 5);

describe('parseReleaseDate', () => {
  it.each([
    ['2026-03-12T12:00:05Z', NOON, 0],
    ['2026-03-12T12:00:05+00:00', NOON, 0],
    ['2026-03-12T13:00:05+01:00', NOON, 0],
    ['2026-03-12T13:00:05+0100', NOON, 0],
    ['2026-03-12T07:00:05-05:00', NOON, 0],
    ['2026-03-12T12:00:05', NOON, 0],
    ['2026-03-12 12:00:05', NOON, 0],
    ['2026-03-12 12:00:05 Z', NOON, 0],
    ['2026-03-12 12:00:05 +0000', NOON, 0],
    ['2026-03-12t12:00:05z', NOON, 0],
    ['2026-03-12T06:30:05-0530', NOON, 0],
    ['2026-03-12T12:00:05.034643Z', NOON, 34_643_000],
    ['2026-03-12T12:00:05.1234567891+00:00', NOON, 123_456_789],
    ['2026-03-12T12:00Z', NOON - 5000, 0],
    ['2026-03-12', Date.UTC(2026, 2, 12), 0],
  ])('reads %s', (text, milliseconds, nanoseconds) => {
    expect(parseReleaseDate(text)).toMatchObject({ milliseconds, nanoseconds });
  });

  it('shows UTC in whole seconds', () => {
    expect(parseReleaseDate('2026-03-12T13:00:05.9+01:00')?.text).toBe('2026-03-12T12:00:05Z');
  });

  it.each([
    '',
    'soon',
    'x2026-03-12',
    '2026-03-12T12:00:05xZ',
    '2026-03-12T12:00:05+01:',
    '2026',
    '2026-13-01',
    '2026-02-12T25:00:00Z',
    '12.03.2026',
    '1773273600',
    '2026-03-12T12:00:05Z ',
  ])('knows nothing of %j', (text) => {
    expect(parseReleaseDate(text)).toBeNull();
  });
});
