import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContractRow, RowTrial } from '../../macos-tools/contract.ts';

/** `asserted`: has to hold on a Mac. `observed`: what came is for a maintainer to confirm. */
export type RowStanding = 'asserted' | 'observed' | 'not tried';

export interface RowReport {
  readonly row: ContractRow;
  readonly standing: RowStanding;
  /** Why it was not tried, or not asserted; empty where it was. */
  readonly reason: string;
  readonly trial: RowTrial | null;
}

/** Where a run on a Mac leaves what people are to look at: NEXY_MAC_REPORT, or a folder of its own. */
export function reportFolder(): string {
  const folder = process.env['NEXY_MAC_REPORT'] ?? join(tmpdir(), 'nexy-mac-report');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Writes `contract.md` and `contract.json` into that folder. @returns its path */
export function writeContractReport(reports: readonly RowReport[]): string {
  const folder = reportFolder();
  const system = process.platform === 'darwin' ? execFileSync('/usr/bin/sw_vers', { encoding: 'utf8' }) : '';
  writeFileSync(join(folder, 'contract.md'), describeReports(reports, system));
  writeFileSync(
    join(folder, 'contract.json'),
    `${JSON.stringify({ system, rows: reports.map(asDocument) }, null, 2)}\n`,
  );
  return folder;
}

/** The report as people read it: what failed, what wants to be confirmed, what was not tried. Pure. */
export function describeReports(reports: readonly RowReport[], system: string): string {
  const differs = ({ trial }: RowReport) => trial !== null && trial.differences.length > 0;
  const of = (standing: RowStanding) => reports.filter((report) => report.standing === standing);
  const [asserted, observed, untried] = [of('asserted'), of('observed'), of('not tried')];
  const part = (title: string, rows: readonly RowReport[]) =>
    rows.length === 0 ? [] : [`## ${title}`, '', ...rows.flatMap(describeRow)];
  return [
    "# The contract tables against Apple's tools",
    '',
    '```',
    system.trim(),
    '```',
    '',
    `${asserted.length} rows asserted, ${asserted.filter(differs).length} of them differ; ` +
      `${observed.length} observed, ${observed.filter(differs).length} of them differ; ${untried.length} not tried.`,
    '',
    ...part('Asserted, and differs: the double or the row is wrong', asserted.filter(differs)),
    ...part('Observed, and differs: correct the row, its source and the double', observed.filter(differs)),
    ...part(
      "Observed, as promised: the source can name this run, `runsOn` can become 'both'",
      observed.filter((report) => !differs(report)),
    ),
    ...part('Not tried', untried),
  ].join('\n');
}

function describeRow({ row, reason, trial }: RowReport): readonly string[] {
  const said =
    trial?.result === null || trial === null
      ? []
      : [
          `status ${trial.result.status}, promised ${row.status}`,
          `stdout ${JSON.stringify(trial.result.stdout)}`,
          `stderr ${JSON.stringify(trial.result.stderr)}`,
        ];
  return [
    `### ${row.tool}: ${row.name}`,
    '',
    `Source: ${row.source}${reason === '' ? '' : `. ${reason}`}`,
    '',
    ...(trial === null ? [] : ['```', ...said, ...trial.differences, '```', '']),
  ];
}

function asDocument({ row, standing, reason, trial }: RowReport) {
  const { tool, name, status, source, runsOn } = row;
  return { tool, name, status, source, runsOn, standing, reason, trial };
}
