import { UpdateError } from '../../errors.ts';
import { ProgressMeter } from '../../progress.ts';
import { quote } from '../../quote.ts';
import type { GitHubAsset, GitHubRelease } from '../github/answers.ts';
import { draftBody, judgeDraft } from './marker.ts';
import { reviewDraft } from './plan.ts';
import type { PublishJob } from './publish-job.ts';
import { isProcessRunning } from './run-identity.ts';

const ATTEMPTS = 4;

/**
 * Makes a draft of this run's own. If the answer is lost, it is looked for by the run's id.
 *
 * @throws UpdateError `github-auth`, `github-failed`
 */
export async function makeDraft(job: PublishJob): Promise<GitHubRelease> {
  const { github, tag, identity, assets, progress } = job;
  const facts = assets.map(({ name, size, sha256 }) => ({ name, size, sha256 }));
  const body = draftBody(tag, { ...identity, startedAt: github.serverTime, assets: facts });
  for (let attempt = 1; ; attempt += 1) {
    progress.mayHaveDraft = true;
    const result = await github.createDraft({ tag, body });
    if (result.kind === 'refused')
      throw result.status === 404 ? mayNotWrite(tag, result.error) : result.error;
    const draft = result.kind === 'done' ? result.value : await findOwnDraft(job, attempt);
    if (draft !== null) {
      progress.drafts.add(draft.id);
      return draft;
    }
    if (attempt === ATTEMPTS && result.kind === 'unknown') throw result.error;
  }
}

async function findOwnDraft(
  { github, identity }: PublishJob,
  attempt: number,
): Promise<GitHubRelease | null> {
  await github.pause(attempt);
  const releases = await github.listReleases();
  const observer = { identity, now: github.serverTime, isRunning: isProcessRunning };
  return releases.find((each) => each.isDraft && judgeDraft(each, observer) === 'ours') ?? null;
}

/**
 * Uploads until the draft holds exactly the files of the inbox, whole and with their digests. What is broken on this
 * draft of ours is deleted and uploaded again.
 *
 * @returns false where the draft has vanished
 * @throws UpdateError `github-failed` when it does not come right; what reading the inbox throws
 */
export async function fillDraft(job: PublishJob, draft: GitHubRelease): Promise<boolean> {
  const { github, assets, reporter, tag } = job;
  const upload = startUpload(job, draft);
  let hosted: readonly GitHubAsset[] = [];
  let problem: UpdateError | null = null;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const { missing, broken } = reviewDraft(assets, hosted);
    for (const { id } of broken) await github.deleteAsset(id);
    for (const source of assets.filter(({ name }) => missing.some((each) => each.name === name))) {
      problem = (await upload(source)) ?? problem;
    }
    reporter.step('check', `checking what arrived for ${tag}`);
    const found = await github.listAssets(draft.id);
    if (found === null) return false;
    hosted = await Promise.all(found.map((asset) => prove(job, asset)));
    if (isExact(job, hosted)) return true;
    await github.pause(attempt);
  }
  throw problem ?? neverExact(job, hosted);
}

/** @returns why an upload is not known to have succeeded, or null */
function startUpload(
  { github, assets, reporter }: PublishJob,
  draft: GitHubRelease,
): (source: PublishJob['assets'][number]) => Promise<UpdateError | null> {
  const total = assets.reduce((sum, { size }) => sum + size, 0);
  const ticks = (): number => performance.now();
  const meter = new ProgressMeter(total, 0, ticks, (progress) => reporter.progress(progress));
  let before = 0;
  return async (source) => {
    reporter.step('upload', `uploading ${source.name}`);
    const onPosition = (position: number): void => meter.move(Math.min(total, before + position));
    const result = await github.uploadAsset(draft, source, onPosition);
    if (result.kind !== 'done') return result.error;
    if (result.value.name !== source.name) throw renamed(source.name, result.value.name);
    before = Math.min(total, before + source.size);
    if (before === total) meter.finish();
    return null;
  };
}

