import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { systemErrorCode, UpdateError } from '../errors.ts';
import { MAXIMUM_MANIFEST_BYTES } from '../manifest/limits.ts';

const REASONS: ReadonlyMap<string | null, string> = new Map([
  ['ENOENT', 'There is no such file.'],
  ['ENOTDIR', 'There is no such file.'],
  ['EACCES', 'It may not be read by this user.'],
  ['EPERM', 'It may not be read by this user.'],
]);

/**
 * The bytes of a manifest on disk, with the same limit as one that is fetched.
 *
 * @throws UpdateError `manifest-unreachable`, also for a folder, a pipe or a device
 */
export async function readManifestFile(path: string): Promise<Uint8Array> {
  try {
    return await readLimited(path);
  } catch (error) {
    if (error instanceof UpdateError) throw error;
    throw unreadable(path, REASONS.get(systemErrorCode(error)) ?? 'Reading it failed.', error);
  }
}

async function readLimited(path: string): Promise<Uint8Array> {
  // Without O_NONBLOCK opening a pipe would wait for a writer.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const status = await file.stat();
    if (!status.isFile()) throw unreadable(path, 'It is not a regular file.');
    // One byte more than allowed tells a file that is too large, also one that grows meanwhile.
    const bytes = Buffer.alloc(MAXIMUM_MANIFEST_BYTES + 1);
    let length = 0;
    while (length < bytes.length) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length);
      if (bytesRead === 0) return bytes.subarray(0, length);
      length += bytesRead;
    }
    throw unreadable(path, `It is larger than ${MAXIMUM_MANIFEST_BYTES / 1024} KiB, which no manifest is.`);
  } finally {
    await file.close();
  }
}

function unreadable(path: string, reason: string, cause?: unknown): UpdateError {
  return new UpdateError(
    'manifest-unreachable',
    `The manifest ${path} could not be read. ${reason} Nothing was changed. Check the path.`,
    { details: { path }, cause },
  );
}
