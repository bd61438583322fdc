import fc from 'fast-check';
import semver from 'semver';
import { describe, expect, it } from 'vitest';
import { UpdateError } from '../src/errors.ts';
import {
  compareVersions,
  isSameVersion,
  padVersion,
  parseVersion,
  parseVersionTag,
  readVersion,
  type Version,
  versionTag,
} from '../src/version.ts';

/** Few distinct numbers, so that ties in the first parts are common, and the limits. */
const part = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 999_999_999 }));
const numbers = fc.array(part, { minLength: 1, maxLength: 4 });
const version = numbers.map((parts) => parseVersion(parts.join('.')));

/** The rule in its own words (ANCHORS.md 6), without semver. */
function compareNumbers(a: Version, b: Version): number {
  for (const [index, left] of a.parts.entries()) {
    const difference = Math.sign(left - (b.parts[index] ?? 0));
    if (difference !== 0) return difference;
  }
  return 0;
}

describe('parseVersion', () => {
  it.each([
    ['1', [1, 0, 0, 0]],
    ['1.0', [1, 0, 0, 0]],
    ['2.6.0', [2, 6, 0, 0]],
    ['2.0.0.46', [2, 0, 0, 46]],
    ['0', [0, 0, 0, 0]],
    ['0.0.0.0', [0, 0, 0, 0]],
    ['999999999.999999999.999999999.999999999', [999_999_999, 999_999_999, 999_999_999, 999_999_999]],
  ])('reads %s', (text, parts) => {
    expect(parseVersion(text)).toEqual({ text, parts });
  });

  it.each([
    '',
    '.',
    '1.',
    '.1',
    '1..2',
    '01',
    '1.00',
    '1.2.3.04',
    '1.2.3.4.5',
    '1000000000',
    'v1.0',
    'V1.0',
    ' 1.0',
    '1.0 ',
    '1.0\n',
    '1,0',
    '1.0-beta',
    '1.0+5',
    '1e3',
    '-1',
    '0x10',
    '١.٢',
    '1.0\u0000',
    '1.x',
    'latest',
  ])('refuses %j', (text) => {
    expect(readVersion(text)).toBeNull();
    expect(() => parseVersion(text)).toThrow(expect.objectContaining({ code: 'version-invalid' }));
  });

  it('keeps its error short and harmless for a terminal', () => {
    const error = catchError(() => parseVersion(`\u001b[2J${'9'.repeat(100_000)}`));
    expect(error.message).not.toContain('\u001b');
    expect(error.message.length).toBeLessThan(400);
  });

  it('prints what it read, for every version', () => {
    fc.assert(
      fc.property(numbers, (parts) => {
        const text = parts.join('.');
        const parsed = parseVersion(text);
        expect(parsed.text).toBe(text);
        expect(parsed.parts).toEqual([0, 1, 2, 3].map((index) => parts[index] ?? 0));
        expect(parseVersion(parsed.parts.join('.')).parts).toEqual(parsed.parts);
      }),
    );
  });

  it('accepts a text or throws version-invalid, for any text', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9.v+-]{0,20}$/));
    fc.assert(
      fc.property(text, (candidate) => {
        const parsed = readVersion(candidate);
        if (parsed === null) expect(catchError(() => parseVersion(candidate)).code).toBe('version-invalid');
        else expect(parsed.parts.every((each) => Number.isSafeInteger(each) && each >= 0)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('compareVersions', () => {
  it.each([
    ['1.0', '1.0.0', 0],
    ['1.0.0', '1.0.0.0', 0],
    ['1.1.1.1818', '2.0.0.2430', -1],
    ['2.0.0.2429', '2.0.0.2430', -1],
    ['0.1', '0.0.1', 1],
    ['2.0.0.9', '2.0.0.10', -1],
    ['2.6.0', '2.0.0.46', 1],
    ['1.2.3', '1.2.3.1', -1],
    ['999999999.0.0.999999999', '999999999.0.0.999999998', 1],
  ])('orders %s and %s', (a, b, expected) => {
    expect(compareVersions(parseVersion(a), parseVersion(b))).toBe(expected);
    expect(compareVersions(parseVersion(b), parseVersion(a))).toBe(expected === 0 ? 0 : -expected);
  });

  it('agrees with comparing the numbers one by one', () => {
    fc.assert(
      fc.property(version, version, (a, b) => {
        expect(compareVersions(a, b)).toBe(compareNumbers(a, b));
      }),
      { numRuns: 2000 },
    );
  });

  it('is a total order: reflexive, antisymmetric, transitive', () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(compareVersions(a, a)).toBe(0);
        expect(compareVersions(a, b) + compareVersions(b, a)).toBe(0);
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) {
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
        }
        expect(isSameVersion(a, b)).toBe(padVersion(a) === padVersion(b));
      }),
      { numRuns: 2000 },
    );
  });

  it('sorts as semver sorts the padded form', () => {
    fc.assert(
      fc.property(fc.array(version, { maxLength: 12 }), (versions) => {
        const ours = [...versions].sort(compareVersions).map(padVersion);
        expect(ours).toEqual(semver.sort(versions.map(padVersion)));
        expect(ours.every((text) => semver.valid(text) === text)).toBe(true);
      }),
    );
  });
});

describe('version tags', () => {
  it('makes a tag of the text as given and reads it back', () => {
    expect(versionTag(parseVersion('2.0.0.46'))).toBe('v2.0.0.46');
    fc.assert(
      fc.property(version, (each) => {
        expect(parseVersionTag(versionTag(each))).toEqual(each);
      }),
    );
  });

  it.each([
    'Update',
    'UpdateBeta',
    'App',
    'latest',
    '2.0.0',
    'V2.0.0',
    'vv2',
    'v',
    'v2.0.0-rc1',
    'v02',
    'v2/..',
  ])('does not take %s for a version tag', (tag) => {
    expect(parseVersionTag(tag)).toBeNull();
  });
});

function catchError(action: () => unknown): UpdateError {
  try {
    action();
  } catch (error) {
    if (error instanceof UpdateError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
