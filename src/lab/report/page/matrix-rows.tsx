import { useMemo } from 'preact/hooks';
import type { Outcome } from '../../run/outcome.ts';
import { type FilteredMatrix, passes, type RowGroup } from './filter-rows.ts';
import { count } from './format.ts';
import type { ClientInfo, MatrixRow } from './index-report.ts';
import { OutcomeMark } from './outcome-mark.tsx';
import { OUTCOME_WORDS } from './outcome-words.ts';

interface GroupRowProps {
  readonly group: RowGroup;
  readonly id: string;
  readonly clients: readonly ClientInfo[];
  readonly isOpen: boolean;
}

/** The worst of each column; opens the rows below it. */
export function GroupRow({ group, id, clients, isOpen }: GroupRowProps) {
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
        const spoken = `${word} ${cell.count} of ${rows.length}: ${client}, ${title}`;
        return (
          <td key={at} tabIndex={-1} data-group={id} class={cell.outcome} aria-label={spoken}>
            <OutcomeMark outcome={cell.outcome} />{' '}
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

/** A scenario, with a cell for each client. */
export function ScenarioRow({ row, at, shown, clients }: ScenarioRowProps) {
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
