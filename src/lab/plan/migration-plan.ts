import type { Channel } from '../../config.ts';
import type { Outcome } from '../run/outcome.ts';

/** The way from the fixed tags to version tags, for one folder of manifests and one state of the release host. */
export interface MigrationPlan {
  /** What was found that the plan rests on, each a sentence. What makes it unsafe comes first, and begins `NOT SAFE`. */
  readonly facts: readonly string[];
  readonly transition: PlannedRelease;
  /** The first release after the migration, which may need a newer macOS. */
  readonly following: PlannedRelease;
  readonly steps: readonly PlanStep[];
  /** Who does not get updates today, and what reaches them. */
  readonly stranded: readonly {
    readonly client: string;
    readonly why: string;
    /** Null where nothing does: `why` then says how a person helps themselves. */
    readonly reachedBy: string | null;
  }[];
  /** Which version a macOS stays on in the end. */
  readonly lastVersions: readonly {
    readonly macos: string;
    readonly version: string;
    readonly why: string;
  }[];
  /** When the fixed tags may be retired, and what it costs, as sentences. */
  readonly retirement: readonly string[];
  /** Null until it was tried. */
  readonly proof: PlanProof | null;
}

export interface PlannedRelease {
  readonly version: string;
  readonly bundleVersion: string;
  readonly minimumOs: string;
}

export interface PlanStep {
  /** E.g. `publish-transition`. */
  readonly id: string;
  readonly title: string;
  readonly why: string;
  /** What to type, with placeholders for folders; null for what a person does otherwise. */
  readonly command: string | null;
  /** A file that a person takes away in this step, below the folder in which commands are typed; else null. */
  readonly withdraws: string | null;
  readonly channel: Channel | null;
}

/** What became of every client after each step, each from its own start; before the first step too. */
export interface PlanProof {
  readonly isSafe: boolean;
  /** What does not hold, as sentences. */
  readonly problems: readonly string[];
  readonly stages: readonly {
    /** The step's id; `before` for the state before any. */
    readonly after: string;
    readonly clients: readonly ProvenClient[];
  }[];
  /** What became of them when the fixed tags were taken away in the end: who does not have what they had, is lost. */
  readonly withoutFixedTags: readonly ProvenClient[];
}

export interface ProvenClient {
  readonly client: string;
  /** The channel that it follows. */
  readonly channel: Channel;
  readonly outcome: Outcome;
  /** Of the app that is installed in the end. */
  readonly version: string;
  readonly why: string;
}
