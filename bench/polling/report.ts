import { table } from '../statistics.ts';
import { listArithmetic } from './arithmetic.ts';
import { figuresOf, requestsPerSecond, timeUntilKnown } from './figures.ts';
import { type Chart, drawChart, type Line, type Tick } from './line-chart.ts';
import { COUNTED, HOUR, MINUTE, OUTAGE, runScenario, SCENARIOS, type Scenario } from './scenarios.ts';
import type { Traffic } from './simulate.ts';

export interface PollingReport {
  /** Tables in Markdown. */
  readonly rates: string;
  readonly totals: string;
  readonly arithmetic: string;
  readonly chart: string;
}

type Run = Scenario & { readonly traffic: Traffic };

const AFTER_RELEASE = { from: 0, until: COUNTED.until };
/** Whatever happened in the first two hours, this is what stays of it. */
const LATER = { from: 2 * HOUR, until: COUNTED.until };

const count = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const millions = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** Runs all scenarios: the tables and the chart of docs/SCALING.md. */
export function reportPolling(clients: number): PollingReport {
  const runs = SCENARIOS.map((scenario) => ({ ...scenario, traffic: runScenario(scenario, clients) }));
  return {
    rates: listRates(runs, clients),
    totals: listTotals(runs),
    arithmetic: arithmeticOf(runs, clients),
    chart: drawChart(chartOf(runs, clients)),
  };
}

function listRates(runs: readonly Run[], clients: number): string {
  const head = ['situation: client', 'mean/s', 'peak/s', 'peak/s after two hours', '99 % know after', 'all'];
  const rows = runs.map(({ name, traffic }) => {
    const { mean, peak } = figuresOf(traffic, AFTER_RELEASE);
    const later = figuresOf(traffic, LATER).peak;
    return [
      name,
      count.format(mean),
      count.format(peak),
      count.format(later),
      known(traffic, clients, 0.99),
      known(traffic, clients, 1),
    ];
  });
  return table(head, rows);
}

function listTotals(runs: readonly Run[]): string {
  const head = ['situation: client', 'requests', '200', '304', 'failed'];
  const rows = runs.map(({ name, traffic }) => {
    const { requests, modified, notModified, failed } = figuresOf(traffic, AFTER_RELEASE);
    return [name, ...[requests, modified, notModified, failed].map((each) => millions.format(each / 1e6))];
  });
  return table(head, rows);
}

function arithmeticOf(runs: readonly Run[], clients: number): string {
  const [fixed, ours] = runs.filter(({ situation }) => situation === 'release');
  if (fixed === undefined || ours === undefined) throw new Error('there is no release to count with');
  const halfAnHour = figuresOf(ours.traffic, { from: 0, until: HOUR / 2 });
  return listArithmetic({
    clients,
    usual: figuresOf(ours.traffic, { from: COUNTED.from, until: 0 }).mean,
    busiest: {
      ours: figuresOf(ours.traffic, AFTER_RELEASE).peak,
      fixed: figuresOf(fixed.traffic, AFTER_RELEASE).peak,
    },
    learning: halfAnHour.modified / (HOUR / 2 / 1000),
  });
}

function known(traffic: Traffic, clients: number, share: number): string {
  const time = timeUntilKnown(traffic, clients, share);
  return time === null ? '-' : `${count.format(time / MINUTE)} min`;
}

function chartOf(runs: readonly Run[], clients: number): Chart {
  const hours: readonly Tick[] = [0, 1, 2, 3, 4].map((value) => ({ value, label: String(value) }));
  const span = { from: COUNTED.from / HOUR, to: COUNTED.until / HOUR };
  const x = { label: 'hours after the release', ...span, isLogarithmic: false, ticks: hours };
  const y = {
    label: 'requests per second (log scale)',
    from: 10,
    to: 100_000,
    isLogarithmic: true,
    ticks: [10, 100, 1000, 10_000, 100_000].map((value) => ({
      value,
      label: value === 10 ? '0–10' : count.format(value),
    })),
  };
  const down = { from: OUTAGE.from / HOUR, to: OUTAGE.until / HOUR, label: 'server down' };
  const rates = (wanted: Scenario['situation']): Line[] =>
    runs
      .filter(({ situation }) => situation === wanted)
      .map(({ isOurs, shortName, traffic }) => ({
        name: shortName,
        weight: isOurs ? 'strong' : 'thin',
        isDashed: false,
        points: ratePoints(traffic),
      }));
  const shares = runs
    .filter(({ situation }) => situation !== 'restart')
    .map(({ situation, isOurs, shortName, traffic }): Line => {
      const isDashed = situation === 'outage';
      const name = isDashed ? `${shortName}, down` : shortName;
      return { name, weight: isOurs ? 'strong' : 'thin', isDashed, points: sharePoints(traffic, clients) };
    });
  const percent = {
    label: 'clients that know of the release (%)',
    from: 0,
    to: 100,
    isLogarithmic: false,
    ticks: [0, 25, 50, 75, 100].map((value) => ({ value, label: String(value) })),
  };
  return {
    title: `${count.format(clients)} clients that poll hourly, around a release`,
    description: describe(runs, clients),
    panels: [
      { title: 'A release, all is well', x, y, lines: rates('release'), band: null },
      { title: 'Down for the first hour', x, y, lines: rates('outage'), band: down },
      { title: 'All start in one minute', x, y, lines: rates('restart'), band: null },
      { title: 'Who knows', x, y: percent, lines: shares, band: null },
    ],
  };
}

/** The mean of every minute, in steps. */
function ratePoints(traffic: Traffic): (readonly [number, number])[] {
  const seconds = requestsPerSecond(traffic);
  return Array.from({ length: seconds.length / 60 }, (_, minute) => {
    const rate = seconds.subarray(minute * 60, minute * 60 + 60).reduce((sum, value) => sum + value, 0) / 60;
    const at = (COUNTED.from + minute * MINUTE) / HOUR;
    return [[at, rate] as const, [at + MINUTE / HOUR, rate] as const];
  }).flat();
}

function sharePoints({ modified }: Traffic, clients: number): (readonly [number, number])[] {
  let knowing = 0;
  const points: (readonly [number, number])[] = [];
  for (const [second, learned] of modified.entries()) {
    knowing += learned;
    const time = (second + 1) * 1000 + COUNTED.from;
    if (time % MINUTE === 0) points.push([time / HOUR, (knowing / clients) * 100]);
  }
  return points;
}

function describe(runs: readonly Run[], clients: number): string {
  const sentences = runs.map(({ name, traffic }) => {
    const { mean, peak } = figuresOf(traffic, AFTER_RELEASE);
    return `${name}: ${count.format(mean)} requests per second on average, ${count.format(peak)} in the busiest second, 99 % know after ${known(traffic, clients, 0.99)}.`;
  });
  return `Requests per second from three quarters of an hour before a release to four hours after it, and the share of clients that know of it. ${sentences.join(' ')}`;
}
