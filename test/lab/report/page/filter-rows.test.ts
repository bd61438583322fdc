import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EVERYTHING, type Filter, filterRows, WORST } from '../../../../src/lab/report/page/filter-rows.ts';
import { indexReport } from '../../../../src/lab/report/page/index-report.ts';
import { OUTCOMES } from '../../../../src/lab/run/outcome.ts';
import { makeLabReport } from '../../../support/make-lab-report.ts';

const REPORT = makeLabReport();
const INDEX = indexReport(REPORT);

function countCells(filter: Filter): number {
  const offers = new Map(REPORT.offers.map((offer) => [offer.name, offer]));
  return REPORT.cells.filter((cell) => {
    const offer = offers.get(cell.offer);
    return (
      filter.outcomes.has(cell.outcome) &&
      (filter.client === null || cell.client === filter.client) &&
      (filter.host === null || cell.host === filter.host) &&
      (filter.origin === null || offer?.origin === filter.origin) &&
      (filter.shows === null || offer?.shows === filter.shows) &&
      `${offer?.title} ${offer?.name} ${offer?.description} ${offer?.shows}`
        .toLowerCase()
        .includes(filter.offer)
    );
  }).length;
}

describe('filterRows', () => {
  it('shows as many cells as the report has of that kind, whatever is asked for', () => {
    const or = <Value>(values: readonly Value[]) => fc.constantFrom(null, ...values);
    const filters = fc.record({
      client: or(REPORT.clients.map(({ name }) => name)),
      host: or(REPORT.hosts.map(({ name }) => name)),
      offer: fc.constantFrom('', 'tag', 'offer-1', 'digest', 'nothing of that kind'),
      origin: or(['real', 'generated', 'given'] as const),
      shows: or(INDEX.shown),
      outcomes: fc.subarray([...OUTCOMES]).map((outcomes) => new Set(outcomes)),
      groupBy: fc.constantFrom('offer' as const, 'host' as const),
    });
    fc.assert(
      fc.property(filters, (filter) => {
        const shown = filterRows(INDEX, filter);
        expect(shown.cellCount).toBe(countCells(filter));
        expect(shown.rowCount).toBe(shown.groups.reduce((sum, { rows }) => sum + rows.length, 0));
        const counted = shown.groups.flatMap(({ worst }) => worst.map((cell) => cell?.total ?? 0));
        expect(counted.reduce((sum, each) => sum + each, 0)).toBe(shown.cellCount);
      }),
    );
  });

  it('begins with what is worst: clients, and what was offered', () => {
    const { columns, groups } = filterRows(INDEX, WORST);
    const harmed = columns.map(
      (column) =>
        REPORT.cells.filter(
          ({ client, outcome }) => client === INDEX.clients[column]?.name && outcome === 'harmed',
        ).length,
    );
    expect(harmed).toEqual(harmed.toSorted((a, b) => b - a));
    expect(new Set(harmed).size).toBeGreaterThan(1);
    const spread = groups.map(({ worst }) => worst.filter((cell) => cell?.outcome === 'harmed').length);
    expect(spread).toEqual(spread.toSorted((a, b) => b - a));
  });

  it('says of each group what is worst in each column, of what is shown alone', () => {
    const client = 'old-2.6.0';
    const [group] = filterRows(INDEX, { ...EVERYTHING, client, groupBy: 'host' }).groups;
    const cells = REPORT.cells.filter((cell) => cell.client === client && cell.host === group?.key);
    const harmed = cells.filter(({ outcome }) => outcome === 'harmed').length;
    expect(group?.worst).toEqual([{ outcome: 'harmed', count: harmed, total: cells.length }]);
    const stays = { ...EVERYTHING, client, outcomes: new Set(['stays'] as const) };
    for (const { worst } of filterRows(INDEX, stays).groups) {
      expect(worst.map((cell) => cell?.outcome)).toEqual(['stays']);
    }
  });

  it('finds a scenario that brought an offer and a host of its own', () => {
    const [cell] = REPORT.cells;
    if (cell === undefined) throw new Error('The report has cells.');
    const own = { ...cell, scenario: 'my-scenario', offer: 'my-offer', host: 'my-host' };
    const index = indexReport({ ...REPORT, cells: [...REPORT.cells, own] });
    const shown = filterRows(index, { ...EVERYTHING, offer: 'my-scenario' });
    expect(shown.groups.map(({ title }) => title)).toEqual(['my-offer']);
    expect(shown.cellCount).toBe(1);
  });
});
