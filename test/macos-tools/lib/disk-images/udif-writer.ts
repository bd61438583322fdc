/**
 * Writes a UDIF disk image: a GUID partition map with one volume, in the layout that `hdiutil create` gives
 * (fixtures/disk-images/SparkleTestCodeSign_pkg.dmg, table by table).
 */
import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { crc32, deflateSync } from 'node:zlib';
import { CHUNK, checksumOfChecksums } from './udif.ts';

/** The names of hdiutil(1): zlib, bzip2, LZFSE, LZMA, uncompressed with trailer, uncompressed without. */
export const IMAGE_FORMATS = ['UDZO', 'UDBZ', 'ULFO', 'ULMO', 'UDRO', 'UDRW'] as const;
export type ImageFormat = (typeof IMAGE_FORMATS)[number];

const SECTOR = 512;
const CHUNK_SECTORS = 2048;
const FIRST_SECTOR = 40;
const TABLE_SECTORS = 32;

const TYPE_OF: Readonly<Record<Exclude<ImageFormat, 'UDRW'>, number>> = {
  UDZO: CHUNK.zlib,
  UDBZ: CHUNK.bzip2,
  ULFO: CHUNK.lzfse,
  ULMO: CHUNK.lzma,
  UDRO: CHUNK.raw,
};

/** GUIDs of partition types in the byte order of a GPT entry. */
const PARTITION_TYPES = {
  hfs: Buffer.from('005346480000aa11aa1100306543ecac', 'hex'),
  apfs: Buffer.from('ef57347c0000aa11aa1100306543ecac', 'hex'),
} as const;

export interface DiskImageOptions {
  /** A raw volume: the file system alone. */
  readonly volume: string;
  readonly fileSystem: 'hfs' | 'apfs';
  readonly output: string;
  readonly format: ImageFormat;
}

/** Writes the image; `output` must not exist. */
export async function writeDiskImage(options: DiskImageOptions): Promise<void> {
  const source = openSync(options.volume, 'r');
  const output = openSync(options.output, 'wx', 0o644);
  try {
    const volumeSectors = Math.ceil(fstatSync(source).size / SECTOR);
    const disk = layOut(volumeSectors, PARTITION_TYPES[options.fileSystem]);
    if (options.format === 'UDRW') writeRaw(source, output, disk, volumeSectors);
    else await writeUdif(source, output, disk, options.format);
    fsyncSync(output);
  } finally {
    closeSync(output);
    closeSync(source);
  }
}

interface Region {
  readonly name: string;
  readonly first: number;
  readonly sectors: number;
  /** The sectors themselves, `volume` for those of the source, null for free space. */
  readonly content: Buffer | 'volume' | null;
}

interface Disk {
  readonly sectors: number;
  readonly regions: readonly Region[];
}

function layOut(volumeSectors: number, type: Buffer): Disk {
  // Exactly the volume: HFS Plus has its second header right before the end of the partition (TN1150).
  const end = FIRST_SECTOR + volumeSectors;
  const free = 7;
  const sectors = end + free + TABLE_SECTORS + 1;
  const diskId = randomBytes(16);
  const table = Buffer.alloc(TABLE_SECTORS * SECTOR);
  type.copy(table, 0);
  randomBytes(16).copy(table, 16);
  table.writeBigUInt64LE(BigInt(FIRST_SECTOR), 32);
  table.writeBigUInt64LE(BigInt(end - 1), 40);
  table.write('disk image', 56, 'utf16le');
  const header = (own: number, other: number, tableAt: number) =>
    gptHeader({ own, other, tableAt, table, diskId, lastUsable: sectors - TABLE_SECTORS - 2 });
  const primary = header(1, sectors - 1, 2);
  const backup = header(sectors - 1, 1, sectors - 1 - TABLE_SECTORS);
  const kind = type === PARTITION_TYPES.apfs ? 'Apple_APFS' : 'Apple_HFS';
  const contents: readonly [string, number, Region['content']][] = [
    ['Protective Master Boot Record (MBR : 0)', 1, protectiveBootRecord(sectors)],
    ['GPT Header (Primary GPT Header : 1)', 1, primary],
    ['GPT Partition Data (Primary GPT Table : 2)', TABLE_SECTORS, table],
    [' (Apple_Free : 3)', FIRST_SECTOR - 2 - TABLE_SECTORS, null],
    [`disk image (${kind} : 4)`, end - FIRST_SECTOR, 'volume'],
    [' (Apple_Free : 5)', free, null],
    ['GPT Partition Data (Backup GPT Table : 6)', TABLE_SECTORS, table],
    ['GPT Header (Backup GPT Header : 7)', 1, backup],
  ];
  let first = 0;
  const regions = contents.map(([name, count, content]): Region => {
    const region = { name, first, sectors: count, content };
    first += count;
    return region;
  });
  return { sectors, regions };
}

