import { describe, expect, test } from 'vitest';
import { readBuildNumber } from '../../../src/lab/clients/build-number.ts';

describe("a build is what Python's int() makes of it", () => {
  test.each<[unknown, number | null]>([
    [20600, 20600],
    ['20600', 20600],
    [' 20600\n', 20600],
    ['+20600', 20600],
    ['-1', -1],
    ['20_600', 20600],
    [20600.9, 20600],
    [-0.5, -0],
    [true, 1],
    ['007', 7],
    ['2.0.0.46', null],
    ['2.0', null],
    ['20__600', null],
    ['_1', null],
    ['0x10', null],
    ['1e3', null],
    ['', null],
    [' ', null],
    ['v1', null],
    [null, null],
    [undefined, null],
    [[20600], null],
    [{ build: 1 }, null],
    [Number.POSITIVE_INFINITY, null],
  ])('%j is %s', (value, build) => {
    expect(readBuildNumber(value)).toBe(build);
  });
});
