import type { BuildPlan } from '../builds/build-plan.ts';
import type { CheckResult } from '../clients/client.ts';

/**
 * Where a person ends up, the worst first:
 * `harmed`    has an app that cannot start on this macOS, or other bytes than were promised;
 * `loops`     downloads again at every check;
 * `promised`  has the version that was promised;
 * `stranded`  has not, and the next release, published the same way without any fault, would not arrive either;
 * `stays`     has what they had, and will get the next good release.
 */
export const OUTCOMES = ['harmed', 'loops', 'promised', 'stranded', 'stays'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** An app on a Mac, or what an image holds. */
export interface AppFacts {
  readonly version: string;
  readonly minimumOs: string;
  /** Of the image that it came from, 64 hex digits; null for what was there from the start. */
  readonly sha256: string | null;
}

export interface CheckRecord extends CheckResult {
  /** The manifest that was offered, as an index into the offer's. */
  readonly manifest: number;
  /** Counted from 1 for each manifest. */
  readonly check: number;
  /** Bytes of artifacts that came over the network. */
  readonly artifactBytes: number;
  /** What this check installed, even where the same was there before; null where it installed nothing. */
  readonly installed: AppFacts | null;
}

/** What became of one client in one scenario: a cell of the matrix. */
export interface Cell {
  readonly scenario: string;
  readonly offer: string;
  readonly host: string;
  readonly client: string;
  readonly outcome: Outcome;
  /** Why it is that outcome, as a sentence for a person. */
  readonly why: string;
  /** Of the last check. */
  readonly action: CheckResult['action'];
  readonly reason: string;
  /** The last manifest's version, as given; null where it gives none. */
  readonly promisedVersion: string | null;
  /** What the promised bytes hold, whatever the manifest says; null where nobody could have them. */
  readonly promised: AppFacts | null;
  readonly installed: AppFacts;
  /** Whether the installed app starts on that Mac. */
  readonly starts: boolean;
  /** Downloads of artifacts, whole or in part. */
  readonly downloads: number;
  /** Bytes of artifacts over the network. */
  readonly artifactBytes: number;
  readonly checks: readonly CheckRecord[];
}

/** A cell that could not be run: a fault of the lab or of its data, never of a client. */
export interface CellFailure {
  readonly scenario: string;
  readonly client: string;
  readonly message: string;
}

/** All that the judgement needs. */
export interface RunRecord {
  readonly macos: string;
  readonly before: AppFacts;
  readonly after: AppFacts;
  /** The last manifest's version, as given. */
  readonly promisedVersion: string | null;
  readonly promised: { readonly plan: BuildPlan; readonly sha256: string } | null;
  readonly checks: readonly CheckRecord[];
  /** For each install: what the manifest of that moment promised. */
  readonly installs: readonly { readonly installed: AppFacts; readonly promisedSha256: string | null }[];
  /** Whether the next release, published the same way, would arrive; null where nobody tried. */
  readonly nextArrives: boolean | null;
}
