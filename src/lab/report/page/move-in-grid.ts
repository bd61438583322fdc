export interface GridPlace {
  readonly row: number;
  readonly column: number;
}

interface GridSize {
  readonly rows: number;
  readonly columns: number;
}

const PAGE = 10;

/**
 * Where a key leads to in a grid (WAI-ARIA Authoring Practices, grid pattern); null for keys that do not move.
 *
 * @param whole whether Control is held: Home and End then go to the corners
 */
export function moveInGrid(
  key: string,
  whole: boolean,
  { row, column }: GridPlace,
  { rows, columns }: GridSize,
): GridPlace | null {
  const to = (wantedRow: number, wantedColumn: number): GridPlace => ({
    row: clamp(wantedRow, rows),
    column: clamp(wantedColumn, columns),
  });
  switch (key) {
    case 'ArrowRight':
      return to(row, column + 1);
    case 'ArrowLeft':
      return to(row, column - 1);
    case 'ArrowDown':
      return to(row + 1, column);
    case 'ArrowUp':
      return to(row - 1, column);
    case 'PageDown':
      return to(row + PAGE, column);
    case 'PageUp':
      return to(row - PAGE, column);
    case 'Home':
      return to(whole ? 0 : row, 0);
    case 'End':
      return to(whole ? rows - 1 : row, columns - 1);
    default:
      return null;
  }
}

function clamp(value: number, length: number): number {
  return Math.max(0, Math.min(value, length - 1));
}
