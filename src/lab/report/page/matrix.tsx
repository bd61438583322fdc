import { useMemo, useState } from 'preact/hooks';
import type { Cell } from '../../run/outcome.ts';
import { FilterForm } from './filter-form.tsx';
import { type Filter, type FilteredMatrix, filterRows, type RowGroup } from './filter-rows.ts';
import { count, number } from './format.ts';
import type { MatrixRow, ReportIndex } from './index-report.ts';
import { GroupRow, ScenarioRow } from './matrix-rows.tsx';
import { useGrid } from './use-grid.ts';

interface MatrixProps {
  readonly index: ReportIndex;
  readonly filter: Filter;
  readonly onFilter: (filter: Filter) => void;
  readonly onOpen: (cell: Cell) => void;
}

/** Rows in the page at a time. Browsers lay out some thousands of cells slowly. */
const ROWS = 100;

/** Every scenario with every client, in groups that open. */
export function Matrix({ index, filter, onFilter, onOpen }: MatrixProps) {
  const shown = useMemo(() => filterRows(index, filter), [index, filter]);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const keyOf = ({ key }: RowGroup): string => `${shown.groupBy} ${key}`;
  const toggle = (key: string): void => {
    const next = new Set(open);
    if (!next.delete(key)) next.add(key);
    setOpen(next);
  };
  const [more, setMore] = useState<{ readonly of: Filter; readonly rows: number }>({
    of: filter,
    rows: ROWS,
  });
  const limit = more.of === filter ? more.rows : ROWS;
  const drawn = cutOff(shown.groups, limit, (group) => open.has(keyOf(group)));
  const left = drawn.total - limit;
  const areAllOpen = shown.groups.every((group) => open.has(keyOf(group)));
  const grid = useGrid((element) => {
    const { group, row, column } = element.dataset;
    if (group !== undefined) toggle(group);
    const cell = index.rows[Number(row)]?.cells[Number(column)];
    if (row !== undefined && column !== undefined && cell) onOpen(cell);
  });
  const numbers = useMemo(() => new Map(index.rows.map((row, at) => [row, at])), [index]);
  const clients = shown.columns.flatMap((column) => index.clients[column] ?? []);
  return (
    <section aria-labelledby="matrix">
      <h2 id="matrix" tabIndex={-1}>
        Matrix
      </h2>
      <p>
        A row for each scenario, which is something offered and a state of the release host; a column for each
        client. Choose a cell to see why. In the table, arrow keys move and Enter opens.
      </p>
      <FilterForm index={index} filter={filter} onFilter={onFilter} />
      <div class="count">
        <p role="status">{describeCount(shown, index)}</p>
        <button
          type="button"
          onClick={() => setOpen(areAllOpen ? new Set() : new Set(shown.groups.map(keyOf)))}
          disabled={shown.groups.length === 0}
        >
          {areAllOpen && shown.groups.length > 0 ? 'Close all groups' : 'Open all groups'}
        </button>
      </div>
      {shown.groups.length > 0 && (
        <section class="scroller matrix" aria-label="Table of the matrix">
          {/* biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: the grid pattern on a table */}
          <table {...grid} role="grid" aria-labelledby="matrix" aria-colcount={clients.length + 1}>
            <thead>
              <tr>
                <th scope="col">{shown.groupBy === 'offer' ? 'Offered, on host' : 'Host, with offer'}</th>
                {clients.map(({ name, title }) => (
                  <th key={name} scope="col">
                    {title}
                  </th>
                ))}
              </tr>
            </thead>
            {drawn.groups.map(({ group, rows }) => (
              <tbody key={keyOf(group)}>
                <GroupRow group={group} id={keyOf(group)} clients={clients} isOpen={open.has(keyOf(group))} />
                {rows.map((row) => (
                  <ScenarioRow
                    key={row.scenario}
                    row={row}
                    at={numbers.get(row) ?? 0}
                    shown={shown}
                    clients={clients}
                  />
                ))}
              </tbody>
            ))}
          </table>
        </section>
      )}
      {left > 0 && (
        <p class="more">
          <button type="button" onClick={() => setMore({ of: filter, rows: limit + ROWS })}>
            Show {number(Math.min(left, ROWS))} more of {count(left, 'row')} left
          </button>
        </p>
      )}
    </section>
  );
}

interface DrawnGroup {
  readonly group: RowGroup;
  readonly rows: readonly MatrixRow[];
}

/** The groups, and the rows of those that are open, up to a number of rows. */
function cutOff(
  groups: readonly RowGroup[],
  limit: number,
  isOpen: (group: RowGroup) => boolean,
): { readonly groups: readonly DrawnGroup[]; readonly total: number } {
  let total = 0;
  const drawn = groups.flatMap((group) => {
    const rows = isOpen(group) ? group.rows : [];
    const room = limit - total - 1;
    total += 1 + rows.length;
    return room < 0 ? [] : [{ group, rows: rows.slice(0, room) }];
  });
  return { groups: drawn, total };
}

function describeCount({ cellCount, rowCount, groups, groupBy }: FilteredMatrix, index: ReportIndex): string {
  const total = number(index.cells.length);
  if (cellCount === 0) return `Nothing of ${total} runs is like that.`;
  const kinds = groupBy === 'offer' ? count(groups.length, 'offer') : count(groups.length, 'host state');
  return `${number(cellCount)} of ${total} runs, in ${count(rowCount, 'scenario')} of ${kinds}`;
}
