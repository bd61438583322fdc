import { UpdateError } from '../../errors.ts';
import { quote } from '../../quote.ts';
import { isSameVersion, parseVersionTag, type Version, versionTag } from '../../version.ts';
import type { AssetFacts, AssetName } from '../asset.ts';
import type { DraftStanding } from './marker.ts';

/** What happens to one file of the inbox. */
export interface PlannedAsset {
  readonly asset: AssetName;
  readonly action: 'upload' | 'skip' | 'conflict';
  readonly size: number;
  readonly sha256: string;
  readonly reason: string;
}

/** An asset that lies on GitHub. */
export interface HostedAsset {
  readonly name: string;
  readonly state: string;
  readonly size: number;
  /** Null where it is not known. */
  readonly sha256: string | null;
}

export interface HostedRelease<Asset extends HostedAsset = HostedAsset> {
  readonly id: number;
  readonly tag: string;
  readonly assets: readonly Asset[];
}

/** A release whose tag is of that version, however it is written. */
export interface Situation<Release extends HostedRelease = HostedRelease> {
  readonly published: readonly Release[];
  readonly drafts: readonly { readonly id: number; readonly tag: string; readonly standing: DraftStanding }[];
}

export type ReleasePlan<Release extends HostedRelease = HostedRelease> =
  | { readonly kind: 'publish'; readonly assets: readonly PlannedAsset[] }
  /** Published already, with these bytes and nothing else. */
  | { readonly kind: 'published'; readonly release: Release; readonly assets: readonly PlannedAsset[] }
  /** Nothing may be done. */
  | { readonly kind: 'refused'; readonly error: UpdateError; readonly assets: readonly PlannedAsset[] };

/**
 * What is to be done about a version, given what GitHub has of it. An asset of a published release is never replaced
 * and none is added: what differs is refused.
 */
export function planRelease<Release extends HostedRelease>(
  version: Version,
  wanted: readonly AssetFacts[],
  { published, drafts }: Situation<Release>,
): ReleasePlan<Release> {
  const tag = versionTag(version);
  const [release] = published;
  if (published.length > 1) return refuse(duplicateReleases(tag, published), wanted, 'conflict');
  if (release !== undefined) {
    return release.tag === tag
      ? compare(tag, wanted, release)
      : refuse(otherSpelling(tag, release.tag), wanted, 'conflict');
  }
  const byHand = drafts.find(({ standing }) => standing === 'by-hand');
  if (byHand !== undefined) return refuse(inProgress(byHand), wanted, 'upload');
  return { kind: 'publish', assets: planUpload(wanted) };
}

/** The plan for a version of which nothing is there. */
export function planUpload(wanted: readonly AssetFacts[]): readonly PlannedAsset[] {
  return wanted.map((facts) => plan(facts, 'upload', 'not there yet'));
}

/** Whether a tag is one of this version: `v2.0` is `v2.0.0.0`. */
export function isTagOf(version: Version, tag: string): boolean {
  const tagged = parseVersionTag(tag);
  return tagged !== null && isSameVersion(tagged, version);
}

function compare<Release extends HostedRelease>(
  tag: string,
  wanted: readonly AssetFacts[],
  release: Release,
): ReleasePlan<Release> {
  const hosted = new Map(release.assets.map((asset) => [asset.name, asset]));
  const assets = wanted.map((facts) => compareAsset(tag, facts, hosted.get(facts.name)));
  const others = release.assets.filter(({ name }) => wanted.every((facts) => facts.name !== name));
  const differing = assets.filter(({ action, asset }) => action === 'conflict' && isWhole(hosted.get(asset)));
  if (differing.length > 0 || others.length > 0) {
    return { kind: 'refused', error: conflict(tag, differing, others, assets), assets };
  }
  const lacking = assets.filter(({ action }) => action === 'conflict');
  if (lacking.length > 0) return { kind: 'refused', error: incomplete(tag, lacking, assets), assets };
  return { kind: 'published', release, assets };
}

function compareAsset(tag: string, facts: AssetFacts, hosted: HostedAsset | undefined): PlannedAsset {
  if (hosted === undefined) return plan(facts, 'conflict', 'the published release lacks it');
  if (!isWhole(hosted)) {
    return plan(facts, 'conflict', `broken in the published release (state ${quote(hosted.state)})`);
  }
  if (isSameAsset(facts, hosted)) return plan(facts, 'skip', `already published, skip (tag=${tag})`);
  const digest = hosted.sha256 ?? 'unknown';
  return plan(
    facts,
    'conflict',
    `published with sha256 ${digest} (${hosted.size} bytes), here it has ${facts.sha256} (${facts.size} bytes)`,
  );
}

