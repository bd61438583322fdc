import type { TrustPolicy } from '../../config.ts';
import { UpdateError } from '../../errors.ts';
import { type Version, versionTag } from '../../version.ts';
import { type AssetFacts, type AssetSource, LONGEST_NOTES } from '../asset.ts';
import type { GitHubRelease } from '../github/answers.ts';
import type { GitHub, Immutability } from '../github/github.ts';
import type { ReleaseReporter } from '../reporter.ts';
import { fillDraft, makeDraft, publishDraft } from './draft.ts';
import type { RunIdentity } from './marker.ts';
import { type PlannedAsset, planRelease, planUpload } from './plan.ts';
import type { PublishJob } from './publish-job.ts';
import { readBack } from './read-back.ts';
import { removeDeadDraft, removeOwnDraft } from './remove-draft.ts';
import { readRunIdentity } from './run-identity.ts';
import { surveyReleases } from './survey.ts';
import { cancelledPublish, tidyUp } from './tidy-up.ts';

export interface PublishRequest {
  /** Opened with `signal`. */
  readonly github: GitHub;
  readonly version: Version;
  readonly assets: readonly AssetSource[];
  /** The release's text. */
  readonly notes: string;
  /** Where the world downloads from. */
  readonly policy: TrustPolicy;
  readonly reporter: ReleaseReporter;
  /** Only reads and plans. */
  readonly isDryRun: boolean;
  /**
   * Whether what was published before this run is downloaded and hashed too; needless where a manifest offers these
   * very bytes, since then a run has done it.
   */
  readonly rereadPublished: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly identity?: RunIdentity;
}

export interface PublishedRelease {
  readonly tag: string;
  /** As GitHub writes it. */
  readonly publishedAt: string;
  readonly assets: readonly AssetFacts[];
}

export interface ReleaseOutcome {
  readonly result: 'published' | 'already-published' | 'dry-run';
  readonly plan: readonly PlannedAsset[];
  /** Null only for a dry run of something that is not published. */
  readonly release: PublishedRelease | null;
  readonly immutability: Immutability;
}

/** How often a run begins anew whose draft vanished, or that lost to another. */
const ATTEMPTS = 5;
/** How often the list is asked for a release that was just published. */
const LIST_ATTEMPTS = 4;

/**
 * Brings the files to GitHub as the published release of the version, or finds that they are there. Any number of runs
 * may do so at once, and each may be killed anywhere: every run uploads to a draft of its own, and GitHub lets one of
 * them be published.
 *
 * @throws UpdateError `asset-conflict`, `incomplete-release`, `duplicate-releases`, `release-in-progress`,
 * `digest-mismatch`, `inbox-incomplete`, `github-auth`, `github-rate-limited`, `github-failed`, `cancelled`; a draft
 * of this run is removed first
 */
export async function publishRelease(request: PublishRequest): Promise<ReleaseOutcome> {
  const job = startJob(request);
  assertNotes(job);
  try {
    const immutability = await job.github.readImmutability();
    tellImmutability(job, immutability);
    return { ...(await publishAtLast(job, request)), immutability };
  } catch (error) {
    await tidyUp(job);
    throw job.signal?.aborted ? cancelledPublish(job, error) : error;
  }
}

function startJob(request: PublishRequest): PublishJob {
  const { github, version, assets, notes, policy, reporter, signal = null } = request;
  const identity = request.identity ?? readRunIdentity();
  const progress = {
    drafts: new Set<number>(),
    mayHaveDraft: false,
    mayBePublished: false,
    wasRefused: false,
    publishedId: null,
  };
  const tag = versionTag(version);
  return { github, version, tag, assets, notes, policy, identity, reporter, signal, progress };
}

type Outcome = Omit<ReleaseOutcome, 'immutability'>;

async function publishAtLast(job: PublishJob, request: PublishRequest): Promise<Outcome> {
  const { github, tag, reporter } = job;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    reporter.step('releases', 'reading the releases');
    const { situation, ours, dead } = await surveyReleases(job);
    for (const draft of ours) await removeOwnDraft(job, draft);
    const plan = planRelease(job.version, job.assets, situation);
    if (plan.kind === 'refused') throw plan.error;
    if (request.isDryRun) return dryRun(job, plan);
    if (await removeDead(job, dead)) continue;
    if (plan.kind === 'published') return await findPublished(job, plan.release, plan.assets, request);
    if (situation.drafts.some(({ standing }) => standing === 'alive')) {
      reporter.step(
        'others',
        `another run is publishing ${tag} at this moment; GitHub decides which one does`,
      );
    }
    const release = await publishOnce(job);
    if (release !== null) {
      return await confirmPublished(job, release, plan.assets);
    }
    await github.pause(attempt);
  }
  throw new UpdateError(
    'github-failed',
    `The draft for ${tag} was removed ${ATTEMPTS} times while it was being filled. Nothing was published by this run. ` +
      'Find out who deletes it, then run it again.',
    { details: { tag } },
  );
}

