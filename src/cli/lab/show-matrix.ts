import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UpdateError } from '../../errors.ts';
import { runMatrix } from '../../lab/matrix/run-matrix.ts';
import type { LabReport } from '../../lab/report/lab-report.ts';
import type { Cell, CellFailure, Outcome } from '../../lab/run/outcome.ts';
import { HISTORY } from '../../lab/scenario/read-manifest-folder.ts';
import type { Scenario } from '../../lab/scenario/scenario.ts';
import type { DoctorEntry } from '../../manifest/doctor.ts';
import { quote } from '../../quote.ts';
import { interruptSignal } from '../interrupt.ts';
import { readManifestEntries } from '../read-manifest-entries.ts';
import type { Terminal } from '../terminal.ts';
import { choose } from './choose.ts';
import { makePlan } from './make-plan.ts';
import { HOST_OF_HISTORY, makeReport } from './make-report.ts';
import { openMatrixProgress } from './matrix-progress.ts';
import { matrixTables } from './matrix-tables.ts';
import type { LabData } from './open-data.ts';
import { planSummary } from './plan-text.ts';
import { uniqueByName } from './unique-by-name.ts';

export interface MatrixFilters {
  readonly offer: readonly string[];
  readonly host: readonly string[];
  readonly client: readonly string[];
  readonly outcome: readonly Outcome[];
  /** File for the HTML report. */
  readonly html?: string;
  readonly processes?: number;
}

/** Where the output is no terminal, which knows its width. */
export const USUAL_WIDTH = 100;
const MOST_FAILURES = 10;

/** Runs what the filters leave of the matrix, and shows what came of it. */
export async function showMatrix(filters: MatrixFilters, data: LabData, terminal: Terminal): Promise<void> {
  const startedAt = performance.now();
  const [matrix, plan] = await together(
    (signal) => makeMatrixReport(filters, data, terminal, signal),
    async (signal) => (isWhole(filters) ? makePlan({}, data, data.clients, { signal }) : null),
  );
  const report = { ...matrix, plan, durationMs: Math.round(performance.now() - startedAt) };
  if (filters.html !== undefined) await writeHtml(filters.html, report, terminal);
  const shown = { ...report, cells: filterCells(report.cells, filters.outcome) };
  terminal.result(shown);
  if (!terminal.isJson) {
    terminal.say(matrixTables(shown, terminal, process.stdout.columns ?? USUAL_WIDTH));
    if (plan !== null) terminal.say(`\n${planSummary(plan, terminal)}`);
    terminal.say(`\n${describeAmount(report, shown)}`);
  }
  tellFailures(report.failures, terminal);
}

/** Both at the same time, until both have ended and cleaned up: where one fails, the other is stopped. */
async function together<One, Other>(
  one: (signal: AbortSignal) => Promise<One>,
  other: (signal: AbortSignal) => Promise<Other>,
): Promise<[One, Other]> {
  const failure = new AbortController();
  const signal = AbortSignal.any([interruptSignal(), failure.signal]);
  const stop = (error: unknown): never => {
    failure.abort();
    throw error;
  };
  const both = [one(signal).catch(stop), other(signal).catch(stop)] as const;
  await Promise.allSettled(both);
  return Promise.all(both);
}

/** A part of the matrix is run to look at something, which a plan for all would only hold up. */
function isWhole({ offer, host, client }: MatrixFilters): boolean {
  return offer.length + host.length + client.length === 0;
}

