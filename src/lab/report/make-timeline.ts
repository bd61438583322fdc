import { type AssessPolicy, assessManifest } from '../../manifest/assess.ts';
import type { DoctorEntry } from '../../manifest/doctor.ts';
import { makeFinding } from '../../manifest/finding.ts';
import { findHistory, type HistoryEntry } from '../../manifest/history.ts';
import { parseReleaseDate, type ReleaseDate } from '../../manifest/release-date.ts';
import type { HistoryReport } from './lab-report.ts';

type Timeline = Pick<HistoryReport, 'manifests' | 'drifts'>;

/**
 * A series of manifests as the doctor sees it, in the order of their `release_date`; those without one come last, in
 * the order given. Pure.
 *
 * @throws UpdateError `usage` when the policy itself cannot be used (its download base)
 */
export function makeTimeline(entries: readonly DoctorEntry[], policy: AssessPolicy): Timeline {
  const judged = entries.map((entry) => judge(entry, policy)).toSorted(compareDates);
  return { manifests: judged.map(describe), drifts: findHistory(judged) };
}

interface Judged extends HistoryEntry {
  readonly date: ReleaseDate | null;
}

function judge(
  { file, bytes, problem = 'It could not be read.' }: DoctorEntry,
  policy: AssessPolicy,
): Judged {
  const assessment = assessManifest(bytes ?? new Uint8Array(), policy, { channel: null, fileName: file });
  const date = parseReleaseDate(assessment.manifest?.releaseDate ?? '');
  if (bytes !== null) return { file, date, assessment };
  return { file, date, assessment: { ...assessment, findings: [makeFinding('manifest-invalid', problem)] } };
}

function compareDates({ date: a }: Judged, { date: b }: Judged): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return a.milliseconds - b.milliseconds || a.nanoseconds - b.nanoseconds;
}

function describe({ file, assessment }: Judged): Timeline['manifests'][number] {
  const { channel, version, verdict, findings, manifest } = assessment;
  const artifact = manifest?.artifact ?? null;
  return {
    file,
    channel,
    version,
    date: manifest?.releaseDate ?? null,
    verdict,
    findings,
    sha256: artifact?.sha256 ?? null,
    size: artifact?.size ?? null,
    url: artifact?.url ?? null,
  };
}
