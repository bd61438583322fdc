import type { TrustPolicy } from '../config.ts';
import { UpdateError } from '../errors.ts';
import { createHttpClient } from '../http.ts';
import { releaseUrl } from '../manifest/release-url.ts';
import type { AssetFacts } from './asset.ts';
import { type HashedDownload, hashDownload } from './hash-download.ts';
import type { ReleaseReporter } from './reporter.ts';

export interface ReadBackRequest {
  readonly policy: TrustPolicy;
  readonly tag: string;
  readonly assets: readonly AssetFacts[];
  readonly reporter: Pick<ReleaseReporter, 'step'>;
  readonly signal: AbortSignal | null;
  /** Backs off after attempt number so-and-so. */
  readonly pause: (attempt: number) => Promise<void>;
}

/** With the back-off of `retryDelay` about a minute, which GitHub's caches may need to know a new release. */
const ATTEMPTS = 8;

/**
 * Downloads what is published as the world does, without a token, from the address that goes into the manifest, and
 * hashes it.
 *
 * @throws UpdateError `digest-mismatch` for other bytes, `github-failed` when it cannot be downloaded
 */
export async function readBack(request: ReadBackRequest): Promise<void> {
  const client = await createHttpClient({ allowLoopback: request.policy.allowLoopback });
  for (const asset of request.assets) {
    const url = releaseUrl(request.policy, request.tag, asset.name);
    request.reporter.step('read-back', `downloading ${asset.name} as anybody would, to compare it`);
    const download = await downloadPatiently(request, () =>
      hashDownload(client, url, asset.size, request.signal),
    );
    if (download.kind === 'failed') throw unreachable(request.tag, asset, url, download.words);
    if (download.size !== asset.size || download.sha256 !== asset.sha256) {
      throw mismatch(request.tag, asset, url, download);
    }
  }
}

async function downloadPatiently(
  { pause }: ReadBackRequest,
  download: () => Promise<HashedDownload>,
): Promise<HashedDownload> {
  for (let attempt = 1; ; attempt += 1) {
    const result = await download();
    if (result.kind === 'hashed' || attempt === ATTEMPTS) return result;
    if (!result.isTransient && result.status !== 404) return result;
    await pause(attempt);
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
