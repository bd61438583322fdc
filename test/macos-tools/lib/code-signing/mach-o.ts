import { CodeSigningError, failAs } from './code-signing-error.ts';

/** One architecture of a Mach-O file. Offsets are within the slice unless the name says file. */
export interface MachOSlice {
  readonly architecture: string;
  readonly cpuType: number;
  readonly fileOffset: number;
  /** The slice's own bytes. */
  readonly bytes: Buffer;
  readonly isExecutable: boolean;
  readonly is64Bit: boolean;
  readonly littleEndian: boolean;
  /** Where load commands end, and where the first section's bytes begin: room for one more command. */
  readonly commandsEnd: number;
  readonly commandsLimit: number;
  readonly text: { readonly fileOffset: number; readonly fileSize: number } | null;
  readonly linkedit: {
    readonly commandOffset: number;
    readonly fileOffset: number;
    readonly fileSize: number;
  } | null;
  readonly signature: {
    readonly commandOffset: number;
    readonly offset: number;
    readonly size: number;
  } | null;
  readonly build: { readonly platform: number; readonly minimum: number; readonly sdk: number } | null;
  /** Bytes of the section `__TEXT,__info_plist`. */
  readonly infoPlist: Buffer | null;
}

export interface MachOFile {
  readonly slices: readonly MachOSlice[];
  readonly isFat: boolean;
  /** Nothing but zeros outside of the slices, no overlap, nothing behind the last one. */
  readonly isTidy: boolean;
}

/** Names of CPU types as `lipo` and codesign print them (mach/machine.h). */
const CPU_NAMES: Readonly<Record<number, string>> = {
  7: 'i386',
  12: 'arm',
  18: 'ppc',
  16777223: 'x86_64',
  16777228: 'arm64',
  16777234: 'ppc64',
  33554444: 'arm64_32',
};
const CPU_SUBTYPE_MASK = 0xffffff;
const CPU_TYPE_ARM64 = 0x0100000c;

const FAT_MAGICS = [0xcafebabe, 0xcafebabf];
const THIN_MAGICS = [0xfeedface, 0xfeedfacf];

// Numbers of mach-o/loader.h.
const LC_SEGMENT = 0x1;
const LC_SEGMENT_64 = 0x19;
const LC_CODE_SIGNATURE = 0x1d;
const LC_BUILD_VERSION = 0x32;
const LC_VERSION_MIN_MACOSX = 0x24;
const MH_EXECUTE = 2;

/** Whether a file begins like a Mach-O one. A Java class begins like a fat one, so the count is looked at too. */
export function isMachO(bytes: Buffer): boolean {
  if (bytes.length < 8) return false;
  if (THIN_MAGICS.includes(bytes.readUInt32LE(0)) || THIN_MAGICS.includes(bytes.readUInt32BE(0))) return true;
  return FAT_MAGICS.includes(bytes.readUInt32BE(0)) && bytes.readUInt32BE(4) < 40;
}

/** Reads all slices. Throws `bad-object` where the file is not a Mach-O one or is cut short. */
export function parseMachO(bytes: Buffer): MachOFile {
  return failAs('bad-object', () => {
    if (!FAT_MAGICS.includes(bytes.readUInt32BE(0)))
      return { slices: [parseSlice(bytes, 0)], isFat: false, isTidy: true };
    const is64 = bytes.readUInt32BE(0) === 0xcafebabf;
    const entrySize = is64 ? 32 : 20;
    const ranges = Array.from({ length: bytes.readUInt32BE(4) }, (_, index) => {
      const at = 8 + index * entrySize;
      return is64
        ? { offset: Number(bytes.readBigUInt64BE(at + 8)), size: Number(bytes.readBigUInt64BE(at + 16)) }
        : { offset: bytes.readUInt32BE(at + 8), size: bytes.readUInt32BE(at + 12) };
    });
    if (ranges.length === 0) throw new CodeSigningError('bad-object');
    for (const { offset, size } of ranges)
      if (offset + size > bytes.length) throw new CodeSigningError('bad-object');
    const slices = ranges.map(({ offset, size }) =>
      parseSlice(bytes.subarray(offset, offset + size), offset),
    );
    return { slices, isFat: true, isTidy: isTidyFat(bytes, ranges, 8 + ranges.length * entrySize) };
  });
}

