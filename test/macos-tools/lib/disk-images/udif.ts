/**
 * UDIF, the format of compressed disk images: reading its trailer and tables, and checking its checksums as
 * `hdiutil verify` does. Apple publishes no specification; the layout is that of 7-Zip's DmgHandler.cpp and of
 * Jonathan Levin's "Demystifying the DMG File Format", checked against fixtures/disk-images.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32, inflateSync } from 'node:zlib';

const SECTOR = 512;
const TRAILER = 512;
const CRC32_TYPE = 2;

export const CHUNK = {
  zero: 0,
  raw: 1,
  ignore: 2,
  adc: 0x80000004,
  zlib: 0x80000005,
  bzip2: 0x80000006,
  lzfse: 0x80000007,
  lzma: 0x80000008,
  comment: 0x7ffffffe,
  end: 0xffffffff,
} as const;

export interface Chunk {
  readonly type: number;
  readonly sector: number;
  readonly sectors: number;
  readonly offset: number;
  readonly length: number;
}

export interface Partition {
  /** E.g. `disk image (Apple_HFS : 2)`. */
  readonly name: string;
  readonly firstSector: number;
  readonly sectors: number;
  readonly checksum: number | null;
  readonly dataOffset: number;
  readonly chunks: readonly Chunk[];
}

export interface Udif {
  readonly path: string;
  readonly dataOffset: number;
  readonly dataLength: number;
  readonly dataChecksum: number | null;
  readonly masterChecksum: number | null;
  readonly sectors: number;
  readonly partitions: readonly Partition[];
  /** Resource type, e.g. `TEXT`, to its resources by id. */
  readonly resources: ReadonlyMap<string, ReadonlyMap<number, Buffer>>;
}

/** What is wrong with an image, in the words of hdiutil. */
export class BadImage extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}

/**
 * Reads trailer and tables.
 *
 * @returns null when the file has no UDIF trailer
 * @throws BadImage when it has one that cannot be right
 */
export async function readUdif(path: string): Promise<Udif | null> {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    if (size < TRAILER) return null;
    const trailer = readAt(file, size - TRAILER, TRAILER);
    if (trailer.toString('latin1', 0, 4) !== 'koly') return null;
    const [dataOffset, dataLength] = [readLong(trailer, 24), readLong(trailer, 32)];
    const [tablesOffset, tablesLength] = [readLong(trailer, 216), readLong(trailer, 224)];
    const isSound =
      trailer.readUInt32BE(4) === 4 &&
      trailer.readUInt32BE(8) === TRAILER &&
      dataOffset + dataLength <= size - TRAILER &&
      tablesLength > 0 &&
      tablesOffset + tablesLength <= size - TRAILER;
    if (!isSound) throw new BadImage('image not recognized');
    const resources = await readResources(readAt(file, tablesOffset, tablesLength));
    return {
      path,
      dataOffset,
      dataLength,
      dataChecksum: readChecksum(trailer, 80),
      masterChecksum: readChecksum(trailer, 352),
      sectors: readLong(trailer, 492),
      partitions: resources.partitions,
      resources: resources.others,
    };
  } finally {
    closeSync(file);
  }
}

/**
 * Checks what Apple's verification covers: the data fork's checksum, each partition's over its unpacked
 * sectors, and the master checksum over those.
 *
 * @param verifyPacked checks the partitions of an image whose compression Node does not have
 * @throws BadImage
 */
export async function verifyUdif(
  image: Udif,
  verifyPacked: (path: string) => Promise<boolean>,
): Promise<void> {
  const checksums = image.partitions.map((partition) => partition.checksum ?? 0);
  if (image.masterChecksum !== null && image.masterChecksum !== checksumOfChecksums(checksums))
    throw new BadImage(CORRUPT);
  const end = image.partitions.reduce((sum, part) => Math.max(sum, part.firstSector + part.sectors), 0);
  if (end > image.sectors) throw new BadImage(CORRUPT);
  const file = openSync(image.path, 'r');
  try {
    if (image.dataChecksum !== null && image.dataChecksum !== checksumOfFile(file, image))
      throw new BadImage(CORRUPT);
    const packed = image.partitions.some((part) =>
      part.chunks.some((chunk) => !OWN_TYPES.includes(chunk.type)),
    );
    if (packed) {
      for (const partition of image.partitions) checkChunks(partition);
      if (!(await verifyPacked(image.path))) throw new BadImage(CORRUPT);
      return;
    }
    for (const partition of image.partitions) {
      checkChunks(partition);
      const found = checksumOfPartition(file, image, partition);
      if (partition.checksum !== null && partition.checksum !== found) throw new BadImage(CORRUPT);
    }
  } finally {
    closeSync(file);
  }
}

/** The master checksum: over the partitions' checksums, in their order, big endian. */
export function checksumOfChecksums(checksums: readonly number[]): number {
  const bytes = Buffer.alloc(checksums.length * 4);
  for (const [index, checksum] of checksums.entries()) bytes.writeUInt32BE(checksum >>> 0, index * 4);
  return crc32(bytes);
}

/** No recording has the reason that Apple's tool gives for a wrong checksum (recordings' README, "Not found"). */
const CORRUPT = 'corrupt image';
const OWN_TYPES: readonly number[] = [
  CHUNK.zero,
  CHUNK.raw,
  CHUNK.ignore,
  CHUNK.zlib,
  CHUNK.comment,
  CHUNK.end,
];
const PIECE = 1024 * 1024;

