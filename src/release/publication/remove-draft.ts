import type { GitHubRelease } from '../github/answers.ts';
import { lastSignOfLife, readMarker } from './marker.ts';
import type { PublishJob } from './publish-job.ts';

/**
 * Milliseconds for which a call of a run that was killed may still be under way to GitHub: longer than any answer
 * takes that is not given up (a guess, on the safe side).
 */
const SETTLED_AFTER = 10_000;
const ATTEMPTS = 4;

/** `published` when it turned out to be no draft any more; then it is left alone. */
export type RemovedDraft = 'removed' | 'published' | 'left';

/**
 * Removes the draft of a dead run. Its last call may have been the one that publishes, so that a complete draft is
 * given time to become a release, and every one is read again first: a published release is never deleted.
 */
export async function removeDeadDraft(
  job: Pick<PublishJob, 'github' | 'reporter'>,
  draft: GitHubRelease,
): Promise<RemovedDraft> {
  const { github, reporter } = job;
  const age = github.serverTime - lastSignOfLife(draft, github.serverTime);
  if (isComplete(draft) && age < SETTLED_AFTER) await github.wait(SETTLED_AFTER - age);
  const current = await github.readRelease(draft.id);
  if (current === null) return 'removed';
  if (!current.isDraft) return 'published';
  reporter.step(
    'remove-draft',
    `removing draft ${draft.id} for ${draft.tag}, left behind by a run that has died`,
  );
  return removeOwnDraft(job, draft);
}

/** Removes a draft of this run, of which it knows that it is not published. Says when it could not. */
export async function removeOwnDraft(
  { github, reporter }: Pick<PublishJob, 'github' | 'reporter'>,
  { id, tag }: Pick<GitHubRelease, 'id' | 'tag'>,
): Promise<RemovedDraft> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const result = await github.deleteRelease(id);
    if (result.kind === 'done' || (result.kind === 'refused' && result.status === 404)) return 'removed';
    if (result.kind === 'refused') break;
    await github.pause(attempt);
    const current = await github.readRelease(id);
    if (current === null) return 'removed';
    if (!current.isDraft) return 'published';
  }
  reporter.warn(`Draft ${id} for ${tag} could not be removed. The next run does it.`);
  return 'left';
}

/** All that the run meant to upload is there: publishing was next. */
function isComplete({ body, assets }: GitHubRelease): boolean {
  const wanted = readMarker(body)?.assets ?? [];
  return wanted.every(({ name }) =>
    assets.some((asset) => asset.name === name && asset.state === 'uploaded'),
  );
}
