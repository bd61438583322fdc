import { describe, expect, it } from 'vitest';
import { DOUBTFUL, nothingSettled, SETTLED, settle } from '../../src/server/settle.ts';

interface File {
  readonly identity: string;
  readonly isWhole: boolean;
}

/** What is believed after looks at these times. */
function settledAfter(looks: readonly (readonly [number, Readonly<Record<string, File>>])[]) {
  let settlement = nothingSettled<File>();
  for (const [now, files] of looks) settlement = settle(settlement, new Map(Object.entries(files)), now);
  return { files: Object.fromEntries(settlement.accepted), pending: [...settlement.pending.keys()] };
}

const OLD: File = { identity: 'old', isWhole: true };
const NEW: File = { identity: 'new', isWhole: true };
const HALF: File = { identity: 'half', isWhole: false };

/** The old file has been there for long. */
const START: readonly (readonly [number, Readonly<Record<string, File>>])[] = [
  [0, { m: OLD }],
  [1000, { m: OLD }],
];

describe('settle', () => {
  it('believes a file that was the same at two looks, and not before', () => {
    expect(settledAfter([[0, { m: NEW }]])).toEqual({ files: {}, pending: ['m'] });
    expect(
      settledAfter([
        [0, { m: NEW }],
        [SETTLED - 1, { m: NEW }],
      ]),
    ).toEqual({ files: {}, pending: ['m'] });
    expect(
      settledAfter([
        [0, { m: NEW }],
        [SETTLED, { m: NEW }],
      ]),
    ).toEqual({ files: { m: NEW }, pending: [] });
  });

  it('keeps the old one while the file goes on changing', () => {
    const changes = Array.from(
      { length: 50 },
      (_, index): readonly [number, Readonly<Record<string, File>>] => [
        2000 + index * 100,
        { m: { identity: String(index), isWhole: true } },
      ],
    );
    expect(settledAfter([...START, ...changes])).toEqual({ files: { m: OLD }, pending: ['m'] });
  });

  it('gives a file that may be half written more time', () => {
    const until = (time: number) => settledAfter([...START, [2000, { m: HALF }], [2000 + time, { m: HALF }]]);
    expect(until(DOUBTFUL - 1)).toEqual({ files: { m: OLD }, pending: ['m'] });
    expect(until(DOUBTFUL)).toEqual({ files: { m: HALF }, pending: [] });
  });

  it('does not believe at once that a file is gone', () => {
    const until = (time: number) => settledAfter([...START, [2000, {}], [2000 + time, {}]]);
    expect(until(DOUBTFUL - 1)).toEqual({ files: { m: OLD }, pending: ['m'] });
    expect(until(DOUBTFUL)).toEqual({ files: {}, pending: [] });
  });

  it('takes what comes after a moment without the file for its successor', () => {
    const looks = [
      [2000, {}],
      [2100, { m: NEW }],
      [2100 + SETTLED, { m: NEW }],
    ] as const;
    expect(settledAfter([...START, ...looks])).toEqual({ files: { m: NEW }, pending: [] });
    expect(settledAfter([...START, [2000, {}], [2100, { m: OLD }]])).toEqual({
      files: { m: OLD },
      pending: [],
    });
  });

  it('judges each file for itself', () => {
    expect(
      settledAfter([...START, [2000, { m: NEW, n: OLD }], [2000 + SETTLED, { m: HALF, n: OLD }]]),
    ).toEqual({
      files: { m: OLD, n: OLD },
      pending: ['m'],
    });
  });
});
