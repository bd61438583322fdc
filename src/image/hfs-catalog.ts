/**
 * Reads the catalog of an HFS Plus volume: the exact names, modes and links that 7-Zip's listing cannot give
 * (it prints `/` of a name as `_`, and control characters too). Layout: Apple Technical Note TN1150.
 */

/** A piece of the volume: `offset` and `length` in bytes from the volume's beginning. */
interface VolumeRange {
  readonly offset: number;
  readonly length: number;
}

export interface CatalogEntry {
  readonly id: number;
  readonly parent: number;
  /** As on disk: UTF-16, `/` where POSIX has `:`. */
  readonly name: string;
  readonly kind: 'folder' | 'file';
  /** POSIX mode with type bits; 0 where the volume has none. */
  readonly mode: number;
  /** Bytes of the data fork, as stored. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly modified: number;
  /** Number N of `iNodeN` in the private folder, where the file is a hard link to it. */
  readonly hardLink: number | null;
}

/** Reads pieces of the volume, in the order asked for. */
export type ReadVolume = (ranges: readonly VolumeRange[]) => Promise<readonly Buffer[]>;

const ROOT_FOLDER_ID = 2;
const ROOT_PARENT_ID = 1;
const CATALOG_FILE_ID = 4;
const HEADER: VolumeRange = { offset: 1024, length: 512 };
const SECONDS_1904_TO_1970 = 2_082_844_800;
/** More is no volume of an application: the whole catalog is held in memory. */
const CATALOG_LIMIT = 512 * 1024 * 1024;

/**
 * All folders and files in the catalog's order (the order in which 7-Zip lists them), the root folder first
 * among the folders with its name being the volume's.
 *
 * @returns null when this is no HFS Plus volume (plain HFS, or HFS Plus inside an HFS wrapper)
 * @throws Error when the catalog is damaged
 */
export async function readHfsCatalog(read: ReadVolume): Promise<readonly CatalogEntry[] | null> {
  const [header] = await read([HEADER]);
  if (header === undefined || header.length < HEADER.length) return null;
  const signature = header.toString('latin1', 0, 2);
  if (signature !== 'H+' && signature !== 'HX') return null;
  const blockSize = header.readUInt32BE(40);
  const extentsFork = readFork(header, 192);
  const catalogFork = readFork(header, 272);
  if (blockSize === 0 || catalogFork.size > CATALOG_LIMIT) throw new Error('the catalog is damaged');
  let extents = catalogFork.extents;
  const blocksHere = extents.reduce((sum, extent) => sum + extent.count, 0);
  if (blocksHere < catalogFork.blocks) {
    const overflow = await readForkData(read, extentsFork.extents, blockSize);
    extents = [...extents, ...readOverflow(overflow, CATALOG_FILE_ID)];
  }
  const catalog = await readForkData(read, extents, blockSize);
  if (catalog.length < catalogFork.size) throw new Error('the catalog is cut short');
  return [...leafRecords(catalog)].flatMap((record) => readCatalogRecord(record) ?? []);
}

interface Extent {
  readonly start: number;
  readonly count: number;
}

function readExtents(bytes: Buffer, at: number): Extent[] {
  return Array.from({ length: 8 }, (_, index) => ({
    start: bytes.readUInt32BE(at + index * 8),
    count: bytes.readUInt32BE(at + index * 8 + 4),
  })).filter((extent) => extent.count > 0);
}

function readFork(bytes: Buffer, at: number) {
  return {
    size: Number(bytes.readBigUInt64BE(at)),
    blocks: bytes.readUInt32BE(at + 12),
    extents: readExtents(bytes, at + 16),
  };
}

async function readForkData(
  read: ReadVolume,
  extents: readonly Extent[],
  blockSize: number,
): Promise<Buffer> {
  const ranges = extents.map(({ start, count }) => ({
    offset: start * blockSize,
    length: count * blockSize,
  }));
  if (ranges.reduce((sum, range) => sum + range.length, 0) > CATALOG_LIMIT + blockSize * 8)
    throw new Error('the catalog is damaged');
  return Buffer.concat(await read(ranges));
}

/** Extents beyond the first eight of one file's data fork. */
function readOverflow(tree: Buffer, fileId: number): Extent[] {
  return [...leafRecords(tree)]
    .filter((record) => record.readUInt8(2) === 0 && record.readUInt32BE(4) === fileId)
    .sort((a, b) => a.readUInt32BE(8) - b.readUInt32BE(8))
    .flatMap((record) => readExtents(record, 12));
}

/** Records of a B-tree's leaves, in order. Every step is bounded: the tree may be hostile. */
function* leafRecords(tree: Buffer): Generator<Buffer> {
  const nodeSize = tree.readUInt16BE(32);
  if (nodeSize < 512) throw new Error('the catalog is damaged');
  const nodes = Math.floor(tree.length / nodeSize);
  let number = tree.readUInt32BE(24);
  for (let visited = 0; number !== 0; visited += 1) {
    if (number >= nodes || visited > nodes) throw new Error('the catalog is damaged');
    const node = tree.subarray(number * nodeSize, (number + 1) * nodeSize);
    if (node.readInt8(8) !== -1) throw new Error('the catalog is damaged');
    const count = node.readUInt16BE(10);
    for (let index = 0; index < count; index += 1) {
      const from = node.readUInt16BE(nodeSize - 2 * (index + 1));
      const to = node.readUInt16BE(nodeSize - 2 * (index + 2));
      if (from < 14 || to < from || to > nodeSize) throw new Error('the catalog is damaged');
      yield node.subarray(from, to);
    }
    number = node.readUInt32BE(0);
  }
}

const FOLDER_RECORD = 1;
const FILE_RECORD = 2;

function readCatalogRecord(record: Buffer): CatalogEntry | null {
  const keyLength = record.readUInt16BE(0);
  const parent = record.readUInt32BE(2);
  const nameLength = record.readUInt16BE(6);
  const name = Buffer.from(record.subarray(8, 8 + nameLength * 2));
  if (name.length !== nameLength * 2) throw new Error('the catalog is damaged');
  const data = record.subarray(2 + keyLength + (keyLength % 2));
  const type = data.readInt16BE(0);
  if (type !== FOLDER_RECORD && type !== FILE_RECORD) return null;
  const isFile = type === FILE_RECORD;
  const isHardLink = isFile && data.toString('latin1', 48, 56) === 'hlnkhfs+';
  return {
    id: data.readUInt32BE(8),
    parent,
    name: name.swap16().toString('utf16le').toWellFormed(),
    kind: isFile ? 'file' : 'folder',
    mode: data.readUInt16BE(42),
    size: isFile ? Number(data.readBigUInt64BE(88)) : 0,
    modified: data.readUInt32BE(16) - SECONDS_1904_TO_1970,
    hardLink: isHardLink ? data.readUInt32BE(44) : null,
  };
}

/**
 * Path of an entry below the volume's root, as names on disk; [] is the root itself, null an entry without a
 * way up to the root.
 */
export function catalogPath(
  entry: CatalogEntry,
  folders: ReadonlyMap<number, CatalogEntry>,
): readonly string[] | null {
  const names: string[] = [];
  let at: CatalogEntry | undefined = entry;
  for (let depth = 0; at !== undefined && depth < 256; depth += 1) {
    if (at.id === ROOT_FOLDER_ID && at.parent === ROOT_PARENT_ID) return names;
    names.unshift(at.name);
    at = folders.get(at.parent);
  }
  return null;
}
