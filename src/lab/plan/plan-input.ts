import type { AssessPolicy } from '../../manifest/assess.ts';
import { findFixedTag } from '../../manifest/generation.ts';
import type { FixedTagStatus, TagStatus } from '../../release/status.ts';
import { parseVersionTag } from '../../version.ts';
import type { ClientSpec, HostState, OfferedManifest } from '../scenario/scenario.ts';
import { placeOf } from '../scenario/stage-host.ts';

/** All that a plan is derived from. */
export interface PlanInput {
  /** A folder's manifests in the order in which they were offered. */
  readonly manifests: readonly OfferedManifest[];
  /** Null where nobody looked. */
  readonly host: HostFacts | null;
  /** Who is out there. */
  readonly clients: readonly ClientSpec[];
  readonly wishes: PlanWishes;
  readonly policy: AssessPolicy;
}

export interface PlanWishes {
  /** Of the transition release; null for the lowest that is higher than everything that there ever was. */
  readonly nextVersion: string | null;
  /** Of the transition release; null for what every installation that does not look at `min_os` runs. */
  readonly nextMinimumOs: string | null;
  /** Of the first release after it. */
  readonly followingMinimumOs: string;
}

export const DEFAULT_WISHES: PlanWishes = {
  nextVersion: null,
  nextMinimumOs: null,
  followingMinimumOs: '13.0',
};

/** What lies on the release host. */
export interface HostFacts {
  /** Published version tags, e.g. `v2.0.0.46`. */
  readonly versionTags: readonly string[];
  /** Fixed tags that hold a file for installations, with the downloads that were counted for it. */
  readonly fixedTags: readonly { readonly tag: string; readonly downloads: number | null }[];
}

/** What is read of what `nexy-release status --json` prints. */
interface HostStatus {
  readonly tags: readonly Pick<TagStatus, 'tag'>[] | null;
  readonly fixedTags: readonly Pick<FixedTagStatus, 'tag' | 'isThere' | 'downloads'>[] | null;
}

/** @returns null where the report was made without a token, and so without a look at the host */
export function hostFactsOfStatus({ tags, fixedTags }: HostStatus): HostFacts | null {
  if (tags === null || fixedTags === null) return null;
  return {
    versionTags: tags.map(({ tag }) => tag),
    fixedTags: fixedTags.filter(({ isThere }) => isThere).map(({ tag, downloads }) => ({ tag, downloads })),
  };
}

/** What a state of the lab's release host comes to while these are the current manifests. */
export function hostFactsOfState(state: HostState, current: readonly OfferedManifest[]): HostFacts {
  const places = state.releases.filter(({ holds }) => holds !== 'nothing').map(({ tag }) => tag);
  const tags = places.flatMap((place) => current.flatMap((offered) => placeOf(place, offered)?.tag ?? []));
  const distinct = [...new Set(tags)];
  return {
    versionTags: distinct.filter((tag) => parseVersionTag(tag) !== null),
    fixedTags: distinct.filter((tag) => findFixedTag(tag) !== null).map((tag) => ({ tag, downloads: null })),
  };
}
