import { closeSync, openSync, writeSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemErrorCode, UpdateError } from '../errors.ts';
import { type CatalogEntry, catalogPath, type ReadVolume, readHfsCatalog } from './hfs-catalog.ts';
import { readImageFormat } from './image-format.ts';
import type { Slice } from './seven-zip-files.ts';
import { type Listing, type Properties, parseListing, parseMode } from './seven-zip-listing.ts';
import { assertClean, INPUT, runSevenZip, unreadable } from './seven-zip-module.ts';

/** A folder, file or link of a volume, in 7-Zip's order. */
export interface VolumeEntry {
  /** As 7-Zip prints it: control characters, and `/` of an HFS Plus name, are `_` there. */
  readonly printed: string;
  /** POSIX path below the volume's root, exact; null where only extraction tells it (APFS). */
  readonly path: string | null;
  readonly kind: 'folder' | 'file' | 'link';
  /** Permission bits (0 to 0o7777), or null where the volume has none. */
  readonly mode: number | null;
  readonly size: number;
  /** The file system's own bookkeeping, which a mounted volume does not show. */
  readonly isHidden: boolean;
  /** The same for all names of one file; null for a file with one name. */
  readonly hardLink: string | null;
  /** HFS Plus: the hidden file that holds what all names of that file show. */
  readonly isHardLinkTarget: boolean;
}

export interface Volume {
  readonly slice: Slice;
  readonly fileSystem: 'hfs' | 'apfs';
  readonly name: string;
  /** What 7-Zip puts before each path: empty, or the volume's name and a slash. */
  readonly prefix: string;
  readonly root: { readonly mode: number | null; readonly modified: number | null };
  readonly entries: readonly VolumeEntry[];
}

/**
 * Finds the volume in a disk image, lists it and hands it to `use`.
 *
 * @throws UpdateError `image-encrypted`, `image-unreadable`
 */
export async function withVolume<T>(path: string, use: (volume: Volume) => Promise<T>): Promise<T> {
  const format = await readImageFormat(path).catch((error: unknown) => {
    throw error instanceof UpdateError ? error : unreadable(path, 'the file cannot be opened', error);
  });
  if (format.kind === 'unknown') throw unreadable(path, 'it is not a disk image, or its end is missing');
  const slice = format.kind === 'raw' ? format.volumes[0]?.slice : format.slice;
  if (slice === undefined) throw unreadable(path, 'it holds no volume');
  return withSlice(path, slice, use);
}