function protectiveBootRecord(sectors: number): Buffer {
  const record = Buffer.alloc(SECTOR);
  record.set([0x00, 0xff, 0xff, 0xff, 0xee, 0xff, 0xff, 0xff], 446);
  record.writeUInt32LE(1, 454);
  record.writeUInt32LE(Math.min(sectors - 1, 0xffffffff), 458);
  record.set([0x55, 0xaa], 510);
  return record;
}

/** UEFI specification, "GPT Header". */
function gptHeader(of: {
  own: number;
  other: number;
  tableAt: number;
  table: Buffer;
  diskId: Buffer;
  lastUsable: number;
}): Buffer {
  const header = Buffer.alloc(SECTOR);
  header.write('EFI PART', 0, 'latin1');
  header.writeUInt32LE(0x00010000, 8);
  header.writeUInt32LE(92, 12);
  header.writeBigUInt64LE(BigInt(of.own), 24);
  header.writeBigUInt64LE(BigInt(of.other), 32);
  header.writeBigUInt64LE(BigInt(2 + TABLE_SECTORS), 40);
  header.writeBigUInt64LE(BigInt(of.lastUsable), 48);
  of.diskId.copy(header, 56);
  header.writeBigUInt64LE(BigInt(of.tableAt), 72);
  header.writeUInt32LE(128, 80);
  header.writeUInt32LE(128, 84);
  header.writeUInt32LE(crc32(of.table), 88);
  header.writeUInt32LE(crc32(header.subarray(0, 92)), 16);
  return header;
}

function writeRaw(source: number, output: number, disk: Disk, volumeSectors: number): void {
  for (const region of disk.regions) {
    if (Buffer.isBuffer(region.content)) writeFully(output, region.content, region.first * SECTOR);
    if (region.content !== 'volume') continue;
    for (let sector = 0; sector < volumeSectors; sector += CHUNK_SECTORS) {
      const piece = readSectors(source, sector, Math.min(CHUNK_SECTORS, volumeSectors - sector));
      writeFully(output, piece, (region.first + sector) * SECTOR);
    }
  }
}

interface WrittenChunk {
  readonly type: number;
  readonly sector: number;
  readonly sectors: number;
  readonly offset: number;
  readonly length: number;
}

async function writeUdif(
  source: number,
  output: number,
  disk: Disk,
  format: Exclude<ImageFormat, 'UDRW'>,
): Promise<void> {
  let offset = 0;
  let dataChecksum = 0;
  const append = (bytes: Buffer) => {
    writeFully(output, bytes, offset);
    dataChecksum = crc32(bytes, dataChecksum);
    offset += bytes.length;
  };
  const tables: { readonly name: string; readonly data: Buffer }[] = [];
  const checksums: number[] = [];
  for (const [index, region] of disk.regions.entries()) {
    const chunks: WrittenChunk[] = [];
    let checksum = 0;
    for (let sector = 0; sector < region.sectors; sector += CHUNK_SECTORS) {
      const count = Math.min(CHUNK_SECTORS, region.sectors - sector);
      const bytes = piece(source, region, sector, count);
      const from = offset;
      let type: number = CHUNK.ignore;
      if (bytes !== null) {
        checksum = crc32(bytes, checksum);
        const packed = await compress(bytes, format);
        type = packed === null ? CHUNK.raw : TYPE_OF[format];
        append(packed ?? bytes);
      }
      chunks.push({ type, sector, sectors: count, offset: from, length: offset - from });
    }
    chunks.push({ type: CHUNK.end, sector: region.sectors, sectors: 0, offset, length: 0 });
    checksums.push(checksum);
    tables.push({ name: region.name, data: partitionTable(region, chunks, checksum, index) });
  }
  const tablesText = Buffer.from(resourceText(tables));
  writeFully(output, tablesText, offset);
  const trailer = imageTrailer({
    dataLength: offset,
    dataChecksum,
    tablesLength: tablesText.length,
    masterChecksum: checksumOfChecksums(checksums),
    sectors: disk.sectors,
  });
  writeFully(output, trailer, offset + tablesText.length);
}

