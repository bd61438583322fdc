import { createCipheriv, createHash } from 'node:crypto';

const BLOCK = new Uint8Array(1 << 16);

/**
 * Numbers from 0 (inclusive) to 1 (exclusive), the same on every machine for the same seed: the key stream of
 * AES in counter mode.
 */
export function seededRandom(seed: string): () => number {
  const key = createHash('sha256').update(seed).digest();
  const stream = createCipheriv('aes-256-ctr', key, new Uint8Array(16));
  let bytes = Buffer.alloc(0);
  let offset = 0;
  return () => {
    if (offset === bytes.byteLength) {
      bytes = stream.update(BLOCK);
      offset = 0;
    }
    const value = bytes.readUInt32LE(offset) / 2 ** 32;
    offset += 4;
    return value;
  };
}
