import type { Channel } from '../config.ts';
import { UpdateError } from '../errors.ts';
import { type Assessment, type AssessPolicy, assessManifest } from '../manifest/assess.ts';
import { type ArtifactType, isArtifactType } from '../manifest/generation.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { isSameVersion, parseVersionTag, type Version } from '../version.ts';
import type { AssetFacts } from './asset.ts';

/** What a manifest of this flow offers: files of one published version tag. */
export interface ChannelOffer {
  readonly version: Version;
  readonly tag: string;
  readonly artifacts: readonly { readonly type: ArtifactType; readonly facts: AssetFacts }[];
  /** LATEST_CHANGES.md; null in manifests that do not name its digest. */
  readonly notes: AssetFacts | null;
  readonly assessment: Assessment;
}

/**
 * Reads what a manifest offers.
 *
 * @param file its name, for messages
 * @throws UpdateError `manifest-conflict` for a manifest that clients refuse, or that does not offer a version tag
 */
export function readOffer(
  bytes: Uint8Array,
  policy: AssessPolicy,
  { channel, file }: { readonly channel: Channel | null; readonly file: string },
): ChannelOffer {
  const assessment = assessManifest(bytes, policy, { channel, fileName: file });
  const { manifest, verdict, generation, findings } = assessment;
  const problem = findings.find(({ severity }) => severity === 'reject') ?? findings[0];
  if (manifest === null || verdict === 'reject')
    throw unusable(file, problem?.message ?? '', { findings: findings.map(({ code }) => code) });
  if (generation !== 'version-tag')
    throw unusable(file, `It offers ${manifest.version.text} from no version tag (${generation}).`, {});
  return {
    version: manifest.version,
    tag: tagOf(manifest),
    artifacts: manifest.artifacts.flatMap(({ type, size, sha256 }) =>
      isArtifactType(type) ? [{ type, facts: { name: `Nexy.${type}` as const, size, sha256 } }] : [],
    ),
    notes: readNotes(manifest),
    assessment,
  };
}

/** As it stands in the address: `v2.0` and `v2.0.0.0` are two tags. */
function tagOf({ artifact, version }: Manifest): string {
  const tag = artifact.url?.split('/').at(-2) ?? '';
  const tagged = parseVersionTag(tag);
  return tagged !== null && isSameVersion(tagged, version) ? tag : `v${version.text}`;
}

function readNotes({ document }: Manifest): AssetFacts | null {
  const notes = document['notes'];
  if (typeof notes !== 'object' || notes === null) return null;
  const { size, sha256 } = notes as { readonly size?: unknown; readonly sha256?: unknown };
  if (typeof size !== 'number' || typeof sha256 !== 'string') return null;
  return { name: 'LATEST_CHANGES.md', size, sha256: sha256.toLowerCase() };
}

function unusable(file: string, reason: string, details: Readonly<Record<string, unknown>>): UpdateError {
  return new UpdateError(
    'manifest-conflict',
    `${file} is not a manifest that this flow wrote: ${reason} Nothing was changed. Publish a higher version, which ` +
      'replaces it.',
    { details: { file, ...details } },
  );
}