/** @returns whether one of them turned out to be published, so that everything has to be read again */
async function removeDead(job: PublishJob, dead: readonly GitHubRelease[]): Promise<boolean> {
  let mustReadAgain = false;
  for (const draft of dead) {
    if ((await removeDeadDraft(job, draft)) === 'published') mustReadAgain = true;
  }
  return mustReadAgain;
}

/** @returns null where somebody else published, or the draft vanished */
async function publishOnce(job: PublishJob): Promise<GitHubRelease | null> {
  const { reporter, tag } = job;
  reporter.step('draft', `making a draft for ${tag}`);
  const draft = await makeDraft(job);
  if (!(await fillDraft(job, draft))) return null;
  job.signal?.throwIfAborted();
  reporter.step('publish', `publishing ${tag}`);
  return publishDraft(job, draft);
}

/**
 * Reads the list once more: there must be this release alone, with exactly these files. GitHub's refusal of a second
 * one is relied on; this is where it would show if it failed.
 */
async function confirmPublished(
  job: PublishJob,
  release: GitHubRelease,
  plan: readonly PlannedAsset[],
): Promise<Outcome> {
  const { github, reporter, version, assets, tag } = job;
  reporter.step('confirm', `reading ${tag} back`);
  for (let attempt = 1; ; attempt += 1) {
    const { situation, ours } = await surveyReleases(job);
    const found = planRelease(version, assets, situation);
    if (found.kind === 'refused') throw found.error;
    if (found.kind === 'published' && found.release.id === release.id) {
      for (const draft of ours) await removeOwnDraft(job, draft);
      await readBackAll(job);
      return { result: 'published', plan, release: asPublished(job, found.release) };
    }
    if (attempt === LIST_ATTEMPTS) throw lost(tag);
    await github.pause(attempt);
  }
}

async function findPublished(
  job: PublishJob,
  release: GitHubRelease,
  plan: readonly PlannedAsset[],
  { rereadPublished }: PublishRequest,
): Promise<Outcome> {
  const { reporter, progress } = job;
  // Our own call that published it may have been refused or left without an answer.
  const isOurs = progress.drafts.has(release.id);
  if (!isOurs) for (const { asset, reason } of plan) reporter.step('skip', `${asset}: ${reason}`);
  if (isOurs || rereadPublished) await readBackAll(job);
  return {
    result: isOurs ? 'published' : 'already-published',
    plan: isOurs ? planUpload(job.assets) : plan,
    release: asPublished(job, release),
  };
}

async function readBackAll(job: PublishJob): Promise<void> {
  const { policy, tag, assets, reporter, signal, github } = job;
  await readBack({ policy, tag, assets, reporter, signal, pause: (attempt) => github.pause(attempt) });
}

function dryRun(job: PublishJob, plan: ReturnType<typeof planRelease<GitHubRelease>>): Outcome {
  const release = plan.kind === 'published' ? asPublished(job, plan.release) : null;
  return { result: 'dry-run', plan: plan.assets, release };
}

function asPublished({ tag, assets }: PublishJob, { publishedAt }: GitHubRelease): PublishedRelease {
  const facts = assets.map(({ name, size, sha256 }) => ({ name, size, sha256 }));
  return { tag, publishedAt: publishedAt ?? '', assets: facts };
}

function tellImmutability({ reporter }: PublishJob, immutability: Immutability): void {
  const texts = {
    on: 'immutable releases are on: what is published is locked by GitHub too',
    off: 'immutable releases are off: GitHub would let others change what is published',
    unknown: 'whether immutable releases are on cannot be told with this token',
  };
  reporter.step('immutable', texts[immutability]);
}

function assertNotes({ notes, tag }: PublishJob): void {
  if (notes.length <= LONGEST_NOTES) return;
  throw new UpdateError(
    'inbox-incomplete',
    `LATEST_CHANGES.md has ${notes.length} characters, and the text of a release may have ${LONGEST_NOTES}. ` +
      `Nothing was done about ${tag}. Shorten it.`,
    { details: { length: notes.length } },
  );
}

function lost(tag: string): UpdateError {
  return new UpdateError(
    'github-failed',
    `${tag} was published, but GitHub's list does not show it yet. Run the same command again; it goes on from there.`,
    { details: { tag } },
  );
}
