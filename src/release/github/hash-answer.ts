import { createHttpClient } from '../../http.ts';
import { hashDownload } from '../download/hash-download.ts';
import { type HashedStream, hashStream } from '../download/hash-stream.ts';
import type { Answer } from './calls.ts';

export interface HashAnswerOptions {
  /** Bytes after which it stops. */
  readonly limit: number;
  readonly allowLoopback: boolean;
  readonly signal: AbortSignal | null;
}

/**
 * Hashes what GitHub hands out for an asset: its bytes, or a redirect to a signed address on another host, which is
 * followed without the token: it is none of that host's business, and would be answered with 400.
 *
 * @returns what was received, or in words why it was not
 * @throws UpdateError `cancelled` when the signal fires
 */
export async function hashAnswer(
  { status, headers, data }: Answer,
  { limit, allowLoopback, signal }: HashAnswerOptions,
): Promise<HashedStream | string> {
  if (status !== 302) {
    return await hashStream(data as AsyncIterable<Uint8Array>, limit).catch(() => 'the connection broke');
  }
  const client = await createHttpClient({ allowLoopback });
  const hashed = await hashDownload(client, String(headers['location']), limit, signal);
  return hashed.kind === 'hashed' ? hashed : hashed.words;
}
