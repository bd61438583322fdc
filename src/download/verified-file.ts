import type { BigIntStats } from 'node:fs';
import { type FileHandle, lstat } from 'node:fs/promises';
import { UpdateError } from '../errors.ts';

export interface Digest {
  /** Bytes. */
  readonly size: number;
  /** 64 hex digits, lower case. */
  readonly sha256: string;
}

/** What tells one file from another, and a file from itself after a change. */
type Identity = Pick<BigIntStats, 'dev' | 'ino' | 'size' | 'mtimeNs' | 'ctimeNs'>;

let make: (path: string, digest: Digest, identity: Identity) => VerifiedFile;

/**
 * A file on disk whose bytes were hashed and matched. Only this folder can make one (`verifyFile`,
 * `download`), so whoever is given one needs no further check than `assertUnchanged`.
 */
export class VerifiedFile {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  readonly #identity: Identity;

  static {
    make = (path, digest, identity) => new VerifiedFile(path, digest, identity);
  }

  private constructor(path: string, { size, sha256 }: Digest, identity: Identity) {
    this.path = path;
    this.size = size;
    this.sha256 = sha256;
    this.#identity = identity;
  }

  /**
   * Proves that the path still names the very file that was hashed, unchanged since: same device and inode,
   * same size, same times of content and of metadata (the latter cannot be set back by a program).
   *
   * @throws UpdateError `sha256-mismatch`
   */
  async assertUnchanged(): Promise<void> {
    const found = await lstat(this.path, { bigint: true }).catch((cause: unknown) => {
      throw new UpdateError(
        'sha256-mismatch',
        `The verified download ${this.path} is gone. Nothing was changed. Run the update again.`,
        { cause, details: { path: this.path } },
      );
    });
    const known = this.#identity;
    const isSame =
      found.isFile() &&
      found.dev === known.dev &&
      found.ino === known.ino &&
      found.size === known.size &&
      found.mtimeNs === known.mtimeNs &&
      found.ctimeNs === known.ctimeNs;
    if (isSame) return;
    throw new UpdateError(
      'sha256-mismatch',
      `The download ${this.path} was changed after it had been verified, so it is not used. Nothing was changed. Run the update again.`,
      { details: { path: this.path } },
    );
  }
}

/**
 * For this folder only: vouches that the open file at `path` was hashed as a whole and gave `actual`.
 *
 * @throws UpdateError `sha256-mismatch` when that is not what was expected, or when the path names another file.
 */
export async function vouchFor(
  path: string,
  handle: FileHandle,
  actual: Digest,
  expected: Digest,
): Promise<VerifiedFile> {
  const identity = await handle.stat({ bigint: true });
  if (
    actual.sha256 !== expected.sha256 ||
    actual.size !== expected.size ||
    identity.size !== BigInt(expected.size)
  ) {
    throw new UpdateError('sha256-mismatch', `${path} is not the file that the manifest promises.`, {
      details: { path, expected: expected.sha256, actual: actual.sha256 },
    });
  }
  const file = make(path, expected, identity);
  await file.assertUnchanged();
  return file;
}