function checksumOfFile(file: number, image: Udif): number {
  let sum = 0;
  const piece = Buffer.alloc(Math.min(PIECE, image.dataLength));
  for (let done = 0; done < image.dataLength; ) {
    const wanted = Math.min(piece.length, image.dataLength - done);
    const count = readSync(file, piece, 0, wanted, image.dataOffset + done);
    if (count === 0) throw new BadImage(CORRUPT);
    sum = crc32(piece.subarray(0, count), sum);
    done += count;
  }
  return sum;
}

/** A partition's table must cover its sectors without gaps. */
function checkChunks(partition: Partition): void {
  let next = 0;
  for (const chunk of partition.chunks) {
    if (chunk.type === CHUNK.comment || chunk.type === CHUNK.end) continue;
    if (chunk.sector !== next) throw new BadImage(CORRUPT);
    next += chunk.sectors;
  }
  if (next !== partition.sectors) throw new BadImage(CORRUPT);
}

/** Sectors of type "ignore" are left out of the sum, as both images in fixtures/disk-images show. */
function checksumOfPartition(file: number, image: Udif, partition: Partition): number {
  let sum = 0;
  for (const chunk of partition.chunks) {
    const length = chunk.sectors * SECTOR;
    const start = image.dataOffset + partition.dataOffset + chunk.offset;
    if (chunk.type === CHUNK.raw && chunk.length !== length) throw new BadImage(CORRUPT);
    if (chunk.type === CHUNK.zlib) {
      if (chunk.length > image.dataLength) throw new BadImage(CORRUPT);
      const unpacked = inflate(readAt(file, start, chunk.length), length);
      if (unpacked.length !== length) throw new BadImage(CORRUPT);
      sum = crc32(unpacked, sum);
    } else if (chunk.type === CHUNK.zero || chunk.type === CHUNK.raw)
      // In pieces: these may be as long as the volume.
      for (let done = 0; done < length; done += PIECE) {
        const count = Math.min(PIECE, length - done);
        sum = crc32(chunk.type === CHUNK.raw ? readAt(file, start + done, count) : Buffer.alloc(count), sum);
      }
  }
  return sum;
}

function inflate(packed: Buffer, length: number): Buffer {
  try {
    return inflateSync(packed, { maxOutputLength: Math.max(length, 1) });
  } catch {
    throw new BadImage(CORRUPT);
  }
}

async function readResources(bytes: Buffer) {
  const { parse } = await import('@plist/plist');
  let fork: unknown;
  try {
    const text = bytes.toString('utf8');
    fork = property(parse(text.slice(0, text.lastIndexOf('</plist>') + 8)), 'resource-fork');
  } catch {
    // Recorded for a damaged download: only the number of the parser's error (hdiutil__attach-error-3840.txt).
    throw new BadImage('error 3840');
  }
  if (typeof fork !== 'object' || fork === null) throw new BadImage('error 3840');
  const others = new Map<string, Map<number, Buffer>>();
  const partitions: Partition[] = [];
  for (const [type, list] of Object.entries(fork)) {
    const resources = new Map<number, Buffer>();
    for (const resource of Array.isArray(list) ? list : []) {
      const data = property(resource, 'Data');
      if (!(data instanceof ArrayBuffer)) throw new BadImage('error 3840');
      const name = property(resource, 'Name') ?? property(resource, 'CFName');
      // The parser takes away the blank at the beginning of ` (Apple_Free : 3)`.
      const title = String(name ?? '').replace(/^\(/, ' (');
      if (type === 'blkx') partitions.push(readPartition(Buffer.from(data), title));
      resources.set(Number(property(resource, 'ID')), Buffer.from(data));
    }
    others.set(type, resources);
  }
  if (partitions.length === 0) throw new BadImage('image not recognized');
  return { partitions, others };
}

const TABLE_HEADER = 204;
const CHUNK_SIZE = 40;

function readPartition(table: Buffer, name: string): Partition {
  if (table.length < TABLE_HEADER || table.toString('latin1', 0, 4) !== 'mish')
    throw new BadImage('image not recognized');
  const count = table.readUInt32BE(200);
  if (table.length < TABLE_HEADER + count * CHUNK_SIZE) throw new BadImage('image not recognized');
  return {
    name,
    firstSector: readLong(table, 8),
    sectors: readLong(table, 16),
    dataOffset: readLong(table, 24),
    checksum: readChecksum(table, 64),
    chunks: Array.from({ length: count }, (_, index) => {
      const at = TABLE_HEADER + index * CHUNK_SIZE;
      return {
        type: table.readUInt32BE(at),
        sector: readLong(table, at + 8),
        sectors: readLong(table, at + 16),
        offset: readLong(table, at + 24),
        length: readLong(table, at + 32),
      };
    }),
  };
}

function readChecksum(bytes: Buffer, at: number): number | null {
  return bytes.readUInt32BE(at) === CRC32_TYPE && bytes.readUInt32BE(at + 4) === 32
    ? bytes.readUInt32BE(at + 8)
    : null;
}

function readLong(bytes: Buffer, at: number): number {
  const value = bytes.readBigUInt64BE(at);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new BadImage('image not recognized');
  return Number(value);
}

function readAt(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const count = readSync(file, bytes, done, length - done, position + done);
    if (count === 0) throw new BadImage(CORRUPT);
    done += count;
  }
  return bytes;
}

function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([name]) => name === key)?.[1]
    : undefined;
}
