import { randomUUID } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncFolder } from '../durable.ts';
import { systemErrorCode } from '../errors.ts';
import { loadNativeCalls } from '../native-calls.ts';
import { removeTree } from '../remove-tree.ts';
import { LiveSite, type SiteEvent, type SiteSources } from './live-site.ts';
import { EXPORT_LIST, exportRefused, SiteWriter } from './site-writer.ts';
import { filePath, makeHostFiles } from './static-host.ts';

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
      throw exportRefused(`${health.problems.join(' ')} ${outFolder} was not changed.`, {
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

/** @throws UpdateError `export-refused` where something lies there that no export made */
async function assertReplaceable(outFolder: string): Promise<void> {
  const status = await lstat(outFolder).catch(() => null);
  if (status === null) return;
  if (!status.isDirectory()) {
    throw exportRefused(`${outFolder} is not a folder. Nothing was changed. Choose another with --out.`);
  }
  const entries = await readdir(outFolder, { recursive: true, withFileTypes: true });
  const found = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(outFolder.length + 1));
  const listed = await readList(outFolder);
  const [foreign] = found.filter((path) => !listed.has(path)).sort();
  if (foreign === undefined) return;
  throw exportRefused(
    `${outFolder} holds ${foreign}, which no export made, and replacing the folder would lose it. Nothing was changed. Choose another folder with --out, or empty this one.`,
    { file: foreign },
  );
}

async function readList(folder: string): Promise<ReadonlySet<string>> {
  try {
    const { files } = JSON.parse(await readFile(join(folder, EXPORT_LIST), 'utf8')) as { files: unknown };
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