async function withSlice<T>(path: string, slice: Slice, use: (volume: Volume) => Promise<T>): Promise<T> {
  const run = await runSevenZip(['l', '-slt', INPUT], slice);
  assertClean(run, path);
  const listing = parseListing(run.output);
  const type = listing.types.at(-1);
  const isPlain = listing.types.length === (listing.types[0] === 'Dmg' ? 2 : 1);
  if (isPlain && (type === 'HFS' || type === 'APFS'))
    return use(await readVolume(path, slice, listing, type));
  // Several volumes, or a partition map of its own within one partition: that one is looked at as a raw disk.
  const name = listing.types[0] === 'Dmg' ? choosePartition(listing) : null;
  if (name === null) throw unreadable(path, 'it holds no volume that can be read (HFS+ or APFS)');
  const folder = await mkdtemp(join(tmpdir(), 'nexy-volume-'));
  try {
    const copy = join(folder, 'volume');
    await extractPartition(path, slice, name, copy).catch((error: unknown) => {
      throw writeFailure(path, error);
    });
    const format = await readImageFormat(copy);
    const volume = format.kind === 'raw' ? format.volumes[0] : undefined;
    if (volume === undefined) throw unreadable(path, 'it holds no volume that can be read (HFS+ or APFS)');
    return await withSlice(path, volume.slice, use);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The partition that 7-Zip opened, else the first with a volume by its name, else the largest. */
function choosePartition(listing: Listing): string | null {
  if (listing.partition !== null) return listing.partition;
  const named = listing.items.find((item) => /\.(?:hfsx?|apfs)$/.test(item.get('Path') ?? ''));
  const [largest] = [...listing.items].sort(
    (a, b) => Number(b.get('Size') ?? 0) - Number(a.get('Size') ?? 0),
  );
  return (named ?? largest)?.get('Path') ?? null;
}

async function extractPartition(path: string, slice: Slice, name: string, copy: string): Promise<void> {
  const descriptor = openSync(copy, 'wx', 0o600);
  try {
    const run = await runSevenZip(['x', '-y', '-bd', '-tdmg', '-spd', '-o/out', INPUT, `-i!${name}`], slice, {
      sink: {
        openFile: () => ({ write: (bytes, at) => writeAll(descriptor, bytes, at), close: () => undefined }),
      },
    });
    assertClean(run, path);
  } finally {
    closeSync(descriptor);
  }
}

async function readVolume(
  path: string,
  slice: Slice,
  listing: Listing,
  type: 'HFS' | 'APFS',
): Promise<Volume> {
  const printed = listing.items.map(describePrinted);
  const rest = { slice, fileSystem: type === 'HFS' ? 'hfs' : 'apfs' } as const;
  const first = printed[0];
  const hasVolumeFolder = type === 'HFS' || listing.volumeCount > 1;
  if (!hasVolumeFolder)
    return {
      ...rest,
      name: listing.name ?? '',
      prefix: '',
      root: { mode: null, modified: null },
      entries: printed,
    };
  if (first?.kind !== 'folder') throw unreadable(path, 'its volume has no root folder');
  const prefix = `${first.printed}/`;
  const plain = { ...rest, name: first.printed, prefix, root: { mode: first.mode, modified: null } };
  const below = printed.slice(1).filter((entry) => entry.printed.startsWith(prefix));
  if (type === 'APFS') return { ...plain, entries: below };
  const catalog = await readCatalog(path, slice, listing.partition).catch((error: unknown) => {
    throw error instanceof UpdateError ? error : unreadable(path, 'its catalog is damaged', error);
  });
  if (catalog === null) return { ...plain, entries: below };
  return { ...plain, ...describeCatalog(path, catalog, printed) };
}

function describePrinted(item: Properties): VolumeEntry {
  const path = item.get('Path') ?? '';
  const mode = item.get('Mode') ?? '';
  const isFolder = mode.startsWith('d') || item.get('Folder') === '+';
  return {
    printed: path,
    path: null,
    kind: isFolder ? 'folder' : mode.startsWith('l') ? 'link' : 'file',
    mode: parseMode(mode),
    size: Number(item.get('Size') ?? 0),
    isHidden: false,
    hardLink: !isFolder && Number(item.get('Links') ?? 1) > 1 ? (item.get('iNode') ?? null) : null,
    isHardLinkTarget: false,
  };
}

/** Names at the root that HFS Plus keeps from view (TN1150, "Hard Links", "Journal"; hfs_vnops). */
const HARD_LINK_FOLDER = '\0\0\0\0HFS+ Private Data';
const HIDDEN_NAMES = [HARD_LINK_FOLDER, '.HFS+ Private Directory Data\r', '.journal', '.journal_info_block'];
const FILE_TYPE = 0o170000;
const LINK_TYPE = 0o120000;

/** 7-Zip shows a hard link as an empty file: what it holds is in a file `iNodeN` of the private folder (TN1150). */
function describeCatalog(path: string, catalog: readonly CatalogEntry[], printed: readonly VolumeEntry[]) {
  const folders = new Map(
    catalog.filter((entry) => entry.kind === 'folder').map((entry) => [entry.id, entry]),
  );
  const isSame = catalog.every(
    (entry, index) => (entry.kind === 'folder') === (printed[index]?.kind === 'folder'),
  );
  if (catalog.length !== printed.length || !isSame)
    throw unreadable(path, 'its catalog and its contents disagree');
  const namesOf = new Map(catalog.map((entry) => [entry, catalogPath(entry, folders)]));
  const targets = new Map<string, CatalogEntry>();
  for (const [entry, names] of namesOf) {
    const number = hardLinkNumber(entry, names);
    if (number !== null) targets.set(number, entry);
  }
  const [root] = catalog;
  const entries = catalog.slice(1).map((entry, index): VolumeEntry => {
    const names = namesOf.get(entry) ?? null;
    const from = printed[index + 1];
    if (names === null || from === undefined) throw unreadable(path, 'its catalog is damaged');
    const target = entry.hardLink === null ? entry : targets.get(String(entry.hardLink));
    if (target === undefined) throw unreadable(path, 'a hard link in it leads nowhere');
    const number = hardLinkNumber(entry, names);
    return {
      printed: from.printed,
      path: names.map((name) => name.replaceAll('/', ':')).join('/'),
      kind: entry.kind === 'folder' ? 'folder' : (target.mode & FILE_TYPE) === LINK_TYPE ? 'link' : 'file',
      mode: target.mode === 0 ? null : target.mode & 0o7777,
      size: entry.hardLink === null ? from.size : target.size,
      isHidden: HIDDEN_NAMES.includes(names[0] ?? ''),
      hardLink: number ?? (entry.hardLink === null ? null : String(entry.hardLink)),
      isHardLinkTarget: number !== null,
    };
  });
  return {
    root: { mode: root === undefined ? null : root.mode & 0o7777, modified: root?.modified ?? null },
    entries,
  };
}

/** N of a file `iNodeN` in the private folder. */
function hardLinkNumber(entry: CatalogEntry, names: readonly string[] | null): string | null {
  if (entry.kind !== 'file' || names?.length !== 2 || names[0] !== HARD_LINK_FOLDER) return null;
  return /^iNode(\d+)$/.exec(entry.name)?.[1] ?? null;
}

/** The catalog usually lies at the volume's beginning: one pass over so much is enough then. */
const CATALOG_WINDOW = 16 * 1024 * 1024;

async function readCatalog(path: string, slice: Slice, partition: string | null) {
  if (partition === null) return readHfsCatalog(readFrom(slice));
  let window: Buffer | null = null;
  return readHfsCatalog(async (ranges) => {
    const end = Math.max(...ranges.map(({ offset, length }) => offset + length));
    if (window === null || window.length < end)
      window = await readPartitionHead(path, slice, partition, Math.max(end, CATALOG_WINDOW));
    const bytes = window;
    return ranges.map(({ offset, length }) => bytes.subarray(offset, offset + length));
  });
}

function readFrom(slice: Slice): ReadVolume {
  return async (ranges) => {
    const file = await open(slice.path, 'r');
    try {
      const pieces: Buffer[] = [];
      for (const { offset, length } of ranges) {
        const bytes = Buffer.alloc(Math.max(0, Math.min(length, slice.length - offset)));
        await file.read(bytes, 0, bytes.length, slice.offset + offset);
        pieces.push(bytes);
      }
      return pieces;
    } finally {
      await file.close();
    }
  };
}

/** Thrown by a sink that has seen enough. */
class Enough {}

/** The first `length` bytes of a partition (fewer where it is shorter), unpacked no further than that. */
async function readPartitionHead(path: string, slice: Slice, name: string, length: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let total = 0;
  const write = (bytes: Uint8Array) => {
    pieces.push(Buffer.from(bytes));
    total += bytes.length;
    if (total >= length) throw new Enough();
  };
  try {
    const run = await runSevenZip(['x', '-y', '-bd', '-tdmg', '-spd', '-o/out', INPUT, `-i!${name}`], slice, {
      sink: { openFile: () => ({ write, close: () => undefined }) },
    });
    assertClean(run, path);
  } catch (error) {
    if (!(error instanceof Enough)) throw error;
  }
  return Buffer.concat(pieces).subarray(0, length);
}

/** The error for a failure to write what is in an image: `disk-full`, else `image-unreadable`. */
export function writeFailure(path: string, error: unknown): UpdateError {
  if (error instanceof UpdateError) return error;
  if (systemErrorCode(error) !== 'ENOSPC') return unreadable(path, 'its contents cannot be written', error);
  return new UpdateError(
    'disk-full',
    `The disk is full: ${path} could not be unpacked. Nothing was changed. Free some space and try again.`,
    { cause: error, details: { path } },
  );
}

/** Writes all bytes at a position. */
export function writeAll(descriptor: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(descriptor, bytes, done, bytes.length - done, position + done);
}
