import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareSparkleVersions } from '../../../src/lab/clients/compare-sparkle-versions.ts';
import { compareVersions, parseVersion } from '../../../src/version.ts';

describe('versions as Sparkle orders them', () => {
  test.each<[string, string, string]>([
    ['numbers by value', '2.0.0.46', '2.0.0.100'],
    ['of any length', '99999999999999999998', '99999999999999999999'],
    ['part by part', '1.9.9', '2.0'],
    ['a missing part is 0, and below 1', '1.0', '1.0.1'],
    ['a text is below its absence', '1.0b1', '1.0'],
    ['and below another number', '1.0b1', '1.0.1'],
    ['texts by their characters', '1.0a9', '1.0b1'],
    ['numbers after a text by value', '1.0b9', '1.0b10'],
    ['a whole-number build is far above a dotted one', '2.0.0.46', '20600'],
    ['nothing at all is below everything', '', '1'],
    ['more after a text is more', '1.0b', '1.0b1'],
    ['in brackets, too', '1.0 (12)', '1.0 (13)'],
    ['a text is below a number in its place', '1.b', '1.5'],
    ['a text is below a full stop in its place', '1b', '1.0'],
  ])('%s: %s < %s', (_, lower, higher) => {
    expect(compareSparkleVersions(lower, higher)).toBe(-1);
    expect(compareSparkleVersions(higher, lower)).toBe(1);
  });

  test.each<[string, string, string]>([
    ['itself', '2.0.0.46', '2.0.0.46'],
    ['missing parts are 0', '1', '1.0.0.0'],
    ['also before a text', '1.0b1', '1.0.0b1'],
    ['leading zeros', '1.01', '1.1'],
    ['what stands behind a dash is not looked at', '1.2-beta', '1.2-alpha3'],
    ['separators are alike', '1 2', '1_2'],
    ['nothing', '', ''],
  ])('%s: %s = %s', (_, a, b) => {
    expect(compareSparkleVersions(a, b)).toBe(0);
    expect(compareSparkleVersions(b, a)).toBe(0);
  });

  test('versions of ours are ordered as we order them', () => {
    const version = fc.array(fc.nat(12), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'));
    fc.assert(
      fc.property(version, version, (a, b) => {
        expect(compareSparkleVersions(a, b)).toBe(compareVersions(parseVersion(a), parseVersion(b)));
      }),
    );
  });

  test('whatever is compared, one order holds both ways, and nothing is thrown', () => {
    const text = fc.string({ unit: fc.constantFrom('0', '1', '10', '.', '-', ' ', 'b', '(', 'é') });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(compareSparkleVersions(a, b) + compareSparkleVersions(b, a)).toBe(0);
        expect(compareSparkleVersions(a, a)).toBe(0);
      }),
    );
  });
});
