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
} from './change-manifests.ts';
import { finishManifest, rolloutOf } from './manifest-document.ts';
import { type ManifestShelf, offerOf } from './manifest-folder.ts';

export interface RolloutOptions {
  readonly channel: Channel;
  /** 0 stops the offer, 100 offers it to everybody. */
  readonly percentage: number;
  readonly policy: AssessPolicy;
}

export interface RolloutChange extends ManifestChange {
  readonly manifest: Manifest;
  /** Percentage before. */
  readonly before: number;
}

/**
 * Changes how many installations are offered what a channel offers, and nothing else.
 *
 * @throws UpdateError what `decideRollout` and `changeManifests` throw
 */
export function setRollout(
  options: RolloutOptions,
  folder: ManifestFolderOptions,
): Promise<ChangeOutcome<RolloutChange>> {
  return changeManifests(folder, (shelf) => decideRollout(shelf, options));
}

/**
 * What becomes of the folder when a rollout is changed. A salt that is there is kept, so that whoever was offered the
 * version at a lower percentage is at a higher one too. At 100 the key goes: that is how it looks without a rollout. Pure.
 *
 * @throws UpdateError `usage` for a percentage that is none, `manifest-conflict` when the channel offers nothing; the
 *   code of the first finding when clients reject the manifest
 */
export function decideRollout(shelf: ManifestShelf, options: RolloutOptions): RolloutChange {
  const { channel, percentage, policy } = options;
  const manifest = offerOf(shelf, channel);
  if (manifest === null)
    throw new UpdateError(
      'manifest-conflict',
      `The rollout was not changed: the ${channel} channel offers nothing, there is no ${CHANNEL_FILES[channel]}.`,
      { details: { channel } },
    );
  const { version, document, rollout, critical } = manifest;
  const next = rolloutOf(percentage, rollout?.salt ?? version.text);
  const before = rollout?.percentage ?? 100;
  const base = {
    manifest,
    before,
    message: `${version.text} is offered to ${percentage} % on the ${channel} channel`,
  };
  const warning =
    critical && percentage < 100
      ? [`${version.text} is critical, and clients are offered that whatever the rollout says.`]
      : [];
  if (before === percentage) {
    const remark = `The ${channel} channel offers ${version.text} to ${percentage} % already: nothing was changed.`;
    return { ...base, files: [], remarks: [remark, ...warning] };
  }
  const { rollout: _, ...kept } = document;
  const changed =
    next.rollout === undefined
      ? kept
      : 'rollout' in document
        ? { ...document, ...next }
        : { ...kept, ...next };
  const text = finishManifest(changed, channel, policy, 'warn');
  return { ...base, files: [{ name: CHANNEL_FILES[channel], text }], remarks: warning };
}