/** What our own draft holds, compared with what it is to hold. */
export interface DraftReview<Asset extends HostedAsset> {
  readonly missing: readonly AssetFacts[];
  /** To be deleted: broken, differing, or none of ours. */
  readonly broken: readonly Asset[];
  /** Whole and of the right size, but GitHub gave no digest. */
  readonly unproven: readonly Asset[];
}

/** An exact draft has nothing missing, broken or unproven. */
export function reviewDraft<Asset extends HostedAsset>(
  wanted: readonly AssetFacts[],
  hosted: readonly Asset[],
): DraftReview<Asset> {
  const good = new Map<string, Asset>();
  const broken: Asset[] = [];
  for (const asset of hosted) {
    const facts = wanted.find(({ name }) => name === asset.name);
    const mayBeGood =
      facts !== undefined &&
      !good.has(asset.name) &&
      isWhole(asset) &&
      asset.size === facts.size &&
      (asset.sha256 === null || asset.sha256 === facts.sha256);
    if (mayBeGood) good.set(asset.name, asset);
    else broken.push(asset);
  }
  return {
    missing: wanted.filter(({ name }) => !good.has(name)),
    broken,
    unproven: [...good.values()].filter(({ sha256 }) => sha256 === null),
  };
}

function isWhole(asset: HostedAsset | undefined): boolean {
  return asset?.state === 'uploaded';
}

function isSameAsset(facts: AssetFacts, hosted: HostedAsset): boolean {
  return hosted.size === facts.size && hosted.sha256 === facts.sha256;
}

function plan(
  { name, size, sha256 }: AssetFacts,
  action: PlannedAsset['action'],
  reason: string,
): PlannedAsset {
  return { asset: name, action, size, sha256, reason };
}

function refuse(
  error: UpdateError,
  wanted: readonly AssetFacts[],
  action: PlannedAsset['action'],
): ReleasePlan<never> {
  const assets = wanted.map((facts) => plan(facts, action, `refused: ${error.code}`));
  return { kind: 'refused', error, assets };
}

const FOR_GOOD =
  'Nothing was uploaded and nothing deleted. A published version is never changed: publish a higher one.';

function conflict(
  tag: string,
  differing: readonly PlannedAsset[],
  others: readonly HostedAsset[],
  plan: readonly PlannedAsset[],
): UpdateError {
  const sentences = [
    ...differing.map(({ asset, reason }) => `${asset} is ${reason}.`),
    ...others.map(({ name }) => `It has ${quote(name)}, which is not in the inbox.`),
  ];
  const unexpected = others.map(({ name, size, sha256 }) => ({ name, size, sha256 }));
  return new UpdateError(
    'asset-conflict',
    `${tag} is published with other bytes. ${sentences.join(' ')} ${FOR_GOOD}`,
    { details: { tag, plan, unexpected } },
  );
}

function incomplete(
  tag: string,
  lacking: readonly PlannedAsset[],
  plan: readonly PlannedAsset[],
): UpdateError {
  const names = lacking.map(({ asset }) => asset).join(' and ');
  return new UpdateError(
    'incomplete-release',
    `${tag} is published without a whole ${names}. ${FOR_GOOD} (Or publish it again from an inbox without that file.)`,
    { details: { tag, plan } },
  );
}

/** Several published releases of one version tag, which GitHub refuses, and has been seen to let through. */
export function duplicateReleases(
  tag: string,
  published: readonly Pick<HostedRelease, 'id' | 'tag'>[],
): UpdateError {
  const ids = published.map(({ id }) => id);
  return new UpdateError(
    'duplicate-releases',
    `GitHub shows ${published.length} published releases of ${tag} (${ids.join(', ')}), so nobody can say which bytes ` +
      'it stands for. Nothing was changed. Publish a higher version, and ask GitHub to remove the surplus one.',
    { details: { tag, releases: published.map((release) => ({ id: release.id, tag: release.tag })) } },
  );
}

function otherSpelling(tag: string, published: string): UpdateError {
  return new UpdateError(
    'duplicate-releases',
    `This version is published already as ${published}, which is the same as ${tag} by number. Nothing was changed. ` +
      'Write the version as it was published, or publish a higher one.',
    { details: { tag, published } },
  );
}

function inProgress({ id, tag }: { readonly id: number; readonly tag: string }): UpdateError {
  return new UpdateError(
    'release-in-progress',
    `A draft for ${tag} (number ${id}) was made by a person, not by this program. Nothing was changed. ` +
      'Publish that draft or delete it, then run this again.',
    { details: { tag, release: id } },
  );
}
