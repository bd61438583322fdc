import { createHash } from 'node:crypto';

export interface HashedStream {
  /** Bytes; more than the limit means that it was not read to its end. */
  readonly size: number;
  readonly sha256: string;
}

/**
 * Counts and hashes in one pass, holding one piece at a time.
 *
 * @param limit bytes after which it stops
 */
export async function hashStream(stream: AsyncIterable<Uint8Array>, limit: number): Promise<HashedStream> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.byteLength;
    if (size > limit) break;
    hash.update(chunk);
  }
  return { size, sha256: hash.digest('hex') };
}
