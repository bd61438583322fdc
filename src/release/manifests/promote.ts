import type { Channel } from '../../config.ts';
import { UpdateError } from '../../errors.ts';
import type { AssessPolicy } from '../../manifest/assess.ts';
import type { Manifest } from '../../manifest/manifest.ts';
import { CHANNEL_FILES } from '../../manifest/manifest-file.ts';
import {
  type ChangeOutcome,
  changeManifests,
  type ManifestChange,
  type ManifestFolderOptions,
  readManifests,
} from './change-manifests.ts';
import { assertSameBytes, standingOf, versionNotNewer } from './decide-publication.ts';
import { finishManifest, rolloutOf } from './manifest-document.ts';
import { archiveOf, type ManifestShelf, offerOf } from './manifest-folder.ts';
import { type Offer, readOffer } from './offer.ts';

export interface PromotionOptions {
  readonly from: Channel;
  readonly to: Channel;
  readonly policy: AssessPolicy;
  /** Percentage; null or 100 for everybody. */
  readonly rolloutPercentage: number | null;
  /** True makes it critical; else it is what it was on the other channel. */
  readonly critical: boolean;
  readonly now: Date;
}

export interface PromotionChange extends ManifestChange {
  /** What the other channel offers. */
  readonly manifest: Manifest;
  /** The tag that its release has. */
  readonly tag: string;
}

/** What is promoted. */
export type PromotedRelease = Pick<PromotionChange, 'manifest' | 'tag'>;

/**
 * Offers on one channel what another one offers: metadata only, the same tag, the same bytes.
 *
 * @param verify asked before anything is written whether the release is really there with these bytes; once for each
 *   version that comes up
 * @throws UpdateError what `decidePromotion`, `changeManifests` and `verify` throw
 */
export async function promote(
  options: PromotionOptions,
  folder: ManifestFolderOptions,
  verify: (release: PromotedRelease) => Promise<void>,
): Promise<ChangeOutcome<PromotionChange>> {
  let verified: string | null = null;
  const decide = async (shelf: ManifestShelf): Promise<PromotionChange> => {
    const change = decidePromotion(shelf, options);
    const identity = JSON.stringify([change.tag, change.manifest.artifacts]);
    if (change.files.length > 0 && verified !== identity) {
      await verify(change);
      verified = identity;
    }
    return change;
  };
  // Once before the lock is taken: a release takes minutes to download, and others would wait for that.
  await decide(await readManifests(folder));
  return changeManifests(folder, decide);
}

/**
 * What becomes of the folder when a version is promoted. The release date is that of the promotion, since a phased
 * rollout counts from it; keys that are not known here are kept. Pure.
 *
 * @throws UpdateError `usage` for one and the same channel or a percentage that is none; the code of the first finding
 *   when clients would not accept what is offered without a warning; `version-not-newer`, `manifest-conflict`
 */
export function decidePromotion(shelf: ManifestShelf, options: PromotionOptions): PromotionChange {
  const { from, to, policy, now } = options;
  if (from === to)
    throw new UpdateError('usage', `Nothing was changed: ${from} cannot be promoted to itself.`);
  const { manifest, tag } = findOffer(shelf, from, policy);
  const { version } = manifest;
  const base = { manifest, tag, message: `${version.text} is promoted from ${from} to ${to}` };
  const archive = archiveOf(shelf, version);
  if (archive !== null) assertSameBytes(shelf, archive, manifest, 'its archive copy');
  const standing = standingOf(shelf, to, version);
  if (standing === 'superseded') throw versionNotNewer(shelf, to, version, 'promoted');
  const current = offerOf(shelf, to);
  if (standing === 'offered' && current !== null) {
    assertSameBytes(shelf, current, manifest, `the ${to} channel`);
    const remark = `The ${to} channel offers ${version.text} already: nothing was changed. Use "nexy-release rollout" to change how many get it.`;
    return { ...base, files: [], remarks: [remark] };
  }
  const { rollout: _, ...kept } = manifest.document;
  const document = {
    ...kept,
    channel: to,
    release_date: now.toISOString().replace(/\.\d+Z$/, 'Z'),
    critical: options.critical || manifest.critical,
    ...rolloutOf(options.rolloutPercentage, version.text),
  };
  const text = finishManifest(document, to, policy);
  const isStopped = manifest.rollout?.percentage === 0;
  const warning = `The ${from} channel offers ${version.text} to nobody (0 %): if somebody stopped it there, stop it here too.`;
  return {
    ...base,
    files: [{ name: CHANNEL_FILES[to], text }],
    remarks: isStopped ? [warning] : [],
  };
}

function findOffer(shelf: ManifestShelf, channel: Channel, policy: AssessPolicy): Offer {
  const held = shelf.channels[channel];
  if (held === null)
    throw new UpdateError(
      'manifest-conflict',
      `Nothing was promoted: the ${channel} channel offers nothing, there is no ${CHANNEL_FILES[channel]}. Publish a version there first.`,
      { details: { channel } },
    );
  // Says what it is where it is no manifest at all.
  offerOf(shelf, channel);
  return readOffer(held.bytes, policy, { channel, file: held.name });
}
