import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseEncoding, chooseRange, isNotModified } from '../../src/server/negotiate.ts';

describe('chooseEncoding', () => {
  it.each([
    [undefined, 'identity'],
    ['', 'identity'],
    ['identity', 'identity'],
    ['deflate, zstd', 'identity'],
    ['gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['x-gzip', 'gzip'],
    ['gzip, br', 'br'],
    ['gzip;q=1.0, br;q=0', 'gzip'],
    ['br;q=0.000, gzip;q=0', 'identity'],
    ['*', 'br'],
    ['*;q=0', 'identity'],
    ['br;q=0, *', 'gzip'],
    ['gzip;q=nonsense', 'identity'],
    [' gzip ; q=0.5 ,', 'gzip'],
  ])('%j: %s', (header, expected) => {
    expect(chooseEncoding(header, ['br', 'gzip'])).toBe(expected);
  });

  it('gives nothing that is not there, whatever is asked for', () => {
    expect(chooseEncoding('br, gzip, *', [])).toBe('identity');
    fc.assert(
      fc.property(fc.string(), (header) => {
        expect(['identity', 'gzip']).toContain(chooseEncoding(header, ['gzip']));
      }),
    );
  });
});

describe('isNotModified', () => {
  const date = new Date('2026-03-12T00:00:00.789Z');

  it.each([
    [{}, false],
    [{ 'if-none-match': '"a"' }, true],
    [{ 'if-none-match': 'W/"a"' }, true],
    [{ 'if-none-match': '"b", "a"' }, true],
    [{ 'if-none-match': '"b"' }, false],
    [{ 'if-none-match': 'a' }, false],
    [{ 'if-none-match': '' }, false],
    [{ 'if-modified-since': 'Thu, 12 Mar 2026 00:00:00 GMT' }, true],
    [{ 'if-modified-since': 'Thu, 12 Mar 2026 00:00:01 GMT' }, false],
    [{ 'if-modified-since': 'Thu, 12 Mar 2026 00:00:00 GMT', 'if-none-match': '"b"' }, false],
  ])('%j: %s', (conditions, expected) => {
    expect(isNotModified(conditions, '"a"', date)).toBe(expected);
    expect(isNotModified({ 'if-modified-since': date.toUTCString() }, '"a"', null)).toBe(false);
  });
});

describe('chooseRange', () => {
  it('is a part of the file, or the whole, or unsatisfiable; never anything beyond', () => {
    const number = fc.oneof(
      fc.constant(''),
      fc.nat({ max: 300 }).map(String),
      fc.constant('99999999999999999999'),
    );
    fc.assert(
      fc.property(fc.nat({ max: 200 }), number, number, (size, from, to) => {
        const file = { size, etag: '"a"', modified: new Date(0) };
        const range = chooseRange({ range: `bytes=${from}-${to}` }, file);
        if (range === null) expect(from === '' ? to === '' : Number(to) < Number(from)).toBe(true);
        else if (range === 'unsatisfiable') {
          expect(from === '' ? Number(to) === 0 || size === 0 : Number(from) >= size).toBe(true);
        } else {
          expect(range.first).toBeGreaterThanOrEqual(0);
          expect(range.last).toBeGreaterThanOrEqual(range.first);
          expect(range.last).toBeLessThan(size);
        }
      }),
    );
  });
});
