import type { Channel, TrustPolicy } from '../config.ts';
import { type Version, versionTag } from '../version.ts';
import { fixedTagOf, type Generation, isArtifactType } from './generation.ts';
import type { Artifact } from './manifest.ts';
import { readUrl, releaseUrl } from './release-url.ts';

/** One place to fetch the artifact from. Whatever comes from it must match the manifest's size and sha256. */
export interface Candidate {
  readonly url: string;
  readonly kind: 'version-tag' | 'fixed-tag' | 'direct';
}

/** The base of the artifact's file name where no URL gives one (DESIGN.md section 1). */
const FILE_NAME = 'Nexy';

/**
 * The places to try, in order (DESIGN.md section 3): the version tag or a direct URL stand alone; a fixed tag
 * is followed by the version tag of the production owner. For an artifact that was not rejected.
 */
export function listCandidates(
  artifact: Artifact,
  version: Version,
  generation: Generation,
  channel: Channel,
  policy: TrustPolicy,
): readonly Candidate[] {
  if (artifact.url === null) {
    if (!isArtifactType(artifact.type)) return [];
    const file = `${FILE_NAME}.${artifact.type}`;
    const fixed = releaseUrl(policy, fixedTagOf(artifact.type, channel), file);
    return [{ url: fixed, kind: 'fixed-tag' }, atVersionTag(version, file, policy)];
  }
  const { href, file } = readUrl(artifact.url, policy);
  if (href === null || generation === 'no-url') return [];
  const own: Candidate = { url: href, kind: generation };
  return generation === 'fixed-tag' ? [own, atVersionTag(version, file, policy)] : [own];
}

function atVersionTag(version: Version, file: string, policy: TrustPolicy): Candidate {
  return { url: releaseUrl(policy, versionTag(version), file), kind: 'version-tag' };
}
