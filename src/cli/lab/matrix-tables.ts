import type { LabReport } from '../../lab/report/lab-report.ts';
import { type Cell, OUTCOMES } from '../../lab/run/outcome.ts';
import type { Terminal } from '../terminal.ts';
import { outcomeCount, outcomeLegend, outcomeLetter } from './outcome-style.ts';
import { GAP, plainTable } from './plain-table.ts';

const SHORTEST_LABEL = 24;

/**
 * What became of every client, for people.
 *
 * @param width of the terminal in columns
 */
export function matrixTables(report: LabReport, terminal: Terminal, width: number): string {
  const marks = new Map(report.clients.map(({ name }, index) => [name, markOf(index)]));
  return [
    heading(terminal, 'Clients'),
    clientTable(report, marks, terminal, width),
    '',
    outcomeLegend(terminal),
    '',
    heading(terminal, 'Offers and states of the release host'),
    ...scenarioTables(report, marks, terminal, width),
  ].join('\n');
}

/** How a client is called in narrow columns: a to z, then aa to az, and so on. */
function markOf(index: number): string {
  const letter = String.fromCharCode(97 + (index % 26));
  return index < 26 ? letter : markOf(Math.floor(index / 26) - 1) + letter;
}

/** The widest mark and the blank before it. */
function columnWidth(marks: ReadonlyMap<string, string>): number {
  return 1 + Math.max(...[...marks.values()].map(({ length }) => length));
}

function heading(terminal: Terminal, text: string): string {
  return terminal.style('bold', text);
}

function clientTable(
  { clients, cells }: LabReport,
  marks: ReadonlyMap<string, string>,
  terminal: Terminal,
  width: number,
): string {
  const table = plainTable({
    head: ['', 'client', 'macOS', 'has', ...OUTCOMES],
    colAligns: ['left', 'left', 'left', 'left', ...OUTCOMES.map(() => 'right' as const)],
  });
  const counts = countBy(cells, ({ client, outcome }) => `${client} ${outcome}`);
  const longest = (texts: readonly string[]): number => Math.max(...texts.map(({ length }) => length));
  const taken =
    longest([...marks.values()]) +
    longest(['macOS', ...clients.map(({ macos }) => macos)]) +
    longest(['has', ...clients.map(({ installed }) => installed)]) +
    OUTCOMES.join('').length +
    GAP * (OUTCOMES.length + 3);
  for (const { name, macos, installed } of clients) {
    table.push([
      marks.get(name) ?? '',
      shorten(name, Math.max(SHORTEST_LABEL / 2, width - taken)),
      macos,
      installed,
      ...OUTCOMES.map((outcome) => outcomeCount(outcome, counts.get(`${name} ${outcome}`) ?? 0, terminal)),
    ]);
  }
  return table.toString();
}

/** One row per scenario below the name of its offer; several tables where all clients do not fit side by side. */
function scenarioTables(
  report: LabReport,
  marks: ReadonlyMap<string, string>,
  terminal: Terminal,
  width: number,
): readonly string[] {
  const fit = Math.max(1, Math.floor((width - SHORTEST_LABEL) / columnWidth(marks)));
  const names = report.clients.map(({ name }) => name);
  const tables: string[] = [];
  for (let first = 0; first < names.length; first += fit) {
    tables.push(scenarioTable(report, names.slice(first, first + fit), marks, terminal, width));
  }
  return tables;
}

function scenarioTable(
  { offers, cells }: LabReport,
  clients: readonly string[],
  marks: ReadonlyMap<string, string>,
  terminal: Terminal,
  width: number,
): string {
  const table = plainTable({
    head: ['', ...clients.map((name) => marks.get(name) ?? '')],
    gap: 1,
  });
  const label = width - columnWidth(marks) * clients.length - GAP;
  const byOffer = Map.groupBy(cells, ({ offer }) => offer);
  for (const { name } of offers) {
    const rows = Map.groupBy(byOffer.get(name) ?? [], ({ scenario }) => scenario);
    if (rows.size === 0) continue;
    table.push([{ content: terminal.style('cyan', shorten(name, width)), colSpan: clients.length + 1 }]);
    for (const row of rows.values()) table.push(scenarioRow(row, clients, terminal, label));
  }
  return table.toString();
}

function scenarioRow(
  row: readonly Cell[],
  clients: readonly string[],
  terminal: Terminal,
  label: number,
): string[] {
  const outcomes = new Map(row.map(({ client, outcome }) => [client, outcome]));
  const letters = clients.map((name) => {
    const outcome = outcomes.get(name);
    return outcome === undefined ? ' ' : outcomeLetter(outcome, terminal);
  });
  return [`  ${shorten(row[0]?.host ?? '', label - 2)}`, ...letters];
}

function countBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, Math.max(1, length - 1))}…`;
}
