import type { IncomingMessage } from 'node:http';
import type { Got } from 'got';
import { describeHttpFailure } from '../http-failure.ts';
import { readRetryAfter } from '../retry-delay.ts';
import { type HashedStream, hashStream } from './hash-stream.ts';

export type HashedDownload =
  | ({ readonly kind: 'hashed' } & HashedStream)
  | {
      readonly kind: 'failed';
      /** Without the address: after a redirect it would be a signed one. */
      readonly words: string;
      readonly status: number | null;
      /** Whether the same request may succeed in a moment. A 404 may not. */
      readonly isTransient: boolean;
      /** Milliseconds that the server asks to wait, or null. */
      readonly retryAfter: number | null;
    };

/** Milliseconds without a byte. */
const STALL_LIMIT = 60_000;

/**
 * Downloads and hashes without keeping anything.
 *
 * @param client of `createHttpClient`: no credentials, no redirect from https to http
 * @param limit bytes after which it stops
 * @throws the signal's reason when it fires
 */
export async function hashDownload(
  client: Got,
  url: string,
  limit: number,
  signal: AbortSignal | null,
): Promise<HashedDownload> {
  signal?.throwIfAborted();
  const stream = client.stream(url, {
    timeout: { socket: STALL_LIMIT },
    ...(signal === null ? {} : { signal }),
  });
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      stream.once('response', resolve);
      stream.once('error', reject);
    });
    if (response.statusCode !== 200) return refusal(response);
    const hashed = await hashStream(stream as AsyncIterable<Uint8Array>, limit);
    return isCut(response, hashed.size, limit)
      ? { kind: 'failed', words: 'The connection broke', status: 200, isTransient: true, retryAfter: null }
      : { kind: 'hashed', ...hashed };
  } catch (error) {
    signal?.throwIfAborted();
    const { message, isTransient } = describeHttpFailure(error);
    const words = message.replace(/\.$/, '');
    return { kind: 'failed', words, status: null, isTransient, retryAfter: null };
  } finally {
    stream.destroy();
  }
}

function refusal({ statusCode = 0, headers }: IncomingMessage): HashedDownload {
  return {
    kind: 'failed',
    words: `The server answers with status ${statusCode}`,
    status: statusCode,
    isTransient: statusCode === 408 || statusCode === 429 || statusCode >= 500,
    retryAfter: readRetryAfter(headers['retry-after'], Date.now()),
  };
}

/** A body that ends before its announced length is a broken connection, not another file. */
function isCut({ headers }: IncomingMessage, received: number, limit: number): boolean {
  const announced = headers['content-length'];
  return announced !== undefined && received < Number(announced) && received <= limit;
}
