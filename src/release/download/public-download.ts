import type { TrustPolicy } from '../../config.ts';
import { createHttpClient } from '../../http.ts';
import type { AssetFacts } from '../asset.ts';
import { type HashedDownload, hashDownload } from './hash-download.ts';

export interface PublicDownloadRequest {
  readonly policy: TrustPolicy;
  readonly url: string;
  readonly expected: Pick<AssetFacts, 'size' | 'sha256'>;
  readonly signal: AbortSignal | null;
  /** Backs off after attempt number so-and-so. */
  readonly pause: (attempt: number) => Promise<void>;
  /** How often it is tried at most, a 404 included. */
  readonly attempts: number;
}

/** What the world gets from an address. */
export type PublicDownload =
  | { readonly kind: 'same' }
  | { readonly kind: 'other'; readonly found: { readonly size: number; readonly sha256: string } }
  | { readonly kind: 'unreachable'; readonly words: string; readonly status: number | null };

/** With the back-off of `retryDelay` about a minute, which GitHub's caches may need to know what is new. */
export const PATIENT = 8;

/** Downloads as anybody would, without a token, and compares what came. Nothing is kept. */
export async function comparePublicDownload(request: PublicDownloadRequest): Promise<PublicDownload> {
  const { policy, url, expected, signal } = request;
  const client = await createHttpClient({ allowLoopback: policy.allowLoopback });
  const download = await downloadPatiently(request, () => hashDownload(client, url, expected.size, signal));
  if (download.kind === 'failed')
    return { kind: 'unreachable', words: download.words, status: download.status };
  const { size, sha256 } = download;
  if (size === expected.size && sha256 === expected.sha256) return { kind: 'same' };
  return { kind: 'other', found: { size, sha256 } };
}

async function downloadPatiently(
  { pause, attempts }: PublicDownloadRequest,
  download: () => Promise<HashedDownload>,
): Promise<HashedDownload> {
  for (let attempt = 1; ; attempt += 1) {
    const result = await download();
    if (result.kind === 'hashed' || attempt === attempts) return result;
    if (!result.isTransient && result.status !== 404) return result;
    await pause(attempt);
  }
}
