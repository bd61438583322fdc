import { type ArtifactType, fixedTagOf, isArtifactType } from '../../manifest/generation.ts';
import { readUrl } from '../../manifest/release-url.ts';
import { readVersion, versionTag } from '../../version.ts';
import type { Build } from '../builds/build-plan.ts';
import { makeBuild } from '../builds/make-build.ts';
import { PRODUCTION_OWNER, type ReleaseHost } from '../release-host/release-host.ts';
import { GITHUB_POLICY, IMAGE_FILE, planOf } from './make-offer.ts';
import { isMapping } from './merge-patch.ts';
import type { HostState, OfferedManifest } from './scenario.ts';
import type { Holds, TagData } from './schema.ts';

/** A release host while one manifest is offered. Checks are counted from 1. */
export interface StagedHost {
  /** The feed was read during that check; told as often as that happens. */
  feedServed(check: number): void;
  checkEnded(check: number): void;
  /** All releases go, and all faults: those of manifests before this one too. */
  clear(): void;
}

/** The images are the lab's only artifacts. */
const TYPE: ArtifactType = 'dmg';

/**
 * Makes the host's state when a manifest begins to be offered, and lets happen what happens while it is. What lay
 * there before stays, unless the state says otherwise; of faults there are only this state's.
 *
 * A release URL of another owner is taken at its word: the promised bytes are there, as they were when that was
 * offered, since the state tells of the production owner's repository alone.
 *
 * @param promised null where there are no such bytes: nothing is there then that would hold them
 */
export function stageHost(
  host: Pick<ReleaseHost, 'publish' | 'withdraw' | 'fault' | 'clearFaults' | 'empty'>,
  state: HostState,
  offered: OfferedManifest,
  promised: Build | null,
): StagedHost {
  const artifact = offered.document?.['artifact'];
  const isReleased = wasReleased(artifact);
  const contentOf = (holds: Holds): Uint8Array | null => {
    if (holds === 'nothing') return null;
    if (holds === 'promised') return promised?.bytes ?? null;
    return makeBuild(planOf(holds)).bytes;
  };
  const put = (tag: TagData, holds: Holds): void => {
    const place = placeOf(tag, offered);
    if (place === null || (holds === 'promised' && !isReleased)) return;
    const content = contentOf(holds);
    if (content === null) host.withdraw(place.tag, IMAGE_FILE, place.owner);
    else host.publish(place.tag, IMAGE_FILE, content, place.owner);
  };
  const remaining = new Set(state.events);
  const happen = (after: 'feed' | 'check', check: number): void => {
    for (const event of remaining) {
      if (event.after !== after || event.check !== check) continue;
      remaining.delete(event);
      put(event.tag, event.holds);
    }
  };

  host.clearFaults();
  for (const { on, status } of state.faults) host.fault({ on, fault: { kind: 'status', status } });
  publishElsewhere(host, artifact, promised);
  for (const { tag, holds } of state.releases) put(tag, holds);
  return {
    feedServed: (check) => happen('feed', check),
    checkEnded: (check) => happen('check', check),
    clear: () => {
      host.clearFaults();
      host.empty();
    },
  };
}

interface Place {
  readonly tag: string;
  readonly owner: string;
}

/** The tag that is meant while this manifest is offered; null for the version tag of what is no version. */
export function placeOf(tag: TagData, offered: OfferedManifest): Place | null {
  const { channel, version } = offered;
  if (typeof tag === 'object') return { tag: tag.name, owner: tag.owner ?? PRODUCTION_OWNER };
  const owner = PRODUCTION_OWNER;
  if (tag === 'fixed') return { tag: fixedTagOf(TYPE, channel), owner };
  if (tag === 'other-fixed')
    return { tag: fixedTagOf(TYPE, channel === 'stable' ? 'beta' : 'stable'), owner };
  if (tag === 'named') return { tag: namedTagOf(offered) ?? fixedTagOf(TYPE, channel), owner };
  const parsed = readVersion(version ?? '');
  return parsed === null ? null : { tag: versionTag(parsed), owner };
}

/** The tag that the manifest's address names; null where that is no release of the production owner. */
export function namedTagOf({ document }: OfferedManifest): string | null {
  const artifact = document?.['artifact'];
  const url = isMapping(artifact) ? artifact['url'] : null;
  const release = typeof url === 'string' ? readUrl(url, GITHUB_POLICY).release : null;
  return isProduction(release?.owner) ? (release?.tag ?? null) : null;
}

/** What is no image and lies elsewhere, such as a text file, was never put under a tag. */
function wasReleased(artifact: unknown): boolean {
  if (!isMapping(artifact) || isArtifactType(String(artifact['type']))) return true;
  return isProduction(readUrl(String(artifact['url']), GITHUB_POLICY).release?.owner);
}

function isProduction(owner: string | undefined): boolean {
  return owner?.toLowerCase() === PRODUCTION_OWNER.toLowerCase();
}

function publishElsewhere(
  host: Pick<ReleaseHost, 'publish'>,
  artifact: unknown,
  promised: Build | null,
): void {
  const url = isMapping(artifact) ? artifact['url'] : null;
  if (typeof url !== 'string' || promised === null) return;
  const { release } = readUrl(url, GITHUB_POLICY);
  if (release === null || release.tag === null || isProduction(release.owner)) return;
  host.publish(release.tag, release.file, promised.bytes, release.owner);
}
