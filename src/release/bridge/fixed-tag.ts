import { UpdateError } from '../../errors.ts';
import { createHttpClient } from '../../http.ts';
import { releaseUrl } from '../../manifest/release-url.ts';
import { type DownloadProgress, ProgressMeter } from '../../progress.ts';
import type { AssetFacts, AssetSource } from '../asset.ts';
import type { GitHubAsset, GitHubRelease } from '../github/answers.ts';
import type { GitHub } from '../github/github.ts';
import type { WriteResult } from '../github/write-result.ts';
import { fillDraft, makeDraft, publishDraft } from '../publication/draft.ts';
import { judgeDraft } from '../publication/marker.ts';
import type { PublishJob } from '../publication/publish-job.ts';
import { removeDeadDraft, removeOwnDraft } from '../publication/remove-draft.ts';
import { isProcessRunning, readRunIdentity } from '../publication/run-identity.ts';
import { tidyUp } from '../publication/tidy-up.ts';
import { displacedName, type reviewFixedTag, stagedName } from './bridge-plan.ts';
import type { BridgeRequest } from './bridge-request.ts';
import { remoteAsset } from './remote-asset.ts';

/** The published release of a fixed tag, or null. */
export async function findFixedRelease(github: GitHub, fixedTag: string): Promise<GitHubRelease | null> {
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

/** Drafts that earlier runs left behind when they were killed while they made the fixed tag. */
export async function removeDeadDrafts({ github, reporter }: BridgeRequest, fixedTag: string): Promise<void> {
  const observer = { identity: readRunIdentity(), now: github.serverTime, isRunning: isProcessRunning };
  for (const release of await github.listReleases()) {
    const isOfTag = release.isDraft && release.tag === fixedTag;
    if (isOfTag && judgeDraft(release, observer) === 'dead')
      await removeDeadDraft({ github, reporter }, release);
  }
}

/** All assets, with the digest of what lies under the file's own name or ours even where GitHub gives none. */
export async function readAssets(
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
export async function publishFixedRelease(
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
      publishedId: null,
    },
  };
  try {
    const draft = await makeDraft(job);
    const isFilled = await fillDraft(job, draft);
    const published = isFilled ? await publishDraft(job, draft) : null;
    if (published === null) await removeOwnDraft(job, draft);
  } catch (error) {
    await tidyUp(job);
    throw error;
  }
}

/** @returns why it is not known to have been done, or null */
export async function stageAndExchange(
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
export async function putBack(
  { github }: BridgeRequest,
  fixedTag: string,
  { name }: AssetFacts,
): Promise<void> {
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
