import { describe, expect, it } from 'vitest';
import { isMacosAtLeast, parseArch, parseMacosVersion } from '../../src/check/machine-requirement.ts';

describe('parseArch', () => {
  it.each<[string | null, readonly string[] | null]>([
    [null, null],
    ['', null],
    [' , ', null],
    ['arm64', ['arm64']],
    ['arm64,  x64', ['arm64', 'x86_64']],
    ['arm64+x86_64', ['arm64', 'x86_64']],
    // Names that nobody knows ask for something, and nothing is it.
    ['ppc', []],
    ['ppc, arm64', ['arm64']],
  ])('%j names %j', (arch, expected) => {
    expect(parseArch(arch)).toEqual(expected);
  });
});

describe('parseMacosVersion', () => {
  it.each<[string, readonly number[] | null]>([
    [' 26.5.2\n', [26, 5, 2]],
    ['13', [13]],
    ['13.', null],
    ['x13', null],
    ['13.0.0.0.0', null],
    ['1234567890', null],
  ])('%j is %j', (text, expected) => {
    expect(parseMacosVersion(text)).toEqual(expected);
  });
});

describe('isMacosAtLeast', () => {
  it.each<[readonly number[], readonly number[], boolean]>([
    [[26], [26], true],
    [[26], [26, 0], true],
    [[26], [26, 0, 1], false],
    [[26, 0, 1], [26], true],
    [[26, 1], [26, 0, 9], true],
    [[9, 9], [10, 0], false],
  ])('%j against %j: %s', (running, minimum, expected) => {
    expect(isMacosAtLeast(running, minimum)).toBe(expected);
  });
});
