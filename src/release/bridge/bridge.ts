import type { Channel } from '../../config.ts';
import { UpdateError } from '../../errors.ts';
import { fixedTagOf } from '../../manifest/generation.ts';
import { releaseUrl } from '../../manifest/release-url.ts';
import type { AssetFacts } from '../asset.ts';
import { comparePublicDownload, PATIENT } from '../download/public-download.ts';
import { assertReleased } from '../verify/check-release.ts';
import { reviewFixedTag } from './bridge-plan.ts';
import type { BridgeRequest } from './bridge-request.ts';
import {
  findFixedRelease,
  publishFixedRelease,
  putBack,
  readAssets,
  removeDeadDrafts,
  stageAndExchange,
} from './fixed-tag.ts';

/** One file of a fixed tag, as it is now. */
export interface BridgedAsset {
  readonly fixedTag: string;
  readonly asset: AssetFacts['name'];
  readonly action: 'copied' | 'already-there';
  readonly size: number;
  readonly sha256: string;
}

export interface BridgeReport {
  readonly channel: Channel;
  readonly tag: string;
  readonly assets: readonly BridgedAsset[];
  /** Writing API calls. */
  readonly writes: number;
}

/** How often it is begun anew after a call whose outcome is not known, or that somebody else was faster with. */
const ATTEMPTS = 8;

/**
 * Brings the version that a channel offers onto the channel's fixed tags, for installations and links that know nothing
 * else (DESIGN.md section 1). Taken from its published version tag, uploaded under another name, and only then renamed,
 * so that the file is missing for the time of two calls at most. What is right is left alone. Run again after having been
 * cut off anywhere, it finishes.
 *
 * @throws UpdateError what `assertReleased` throws, `asset-conflict` for a fixed tag that GitHub has locked, `duplicate-releases`, `digest-mismatch`,
 *   `not-published`, `github-auth`, `github-rate-limited`, `github-failed`, `cancelled`
 */
export async function bridge(request: BridgeRequest): Promise<BridgeReport> {
  const { github, channel, offer } = request;
  const wanted = offer.artifacts.map(({ facts }) => facts);
  await assertReleased(github, offer.tag, offer.notes === null ? wanted : [...wanted, offer.notes]);
  const assets: BridgedAsset[] = [];
  for (const { type, facts } of offer.artifacts) {
    const fixedTag = fixedTagOf(type, channel);
    const action = await bringAsset(request, fixedTag, facts);
    await verifyPublicly(request, fixedTag, facts);
    assets.push({ fixedTag, asset: facts.name, action, size: facts.size, sha256: facts.sha256 });
  }
  return { channel, tag: offer.tag, assets, writes: github.writes };
}

async function bringAsset(
  request: BridgeRequest,
  fixedTag: string,
  facts: AssetFacts,
): Promise<BridgedAsset['action']> {
  const { github, reporter } = request;
  await removeDeadDrafts(request, fixedTag);
  let action: BridgedAsset['action'] = 'already-there';
  let problem: UpdateError | null = null;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    request.signal?.throwIfAborted();
    const release = await findFixedRelease(github, fixedTag);
    if (release === null) {
      action = 'copied';
      await publishFixedRelease(request, fixedTag, facts);
      continue;
    }
    const review = reviewFixedTag(facts, await readAssets(github, release, facts));
    if (review.isRight) {
      for (const asset of [...review.leftovers, ...(review.staged === null ? [] : [review.staged])]) {
        await github.deleteAsset(asset.id);
      }
      if (action === 'already-there') {
        reporter.step('skip', `${facts.name} is already there, skip (tag=${fixedTag})`);
      }
      return action;
    }
    if (release.isImmutable === true) throw locked(fixedTag, facts);
    action = 'copied';
    const failure = await stageAndExchange(request, release, facts, review);
    if (failure !== null) await github.pause(attempt);
    problem = failure ?? problem;
  }
  await putBack(request, fixedTag, facts);
  throw problem ?? unsettled(fixedTag, facts);
}

async function verifyPublicly(
  { github, settings: { policy }, reporter, signal }: BridgeRequest,
  fixedTag: string,
  facts: AssetFacts,
): Promise<void> {
  reporter.step('read-back', `downloading ${facts.name} from ${fixedTag} as old installations do`);
  const url = releaseUrl(policy, fixedTag, facts.name);
  const pause = (attempt: number): Promise<void> => github.pause(attempt);
  const download = await comparePublicDownload({
    policy,
    url,
    expected: facts,
    signal,
    pause,
    attempts: PATIENT,
  });
  if (download.kind === 'same') return;
  const found =
    download.kind === 'other'
      ? `sha256 ${download.found.sha256} (${download.found.size} bytes) came`
      : download.words;
  throw new UpdateError(
    'digest-mismatch',
    `${facts.name} is in its place at ${fixedTag}, but the world does not get it from ${url}: ${found}, and not ` +
      `sha256 ${facts.sha256} (${facts.size} bytes). Run it again in a few minutes; caches may be behind.`,
    { details: { tag: fixedTag, url, expected: facts } },
  );
}

function locked(fixedTag: string, { name }: AssetFacts): UpdateError {
  return new UpdateError(
    'asset-conflict',
    `The release of ${fixedTag} is immutable: GitHub lets nobody exchange ${name} there, nor use that tag again. Nothing ` +
      'was changed. Old installations go on getting what lies there. Lead them on in another way: change the links on ' +
      'your pages to a version tag, and see docs/RELEASE_VERSIONING_AND_PUBLISHING.md for retiring the fixed tags.',
    { details: { tag: fixedTag, asset: name } },
  );
}

function unsettled(fixedTag: string, { name }: AssetFacts): UpdateError {
  return new UpdateError(
    'github-failed',
    `${name} at ${fixedTag} did not become what it is to be, after ${ATTEMPTS} attempts. Is somebody else changing ` +
      'it? Run it again.',
    { details: { tag: fixedTag, asset: name } },
  );
}