/** The sectors of a region, or null where they are free or all zero: those are not stored. */
function piece(source: number, region: Region, sector: number, count: number): Buffer | null {
  if (region.content === null) return null;
  const bytes =
    region.content === 'volume'
      ? readSectors(source, sector, count)
      : region.content.subarray(sector * SECTOR, (sector + count) * SECTOR);
  const isVolumeHole = region.content === 'volume' && bytes.every((byte) => byte === 0);
  return isVolumeHole ? null : Buffer.from(bytes);
}

/** The packed form of a chunk, or null where it is not smaller than the chunk itself. */
async function compress(bytes: Buffer, format: Exclude<ImageFormat, 'UDRW'>): Promise<Buffer | null> {
  if (format === 'UDRO') return null;
  const packed =
    format === 'UDZO'
      ? deflateSync(bytes, { level: 9 })
      : format === 'ULFO'
        ? storeAsLzfse(bytes)
        : await packWithSevenZip(bytes, format === 'ULMO' ? 'xz' : 'bzip2');
  return packed.length < bytes.length || format === 'ULFO' ? packed : null;
}

/**
 * An LZFSE stream of one LZVN block that holds literals only, as nothing here can do better. (lzfse.h and
 * lzvn_decode_base.c of Apple's lzfse: `bvxn`, both sizes, operations, `bvx$`. 7-Zip 24.09 does not take `bvx-`.)
 */
function storeAsLzfse(bytes: Buffer): Buffer {
  const longest = 271;
  const operations: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += longest) {
    const literal = bytes.subarray(at, at + longest);
    const operation = literal.length < 16 ? [0xe0 | literal.length] : [0xe0, literal.length - 16];
    operations.push(Buffer.from(operation), literal);
  }
  operations.push(Buffer.from([6, 0, 0, 0, 0, 0, 0, 0]));
  const block = Buffer.concat(operations);
  const header = Buffer.alloc(12);
  header.write('bvxn', 0, 'latin1');
  header.writeUInt32LE(bytes.length, 4);
  header.writeUInt32LE(block.length, 8);
  return Buffer.concat([header, block, Buffer.from('bvx$')]);
}

async function packWithSevenZip(bytes: Buffer, type: 'xz' | 'bzip2'): Promise<Buffer> {
  const { default: create } = (await import('7z-wasm')) as unknown as {
    default: (options: object) => Promise<SevenZip>;
  };
  const module = await create({ print: () => undefined, printErr: () => undefined });
  module.FS.writeFile('/chunk', bytes);
  const status = module.callMain(['a', `-t${type}`, '-mx=5', '/chunk.packed', '/chunk']);
  if (status !== 0 && status !== undefined) throw new Error(`7-Zip ended with status ${status}`);
  return Buffer.from(module.FS.readFile('/chunk.packed'));
}

interface SevenZip {
  readonly FS: { writeFile(path: string, bytes: Uint8Array): void; readFile(path: string): Uint8Array };
  callMain(commandArguments: readonly string[]): number | undefined;
}

