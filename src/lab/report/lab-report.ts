import type { Channel } from '../../config.ts';
import type { Finding, Verdict } from '../../manifest/finding.ts';
import type { HistoryFinding } from '../../manifest/history.ts';
import type { MigrationPlan } from '../plan/migration-plan.ts';
import type { Cell, CellFailure } from '../run/outcome.ts';

/** The document that `lab --json` prints, and that the HTML report is made from. Public: keep its keys stable. */
export interface LabReport {
  readonly clients: readonly {
    readonly name: string;
    readonly title: string;
    readonly description: string;
    readonly macos: string;
    readonly installed: string;
  }[];
  readonly offers: readonly {
    readonly name: string;
    readonly title: string;
    readonly description: string;
    readonly shows: string | null;
    readonly origin: 'real' | 'generated' | 'given';
  }[];
  readonly hosts: readonly { readonly name: string; readonly title: string; readonly description: string }[];
  readonly cells: readonly Cell[];
  /** Empty unless the lab itself, or its data, has a fault. */
  readonly failures: readonly CellFailure[];
  readonly history: HistoryReport | null;
  readonly plan: MigrationPlan | null;
  readonly durationMs: number;
}

/** The series of real (or given) manifests in the order of their dates, and what each client did with it. */
export interface HistoryReport {
  readonly manifests: readonly {
    readonly file: string;
    readonly channel: Channel;
    readonly version: string | null;
    readonly date: string | null;
    readonly verdict: Verdict;
    readonly findings: readonly Finding[];
    /** As the manifest promises: of the real bytes, not of the lab's stand-ins. */
    readonly sha256: string | null;
    readonly size: number | null;
    readonly url: string | null;
  }[];
  readonly drifts: readonly HistoryFinding[];
  /** Files in the order in which they were offered to the walks: a check's `manifest` counts in it. */
  readonly offered: readonly string[];
  /** One cell per client: the whole series with the release host as it was then. */
  readonly walks: readonly Cell[];
}
