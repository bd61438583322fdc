/** A disk with a GUID partition map and one volume, as `hdiutil create` lays it out. */
import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

export const SECTOR = 512;
const FIRST_SECTOR = 40;
const TABLE_SECTORS = 32;

/** GUIDs of partition types in the byte order of a GPT entry. */
const PARTITION_TYPES = {
  hfs: Buffer.from('005346480000aa11aa1100306543ecac', 'hex'),
  apfs: Buffer.from('ef57347c0000aa11aa1100306543ecac', 'hex'),
} as const;

export interface Region {
  readonly name: string;
  readonly first: number;
  readonly sectors: number;
  /** The sectors themselves, `volume` for those of the source, null for free space. */
  readonly content: Buffer | 'volume' | null;
}

export interface Disk {
  readonly sectors: number;
  readonly regions: readonly Region[];
}

/** All regions of the disk, without gaps, in order. */
export function layOutDisk(volumeSectors: number, fileSystem: 'hfs' | 'apfs'): Disk {
  const type = PARTITION_TYPES[fileSystem];
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
  const kind = fileSystem === 'apfs' ? 'Apple_APFS' : 'Apple_HFS';
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
