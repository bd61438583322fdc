import type { Channel } from '../../config.ts';
import { UpdateError } from '../../errors.ts';
import { createHttpClient } from '../../http.ts';
import { describeHttpFailure } from '../../http-failure.ts';
import { MAXIMUM_MANIFEST_BYTES } from '../../manifest/limits.ts';
import type { HeldManifest } from '../manifests/manifest-folder.ts';

export interface ServedComparison {
  readonly settings: { readonly policy: { readonly allowLoopback: boolean } };
  readonly signal: AbortSignal | null;
}

/** Whole, with its redirects. */
const TIME_LIMIT = 30_000;

/**
 * Compares what an update server answers with the file that lies in the folder, byte for byte.
 *
 * @param server its address; `/updates/` and the like belong to it
 * @param channel null for an archive copy
 * @returns what is wrong, or null
 */
export async function compareServed(
  { settings: { policy }, signal }: ServedComparison,
  server: string,
  { name, bytes }: HeldManifest,
  channel: Channel | null,
): Promise<UpdateError | null> {
  const base = new URL(server.endsWith('/') ? server : `${server}/`);
  const url = new URL(channel === null ? `manifests/${name}` : name, base).href;
  const client = await createHttpClient({ allowLoopback: policy.allowLoopback });
  const chunks: Buffer[] = [];
  let size = 0;
  let status = 0;
  try {
    const stream = client.stream(url, {
      headers: { 'cache-control': 'no-cache' },
      timeout: { request: TIME_LIMIT },
      ...(signal === null ? {} : { signal }),
    });
    stream.on('response', (response) => {
      status = response.statusCode ?? 0;
    });
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAXIMUM_MANIFEST_BYTES) break;
      chunks.push(chunk);
    }
    stream.destroy();
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof UpdateError) return error;
    const { message } = describeHttpFailure(error);
    return unreachable(url, message.replace(/\.$/, ''), error);
  }
  if (status !== 200) return unreachable(url, `it answers with status ${status}`);
  if (Buffer.concat(chunks).equals(bytes)) return null;
  return new UpdateError(
    'manifest-conflict',
    `${url} serves something else than ${name} in this folder. Clients see what is served. Is the server's folder up ` +
      'to date, or a cache in front of it behind? Deploy again, then verify again.',
    { details: { url, file: name } },
  );
}

function unreachable(url: string, reason: string, cause?: unknown): UpdateError {
  return new UpdateError(
    'manifest-unreachable',
    `${url} cannot be read: ${reason}. Clients that ask there are offered nothing.`,
    { details: { url }, ...(cause === undefined ? {} : { cause }) },
  );
}
