import type { Channel } from '../config.ts';
import { UpdateError } from '../errors.ts';
import { createHttpClient } from '../http.ts';
import { fixedTagOf } from '../manifest/generation.ts';
import { releaseUrl } from '../manifest/release-url.ts';
import { type DownloadProgress, ProgressMeter } from '../progress.ts';
import type { AssetFacts, AssetSource } from './asset.ts';
import { displacedName, reviewFixedTag, stagedName } from './bridge-plan.ts';
import { fillDraft, makeDraft, publishDraft } from './draft.ts';
import type { GitHubAsset, GitHubRelease } from './github/answers.ts';
import type { GitHub } from './github/github.ts';
import type { WriteResult } from './github/write-result.ts';
import type { ChannelOffer } from './offer.ts';
import { comparePublicDownload, PATIENT } from './public-download.ts';
import type { PublishJob } from './publish-job.ts';
import { remoteAsset } from './remote-asset.ts';
import { removeOwnDraft } from './remove-draft.ts';
import type { ReleaseReporter } from './reporter.ts';
import { readRunIdentity } from './run-identity.ts';
import type { ReleaseSettings } from './settings.ts';

export interface BridgeRequest {
  readonly github: GitHub;
  readonly settings: Pick<ReleaseSettings, 'policy'>;
  readonly channel: Channel;
  /** What the channel's manifest offers. */
  readonly offer: ChannelOffer;
  readonly reporter: ReleaseReporter;
  readonly signal: AbortSignal | null;
}

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
 * @throws UpdateError `asset-conflict` for a fixed tag that GitHub has locked, `duplicate-releases`, `digest-mismatch`,
 *   `not-published`, `github-auth`, `github-rate-limited`, `github-failed`, `cancelled`
 */
export async function bridge(request: BridgeRequest): Promise<BridgeReport> {
  const { github, channel, offer } = request;
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

/** The published release of a fixed tag, or null. */
async function findFixedRelease(github: GitHub, fixedTag: string): Promise<GitHubRelease | null> {
  const releases = await github.listReleases();
  const published = releases.filter(({ isDraft, tag }) => !isDraft && tag === fixedTag);
  const [release = null] = published;
  if (published.length <= 1) return release;
  const ids = published.map(({ id }) => id);
  throw new UpdateError(
    'duplicate-releases',
    `GitHub shows ${published.length} published releases of ${fixedTag} (${ids.join(', ')}). Nothing was changed. ` +
      'Delete those that nobody downloads from, then run it again.',
    { details: { tag: fixedTag, releases: ids } },
  );
}

/** All assets, with the digest of what lies under the file's own name or ours even where GitHub gives none. */
async function readAssets(
  github: GitHub,
  release: GitHubRelease,
  facts: AssetFacts,
): Promise<readonly GitHubAsset[]> {
  const assets = (await github.listAssets(release.id)) ?? [];
  const names = [facts.name, stagedName(facts)];
  return Promise.all(
    assets.map(async (asset) => {
      const isUnknown = asset.sha256 === null && asset.state === 'uploaded' && names.includes(asset.name);
      return isUnknown && asset.size === facts.size
        ? { ...asset, ...(await github.hashAsset(asset)) }
        : asset;
    }),
  );
}

/** A fixed tag that is not there yet: a draft that is published whole. */
async function publishFixedRelease(
  request: BridgeRequest,
  fixedTag: string,
  facts: AssetFacts,
): Promise<void> {
  const { github, reporter, offer, settings, signal } = request;
  const job: PublishJob = {
    github,
    version: offer.version,
    tag: fixedTag,
    assets: [await openSource(request, facts)],
    notes: `For installations that look for updates here. What lies here changes; ${offer.tag} does not.`,
    policy: settings.policy,
    identity: readRunIdentity(),
    reporter,
    signal,
    progress: {
      drafts: new Set(),
      mayHaveDraft: false,
      mayBePublished: false,
      wasRefused: false,
      isPublished: false,
    },
  };
  const draft = await makeDraft(job);
  try {
    const isFilled = await fillDraft(job, draft);
    const published = isFilled ? await publishDraft(job, draft) : null;
    if (published === null) await removeOwnDraft(job, draft);
  } catch (error) {
    if (!job.progress.mayBePublished) await removeOwnDraft(job, draft);
    throw error;
  }
}

/** @returns why it is not known to have been done, or null */
async function stageAndExchange(
  request: BridgeRequest,
  release: GitHubRelease,
  facts: AssetFacts,
  review: ReturnType<typeof reviewFixedTag<GitHubAsset>>,
): Promise<UpdateError | null> {
  const { github, reporter } = request;
  for (const asset of review.leftovers.filter(({ name }) => name === stagedName(facts))) {
    await github.deleteAsset(asset.id);
  }
  if (review.staged === null) {
    reporter.step('upload', `uploading ${facts.name} to ${release.tag} under another name`);
    const result = await upload(request, release, facts);
    // Read before it is used: only what GitHub's digest proves takes the file's place.
    return result.kind === 'done' ? null : result.error;
  }
  reporter.step('rename', `putting ${facts.name} in its place at ${release.tag}`);
  const { current, staged } = review;
  if (current !== null) {
    const moved = await github.renameAsset(current.id, displacedName(facts.name, current.id));
    if (moved.kind !== 'done') return moved.error;
  }
  const placed = await github.renameAsset(staged.id, facts.name);
  return placed.kind === 'done' ? null : placed.error;
}

/** Rather the bytes before than none. Best effort: the next run does it too. */
async function putBack({ github }: BridgeRequest, fixedTag: string, { name }: AssetFacts): Promise<void> {
  const release = await findFixedRelease(github, fixedTag);
  const assets = (release === null ? null : await github.listAssets(release.id)) ?? [];
  if (assets.some((asset) => asset.name === name)) return;
  const displaced = assets.find((asset) => asset.name === displacedName(name, asset.id));
  if (displaced !== undefined) await github.renameAsset(displaced.id, name);
}

async function upload(
  request: BridgeRequest,
  release: GitHubRelease,
  facts: AssetFacts,
): Promise<WriteResult<GitHubAsset>> {
  const { github, reporter } = request;
  const report = (progress: DownloadProgress): void => reporter.progress(progress);
  const meter = new ProgressMeter(facts.size, 0, () => performance.now(), report);
  const source = await openSource(request, facts);
  const onPosition = (position: number): void => meter.move(position);
  const result = await github.uploadAsset(release, source, onPosition, stagedName(facts));
  meter.finish();
  return result;
}

async function openSource(
  { settings: { policy }, offer, signal }: BridgeRequest,
  facts: AssetFacts,
): Promise<AssetSource> {
  const client = await createHttpClient({ allowLoopback: policy.allowLoopback });
  return remoteAsset(client, releaseUrl(policy, offer.tag, facts.name), facts, signal);
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
    `The release of ${fixedTag} is immutable: GitHub lets nobody exchange ${name} there. Nothing was changed. ` +
      'Switch immutable releases off in the settings, delete that release and its tag, and make it anew under a ' +
      'tag that clients know, if GitHub allows that; or retire the fixed tags ' +
      '(docs/RELEASE_VERSIONING_AND_PUBLISHING.md).',
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
