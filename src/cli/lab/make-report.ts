import type { LabReport } from '../../lab/report/lab-report.ts';
import { makeTimeline } from '../../lab/report/make-timeline.ts';
import type { Cell, CellFailure } from '../../lab/run/outcome.ts';
import { GITHUB_POLICY } from '../../lab/scenario/make-offer.ts';
import { HISTORY } from '../../lab/scenario/read-manifest-folder.ts';
import type { ClientSpec, Scenario } from '../../lab/scenario/scenario.ts';
import type { DoctorEntry } from '../../manifest/doctor.ts';
import { uniqueByName } from './unique-by-name.ts';

/** The state of the release host in which the series was served. */
export const HOST_OF_HISTORY = 'as-named';

export interface ReportParts {
  /** What was run. */
  readonly scenarios: readonly Scenario[];
  readonly clients: readonly ClientSpec[];
  readonly cells: readonly Cell[];
  readonly failures: readonly CellFailure[];
  /** The manifests of the series. */
  readonly series: readonly DoctorEntry[];
  readonly durationMs: number;
}

/** The report on a run, without a plan. Pure. */
export function makeReport({
  scenarios,
  clients,
  cells,
  failures,
  series,
  durationMs,
}: ReportParts): LabReport {
  return {
    clients: clients.map(({ name, title, description, macos, installed }) => ({
      name,
      title,
      description,
      macos,
      installed: installed.version,
    })),
    offers: uniqueByName(scenarios.map(({ offer }) => offer)).map(
      ({ name, title, description, shows, origin }) => ({ name, title, description, shows, origin }),
    ),
    hosts: uniqueByName(scenarios.map(({ host }) => host)).map(({ name, title, description }) => ({
      name,
      title,
      description,
    })),
    cells,
    failures,
    history: makeHistory({ scenarios, cells, series }),
    plan: null,
    durationMs,
  };
}

/** Null where the series was not run. */
function makeHistory({
  scenarios,
  cells,
  series,
}: Pick<ReportParts, 'scenarios' | 'cells' | 'series'>): LabReport['history'] {
  const walk = scenarios.find(({ offer, host }) => offer.name === HISTORY && host.name === HOST_OF_HISTORY);
  if (walk === undefined) return null;
  return {
    ...makeTimeline(series, { ...GITHUB_POLICY, keys: [] }),
    offered: walk.offer.manifests.map(({ file }) => file),
    walks: cells.filter(({ scenario }) => scenario === walk.name),
  };
}
