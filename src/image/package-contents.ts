import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BomEntry, readBillOfMaterials } from './bill-of-materials.ts';
import { type Distribution, readDistribution } from './distribution.ts';
import { writeAll, writeFailure } from './image-volume.ts';
import { type PackageInfo, readPackageInfo } from './package-info.ts';
import { type PayloadEntry, readPayload } from './package-payload.ts';
import type { SinkFile } from './seven-zip-files.ts';
import { assertClean, INPUT, runSevenZip, unreadable } from './seven-zip-module.ts';
import { readXarTable, type XarTable } from './xar-table.ts';

/** What a flat package (`.pkg`) holds. */
export interface PackageContents {
  /** Title of a product archive's `Distribution`, or null. */
  readonly title: string | null;
  readonly table: XarTable;
  /** Null for a component package, which has none. */
  readonly distribution: Distribution | null;
  readonly components: readonly PackageComponent[];
}

/** One package to be installed: the file itself, or one of a product archive's. */
export interface PackageComponent extends PackageInfo {
  /** Name of the member that holds it, e.g. `Nexy.pkg`; empty for the file itself. */
  readonly member: string;
  /** Whether anything of its own is run as root. */
  readonly hasScripts: boolean;
  /** Files that its scripts consist of, or null for a kind that cannot be read here. */
  readonly scriptFiles: readonly PayloadEntry[] | null;
  /** What would be installed, or null for a payload of a kind that cannot be read here. */
  readonly payload: readonly PayloadEntry[] | null;
  /** What its bill of materials says that would be installed, or null where it has none. */
  readonly bom: readonly BomEntry[] | null;
}

const METADATA_LIMIT = 4 * 1024 * 1024;
const TEXTS = /^(?:.+\/)?PackageInfo$|^Distribution$/;
const ARCHIVES = /^(?:.+\/)?(?:Payload|Scripts|Bom)$/;

/**
 * Reads a flat package with 7-Zip. Nothing in it is run or installed.
 *
 * @throws UpdateError `image-unreadable`, `disk-full`
 */
export function readPackage(path: string): Promise<PackageContents> {
  return withPackage(path, async (contents) => contents);
}

/**
 * Opens a flat package: a xar archive with `PackageInfo`, `Bom` and `Payload`, or several such below a
 * `Distribution`. The bytes of payloads and scripts can be read as long as `use` has not settled.
 *
 * @throws UpdateError `image-unreadable`, `disk-full`, and what `use` throws
 */
export async function withPackage<T>(
  path: string,
  use: (contents: PackageContents) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'nexy-package-'));
  try {
    return await use(await openPackage(path, folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function openPackage(path: string, folder: string): Promise<PackageContents> {
  try {
    const table = await readXarTable(path);
    const members = await extractMembers(path, table, folder);
    const components: PackageComponent[] = [];
    for (const [name, text] of members.texts)
      if (/(?:^|\/)PackageInfo$/.test(name)) components.push(await readComponent(path, name, text, members));
    if (components.length === 0) throw unreadable(path, 'it holds no package');
    const text = members.texts.get('Distribution');
    const distribution = text === undefined ? null : await readDistribution(path, text);
    return { title: distribution?.title ?? null, table, distribution, components };
  } catch (error) {
    throw writeFailure(path, error);
  }
}

interface Members {
  readonly texts: ReadonlyMap<string, string>;
  /** Archives that were written to disk, by the name of their member. */
  readonly archives: ReadonlyMap<string, string>;
}

async function extractMembers(path: string, table: XarTable, folder: string): Promise<Members> {
  const names = new Set<string>();
  const texts = new Map<string, string>();
  const archives = new Map<string, string>();
  const input = { path, offset: 0, length: (await stat(path)).size };
  const run = await runSevenZip(['x', '-y', '-bd', '-txar', '-snl-', '-o/out', INPUT], input, {
    sink: {
      openFile(name) {
        names.add(name);
        if (TEXTS.test(name)) return intoText(path, name, texts);
        if (!ARCHIVES.test(name)) return { write: () => undefined, close: () => undefined };
        const copy = join(folder, String(archives.size));
        archives.set(name, copy);
        return intoFile(copy);
      },
    },
  });
  assertClean(run, path);
  // What counts is found by its name: no member may have one thing to us and another to the Installer.
  const listed = new Set(table.members.map((member) => member.path));
  const missing = [...listed].some((name) => isOfInterest(name) && !names.has(name));
  const surplus = [...names].some((name) => isOfInterest(name) && !listed.has(name));
  if (missing || surplus) throw unreadable(path, 'its table of contents and its contents disagree');
  return { texts, archives };
}

function isOfInterest(name: string): boolean {
  return TEXTS.test(name) || ARCHIVES.test(name);
}

function intoText(path: string, name: string, texts: Map<string, string>): SinkFile {
  const pieces: Buffer[] = [];
  let length = 0;
  return {
    write(bytes) {
      length += bytes.length;
      if (length > METADATA_LIMIT) throw unreadable(path, `its ${name} is too large`);
      pieces.push(Buffer.from(bytes));
    },
    close: () => texts.set(name, Buffer.concat(pieces).toString('utf8')),
  };
}

function intoFile(copy: string): SinkFile {
  const file = openSync(copy, 'wx', 0o600);
  return { write: (bytes, position) => writeAll(file, bytes, position), close: () => closeSync(file) };
}

async function readComponent(
  path: string,
  name: string,
  text: string,
  { archives }: Members,
): Promise<PackageComponent> {
  const folder = name.slice(0, -'PackageInfo'.length);
  const information = await readPackageInfo(path, name, text);
  const read = (member: string) => {
    const archive = archives.get(`${folder}${member}`);
    return archive === undefined ? [] : readPayload(path, archive);
  };
  const scriptFiles = await read('Scripts');
  const bom = archives.get(`${folder}Bom`);
  return {
    ...information,
    member: folder.replace(/\/$/, ''),
    hasScripts: archives.has(`${folder}Scripts`) || information.scripts.length > 0,
    scriptFiles,
    payload: await read('Payload'),
    bom: bom === undefined ? null : readBillOfMaterials(path, await readFile(bom)),
  };
}
