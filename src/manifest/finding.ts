import { FINDING_CODES, type FindingCode } from '../errors.ts';

type Severity = 'reject' | 'warn' | 'info';
export type Verdict = 'ok' | 'warn' | 'reject';

/** Something that a reader of a manifest has to know. `reject`: nothing may be downloaded from it. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** For a person: what is wrong, what it means, what to do. */
  readonly message: string;
}

const SEVERITIES: Readonly<Record<FindingCode, Severity>> = {
  'manifest-invalid': 'reject',
  'version-invalid': 'reject',
  'artifact-type': 'reject',
  'artifact-url-type': 'reject',
  'artifact-url-insecure': 'reject',
  'foreign-owner': 'reject',
  'foreign-host': 'reject',
  'tag-mismatch': 'reject',
  'sha256-invalid': 'reject',
  'size-invalid': 'reject',
  'fixed-tag': 'warn',
  'url-missing': 'warn',
  'channel-mismatch': 'warn',
  unsigned: 'info',
};

/** A finding of the severity that DESIGN.md section 3 gives to its code. */
export function makeFinding(code: FindingCode, message: string, severity = SEVERITIES[code]): Finding {
  return { code, severity, message };
}

/** In the order of the table in DESIGN.md section 3, without repetitions. */
export function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  const unique = new Map(findings.map((finding) => [`${finding.code} ${finding.message}`, finding]));
  return [...unique.values()].sort((a, b) => FINDING_CODES.indexOf(a.code) - FINDING_CODES.indexOf(b.code));
}

export function verdictOf(findings: readonly Finding[]): Verdict {
  if (findings.some(({ severity }) => severity === 'reject')) return 'reject';
  return findings.some(({ severity }) => severity === 'warn') ? 'warn' : 'ok';
}
