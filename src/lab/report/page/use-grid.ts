import { useLayoutEffect, useRef } from 'preact/hooks';
import { type GridPlace, moveInGrid } from './move-in-grid.ts';

/**
 * Makes a table's cells one tab stop, within which arrow keys move (roving tabindex). It works on the elements, since
 * some thousands of cells would otherwise be compared for each key.
 *
 * @param onActivate Enter, Space or a click on a cell
 */
export function useGrid(onActivate: (cell: HTMLElement) => void) {
  const table = useRef<HTMLTableElement>(null);
  const stop = useRef<HTMLElement | null>(null);
  const isVisited = useRef(false);
  const makeStop = (cell: HTMLElement | null): void => {
    if (stop.current === cell) return;
    stop.current?.setAttribute('tabindex', '-1');
    cell?.setAttribute('tabindex', '0');
    stop.current = cell;
  };
  // Whatever was drawn anew: one stop, which is where the keyboard was last, or the first cell.
  useLayoutEffect(() => {
    const kept = stop.current?.isConnected === true && table.current?.contains(stop.current) === true;
    if (!kept || !isVisited.current) makeStop(rowsOf(table.current)[0]?.[0] ?? null);
  });
  return {
    ref: table,
    onKeyDown: (event: KeyboardEvent): void => {
      if (event.altKey || event.shiftKey) return;
      const cell = cellOf(event.target);
      if (cell === null) return;
      if (event.key === 'Enter' || event.key === ' ') {
        event.preventDefault();
        onActivate(cell);
        return;
      }
      const rows = rowsOf(table.current);
      const place = findPlace(rows, cell);
      if (place === null) return;
      const size = { rows: rows.length, columns: rows[place.row]?.length ?? 0 };
      const next = moveInGrid(event.key, event.ctrlKey || event.metaKey, place, size);
      if (next === null) return;
      event.preventDefault();
      rows[next.row]?.[next.column]?.focus();
    },
    onFocusIn: ({ target }: FocusEvent): void => {
      const cell = cellOf(target);
      if (cell === null) return;
      isVisited.current = true;
      makeStop(cell);
    },
    onClick: ({ target }: MouseEvent): void => {
      const cell = cellOf(target);
      if (cell === null) return;
      cell.focus();
      onActivate(cell);
    },
  };
}

function cellOf(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>('tbody [tabindex]') : null;
}

function rowsOf(table: HTMLTableElement | null): readonly (readonly HTMLElement[])[] {
  if (table === null) return [];
  return [...table.querySelectorAll<HTMLTableRowElement>('tbody > tr')].map((row) => [...row.cells]);
}

function findPlace(rows: readonly (readonly HTMLElement[])[], cell: HTMLElement): GridPlace | null {
  for (const [row, cells] of rows.entries()) {
    const column = cells.indexOf(cell);
    if (column >= 0) return { row, column };
  }
  return null;
}
