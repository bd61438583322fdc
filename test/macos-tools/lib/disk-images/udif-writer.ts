/**
 * Writes a UDIF disk image: a GUID partition map with one volume, in the layout that `hdiutil create` gives
 * (fixtures/disk-images/SparkleTestCodeSign_pkg.dmg, table by table).
 */
import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { compressChunk, type ImageFormat } from './compress-chunk.ts';
import { type Disk, layOutDisk, type Region, SECTOR } from './partition-map.ts';
import { CHUNK, checksumOfChecksums } from './udif.ts';

const CHUNK_SECTORS = 2048;

const TYPE_OF: Readonly<Record<Exclude<ImageFormat, 'UDRW'>, number>> = {
  UDZO: CHUNK.zlib,
  UDBZ: CHUNK.bzip2,
  ULFO: CHUNK.lzfse,
  ULMO: CHUNK.lzma,
  UDRO: CHUNK.raw,
};

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
    const disk = layOutDisk(volumeSectors, options.fileSystem);
    if (options.format === 'UDRW') writeRaw(source, output, disk, volumeSectors);
    else await writeUdif(source, output, disk, options.format);
    fsyncSync(output);
  } finally {
    closeSync(output);
    closeSync(source);
  }
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
        const packed = await compressChunk(bytes, format);
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
