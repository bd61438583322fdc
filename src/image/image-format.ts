import { type FileHandle, open } from 'node:fs/promises';
import { UpdateError } from '../errors.ts';
import type { Slice } from './seven-zip-files.ts';

/** Where the volume lies in a file that is no UDIF image. */
export interface RawVolume {
  readonly scheme: 'none' | 'gpt' | 'apple-partition-map';
  readonly slice: Slice;
}

/** What the file is by its own marks, before anything is unpacked. */
export type ImageFormat =
  | { readonly kind: 'udif'; readonly slice: Slice }
  | { readonly kind: 'raw'; readonly slice: Slice; readonly volumes: readonly RawVolume[] }
  | { readonly kind: 'unknown'; readonly slice: Slice };

const SECTOR = 512;
/** Apple_HFS and Apple_APFS. */
const GPT_TYPES = ['48465300000011aaaa1100306543ecac', '7c3457ef000011aaaa1100306543ecac'];

/**
 * Looks at the marks of a disk image file.
 *
 * UDIF: `koly` in the last 512 bytes. Encrypted: `encrcdsa` at the beginning (version 2), `cdsaencr` at the
 * end (version 1). Raw: HFS Plus or APFS at the beginning, or in a GUID or Apple partition map.
 *
 * @throws UpdateError `image-encrypted`; a system error when the file cannot be read
 */
export async function readImageFormat(path: string): Promise<ImageFormat> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const slice = { path, offset: 0, length: size };
    const head = await readAt(file, 0, 4096);
    const tail = await readAt(file, Math.max(0, size - SECTOR), SECTOR);
    if (head.toString('latin1', 0, 8) === 'encrcdsa' || tail.toString('latin1').endsWith('cdsaencr'))
      throw new UpdateError(
        'image-encrypted',
        `${path} is an encrypted disk image. It was not opened, because nobody is there to give its password. The release team has to publish it without encryption.`,
        { details: { path } },
      );
    if (size >= SECTOR && tail.toString('latin1', 0, 4) === 'koly') return { kind: 'udif', slice };
    const volumes = await findRawVolumes(file, slice, head);
    return volumes.length > 0 ? { kind: 'raw', slice, volumes } : { kind: 'unknown', slice };
  } finally {
    await file.close();
  }
}

/** Whether these first bytes of a volume are HFS Plus (`H+`, `HX` at 1024) or APFS (`NXSB` at 32). */
function volumeKind(head: Buffer): 'hfs' | 'apfs' | null {
  if (head.toString('latin1', 32, 36) === 'NXSB') return 'apfs';
  return ['H+', 'HX'].includes(head.toString('latin1', 1024, 1026)) ? 'hfs' : null;
}

async function findRawVolumes(file: FileHandle, whole: Slice, head: Buffer): Promise<RawVolume[]> {
  if (volumeKind(head) !== null) return [{ scheme: 'none', slice: whole }];
  if (head.toString('latin1', SECTOR, SECTOR + 8) === 'EFI PART') return findGptVolumes(file, whole, head);
  if (head.toString('latin1', SECTOR, SECTOR + 2) === 'PM') return findMapVolumes(file, whole, head);
  return [];
}

async function findGptVolumes(file: FileHandle, whole: Slice, head: Buffer): Promise<RawVolume[]> {
  const start = Number(head.readBigUInt64LE(SECTOR + 72)) * SECTOR;
  const count = Math.min(head.readUInt32LE(SECTOR + 80), 256);
  const size = head.readUInt32LE(SECTOR + 84);
  if (size < 128 || size > 4096) return [];
  const table = await readAt(file, start, count * size);
  const volumes: RawVolume[] = [];
  for (let at = 0; at + 128 <= table.length; at += size) {
    const type = guid(table.subarray(at, at + 16));
    if (!GPT_TYPES.includes(type)) continue;
    const first = Number(table.readBigUInt64LE(at + 32)) * SECTOR;
    const last = Number(table.readBigUInt64LE(at + 40)) * SECTOR;
    await addVolume(file, whole, volumes, 'gpt', first, last + SECTOR - first);
  }
  return volumes;
}

async function findMapVolumes(file: FileHandle, whole: Slice, head: Buffer): Promise<RawVolume[]> {
  const count = Math.min(head.readUInt32BE(SECTOR + 4), 64);
  const table = await readAt(file, SECTOR, count * SECTOR);
  const volumes: RawVolume[] = [];
  for (let at = 0; at + SECTOR <= table.length; at += SECTOR) {
    const first = table.readUInt32BE(at + 8) * SECTOR;
    await addVolume(file, whole, volumes, 'apple-partition-map', first, table.readUInt32BE(at + 12) * SECTOR);
  }
  return volumes;
}

async function addVolume(
  file: FileHandle,
  whole: Slice,
  volumes: RawVolume[],
  scheme: RawVolume['scheme'],
  offset: number,
  length: number,
): Promise<void> {
  if (offset <= 0 || length <= 0 || offset + length > whole.length) return;
  if (volumeKind(await readAt(file, offset, 2048)) === null) return;
  volumes.push({ scheme, slice: { path: whole.path, offset, length } });
}

/** A GUID as its 32 hex digits in the order in which it is written. */
function guid(bytes: Buffer): string {
  const swapped = Buffer.from(bytes);
  swapped.subarray(0, 4).swap32();
  swapped.subarray(4, 6).swap16();
  swapped.subarray(6, 8).swap16();
  return swapped.toString('hex');
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, position);
  return bytes.subarray(0, bytesRead);
}
