import { asUpdateError, type Unforeseen } from './errors.ts';
import type { Check } from './run-check.ts';

/** How a line of a report is shown where colours are. */
export type LineStyle = 'bold' | 'red' | 'dim' | null;

export interface ReportLine {
  readonly style: LineStyle;
  readonly text: string;
}

/** What `check --json` prints (DESIGN.md section 8). */
export function checkDocument({ assessment, decision, currentVersion }: Check): object {
  const { generation, candidates, findings, version } = assessment;
  const { action, reason, message } = decision;
  const current = currentVersion.text;
  return { action, reason, message, current, offered: version, generation, candidates, findings };
}

/** What `check` prints for people. */
export function checkLines({ assessment, decision }: Check): readonly ReportLine[] {
  const { action, reason, message } = decision;
  return [
    { style: action === 'reject' ? 'red' : 'bold', text: `${action} (${reason})` },
    { style: null, text: message },
    ...assessment.findings.map(({ code, severity, message: text }) => ({
      style: 'dim' as const,
      text: `  ${severity}: ${code}. ${text}`,
    })),
    ...assessment.candidates.map(({ url, kind }) => ({ style: 'dim' as const, text: `  ${kind}: ${url}` })),
  ];
}

/** The exit status of `check` (DESIGN.md section 8). */
export function checkStatus({ decision }: Check): number {
  return { update: 3, reject: 1, none: 0, held: 0 }[decision.action];
}

/** A failure of a command: its document for machines, its sentence for people, and the exit status. */
export function describeFailure(
  error: unknown,
  unforeseen?: Unforeseen,
): { readonly document: string; readonly sentence: string; readonly status: number } {
  const failure = asUpdateError(error, unforeseen);
  return {
    document: JSON.stringify(failure, null, 2),
    sentence: `${failure.message} (${failure.code})`,
    status: failure.code === 'usage' ? 2 : 1,
  };
}
