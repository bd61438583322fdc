import { setTimeout as wait } from 'node:timers/promises';
import { UpdateError } from '../../errors.ts';
import { releaseUrl } from '../../manifest/release-url.ts';
import { retryDelay } from '../../retry-delay.ts';
import type { AssetFacts } from '../asset.ts';
import { comparePublicDownload } from '../download/public-download.ts';
import type { GitHub } from '../github/github.ts';
import type { Offer } from '../manifests/offer.ts';
import type { ReleaseReporter } from '../reporter.ts';
import type { ReleaseSettings } from '../settings.ts';
import { findReleaseProblems } from './check-release.ts';

export interface OfferComparison {
  readonly settings: ReleaseSettings;
  /** Null without a token: then only what the world can see is compared. */
  readonly github: GitHub | null;
  readonly reporter: ReleaseReporter;
  readonly signal: AbortSignal;
}

/** One thing that was compared. */
export interface Comparison {
  readonly check: 'manifest' | 'archive' | 'release' | 'download' | 'server';
  /** What was right, in words. */
  readonly message: string;
}

export interface Comparisons {
  readonly right: readonly Comparison[];
  readonly wrong: readonly UpdateError[];
}

const ATTEMPTS = 3;

/** The files that an offer names, notes included. */
export function factsOf({ artifacts, notes }: Offer): readonly AssetFacts[] {
  const facts = artifacts.map((artifact) => artifact.facts);
  return notes === null ? facts : [...facts, notes];
}

/**
 * Compares what a manifest promises with GitHub's release and with what the world downloads. Nothing is changed.
 *
 * @throws UpdateError `github-auth`, `github-rate-limited`, `github-failed`, `cancelled`
 */
export async function compareOffer(comparison: OfferComparison, offer: Offer): Promise<Comparisons> {
  const { github, reporter } = comparison;
  const right: Comparison[] = [];
  const wrong: UpdateError[] = [];
  const wanted = factsOf(offer);
  if (github !== null) {
    reporter.step('release', `comparing GitHub's release of ${offer.tag}`);
    const problems = await findReleaseProblems(github, offer.tag, wanted);
    wrong.push(...problems);
    if (problems.length === 0)
      right.push({ check: 'release', message: `the release of ${offer.tag} holds exactly these files` });
  }
  for (const facts of wanted) {
    const problem = await compareDownload(comparison, offer.tag, facts);
    if (problem !== null) wrong.push(problem);
    else right.push({ check: 'download', message: `the world downloads this ${facts.name}` });
  }
  return { right, wrong };
}

/** @throws UpdateError the first thing that is wrong, and what `compareOffer` throws */
export async function assertOffered(comparison: OfferComparison, offer: Offer): Promise<void> {
  const [problem] = (await compareOffer(comparison, offer)).wrong;
  if (problem !== undefined) throw problem;
}

async function compareDownload(
  { settings: { policy }, reporter, signal }: OfferComparison,
  tag: string,
  facts: AssetFacts,
): Promise<UpdateError | null> {
  const url = releaseUrl(policy, tag, facts.name);
  reporter.step('download', `downloading ${facts.name} of ${tag} as anybody would`);
  const download = await comparePublicDownload({
    policy,
    url,
    expected: facts,
    signal,
    pause: (attempt) => wait(retryDelay(attempt, null, Math.random), undefined, { signal }),
    attempts: ATTEMPTS,
  });
  if (download.kind === 'same') return null;
  const { size, sha256 } = facts;
  if (download.kind === 'unreachable')
    return new UpdateError(
      download.status === 404 ? 'not-published' : 'download-failed',
      `${facts.name} cannot be downloaded from ${url} (${download.words}), so clients that are offered it get nothing.`,
      { details: { url, status: download.status } },
    );
  return new UpdateError(
    'digest-mismatch',
    `The world downloads ${download.found.size} bytes with sha256 ${download.found.sha256} from ${url}, and the ` +
      `manifest says ${size} bytes with sha256 ${sha256}. Clients refuse that. Publish a higher version.`,
    { details: { url, expected: { size, sha256 }, found: download.found } },
  );
}