/** Runs the matrix with progress. */
export async function makeMatrixReport(
  filters: MatrixFilters,
  data: LabData,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<LabReport> {
  const { scenarios, clients } = narrow(filters, data);
  const series = await readSeries(data, signal);
  tellMissing(data, terminal);
  const startedAt = performance.now();
  const progress = openMatrixProgress(terminal.isJson);
  try {
    const { cells, failures } = await runMatrix({
      scenarios,
      clients,
      signal,
      onProgress: progress.show,
      ...(filters.processes === undefined ? {} : { processes: filters.processes }),
    });
    const durationMs = Math.round(performance.now() - startedAt);
    return makeReport({ scenarios, clients, cells, failures, series, durationMs });
  } finally {
    progress.end();
  }
}

/** @throws UpdateError `usage` for a name that none has, and where nothing is left */
function narrow(filters: MatrixFilters, data: LabData): Pick<LabData, 'scenarios' | 'clients'> {
  const named = (
    scenarios: LabData['scenarios'],
    of: (one: LabData['scenarios'][number]) => { name: string },
  ) => uniqueByName(scenarios.map(of));
  const offers = choose(
    'offer',
    filters.offer,
    named(data.scenarios, ({ offer }) => offer),
  );
  const hosts = choose(
    'host',
    filters.host,
    named(data.scenarios, ({ host }) => host),
  );
  const clients = choose('client', filters.client, data.clients);
  const isChosen = (names: readonly { name: string }[], name: string) =>
    names.some((one) => one.name === name);
  const scenarios = data.scenarios.filter(
    (scenario) =>
      isChosen(offers, scenario.offer.name) &&
      isChosen(hosts, scenario.host.name) &&
      (filters.offer.includes(HISTORY) || filters.host.includes(HOST_OF_HISTORY) || isOfMatrix(scenario)),
  );
  if (scenarios.length > 0) return { scenarios, clients };
  throw new UpdateError('usage', 'No scenario has both that offer and that host, so nothing was run.');
}

/**
 * The series was served on one state of the host, which says nothing new of a manifest alone: both are run with others
 * only by those who ask for it.
 */
function isOfMatrix({ offer, host }: Scenario): boolean {
  return (offer.name === HISTORY) === (host.name === HOST_OF_HISTORY);
}

function filterCells(cells: readonly Cell[], outcomes: readonly Outcome[]): readonly Cell[] {
  return outcomes.length === 0 ? cells : cells.filter(({ outcome }) => outcomes.includes(outcome));
}

export async function readSeries({ series }: LabData, signal: AbortSignal): Promise<readonly DoctorEntry[]> {
  if (series === null) return [];
  const entries = await readManifestEntries([series], { allowLoopback: false, signal });
  return entries.map((entry) => ({ ...entry, file: entry.file.slice(series.length + 1) }));
}

export function tellMissing({ hasRealManifests }: LabData, terminal: Terminal): void {
  if (hasRealManifests) return;
  terminal.step(
    'real-manifests-missing',
    'The manifests that were once served are not on this computer (../shared/fixtures/manifests beside the package): the others are run.',
  );
}

export async function writeHtml(file: string, report: LabReport, terminal: Terminal): Promise<void> {
  const { writeReport } = await import('../../lab/report/write-report.ts');
  const page = await writeReport(report);
  await writeFile(resolve(file), page).catch((error: unknown) => {
    throw new UpdateError(
      'usage',
      `The report could not be written to ${quote(file)}. Name a file in a folder that is there.`,
      {
        cause: error,
        details: { file },
      },
    );
  });
  terminal.step('report', `The report is in ${file}.`);
}

function describeAmount({ cells, durationMs }: LabReport, shown: LabReport): string {
  const seconds = (durationMs / 1000).toFixed(1);
  const part = shown.cells.length === cells.length ? '' : `, ${shown.cells.length} of them shown`;
  return `${cells.length} cells in ${seconds} s${part}.`;
}

/** The lab's own faults, never a client's. */
function tellFailures(failures: readonly CellFailure[], terminal: Terminal): void {
  if (failures.length === 0) return;
  process.exitCode = 1;
  for (const { scenario, client, message } of failures.slice(0, MOST_FAILURES)) {
    terminal.warn(`${scenario} could not be run with ${client}. ${message}`);
  }
  const more = failures.length - MOST_FAILURES;
  if (more > 0) terminal.warn(`${more} more could not be run.`);
}
