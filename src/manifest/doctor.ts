import type { Channel } from '../config.ts';
import { type AssessPolicy, assessManifest } from './assess.ts';
import type { Candidate } from './candidate.ts';
import { type Finding, makeFinding, type Verdict } from './finding.ts';
import type { Generation } from './generation.ts';
import { findHistory, type HistoryFinding } from './history.ts';

export interface DoctorEntry {
  /** As the reader named it: a path or URL. */
  readonly file: string;
  /** Null where it could not be read. */
  readonly bytes: Uint8Array | null;
  /** Why it could not be read. */
  readonly problem?: string;
}

export interface DoctorOptions {
  /** Whether the manifests are one series, to be compared with each other. */
  readonly history: boolean;
  /** The channel that they are meant for; null or absent where each may be of its own. */
  readonly channel?: Channel | null;
}

/** One manifest in the document that `doctor --json` prints. Public: keep its keys stable. */
export interface DoctorManifest {
  readonly file: string;
  readonly version: string | null;
  readonly channel: Channel;
  readonly generation: Generation | null;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  readonly candidates: readonly Candidate[];
}

export interface DoctorReport {
  readonly manifests: readonly DoctorManifest[];
  /** Empty when it was not asked for. */
  readonly history: readonly HistoryFinding[];
}

/**
 * Examines manifests, each for itself and as a series (DESIGN.md section 8, `doctor`).
 *
 * @throws UpdateError `usage` when the policy itself cannot be used (its download base)
 */
export function examine(
  entries: readonly DoctorEntry[],
  policy: AssessPolicy,
  { history, channel = null }: DoctorOptions,
): DoctorReport {
  const assessed = entries.map(({ file, bytes, problem = 'It could not be read.' }) => {
    const assessment = assessManifest(bytes ?? new Uint8Array(), policy, { channel, fileName: file });
    if (bytes !== null) return { file, assessment };
    return { file, assessment: { ...assessment, findings: [makeFinding('manifest-invalid', problem)] } };
  });
  const manifests = assessed.map(({ file, assessment }) => {
    const { manifest: _, ...shown } = assessment;
    return { file, ...shown };
  });
  return { manifests, history: history ? findHistory(assessed) : [] };
}
