import { useMemo, useState } from 'preact/hooks';
import type { Cell, Outcome } from '../../run/outcome.ts';
import { FilterForm } from './filter-form.tsx';
import { type Filter, type FilteredMatrix, filterRows, passes, type RowGroup } from './filter-rows.ts';
import { count, number } from './format.ts';
import type { ClientInfo, MatrixRow, ReportIndex } from './index-report.ts';
import { OutcomeMark } from './outcome-mark.tsx';
import { OUTCOME_WORDS } from './outcome-words.ts';
import { useGrid } from './use-grid.ts';

interface MatrixProps {
  readonly index: ReportIndex;
  readonly filter: Filter;
  readonly onFilter: (filter: Filter) => void;
  readonly onOpen: (cell: Cell) => void;
}

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
        <section class="scroller matrix" aria-labelledby="matrix">
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
            {shown.groups.map((group) => (
              <tbody key={keyOf(group)}>
                <GroupRow group={group} id={keyOf(group)} clients={clients} isOpen={open.has(keyOf(group))} />
                {open.has(keyOf(group)) &&
                  group.rows.map((row) => (
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
    </section>
  );
}

function describeCount({ cellCount, rowCount, groups, groupBy }: FilteredMatrix, index: ReportIndex): string {
  const total = number(index.cells.length);
  if (cellCount === 0) return `Nothing of ${total} runs is like that.`;
  const kinds = groupBy === 'offer' ? count(groups.length, 'offer') : count(groups.length, 'host state');
  return `${number(cellCount)} of ${total} runs, in ${count(rowCount, 'scenario')} of ${kinds}`;
}

interface GroupRowProps {
  readonly group: RowGroup;
  readonly id: string;
  readonly clients: readonly ClientInfo[];
  readonly isOpen: boolean;
}

/** The worst of each column. */
function GroupRow({ group, id, clients, isOpen }: GroupRowProps) {
  const { title, shows, rows, worst } = group;
  return (
    <tr class="group">
      <th scope="row" tabIndex={-1} data-group={id} aria-expanded={isOpen}>
        <span class="arrow" aria-hidden="true">
          {isOpen ? '▾' : '▸'}
        </span>
        {title}
        <span class="note">
          {shows !== null && `${shows}, `}
          {count(rows.length, 'scenario')}
        </span>
      </th>
      {worst.map((cell, at) => {
        const client = clients[at]?.title ?? '';
        if (cell === null) {
          return (
            <td key={at} tabIndex={-1} data-group={id} aria-label={`Nothing shown: ${client}, ${title}`} />
          );
        }
        const { word } = OUTCOME_WORDS[cell.outcome];
        const spoken = `${word} in ${cell.count} of ${rows.length}: ${client}, ${title}`;
        return (
          <td key={at} tabIndex={-1} data-group={id} class={cell.outcome} aria-label={spoken}>
            <OutcomeMark outcome={cell.outcome} />
            <span class="note">
              {cell.count} of {rows.length}
            </span>
          </td>
        );
      })}
    </tr>
  );
}

interface ScenarioRowProps {
  readonly row: MatrixRow;
  /** Where it is in the report. */
  readonly at: number;
  readonly shown: FilteredMatrix;
  readonly clients: readonly ClientInfo[];
}

function ScenarioRow({ row, at, shown, clients }: ScenarioRowProps) {
  const { columns, outcomes, groupBy } = shown;
  const visible = columns.map((column) => (passes(row, column, outcomes) ? 1 : 0)).join('');
  const columnKey = columns.join();
  // The same elements as before where nothing has changed: the whole matrix is too much to compare for each letter.
  return useMemo(() => {
    const { offer, host } = row;
    const title = groupBy === 'offer' ? host.title : offer.title;
    return (
      <tr>
        <th scope="row" tabIndex={-1}>
          {title}
        </th>
        {columns.map((column, place) => {
          const cell = row.cells[column] ?? null;
          const where = `${clients[place]?.title ?? ''}, ${offer.title}, ${host.title}`;
          if (cell === null || visible[place] !== '1') {
            const why = cell === null ? 'Not run' : 'Not shown';
            return <td key={column} tabIndex={-1} aria-label={`${why}: ${where}`} />;
          }
          return (
            <td
              key={column}
              tabIndex={-1}
              data-row={at}
              data-column={column}
              class={cell.outcome}
              aria-label={nameCell(cell.outcome, where)}
            >
              <OutcomeMark outcome={cell.outcome} />
            </td>
          );
        })}
      </tr>
    );
  }, [row, visible, columnKey, groupBy]);
}

function nameCell(outcome: Outcome, where: string): string {
  return `${OUTCOME_WORDS[outcome].word}: ${where}`;
}
