import type { GitHubRelease } from '../github/answers.ts';
import { type DraftStanding, judgeDraft } from './marker.ts';
import { isTagOf, type Situation } from './plan.ts';
import type { PublishJob } from './publish-job.ts';
import { isProcessRunning } from './run-identity.ts';

export interface Survey {
  readonly situation: Situation<GitHubRelease>;
  /** Drafts of this run. */
  readonly ours: readonly GitHubRelease[];
  /** Drafts of dead runs, for whatever version. */
  readonly dead: readonly GitHubRelease[];
}

/**
 * Reads what GitHub has: all releases, since drafts are in no other list, and the missing digests of what is
 * published of this version.
 */
export async function surveyReleases(job: PublishJob): Promise<Survey> {
  const { github, version, identity, progress } = job;
  const releases = await readReleases(job);
  const observer = { identity, now: github.serverTime, isRunning: isProcessRunning };
  const drafts = releases
    .filter(({ isDraft }) => isDraft)
    .map((release) => ({ release, standing: judgeDraft(release, observer) }));
  const published = releases.filter(({ isDraft, tag }) => !isDraft && isTagOf(version, tag));
  const having = (wanted: DraftStanding): readonly GitHubRelease[] =>
    drafts.filter(({ standing }) => standing === wanted).map(({ release }) => release);
  return {
    situation: {
      published: await Promise.all(published.map((release) => withDigests(job, release))),
      drafts: drafts
        .map(({ release: { id, tag }, standing }) => ({ id, tag, standing }))
        .filter(({ tag }) => isTagOf(version, tag)),
    },
    ours: having('ours').filter(({ id }) => id !== progress.publishedId),
    dead: having('dead'),
  };
}

async function readReleases({ github, tag, progress }: PublishJob): Promise<readonly GitHubRelease[]> {
  const releases = await github.listReleases();
  if (!progress.wasRefused || releases.some((release) => !release.isDraft && release.tag === tag))
    return releases;
  // The list may be behind, or have moved between two pages.
  const published = await github.findPublished(tag);
  return published === null ? releases : [...releases, published];
}

async function withDigests({ github, assets }: PublishJob, release: GitHubRelease): Promise<GitHubRelease> {
  const known = await Promise.all(
    release.assets.map(async (asset) => {
      const isNeeded = assets.some(({ name }) => name === asset.name);
      if (asset.sha256 !== null || asset.state !== 'uploaded' || !isNeeded) return asset;
      return { ...asset, ...(await github.hashAsset(asset)) };
    }),
  );
  return { ...release, assets: known };
}