/** The slice that a Mac with Apple silicon would run; x86_64 where there is no arm64. */
export function nativeSlice(file: MachOFile): MachOSlice {
  const [first] = file.slices;
  if (first === undefined) throw new CodeSigningError('bad-object');
  return (
    file.slices.find(({ cpuType }) => cpuType === CPU_TYPE_ARM64) ??
    file.slices.find(({ architecture }) => architecture === 'x86_64') ??
    first
  );
}

function isTidyFat(
  bytes: Buffer,
  ranges: readonly { readonly offset: number; readonly size: number }[],
  headerEnd: number,
): boolean {
  let end = headerEnd;
  for (const range of ranges.toSorted((a, b) => a.offset - b.offset)) {
    if (range.offset < end || bytes.subarray(end, range.offset).some((byte) => byte !== 0)) return false;
    end = range.offset + range.size;
  }
  return end === bytes.length;
}

function parseSlice(bytes: Buffer, fileOffset: number): MachOSlice {
  const littleEndian = THIN_MAGICS.includes(bytes.readUInt32LE(0));
  const word = (at: number) => (littleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const long = (at: number) => Number(littleEndian ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
  const magic = word(0);
  if (!THIN_MAGICS.includes(magic)) throw new CodeSigningError('bad-object');
  const is64Bit = magic === 0xfeedfacf;
  const cpuType = word(4);
  const commandsEnd = (is64Bit ? 32 : 28) + word(20);
  if (commandsEnd > bytes.length) throw new CodeSigningError('bad-object');

  let text: MachOSlice['text'] = null;
  let linkedit: MachOSlice['linkedit'] = null;
  let signature: MachOSlice['signature'] = null;
  let build: MachOSlice['build'] = null;
  let infoPlist: Buffer | null = null;
  let commandsLimit = bytes.length;
  let at = is64Bit ? 32 : 28;
  for (let index = 0; index < word(16); index += 1) {
    const command = word(at);
    const size = word(at + 4);
    if (size < 8 || at + size > commandsEnd) throw new CodeSigningError('bad-object');
    if (command === LC_SEGMENT || command === LC_SEGMENT_64) {
      const wide = command === LC_SEGMENT_64;
      const name = readName(bytes, at + 8);
      const segment = {
        commandOffset: at,
        fileOffset: wide ? long(at + 40) : word(at + 32),
        fileSize: wide ? long(at + 48) : word(at + 36),
      };
      if (name === '__TEXT') text = segment;
      if (name === '__LINKEDIT') linkedit = segment;
      const sections = at + (wide ? 72 : 56);
      const sectionSize = wide ? 80 : 68;
      for (let section = 0; section < word(at + (wide ? 64 : 48)); section += 1) {
        const start = sections + section * sectionSize;
        const offset = word(start + (wide ? 48 : 40));
        const length = wide ? long(start + 40) : word(start + 36);
        if (offset > 0 && length > 0) commandsLimit = Math.min(commandsLimit, offset);
        if (readName(bytes, start) === '__info_plist') infoPlist = bytes.subarray(offset, offset + length);
      }
    } else if (command === LC_CODE_SIGNATURE) {
      signature = { commandOffset: at, offset: word(at + 8), size: word(at + 12) };
    } else if (command === LC_BUILD_VERSION) {
      build = { platform: word(at + 8), minimum: word(at + 12), sdk: word(at + 16) };
    } else if (command === LC_VERSION_MIN_MACOSX) {
      build ??= { platform: 1, minimum: word(at + 8), sdk: word(at + 12) };
    }
    at += size;
  }
  return {
    architecture: architectureName(cpuType, word(8)),
    cpuType,
    fileOffset,
    bytes,
    isExecutable: word(12) === MH_EXECUTE,
    is64Bit,
    littleEndian,
    commandsEnd,
    commandsLimit,
    text,
    linkedit,
    signature,
    build,
    infoPlist,
  };
}

function readName(bytes: Buffer, at: number): string {
  return bytes.toString('latin1', at, at + 16).replace(/\0.*$/s, '');
}

function architectureName(cpuType: number, cpuSubtype: number): string {
  if (cpuType === CPU_TYPE_ARM64 && (cpuSubtype & CPU_SUBTYPE_MASK) === 2) return 'arm64e';
  return CPU_NAMES[cpuType] ?? `(unknown ${cpuType})`;
}
