import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Got } from 'got';
import { UpdateError } from '../../errors.ts';
import { describeHttpFailure } from '../../http-failure.ts';
import { readRetryAfter } from '../../retry-delay.ts';
import { SpentBuffers } from '../../spent-buffers.ts';
import type { HashedStream } from './hash-stream.ts';

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
export const STALL_LIMIT = 60_000;

/**
 * Downloads and hashes without keeping anything.
 *
 * @param client of `createHttpClient`: no credentials, no redirect from https to http
 * @param limit bytes after which it stops
 * @throws UpdateError `cancelled` when the signal fires
 */
export async function hashDownload(
  client: Got,
  url: string,
  limit: number,
  signal: AbortSignal | null,
): Promise<HashedDownload> {
  if (signal?.aborted) throw cancelled();
  const stream = client.stream(url, {
    timeout: { socket: STALL_LIMIT },
    ...(signal === null ? {} : { signal }),
  });
  try {
    return await new Promise<HashedDownload>((resolve, reject) => {
      stream.on('error', reject);
      stream.once('response', (response: IncomingMessage) => {
        // Taken from the raw response, past got's stream, whose buffers would make the process 100 MB larger. got
        // waits for 'readable' on behalf of that stream; as long as anyone does, Node sends no 'data'.
        response.removeAllListeners('readable');
        if (response.statusCode !== 200) resolve(refusal(response));
        else hashResponse(response, limit).then(resolve, reject);
      });
    });
  } catch (error) {
    if (signal?.aborted) throw cancelled();
    const { message, isTransient } = describeHttpFailure(error);
    const words = message.replace(/\.$/, '');
    return { kind: 'failed', words, status: null, isTransient, retryAfter: null };
  } finally {
    stream.destroy();
  }
}

function cancelled(): UpdateError {
  return new UpdateError(
    'cancelled',
    'Cancelled while a published file was downloaded. Run it again to finish.',
  );
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

const CUT = {
  kind: 'failed',
  words: 'The connection broke',
  status: 200,
  isTransient: true,
  retryAfter: null,
} as const;

/** Hashes each piece when it comes and frees it at once. */
function hashResponse(response: IncomingMessage, limit: number): Promise<HashedDownload> {
  const hash = createHash('sha256');
  const buffers = new SpentBuffers(response);
  let size = 0;
  return new Promise((resolve) => {
    const end = (result: HashedDownload): void => {
      buffers.close();
      resolve(result);
    };
    response.on('data', (chunk: Uint8Array) => {
      buffers.notice(chunk);
      size += chunk.byteLength;
      if (size > limit) return end({ kind: 'hashed', size, sha256: '' });
      hash.update(chunk);
      buffers.free([chunk]);
    });
    response.once('end', () =>
      end(response.complete ? { kind: 'hashed', size, sha256: hash.digest('hex') } : CUT),
    );
    response.once('error', () => end(CUT));
    response.once('close', () => end(CUT));
    response.resume();
  });
}
