import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { UpdateError } from '../errors.ts';
import { type Digest, type VerifiedFile, vouchFor } from './verified-file.ts';

const READ_SIZE = 1024 * 1024;

/**
 * Hashes a file that is already on disk and vouches for it. No link is followed.
 *
 * @throws UpdateError `size-mismatch`, `sha256-mismatch`, `cancelled`; or the system's error when the file
 *   cannot be opened or read.
 */
export async function verifyFile(
  path: string,
  expected: Digest,
  signal?: AbortSignal,
): Promise<VerifiedFile> {
  // Without O_NONBLOCK, opening a named pipe would wait for its other end.
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = await handle.stat();
    if (!stats.isFile() || stats.size !== expected.size) {
      throw new UpdateError(
        'size-mismatch',
        `${path} has ${stats.size} bytes, the manifest promises ${expected.size}. It is not used.`,
        { details: { path, expected: expected.size, actual: stats.size } },
      );
    }
    const { hash, size } = await hashPrefix(handle, expected.size, signal);
    return await vouchFor(path, handle, { size, sha256: hash.digest('hex') }, expected);
  } finally {
    await handle.close();
  }
}

/** Hashes the first `length` bytes, or as many as there are. */
export async function hashPrefix(
  handle: FileHandle,
  length: number,
  signal?: AbortSignal,
): Promise<{ readonly hash: Hash; readonly size: number }> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafeSlow(Math.min(READ_SIZE, Math.max(1, length)));
  let position = 0;
  while (position < length) {
    if (signal?.aborted) throw cancelled();
    const wanted = Math.min(buffer.byteLength, length - position);
    const { bytesRead } = await handle.read(buffer, 0, wanted, position);
    if (bytesRead === 0) break;
    hash.update(bytesRead === buffer.byteLength ? buffer : buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
  return { hash, size: position };
}

export function cancelled(cause?: unknown): UpdateError {
  return new UpdateError(
    'cancelled',
    'The download was cancelled. What has arrived is kept, and the next attempt goes on from there.',
    { cause },
  );
}
