import type { Channel } from '../config.ts';
import { CHANNELS } from '../config.ts';
import { UpdateError } from '../errors.ts';
import { releaseUrl } from '../manifest/release-url.ts';
import { isSameVersion, type Version } from '../version.ts';
import type { AssetFacts } from './asset.ts';
import { findReleaseProblems } from './check-release.ts';
import type { GitHub } from './github/github.ts';
import {
  archiveOf,
  areSameBytes,
  CHANNEL_FILES,
  type HeldManifest,
  type ManifestShelf,
} from './manifest-folder.ts';
import { type Offer, readOffer } from './offer.ts';
import { comparePublicDownload } from './public-download.ts';
import type { ReleaseReporter } from './reporter.ts';
import { compareServed } from './served-manifest.ts';
import type { ReleaseSettings } from './settings.ts';

export interface VerifyRequest {
  readonly settings: ReleaseSettings;
  readonly shelf: ManifestShelf;
  /** Which manifests; null for those of all channels. */
  readonly selection: { readonly channel: Channel } | { readonly version: Version } | null;
  /** Address of an update server that is to serve these very bytes, or null. */
  readonly server: string | null;
  /** Null without a token: then only what the world can see is compared. */
  readonly github: GitHub | null;
  readonly reporter: ReleaseReporter;
  readonly signal: AbortSignal | null;
  /** Backs off after attempt number so-and-so. */
  readonly pause: (attempt: number) => Promise<void>;
}

/** One thing that was compared. */
export interface VerifiedCheck {
  readonly check: 'manifest' | 'archive' | 'release' | 'download' | 'server';
  /** What was compared, in words. */
  readonly message: string;
}

export interface VerifiedManifest {
  readonly file: string;
  readonly version: string;
  readonly tag: string;
  readonly checks: readonly VerifiedCheck[];
}

const ATTEMPTS = 3;

/**
 * Compares what is offered with what is there: the manifests with their archive copies, with GitHub's release, with
 * what the world downloads, and with what an update server serves. Changes nothing.
 *
 * @throws UpdateError the code of the first problem; all of them are in its message and `details.problems`. `usage`
 *   when there is no such manifest
 */
export async function verify(request: VerifyRequest): Promise<readonly VerifiedManifest[]> {
  if (request.github === null)
    request.reporter.warn('Without a token (GITHUB_TOKEN) only what the world can download is compared.');
  const verified: VerifiedManifest[] = [];
  const problems: UpdateError[] = [];
  for (const held of selectManifests(request)) {
    const { manifest, found } = await verifyOne(request, held);
    if (manifest !== null) verified.push(manifest);
    problems.push(...found);
  }
  const [first] = problems;
  if (first === undefined) return verified;
  throw new UpdateError(first.code, problems.map(({ message }) => message).join(' '), {
    cause: first,
    details: {
      problems: problems.map(({ code, message, details }) => ({ code, message, details })),
    },
  });
}

interface Selected {
  readonly held: HeldManifest;
  readonly channel: Channel | null;
}

function selectManifests({ shelf, selection }: VerifyRequest): readonly Selected[] {
  if (selection !== null && 'version' in selection) {
    const { version } = selection;
    const held = shelf.archives.find(
      ({ manifest }) => manifest !== null && isSameVersion(manifest.version, version),
    );
    if (held === undefined) throw missing(`There is no manifest of ${version.text} in ${shelf.folder}.`);
    return [{ held, channel: null }];
  }
  const channels = selection === null ? CHANNELS : [selection.channel];
  const found = channels.flatMap((channel) => {
    const held = shelf.channels[channel];
    return held === null ? [] : [{ held, channel }];
  });
  if (found.length > 0) return found;
  const names = channels.map((channel) => CHANNEL_FILES[channel]).join(' and no ');
  throw missing(`There is no ${names} in ${shelf.folder}.`);
}

function missing(what: string): UpdateError {
  return new UpdateError('usage', `${what} Nothing was verified. Publish first, or name another folder.`);
}

async function verifyOne(
  request: VerifyRequest,
  { held, channel }: Selected,
): Promise<{ readonly manifest: VerifiedManifest | null; readonly found: readonly UpdateError[] }> {
  const { settings, shelf, github, reporter, server } = request;
  const checks: VerifiedCheck[] = [];
  const found: UpdateError[] = [];
  let offer: Offer;
  try {
    offer = readOffer(held.bytes, settings.policy, { channel, file: held.name });
    checks.push({ check: 'manifest', message: `${held.name} is one that clients accept` });
    const archive = archiveOf(shelf, offer.version);
    if (archive === null || !areSameBytes(archive, offer.manifest)) found.push(archiveDiffers(held, offer));
    else checks.push({ check: 'archive', message: 'the archive copy names the same bytes' });
  } catch (error) {
    if (error instanceof UpdateError) return { manifest: null, found: [error] };
    throw error;
  }
  const wanted = factsOf(offer);
  if (github !== null) {
    reporter.step('release', `comparing GitHub's release of ${offer.tag}`);
    const differing = await findReleaseProblems(github, offer.tag, wanted);
    found.push(...differing);
    if (differing.length === 0)
      checks.push({ check: 'release', message: `the release of ${offer.tag} holds exactly these files` });
  }
  for (const facts of wanted) {
    const problem = await compareDownload(request, offer.tag, facts);
    if (problem === null)
      checks.push({ check: 'download', message: `the world downloads this ${facts.name}` });
    else found.push(problem);
  }
  if (server !== null) {
    reporter.step('server', `asking ${server} for ${held.name}`);
    const problem = await compareServed(request, server, held, channel);
    if (problem === null) checks.push({ check: 'server', message: `${server} serves these bytes` });
    else found.push(problem);
  }
  return { manifest: { file: held.name, version: offer.version.text, tag: offer.tag, checks }, found };
}

/** The files that a manifest names, notes included. */
export function factsOf({ artifacts, notes }: Offer): readonly AssetFacts[] {
  const facts = artifacts.map((artifact) => artifact.facts);
  return notes === null ? facts : [...facts, notes];
}

async function compareDownload(
  { settings: { policy }, reporter, signal, pause }: VerifyRequest,
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
    pause,
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

function archiveDiffers({ name }: HeldManifest, { version }: Offer): UpdateError {
  return new UpdateError(
    'manifest-conflict',
    `The archive copy of ${version.text} is missing or names other bytes than ${name}. Run publish for that version ` +
      'again, or find out who changed the folder (Git has its history).',
    { details: { file: name, version: version.text } },
  );
}
