import type { Channel } from '../../config.ts';
import { UpdateError } from '../../errors.ts';
import { type AssessPolicy, assessManifest } from '../../manifest/assess.ts';
import { type ArtifactType, isArtifactType } from '../../manifest/generation.ts';
import type { Manifest } from '../../manifest/manifest.ts';
import { readUrl } from '../../manifest/release-url.ts';
import type { Version } from '../../version.ts';
import type { AssetFacts } from '../asset.ts';

/** What a manifest of this flow offers: files of one published version tag. */
export interface Offer {
  readonly version: Version;
  readonly tag: string;
  readonly artifacts: readonly { readonly type: ArtifactType; readonly facts: AssetFacts }[];
  /** LATEST_CHANGES.md; null in manifests that do not name its digest. */
  readonly notes: AssetFacts | null;
  readonly manifest: Manifest;
}

/**
 * Reads what a manifest offers.
 *
 * @param file its name, for messages
 * @throws UpdateError the code of the first finding where clients would not accept it without a warning, `tag-mismatch`
 *   where it offers no version tag
 */
export function readOffer(
  bytes: Uint8Array,
  policy: AssessPolicy,
  { channel, file }: { readonly channel: Channel | null; readonly file: string },
): Offer {
  const { manifest, generation, findings } = assessManifest(bytes, policy, { channel, fileName: file });
  const serious = findings.filter(({ severity }) => severity !== 'info');
  const [first] = serious;
  if (manifest === null || first !== undefined)
    throw new UpdateError(
      first?.code ?? 'manifest-invalid',
      `Clients do not accept what ${file} offers: ${serious.map(({ message }) => message).join(' ')}`,
      { details: { file, findings: serious } },
    );
  // As it stands in the address: `v2.0` and `v2.0.0.0` are two tags.
  const tag = readUrl(manifest.artifact.url ?? '', policy).release?.tag ?? null;
  if (generation !== 'version-tag' || tag === null)
    throw new UpdateError(
      'tag-mismatch',
      `What ${file} offers is not under its version tag (${generation}), so it was not written by this flow. Publish ` +
        'that version, or a higher one.',
      { details: { file, url: manifest.artifact.url } },
    );
  return {
    version: manifest.version,
    tag,
    artifacts: manifest.artifacts.flatMap(({ type, size, sha256 }) =>
      isArtifactType(type) ? [{ type, facts: { name: `Nexy.${type}` as const, size, sha256 } }] : [],
    ),
    notes: readNotes(manifest),
    manifest,
  };
}

function readNotes({ document }: Manifest): AssetFacts | null {
  const notes = document['notes'];
  if (typeof notes !== 'object' || notes === null) return null;
  const { size, sha256 } = notes as { readonly size?: unknown; readonly sha256?: unknown };
  if (typeof size !== 'number' || typeof sha256 !== 'string') return null;
  return { name: 'LATEST_CHANGES.md', size, sha256: sha256.toLowerCase() };
}
