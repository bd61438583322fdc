import { join } from 'node:path';
import type { Channel } from '../../config.ts';
import { UpdateError } from '../../errors.ts';
import { type Manifest, makeManifest, readManifest } from '../../manifest/manifest.ts';
import { archiveFile, CHANNEL_FILES } from '../../manifest/manifest-file.ts';
import { compareVersions, type Version } from '../../version.ts';
import type { ManifestChange } from './change-manifests.ts';
import {
  archiveOf,
  areSameBytes,
  type ManifestFile,
  type ManifestShelf,
  offerOf,
} from './manifest-folder.ts';

/** How a version stands to what a channel offers. */
export type Standing = 'newer' | 'offered' | 'superseded';

/**
 * How a version stands to what the channel offers by now; `newer` also where it offers nothing yet. Pure.
 *
 * @throws UpdateError `manifest-conflict` when the channel's manifest cannot be read
 */
export function standingOf(shelf: ManifestShelf, channel: Channel, version: Version): Standing {
  const current = offerOf(shelf, channel);
  const order = current === null ? 1 : compareVersions(version, current.version);
  return order > 0 ? 'newer' : order === 0 ? 'offered' : 'superseded';
}

/**
 * The error for a version that the channel has gone past.
 *
 * @param command what was to be done, e.g. `published`
 */
export function versionNotNewer(
  shelf: ManifestShelf,
  channel: Channel,
  version: Version,
  command: string,
): UpdateError {
  const current = offerOf(shelf, channel)?.version.text ?? 'nothing';
  return new UpdateError(
    'version-not-newer',
    `${version.text} was not ${command}: the ${channel} channel offers ${current}, and a channel never goes back. Publish a version above ${current}.`,
    { details: { channel, version: version.text, current } },
  );
}

export interface PublicationChange extends ManifestChange {
  readonly standing: Standing;
}

/**
 * What becomes of the folder when a version has been published on a channel: the archive copy first, which is never
 * rewritten, then the channel's manifest, which never goes back. Pure.
 *
 * @param text the manifest, as `makeManifestText` gives it
 * @throws UpdateError `manifest-conflict` when the same version is there with other bytes, or what is in the way cannot
 *   be read
 */
export function decidePublication(shelf: ManifestShelf, channel: Channel, text: string): PublicationChange {
  const next = parseOwn(text);
  const { version } = next;
  const files: ManifestFile[] = [];
  const archive = archiveOf(shelf, version);
  if (archive === null) files.push({ name: archiveFile(version), text });
  else assertSameBytes(shelf, archive, next, 'its archive copy');
  const standing = standingOf(shelf, channel, version);
  const current = offerOf(shelf, channel);
  if (standing === 'offered' && current !== null)
    assertSameBytes(shelf, current, next, `the ${channel} channel`);
  if (standing === 'newer') files.push({ name: CHANNEL_FILES[channel], text });
  return {
    files,
    message: `${version.text} is offered on the ${channel} channel`,
    remarks: current === null ? [] : remarksOf(standing, channel, current, next),
    standing,
  };
}

function parseOwn(text: string): Manifest {
  const bytes = Buffer.from(text);
  const reading = readManifest(bytes);
  const manifest = makeManifest(bytes, reading);
  if (manifest !== null) return manifest;
  throw new UpdateError('manifest-invalid', `This is no manifest: ${reading.problems.join('; ')}.`);
}

/** @throws UpdateError `manifest-conflict` */
export function assertSameBytes(
  { folder }: ManifestShelf,
  held: Manifest,
  next: Manifest,
  place: string,
): void {
  if (areSameBytes(held, next)) return;
  const digests = ({ artifacts }: Manifest): Readonly<Record<string, string>> =>
    Object.fromEntries(artifacts.map(({ type, sha256 }) => [type, sha256]));
  const list = (manifest: Manifest): string =>
    Object.entries(digests(manifest))
      .map(([type, sha256]) => `${type} ${sha256}`)
      .join(', ');
  throw new UpdateError(
    'manifest-conflict',
    `The manifests in ${join(folder)} were not changed: ${place} has ${held.version.text} already, with other bytes (${list(held)}, not ${list(next)}). What a version is never changes. Publish these bytes as a higher version.`,
    { details: { version: held.version.text, held: digests(held), offered: digests(next) } },
  );
}

function remarksOf(
  standing: Standing,
  channel: Channel,
  current: Manifest,
  next: Manifest,
): readonly string[] {
  if (standing === 'superseded')
    return [
      `The ${channel} channel offers ${current.version.text} by now, which is higher: it stays at that.`,
    ];
  if (standing === 'newer') return [];
  const hasOtherRollout = current.rollout?.percentage !== next.rollout?.percentage;
  return [
    ...(hasOtherRollout
      ? [
          `The ${channel} channel offers ${current.version.text} already, to ${current.rollout?.percentage ?? 100} %: that was not changed. Use "nexy-release rollout" for it.`,
        ]
      : []),
    ...(current.critical !== next.critical
      ? [
          `The ${channel} channel offers ${current.version.text} already, ${current.critical ? '' : 'not '}as critical: that was not changed.`,
        ]
      : []),
  ];
}
