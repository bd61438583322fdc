import { CHANNELS, type Channel } from '../../config.ts';
import { UpdateError } from '../../errors.ts';
import { CHANNEL_FILES } from '../../manifest/manifest-file.ts';
import { isSameVersion, type Version } from '../../version.ts';
import {
  archiveOf,
  areSameBytes,
  type HeldManifest,
  type ManifestShelf,
} from '../manifests/manifest-folder.ts';
import { type Offer, readOffer } from '../manifests/offer.ts';
import { type Comparison, type Comparisons, compareOffer, type OfferComparison } from './compare-offer.ts';
import { compareServed } from './served-manifest.ts';

export interface VerifyRequest extends OfferComparison {
  readonly shelf: ManifestShelf;
  /** Which manifests; null for those of all channels. */
  readonly selection: { readonly channel: Channel } | { readonly version: Version } | null;
  /** Address of an update server that is to serve these very bytes, or null. */
  readonly server: string | null;
}

/** A manifest with which all is right. */
export interface VerifiedManifest {
  readonly file: string;
  readonly version: string;
  readonly tag: string;
  readonly checks: readonly Comparison[];
}

/**
 * Compares what is offered with what is there: manifests with their archive copies, with GitHub's release, with what
 * the world downloads, and with what an update server serves. Changes nothing.
 *
 * @throws UpdateError the code of the first problem; all of them are in its message and `details.problems`. `usage`
 *   when there is no such manifest
 */
export async function verify(request: VerifyRequest): Promise<readonly VerifiedManifest[]> {
  const verified: VerifiedManifest[] = [];
  const problems: UpdateError[] = [];
  for (const { held, channel } of selectManifests(request)) {
    try {
      const offer = readOffer(held.bytes, request.settings.policy, { channel, file: held.name });
      const { right, wrong } = await compareAll(request, held, channel, offer);
      verified.push({ file: held.name, version: offer.version.text, tag: offer.tag, checks: right });
      problems.push(...wrong);
    } catch (error) {
      // What one manifest is like says nothing of the others; a token that is not accepted does.
      if (!(error instanceof UpdateError) || /^(github-|cancelled)/.test(error.code)) throw error;
      problems.push(error);
    }
  }
  const [first] = problems;
  if (first === undefined) return verified;
  throw new UpdateError(first.code, problems.map(({ message }) => message).join(' '), {
    cause: first,
    details: { problems: problems.map(({ code, message, details }) => ({ code, message, details })) },
  });
}

interface Selected {
  readonly held: HeldManifest;
  /** Null for an archive copy, which is of no channel. */
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

async function compareAll(
  request: VerifyRequest,
  held: HeldManifest,
  channel: Channel | null,
  offer: Offer,
): Promise<Comparisons> {
  const { shelf, server, reporter } = request;
  const right: Comparison[] = [{ check: 'manifest', message: `clients accept ${held.name}` }];
  const wrong: UpdateError[] = [];
  const archive = archiveOf(shelf, offer.version);
  if (archive === null || !areSameBytes(archive, offer.manifest)) wrong.push(archiveDiffers(held, offer));
  else right.push({ check: 'archive', message: 'the archive copy names the same bytes' });
  const offered = await compareOffer(request, offer);
  if (server !== null) {
    reporter.step('server', `asking ${server} for ${held.name}`);
    const problem = await compareServed(request, server, held, channel);
    if (problem !== null) wrong.push(problem);
    else right.push({ check: 'server', message: `${server} serves these bytes` });
  }
  return { right: [...right, ...offered.right], wrong: [...wrong, ...offered.wrong] };
}

function archiveDiffers({ name }: HeldManifest, { version }: Offer): UpdateError {
  return new UpdateError(
    'manifest-conflict',
    `The archive copy of ${version.text} is missing or names other bytes than ${name}. Run publish for that version ` +
      'again, or find out who changed the folder (Git has its history).',
    { details: { file: name, version: version.text } },
  );
}
