import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, link, lstat, mkdir, open, readdir, readFile, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncFolder } from '../durable.ts';
import { systemErrorCode, UpdateError } from '../errors.ts';
import { loadNativeCalls } from '../native-calls.ts';
import { removeTree } from '../remove-tree.ts';
import type { ShelvedFile } from './download-shelf.ts';
import { LiveSite, type SiteEvent, type SiteSources } from './live-site.ts';
import { openFile } from './open-file.ts';
import { filePath, makeHostFiles, PREFIXES } from './static-host.ts';

export interface ExportOptions extends SiteSources {
  /** The folder that becomes the site; made where it is missing, replaced as a whole where it is an earlier export. */
  readonly outFolder: string;
  readonly tell: SiteEvent;
  readonly signal?: AbortSignal;
}

export interface ExportOutcome {
  readonly status: 'ok' | 'degraded';
  /** What is wrong with the folders, as sentences; it did not keep the export from being made. */
  readonly problems: readonly string[];
  /** Paths relative to the folder, sorted. */
  readonly files: readonly string[];
}

/** Lists the files of an export, so that a later one knows that it may replace them and nothing else. */
const LIST = '.nexy-export.json';

/**
 * Writes what the server would answer as files, each at the root and below `updates/`, so that any static host serves
 * the same bytes at the same paths. The folder changes in one step: whoever reads it sees the old site or the new one.
 *
 * Fails closed: where a channel's manifest is refused, or no channel offers anything, nothing is changed, so that the
 * last good export stays what is served.
 *
 * @throws UpdateError `export-refused`, `folder-unreadable`, `cancelled`, `usage`
 */
export async function exportSite(options: ExportOptions): Promise<ExportOutcome> {
  const { outFolder, signal } = options;
  const live = await LiveSite.open(options, options.tell);
  try {
    await live.whenSettled();
    const { health, documents } = live;
    const refused = health.refused.filter(({ file }) => documents.some((each) => isMissing(each, file)));
    if (health.status === 'unavailable' || refused.length > 0) {
      throw refuse(`${health.problems.join(' ')} ${outFolder} was not changed.`, {
        problems: health.problems,
      });
    }
    await assertReplaceable(outFolder);
    await removeLeftovers(outFolder);
    const staging = stagingFolder(outFolder);
    try {
      const writer = new SiteWriter(staging, signal);
      for (const document of documents) {
        if (document.status === 200)
          await writer.write(filePath(document), document.bytes, document.modified);
      }
      for (const file of live.files.values()) await writer.copy(`downloads/${file.name}`, file);
      await writer.finish(makeHostFiles(documents, live.files.size > 0));
      await replaceFolder(staging, outFolder);
      return { status: health.status, problems: health.problems, files: writer.files };
    } finally {
      await removeTree(staging);
    }
  } finally {
    live.close();
  }
}

function isMissing(
  { path, status }: { readonly path: string; readonly status: number },
  file: string,
): boolean {
  return path === file && status === 503;
}

/** Fills the folder that is to become the site. */
class SiteWriter {
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
    await this.#writeText(LIST, `${JSON.stringify({ files: [...this.files, LIST].toSorted() }, null, 2)}\n`);
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
          throw refuse(
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

/** @throws UpdateError `export-refused` where something lies there that no export made */
async function assertReplaceable(outFolder: string): Promise<void> {
  const status = await lstat(outFolder).catch(() => null);
  if (status === null) return;
  if (!status.isDirectory()) {
    throw refuse(`${outFolder} is not a folder. Nothing was changed. Choose another with --out.`);
  }
  const entries = await readdir(outFolder, { recursive: true, withFileTypes: true });
  const found = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(outFolder.length + 1));
  const listed = await readList(outFolder);
  const [foreign] = found.filter((path) => !listed.has(path)).sort();
  if (foreign === undefined) return;
  throw refuse(
    `${outFolder} holds ${foreign}, which no export made, and replacing the folder would lose it. Nothing was changed. Choose another folder with --out, or empty this one.`,
    { file: foreign },
  );
}

async function readList(folder: string): Promise<ReadonlySet<string>> {
  try {
    const { files } = JSON.parse(await readFile(join(folder, LIST), 'utf8')) as { files: unknown };
    return new Set(Array.isArray(files) ? files.filter((each) => typeof each === 'string') : []);
  } catch {
    return new Set();
  }
}

/** Beside the folder, so on the same volume; hidden; named for this process, so that a killed one's can be told. */
function stagingFolder(outFolder: string): string {
  return join(dirname(outFolder), `${stagingPrefix(outFolder)}${process.pid}-${randomUUID()}`);
}

function stagingPrefix(outFolder: string): string {
  return `.${basename(outFolder)}.nexy-export-`;
}

async function removeLeftovers(outFolder: string): Promise<void> {
  const parent = dirname(outFolder);
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) {
    if (!name.startsWith(stagingPrefix(outFolder))) continue;
    const pid = Number.parseInt(name.slice(stagingPrefix(outFolder).length), 10);
    if (!isRunning(pid)) await removeTree(join(parent, name));
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}

/** Leaves at `staging` what was there before. */
async function replaceFolder(staging: string, outFolder: string): Promise<void> {
  const isThere = (await lstat(outFolder).catch(() => null)) !== null;
  if (!isThere) await rename(staging, outFolder);
  else {
    const { exchange } = await loadNativeCalls();
    const outcome = exchange(staging, outFolder);
    if (!outcome.done) await renameTwice(staging, outFolder);
  }
  await syncFolder(dirname(outFolder));
}

/** For volumes that cannot exchange two folders: nothing is at the path for a moment. */
async function renameTwice(staging: string, outFolder: string): Promise<void> {
  const aside = `${staging}-old`;
  await rename(outFolder, aside);
  await rename(staging, outFolder);
  await rename(aside, staging);
}

function refuse(message: string, details: Readonly<Record<string, unknown>> = {}): UpdateError {
  return new UpdateError('export-refused', message, { details });
}