function partitionTable(
  region: Region,
  chunks: readonly WrittenChunk[],
  checksum: number,
  index: number,
): Buffer {
  const table = Buffer.alloc(204 + chunks.length * 40);
  table.write('mish', 0, 'latin1');
  table.writeUInt32BE(1, 4);
  table.writeBigUInt64BE(BigInt(region.first), 8);
  table.writeBigUInt64BE(BigInt(region.sectors), 16);
  // Room for the longest packed chunk, as Apple's own images ask for.
  table.writeUInt32BE(region.content === null ? 0 : CHUNK_SECTORS + 8, 32);
  table.writeUInt32BE(index, 36);
  writeChecksum(table, 64, checksum);
  table.writeUInt32BE(chunks.length, 200);
  for (const [number, chunk] of chunks.entries()) {
    const at = 204 + number * 40;
    table.writeUInt32BE(chunk.type, at);
    table.writeBigUInt64BE(BigInt(chunk.sector), at + 8);
    table.writeBigUInt64BE(BigInt(chunk.sectors), at + 16);
    table.writeBigUInt64BE(BigInt(chunk.offset), at + 24);
    table.writeBigUInt64BE(BigInt(chunk.length), at + 32);
  }
  return table;
}

function writeChecksum(bytes: Buffer, at: number, checksum: number): void {
  bytes.writeUInt32BE(2, at);
  bytes.writeUInt32BE(32, at + 4);
  bytes.writeUInt32BE(checksum >>> 0, at + 8);
}

function resourceText(tables: readonly { readonly name: string; readonly data: Buffer }[]): string {
  const resource = (name: string, id: number, data: Buffer, isNamed: boolean) =>
    [
      '\t\t\t<dict>',
      '\t\t\t\t<key>Attributes</key>',
      '\t\t\t\t<string>0x0050</string>',
      ...(isNamed ? ['\t\t\t\t<key>CFName</key>', `\t\t\t\t<string>${name}</string>`] : []),
      '\t\t\t\t<key>Data</key>',
      '\t\t\t\t<data>',
      ...(data.toString('base64').match(/.{1,44}/g) ?? []).map((line) => `\t\t\t\t${line}`),
      '\t\t\t\t</data>',
      '\t\t\t\t<key>ID</key>',
      `\t\t\t\t<string>${id}</string>`,
      '\t\t\t\t<key>Name</key>',
      `\t\t\t\t<string>${name}</string>`,
      '\t\t\t</dict>',
    ].join('\n');
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0">',
    '<dict>',
    '\t<key>resource-fork</key>',
    '\t<dict>',
    '\t\t<key>blkx</key>',
    '\t\t<array>',
    ...tables.map(({ name, data }, index) => resource(name, index - 1, data, true)),
    '\t\t</array>',
    '\t\t<key>plst</key>',
    '\t\t<array>',
    resource('', 0, Buffer.alloc(1032), false),
    '\t\t</array>',
    '\t</dict>',
    '</dict>',
    '</plist>',
    '',
  ].join('\n');
}

function imageTrailer(of: {
  dataLength: number;
  dataChecksum: number;
  tablesLength: number;
  masterChecksum: number;
  sectors: number;
}): Buffer {
  const trailer = Buffer.alloc(512);
  trailer.write('koly', 0, 'latin1');
  trailer.writeUInt32BE(4, 4);
  trailer.writeUInt32BE(512, 8);
  // Flattened.
  trailer.writeUInt32BE(1, 12);
  trailer.writeBigUInt64BE(BigInt(of.dataLength), 32);
  trailer.writeUInt32BE(1, 56);
  trailer.writeUInt32BE(1, 60);
  randomBytes(16).copy(trailer, 64);
  writeChecksum(trailer, 80, of.dataChecksum);
  trailer.writeBigUInt64BE(BigInt(of.dataLength), 216);
  trailer.writeBigUInt64BE(BigInt(of.tablesLength), 224);
  writeChecksum(trailer, 352, of.masterChecksum);
  trailer.writeUInt32BE(1, 488);
  trailer.writeBigUInt64BE(BigInt(of.sectors), 492);
  return trailer;
}

function readSectors(file: number, sector: number, count: number): Buffer {
  const bytes = Buffer.alloc(count * SECTOR);
  for (let done = 0; done < bytes.length; ) {
    const read = readSync(file, bytes, done, bytes.length - done, sector * SECTOR + done);
    if (read === 0) break;
    done += read;
  }
  return bytes;
}

function writeFully(file: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(file, bytes, done, bytes.length - done, position + done);
}
