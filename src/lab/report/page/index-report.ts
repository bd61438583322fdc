import type { Cell } from '../../run/outcome.ts';
import type { LabReport } from '../lab-report.ts';
import { compareCounts, countOutcomes } from './count-outcomes.ts';

export type ClientInfo = LabReport['clients'][number];
export type OfferInfo = LabReport['offers'][number];
export type HostInfo = LabReport['hosts'][number];

/** One scenario, with the cell of each client in the order of the report; null where it was not run. */
export interface MatrixRow {
  readonly scenario: string;
  readonly offer: OfferInfo;
  readonly host: HostInfo;
  readonly cells: readonly (Cell | null)[];
  /** What the search goes through, in lower case. */
  readonly words: string;
}

export interface ReportIndex {
  readonly clients: readonly ClientInfo[];
  /** Indexes of the clients, those who fare worst first. */
  readonly worstFirst: readonly number[];
  readonly offers: readonly OfferInfo[];
  readonly hosts: readonly HostInfo[];
  readonly rows: readonly MatrixRow[];
  /** Of the matrix. */
  readonly cells: readonly Cell[];
  /** Findings and drifts that offers are examples of, sorted. */
  readonly shown: readonly string[];
}

/** The report's cells as rows, in the order in which they were run. A scenario file may hold an offer of its own. */
export function indexReport(report: LabReport): ReportIndex {
  const { clients, cells } = report;
  const columns = new Map(clients.map(({ name }, index) => [name, index]));
  const offers = new Map(report.offers.map((offer) => [offer.name, offer]));
  const hosts = new Map(report.hosts.map((host) => [host.name, host]));
  const scenarios = new Map<string, (Cell | null)[]>();
  for (const cell of cells) {
    const column = columns.get(cell.client);
    if (column === undefined) continue;
    let row = scenarios.get(cell.scenario);
    if (row === undefined) {
      row = clients.map(() => null);
      scenarios.set(cell.scenario, row);
    }
    row[column] = cell;
  }
  const rows = [...scenarios].flatMap(([scenario, row]) => {
    const first = row.find((cell) => cell !== null);
    if (first === undefined || first === null) return [];
    const offer = offers.get(first.offer) ?? unnamedOffer(first.offer);
    const host = hosts.get(first.host) ?? unnamedHost(first.host);
    if (!offers.has(offer.name)) offers.set(offer.name, offer);
    if (!hosts.has(host.name)) hosts.set(host.name, host);
    return [{ scenario, offer, host, cells: row, words: wordsOf(scenario, offer, host) }];
  });
  const shown = new Set([...offers.values()].flatMap(({ shows }) => shows ?? []));
  return {
    clients,
    worstFirst: sortClients(report),
    offers: [...offers.values()],
    hosts: [...hosts.values()],
    rows,
    cells,
    shown: [...shown].sort(),
  };
}

/** The name itself where the report has no such client. */
export function titleOfClient({ clients }: Pick<ReportIndex, 'clients'>, name: string): string {
  return clients.find((client) => client.name === name)?.title ?? name;
}

function sortClients({ clients, cells }: LabReport): readonly number[] {
  const groups = Map.groupBy(cells, ({ client }) => client);
  const counts = clients.map(({ name }) => countOutcomes(groups.get(name) ?? []));
  return counts
    .map((count, at) => ({ count, at }))
    .toSorted((a, b) => compareCounts(a.count, b.count))
    .map(({ at }) => at);
}

function unnamedOffer(name: string): OfferInfo {
  return { name, title: name, description: '', shows: null, origin: 'given' };
}

function unnamedHost(name: string): HostInfo {
  return { name, title: name, description: '' };
}

/** Of the offer, and the name of a scenario file; a usual scenario's name tells the host too. */
function wordsOf(scenario: string, offer: OfferInfo, host: HostInfo): string {
  const { name, title, description, shows } = offer;
  const own = scenario === `${name}/${host.name}` ? '' : scenario;
  return [name, title, description, shows ?? '', own].join('\n').toLowerCase();
}
