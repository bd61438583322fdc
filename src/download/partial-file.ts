import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, rename } from 'node:fs/promises';
import { syncFolder } from '../durable.ts';
import { UpdateError } from '../errors.ts';
import { type DownloadRecord, readRecord, writeRecord } from './download-record.ts';
import { type PendingPaths, removeIfPresent } from './pending-folder.ts';
import { type Digest, type VerifiedFile, vouchFor } from './verified-file.ts';
import { hashPrefix } from './verify-file.ts';

/** Where the bytes of a partial file come from. */
export type Origin = Pick<DownloadRecord, 'url' | 'etag'>;

const FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;

/**
 * The file under construction, with the record of where its bytes come from. Counts, hashes and writes in one
 * pass; the hash always covers exactly the first `length` bytes, and these are in the file.
 */
export class PartialFile {
  readonly #paths: PendingPaths;
  readonly #expected: Digest;
  readonly #handle: FileHandle;
  #hash: Hash = createHash('sha256');
  #length = 0;
  #origin: Origin | null = null;
  #includesOlderBytes = false;

  private constructor(paths: PendingPaths, expected: Digest, handle: FileHandle) {
    this.#paths = paths;
    this.#expected = expected;
    this.#handle = handle;
  }

  /**
   * Opens it, or makes it. What an earlier process left is hashed and kept if its record fits. For the holder of
   * the artifact's lock.
   */
  static async open(paths: PendingPaths, expected: Digest, signal?: AbortSignal): Promise<PartialFile> {
    const record = await readRecord(paths);
    const handle = await openOwn(paths.partial);
    try {
      const file = new PartialFile(paths, expected, handle);
      await file.#adopt(record, signal);
      return file;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get length(): number {
    return this.#length;
  }

  get isComplete(): boolean {
    return this.#length === this.#expected.size;
  }

  get origin(): Origin | null {
    return this.#origin;
  }

  /** Bytes of an earlier process are in it; a crash of the whole machine may have torn them. */
  get includesOlderBytes(): boolean {
    return this.#includesOlderBytes;
  }

  /** Appends and hashes; the thread pool writes while this thread hashes. */
  async append(chunks: readonly Uint8Array[], bytes: number): Promise<void> {
    const written = this.#write(chunks, bytes);
    for (const chunk of chunks) this.#hash.update(chunk);
    await written;
    this.#length += bytes;
  }

  /** Empties it; the record of where the next bytes come from is durable before the first of them. */
  async restart(origin: Origin | null): Promise<void> {
    await this.#handle.truncate(0);
    this.#hash = createHash('sha256');
    this.#length = 0;
    this.#includesOlderBytes = false;
    this.#origin = origin;
    if (origin === null) await removeIfPresent(this.#paths.record);
    else await writeRecord(this.#paths, { ...origin, ...this.#expected });
  }

  /** The digest of what is there. The hash goes on. */
  digest(): Digest {
    return { size: this.#length, sha256: this.#hash.copy().digest('hex') };
  }

  /** Makes the content durable, gives the file its final name and vouches for it. */
  async publish(): Promise<VerifiedFile> {
    const { partial, final, folder } = this.#paths;
    await this.#handle.sync();
    await this.#assertStillNamed(partial);
    await rename(partial, final);
    await syncFolder(folder);
    // Only now: renaming changes the file's ctime.
    return vouchFor(final, this.#handle, this.digest(), this.#expected);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  /** Removes the file and its record. */
  async discard(): Promise<void> {
    await removeIfPresent(this.#paths.partial);
    await removeIfPresent(this.#paths.record);
  }

  async #adopt(record: DownloadRecord | null, signal: AbortSignal | undefined): Promise<void> {
    const { size, sha256 } = this.#expected;
    const fits = record !== null && record.etag !== null && record.size === size && record.sha256 === sha256;
    const there = (await this.#handle.stat()).size;
    if (!fits || there > size) {
      await this.#handle.truncate(0);
      return;
    }
    const { hash, size: length } = await hashPrefix(this.#handle, there, signal);
    this.#hash = hash;
    this.#length = length;
    this.#origin = { url: record.url, etag: record.etag };
    this.#includesOlderBytes = length > 0;
  }

  async #write(chunks: readonly Uint8Array[], bytes: number): Promise<void> {
    let position = this.#length;
    let { bytesWritten } = await this.#handle.writev(chunks, position);
    if (bytesWritten === bytes) return;
    // A short write, as on a volume that is about to be full: the rest, until the system gives its reason.
    let rest = Buffer.concat(chunks);
    while (bytesWritten < rest.byteLength) {
      rest = rest.subarray(bytesWritten);
      position += bytesWritten;
      ({ bytesWritten } = await this.#handle.write(rest, 0, rest.byteLength, position));
    }
  }

  /** Somebody may have put another file there: the name must still be that of the bytes that were hashed. */
  async #assertStillNamed(path: string): Promise<void> {
    const [ours, named] = await Promise.all([
      this.#handle.stat({ bigint: true }),
      lstat(path, { bigint: true }).catch(() => null),
    ]);
    if (named !== null && named.ino === ours.ino && named.dev === ours.dev) return;
    throw new UpdateError(
      'install-busy',
      'Something else has replaced this download while it ran. Nothing was changed. Try again.',
      { details: { path } },
    );
  }
}

/** A regular file of ours with one name; anything else in its place goes. */
async function openOwn(path: string): Promise<FileHandle> {
  const found = await lstat(path).catch(() => null);
  if (found !== null && (!found.isFile() || found.nlink !== 1)) await removeIfPresent(path);
  const handle = await open(path, FLAGS, 0o600);
  const stats = await handle.stat();
  if (stats.isFile() && stats.nlink === 1) return handle;
  await handle.close();
  throw new UpdateError('download-failed', `${path} is not a plain file. Remove it, then try again.`, {
    details: { path },
  });
}
