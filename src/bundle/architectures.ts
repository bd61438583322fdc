import { open } from 'node:fs/promises';

/**
 * Reads for which processors a Mach-O file was built, thin or universal.
 *
 * Numbers are those of <mach-o/loader.h>, <mach-o/fat.h> and <mach/machine.h> of macOS.
 *
 * @param path the main executable of a bundle
 * @returns names as `lipo -archs` prints them, in the file's order; null when the file is no Mach-O (a script
 *   says nothing about processors)
 */
export async function readArchitectures(path: string): Promise<readonly string[] | null> {
  const file = await open(path, 'r');
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    const { bytesRead } = await file.read(header, 0, HEADER_BYTES, 0);
    return architecturesOf(header.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

const HEADER_BYTES = 4096;
const FAT_MAGIC = 0xcafebabe;
const FAT_MAGIC_64 = 0xcafebabf;
const MACH_MAGIC = 0xfeedface;
const MACH_MAGIC_64 = 0xfeedfacf;
// A Java class file starts with the same four bytes as a universal binary; its next four are a version above 40.
const MOST_FAT_SLICES = 40;

function architecturesOf(header: Buffer): readonly string[] | null {
  if (header.length < 12) return null;
  const magic = header.readUInt32BE(0);
  if (magic === FAT_MAGIC || magic === FAT_MAGIC_64) return slicesOf(header, magic === FAT_MAGIC ? 20 : 32);
  if (magic === MACH_MAGIC || magic === MACH_MAGIC_64)
    return [nameOf(header.readUInt32BE(4), header.readUInt32BE(8))];
  const swapped = header.readUInt32LE(0);
  if (swapped === MACH_MAGIC || swapped === MACH_MAGIC_64) {
    return [nameOf(header.readUInt32LE(4), header.readUInt32LE(8))];
  }
  return null;
}

function slicesOf(header: Buffer, entryBytes: number): readonly string[] | null {
  const count = header.readUInt32BE(4);
  if (count === 0 || count > MOST_FAT_SLICES || 8 + count * entryBytes > header.length) return null;
  return Array.from({ length: count }, (_, index) => {
    const offset = 8 + index * entryBytes;
    return nameOf(header.readUInt32BE(offset), header.readUInt32BE(offset + 4));
  });
}

function nameOf(cpuType: number, cpuSubtype: number): string {
  const subtype = cpuSubtype & 0x00ffffff;
  if (cpuType === 0x01000007) return subtype === 8 ? 'x86_64h' : 'x86_64';
  if (cpuType === 0x0100000c) return subtype === 2 ? 'arm64e' : 'arm64';
  if (cpuType === 7) return 'i386';
  if (cpuType === 18) return 'ppc';
  return `cpu-${cpuType}`;
}
