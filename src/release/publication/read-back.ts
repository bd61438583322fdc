import type { TrustPolicy } from '../../config.ts';
import { UpdateError } from '../../errors.ts';
import { releaseUrl } from '../../manifest/release-url.ts';
import type { AssetFacts } from '../asset.ts';
import { comparePublicDownload, PATIENT } from '../download/public-download.ts';
import type { ReleaseReporter } from '../reporter.ts';

export interface ReadBackRequest {
  readonly policy: TrustPolicy;
  readonly tag: string;
  readonly assets: readonly AssetFacts[];
  readonly reporter: Pick<ReleaseReporter, 'step'>;
  readonly signal: AbortSignal | null;
  /** Backs off after attempt number so-and-so. */
  readonly pause: (attempt: number) => Promise<void>;
}

/**
 * Downloads what is published as the world does, without a token, from the address that goes into the manifest, and
 * hashes it.
 *
 * @throws UpdateError `digest-mismatch` for other bytes, `github-failed` when it cannot be downloaded
 */
export async function readBack(request: ReadBackRequest): Promise<void> {
  const { policy, tag, assets, reporter, signal, pause } = request;
  for (const asset of assets) {
    const url = releaseUrl(policy, tag, asset.name);
    reporter.step('read-back', `downloading ${asset.name} as anybody would, to compare it`);
    const options = { policy, url, expected: asset, signal, pause, attempts: PATIENT };
    const download = await comparePublicDownload(options);
    if (download.kind === 'unreachable') throw unreachable(tag, asset, url, download.words);
    if (download.kind === 'other') throw mismatch(tag, asset, url, download.found);
  }
}

function unreachable(tag: string, { name }: AssetFacts, url: string, words: string): UpdateError {
  return new UpdateError(
    'github-failed',
    `${tag} is published, but ${name} could not be downloaded from ${url} (${words}). No manifest offers it yet. ` +
      'Is the repository public? Run the same command again; it goes on from here.',
    { details: { tag, url } },
  );
}

function mismatch(
  tag: string,
  { name, size, sha256 }: AssetFacts,
  url: string,
  found: { readonly size: number; readonly sha256: string },
): UpdateError {
  const whole =
    found.size > size ? `more than ${size} bytes` : `sha256 ${found.sha256} (${found.size} bytes)`;
  return new UpdateError(
    'digest-mismatch',
    `${tag} is published, but what the world downloads as ${name} has ${whole}, and not sha256 ${sha256} ` +
      `(${size} bytes). No manifest offers it. Run it again; if that stays, publish a higher version.`,
    { details: { tag, url, expected: { size, sha256 }, found } },
  );
}
