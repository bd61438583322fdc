import { UpdateError } from '../../errors.ts';
import type { PublishJob } from './publish-job.ts';
import { removeOwnDraft } from './remove-draft.ts';
import { surveyReleases } from './survey.ts';

/** Milliseconds. */
const TIDY_LIMIT = 30_000;

/** Removes the draft of a run that failed or was interrupted. Best effort: what is left is found by the next run. */
export async function tidyUp(job: PublishJob): Promise<void> {
  const { progress, reporter, tag } = job;
  if (!progress.mayHaveDraft) return;
  if (progress.mayBePublished) {
    reporter.warn(`Whether ${tag} was published is not known. Run the same command again; it finds out.`);
    return;
  }
  const github = job.github.withSignal(AbortSignal.timeout(TIDY_LIMIT));
  try {
    const { ours } = await surveyReleases({ ...job, github, assets: [] });
    for (const draft of ours) await removeOwnDraft({ github, reporter }, draft);
  } catch {
    reporter.warn(`The draft for ${tag} could not be removed. The next run does it.`);
  }
}

/** What an interrupted run has to say of how far it got. */
export function cancelledPublish({ tag, progress }: PublishJob, cause: unknown): UpdateError {
  const outcome =
    progress.publishedId !== null
      ? `${tag} is published, but was not read back yet, and no manifest offers it. Run the same command again to go on.`
      : `Publishing ${tag} was cancelled. This run published nothing.`;
  return new UpdateError('cancelled', progress.mayBePublished ? unknownOutcome(tag) : outcome, { cause });
}

function unknownOutcome(tag: string): string {
  return `Publishing ${tag} was cancelled, and whether GitHub has published it is not known. Run the same command again; it finds out.`;
}
