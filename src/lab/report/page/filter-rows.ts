import type { Outcome } from '../../run/outcome.ts';
import { countOutcomes } from './count-outcomes.ts';
import type { MatrixRow, OfferInfo, ReportIndex } from './index-report.ts';
import { BAD_OUTCOMES, OUTCOME_ORDER } from './outcome-words.ts';

/** What of the matrix is shown; null for all of them. */
export interface Filter {
  readonly client: string | null;
  /** Words that the offer has to have, in any order. */
  readonly offer: string;
  readonly origin: OfferInfo['origin'] | null;
  readonly host: string | null;
  readonly outcomes: ReadonlySet<Outcome>;
  readonly shows: string | null;
  readonly groupBy: 'offer' | 'host';
}

export const EVERYTHING: Filter = {
  client: null,
  offer: '',
  origin: null,
  host: null,
  outcomes: new Set(OUTCOME_ORDER),
  shows: null,
  groupBy: 'offer',
};

/** What a reader wants to know first. */
export const WORST: Filter = { ...EVERYTHING, outcomes: BAD_OUTCOMES };

/** The worst that a group holds in one column. */
export interface GroupCell {
  readonly outcome: Outcome;
  readonly count: number;
  /** Cells of the column that pass the filter. */
  readonly total: number;
}

export interface RowGroup {
  readonly key: string;
  readonly title: string;
  readonly shows: string | null;
  readonly rows: readonly MatrixRow[];
  /** By column, of those shown; null where none passes. */
  readonly worst: readonly (GroupCell | null)[];
}

export interface FilteredMatrix {
  /** Indexes of the clients that have a column. */
  readonly columns: readonly number[];
  readonly outcomes: ReadonlySet<Outcome>;
  readonly groupBy: Filter['groupBy'];
  /** The worst first. */
  readonly groups: readonly RowGroup[];
  readonly cellCount: number;
  readonly rowCount: number;
}

/** Rows in which at least one cell passes, in groups. */
export function filterRows(index: ReportIndex, filter: Filter): FilteredMatrix {
  const { outcomes, groupBy } = filter;
  const columns = index.worstFirst.filter(
    (column) => filter.client === null || filter.client === index.clients[column]?.name,
  );
  const words = filter.offer.toLowerCase().split(/\s+/).filter(Boolean);
  const passing = index.rows.filter(
    (row) =>
      (filter.origin === null || row.offer.origin === filter.origin) &&
      (filter.host === null || row.host.name === filter.host) &&
      (filter.shows === null || row.offer.shows === filter.shows) &&
      words.every((word) => row.words.includes(word)) &&
      columns.some((column) => passes(row, column, outcomes)),
  );
  const rows = Map.groupBy(passing, (row) => row[groupBy].name);
  const groups = [...rows].map(([key, members]) => makeGroup(key, members, columns, filter));
  return {
    columns,
    outcomes,
    groupBy,
    groups: groups.map(({ group }) => group).toSorted(compareGroups),
    cellCount: groups.reduce((sum, { cellCount }) => sum + cellCount, 0),
    rowCount: passing.length,
  };
}

export function passes(row: MatrixRow, column: number, outcomes: ReadonlySet<Outcome>): boolean {
  const cell = row.cells[column];
  return cell !== undefined && cell !== null && outcomes.has(cell.outcome);
}

function makeGroup(
  key: string,
  rows: readonly MatrixRow[],
  columns: readonly number[],
  { outcomes, groupBy }: Filter,
): { readonly group: RowGroup; readonly cellCount: number } {
  const worst = columns.map((column) => {
    const counts = countOutcomes(rows.flatMap((row) => row.cells[column] ?? []));
    const shown = OUTCOME_ORDER.filter((outcome) => outcomes.has(outcome) && counts[outcome] > 0);
    const [outcome] = shown;
    if (outcome === undefined) return null;
    return { outcome, count: counts[outcome], total: shown.reduce((sum, each) => sum + counts[each], 0) };
  });
  const cellCount = worst.reduce((sum, cell) => sum + (cell?.total ?? 0), 0);
  const [first] = rows;
  const title = first === undefined ? key : first[groupBy].title;
  const shows = groupBy === 'offer' ? (first?.offer.shows ?? null) : null;
  return { group: { key, title, shows, rows, worst }, cellCount };
}

function compareGroups(a: RowGroup, b: RowGroup): number {
  for (const outcome of OUTCOME_ORDER) {
    const difference = clientsWith(b, outcome) - clientsWith(a, outcome);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Of how many clients that is the worst. */
function clientsWith({ worst }: RowGroup, outcome: Outcome): number {
  return worst.filter((cell) => cell?.outcome === outcome).length;
}
