import { describe, expect, it } from 'vitest';
import { moveInGrid } from '../../../../src/lab/report/page/move-in-grid.ts';

const SIZE = { rows: 30, columns: 5 };

describe('moveInGrid', () => {
  it.each([
    ['ArrowRight', false, [15, 3]],
    ['ArrowLeft', false, [15, 1]],
    ['ArrowUp', false, [14, 2]],
    ['ArrowDown', false, [16, 2]],
    ['PageDown', false, [25, 2]],
    ['PageUp', false, [5, 2]],
    ['Home', false, [15, 0]],
    ['End', false, [15, 4]],
    ['Home', true, [0, 0]],
    ['End', true, [29, 4]],
  ])('%s (with Control: %s) leads from the middle to %j', (key, whole, [row, column]) => {
    expect(moveInGrid(key, whole, { row: 15, column: 2 }, SIZE)).toEqual({ row, column });
  });

  it('stays within the grid', () => {
    const first = { row: 0, column: 0 };
    const last = { row: 29, column: 4 };
    for (const key of ['ArrowLeft', 'ArrowUp', 'PageUp']) {
      expect(moveInGrid(key, false, first, SIZE)).toEqual(first);
    }
    for (const key of ['ArrowRight', 'ArrowDown', 'PageDown']) {
      expect(moveInGrid(key, false, last, SIZE)).toEqual(last);
    }
  });

  it('leaves other keys to the browser', () => {
    expect(moveInGrid('Tab', false, { row: 1, column: 1 }, SIZE)).toBe(null);
    expect(moveInGrid('a', false, { row: 1, column: 1 }, SIZE)).toBe(null);
  });
});
