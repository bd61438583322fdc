import { createHash } from 'node:crypto';
import { type FileHandle, link, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder } from '../durable.ts';
import { UpdateError } from '../errors.ts';
import type { ShelvedFile } from './download-shelf.ts';
import { openFile } from './open-file.ts';
import { PREFIXES } from './static-host.ts';

/** Lists the files of an export, so that a later one knows that it may replace them and nothing else. */
export const EXPORT_LIST = '.nexy-export.json';

/** Fills the folder that is to become the site. */
export class SiteWriter {
  readonly #folder: string;
  readonly #signal: AbortSignal | undefined;
  readonly #files: string[] = [];

  constructor(folder: string, signal: AbortSignal | undefined) {
    this.#folder = folder;
    this.#signal = signal;
  }

  get files(): readonly string[] {
    return this.#files.toSorted();
  }

  /** Under every prefix. */
  async write(path: string, bytes: Uint8Array, modified: Date | null): Promise<void> {
    for (const prefix of PREFIXES) {
      const file = await this.#create(`${prefix}${path}`);
      try {
        await file.writeFile(bytes);
        // Hosts take their Last-Modified from it.
        if (modified !== null) await file.utimes(modified, modified);
        await file.sync();
      } finally {
        await file.close();
      }
    }
  }

  /** A download: its bytes once, and a second name for them. */
  async copy(path: string, source: ShelvedFile): Promise<void> {
    const [first, ...others] = PREFIXES.map((prefix) => `${prefix}${path}`);
    if (first === undefined) return;
    await this.#copyVerified(first, source);
    for (const other of others) {
      await mkdir(dirname(join(this.#folder, other)), { recursive: true });
      try {
        await link(join(this.#folder, first), join(this.#folder, other));
        this.#files.push(other);
      } catch {
        // A file system without hard links.
        await this.#copyVerified(other, source);
      }
    }
  }

  async finish(hostFiles: readonly { readonly path: string; readonly text: string }[]): Promise<void> {
    for (const { path, text } of hostFiles) await this.#writeText(path, text);
    await this.#writeText(
      EXPORT_LIST,
      `${JSON.stringify({ files: [...this.files, EXPORT_LIST].toSorted() }, null, 2)}\n`,
    );
    for (const folder of new Set(this.#files.map((path) => dirname(join(this.#folder, path))))) {
      await syncFolder(folder);
    }
  }

  async #writeText(path: string, text: string): Promise<void> {
    const file = await this.#create(path);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  async #copyVerified(
    path: string,
    { name, path: from, identity, sha256, modified }: ShelvedFile,
  ): Promise<void> {
    const source = await openFile(from);
    try {
      const target = await this.#create(path);
      try {
        const hash = createHash('sha256');
        for await (const chunk of source.handle.createReadStream({
          autoClose: false,
          highWaterMark: 1024 * 1024,
        })) {
          this.#assertGoingOn();
          hash.update(chunk);
          await target.writeFile(chunk);
        }
        if (source.identity !== identity || hash.digest('hex') !== sha256) {
          throw exportRefused(
            `${name} in downloads was changed while it was copied. Nothing was exported. Run it again.`,
          );
        }
        await target.utimes(modified, modified);
        await target.sync();
      } finally {
        await target.close();
      }
    } finally {
      await source.handle.close();
    }
  }

  async #create(path: string): Promise<FileHandle> {
    this.#assertGoingOn();
    const full = join(this.#folder, path);
    await mkdir(dirname(full), { recursive: true });
    this.#files.push(path);
    return open(full, 'wx', 0o644);
  }

  #assertGoingOn(): void {
    if (!this.#signal?.aborted) return;
    throw new UpdateError('cancelled', 'The export was cancelled. The site is as it was.');
  }
}

/** Why nothing was exported, and that the site is as it was. */
export function exportRefused(message: string, details: Readonly<Record<string, unknown>> = {}): UpdateError {
  return new UpdateError('export-refused', message, { details });
}
