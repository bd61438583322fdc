import type { TrustPolicy } from '../../config.ts';
import type { Version } from '../../version.ts';
import type { AssetSource } from '../asset.ts';
import type { GitHub } from '../github/github.ts';
import type { ReleaseReporter } from '../reporter.ts';
import type { RunIdentity } from './marker.ts';

/** One run of the publish flow at GitHub, and how far it got. */
export interface PublishJob {
  readonly github: GitHub;
  readonly version: Version;
  readonly tag: string;
  /** In the order in which they are uploaded. */
  readonly assets: readonly AssetSource[];
  readonly notes: string;
  /** Where the world downloads from. */
  readonly policy: TrustPolicy;
  readonly identity: RunIdentity;
  readonly reporter: ReleaseReporter;
  readonly signal: AbortSignal | null;
  readonly progress: JobProgress;
}

export interface JobProgress {
  /** Drafts that this run made, as far as it knows. */
  readonly drafts: Set<number>;
  /** A draft of ours may lie there: it was asked for. */
  mayHaveDraft: boolean;
  /** The call that publishes got no clear answer: the draft must not be deleted any more. */
  mayBePublished: boolean;
  /** GitHub refused to publish, since somebody else has. */
  wasRefused: boolean;
  /** The release that this run published: never to be deleted, even where a list still calls it a draft. */
  publishedId: number | null;
}