/** GitHub gives no digest of some assets: then it is taken from the bytes. */
async function prove({ github, assets }: PublishJob, asset: GitHubAsset): Promise<GitHubAsset> {
  const { unproven } = reviewDraft(assets, [asset]);
  return unproven.length === 0 ? asset : { ...asset, ...(await github.hashAsset(asset)) };
}

function isExact({ assets }: PublishJob, hosted: readonly GitHubAsset[]): boolean {
  const { missing, broken, unproven } = reviewDraft(assets, hosted);
  return missing.length + broken.length + unproven.length === 0;
}

/**
 * Publishes the draft. GitHub decides which draft of a tag is published: the others are refused.
 *
 * @returns null where the draft has vanished, or somebody else's was published
 * @throws UpdateError `github-auth`, `github-failed`, also for a refusal of another kind
 */
export async function publishDraft(job: PublishJob, draft: GitHubRelease): Promise<GitHubRelease | null> {
  const release = await makePublic(job, draft);
  if (release !== null) job.progress.publishedId = release.id;
  return release;
}

async function makePublic(job: PublishJob, draft: GitHubRelease): Promise<GitHubRelease | null> {
  const { github, tag, notes, progress } = job;
  for (let attempt = 1; ; attempt += 1) {
    const result = await github.publishDraft(draft.id, { tag, notes });
    progress.mayBePublished = result.kind === 'unknown';
    if (result.kind === 'done' && !result.value.isDraft) return result.value;
    if (result.kind === 'refused') return await judgeRefusal(job, draft, result.status, result.error);
    await github.pause(attempt);
    const current = await github.readRelease(draft.id);
    if (current === null || !current.isDraft) {
      progress.mayBePublished = false;
      return current;
    }
    if (attempt === ATTEMPTS) throw result.kind === 'unknown' ? result.error : stillDraft(tag);
  }
}

/**
 * 422 is GitHub's answer where another is published, but also where a rule protects the tag, or an immutable release
 * once had it. 404 is its answer for a draft that is gone, and to a token that may not make the tag.
 */
async function judgeRefusal(
  job: PublishJob,
  draft: GitHubRelease,
  status: number,
  error: UpdateError,
): Promise<null> {
  const { github, tag, progress } = job;
  if (status === 404) {
    if ((await github.readRelease(draft.id)) === null) return null;
    throw mayNotWrite(tag, error);
  }
  for (let attempt = 1; attempt <= ATTEMPTS && status === 422; attempt += 1) {
    if ((await github.findPublished(tag)) !== null) {
      progress.wasRefused = true;
      return null;
    }
    await github.pause(attempt);
  }
  throw error;
}

function mayNotWrite(tag: string, cause: UpdateError): UpdateError {
  return new UpdateError(
    'github-auth',
    `GitHub did not let this token write a release for ${tag} (status 404). Nothing was published. Give a token that ` +
      'may write the contents of the repository, and workflows too where the tagged commit changes any.',
    { cause },
  );
}

function renamed(name: string, other: string): UpdateError {
  return new UpdateError(
    'github-failed',
    `GitHub stored ${name} under the name ${quote(other)}, where nobody looks for it. Nothing was published. ` +
      'Run it again; if that stays, ask GitHub.',
    { details: { name, other } },
  );
}

function neverExact({ tag }: PublishJob, hosted: readonly GitHubAsset[]): UpdateError {
  const found = hosted.map(({ name, state, size, sha256 }) => ({ name, state, size, sha256 }));
  return new UpdateError(
    'github-failed',
    `What arrived at GitHub for ${tag} is not what was uploaded, after ${ATTEMPTS} attempts. Nothing was published. ` +
      'Run it again later.',
    { details: { tag, found } },
  );
}

function stillDraft(tag: string): UpdateError {
  return new UpdateError(
    'github-failed',
    `GitHub says that it published ${tag}, and it still is a draft. Run it again later.`,
    { details: { tag } },
  );
}
