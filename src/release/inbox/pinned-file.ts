import { createHash } from 'node:crypto';
import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { UpdateError } from '../../errors.ts';

/** Large enough for speed. */
const PIECE_BYTES = 128 * 1024;
/** A new buffer for each piece would let 60 MB of them lie about before V8 collects them. */
const BUFFERS = 8;

/**
 * A file that stays open from the moment when it was hashed until it is uploaded, so that another one of its name
 * cannot take its place.
 */
export class PinnedFile {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #status: BigIntStats;

  private constructor(path: string, file: FileHandle, status: BigIntStats) {
    this.#path = path;
    this.#file = file;
    this.#status = status;
  }

  /**
   * @returns null where there is no such file
   * @throws the system's error, e.g. `ELOOP` for a link; UpdateError `inbox-incomplete` for what is no regular file
   */
  static async open(path: string): Promise<PinnedFile | null> {
    // Without O_NONBLOCK opening a named pipe would wait for somebody to write to it.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await open(path, flags).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (file === null) return null;
    const status = await file.stat({ bigint: true });
    if (status.isFile()) return new PinnedFile(path, file, status);
    await file.close();
    throw new UpdateError(
      'inbox-incomplete',
      `${path} is not a regular file, so it cannot be published. Put the file itself there.`,
      { details: { path } },
    );
  }

  /** Bytes. */
  get size(): number {
    return Number(this.#status.size);
  }

  /** Of the open file. */
  get descriptor(): number {
    return this.#file.fd;
  }

  /**
   * One pass over the file.
   *
   * @param onPiece told after each piece how many bytes it had
   * @returns sha256 as 64 hex digits
   * @throws UpdateError `asset-conflict` when it changes meanwhile
   */
  async hash(onPiece: (bytes: number) => void): Promise<string> {
    const hash = createHash('sha256');
    for await (const piece of this.stream()) {
      hash.update(piece);
      onPiece(piece.length);
    }
    return hash.digest('hex');
  }

  /**
   * The file from its first byte on. The bytes of a piece are good until eight more were asked for: who keeps them
   * longer copies them. An upload does not, since a socket asks for more when it has sent what it has.
   *
   * @throws UpdateError `asset-conflict` when it is no longer as it was when it was opened, before the last piece is
   *   handed out
   */
  async *stream(): AsyncGenerator<Buffer> {
    await this.#assertUnchanged();
    const length = Math.min(PIECE_BYTES, this.size);
    const buffers = Array.from({ length: BUFFERS }, () => Buffer.allocUnsafeSlow(length));
    let next = 0;
    for (let at = 0; at < this.size; ) {
      const buffer = buffers[next] ?? Buffer.allocUnsafeSlow(length);
      next = (next + 1) % BUFFERS;
      const { bytesRead } = await this.#file.read(buffer, 0, Math.min(buffer.length, this.size - at), at);
      if (bytesRead === 0) throw this.#changed();
      at += bytesRead;
      if (at === this.size) await this.#assertUnchanged();
      yield buffer.subarray(0, bytesRead);
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #assertUnchanged(): Promise<void> {
    const now = await this.#file.stat({ bigint: true });
    const keys = ['size', 'mtimeNs', 'ctimeNs'] as const;
    if (keys.some((key) => now[key] !== this.#status[key])) throw this.#changed();
  }

  #changed(): UpdateError {
    return new UpdateError(
      'asset-conflict',
      `${this.#path} was changed while it was being published. What was uploaded of it is not used. Let the build finish, then publish again.`,
      { details: { path: this.#path } },
    );
  }
}
