import { CodeSigningError } from './code-signing-error.ts';
import type { MachOFile, MachOSlice } from './mach-o.ts';

/** Makes the SuperBlob for a slice whose bytes up to the signature are final. */
export type MakeSignature = (slice: MachOSlice, signed: Buffer) => Buffer;

const LC_CODE_SIGNATURE = 0x1d;
const COMMAND_SIZE = 16;
const SIGNATURE_ALIGNMENT = 16;
const CPU_TYPE_ARM64 = 0x0100000c;

/** Puts a signature into every slice of a Mach-O file; an old one is replaced. Returns the whole new file. */
export function embedSignature(file: Buffer, image: MachOFile, makeSignature: MakeSignature): Buffer {
  const slices = image.slices.map((slice) => signSlice(slice, makeSignature));
  return image.isFat ? rebuildFat(file, slices) : (slices[0] ?? Buffer.alloc(0));
}

function signSlice(slice: MachOSlice, makeSignature: MakeSignature): Buffer {
  const { linkedit, signature, littleEndian, is64Bit } = slice;
  if (linkedit === null) throw new CodeSigningError('bad-object');
  const end = signature?.offset ?? linkedit.fileOffset + linkedit.fileSize;
  const start = align(end, SIGNATURE_ALIGNMENT);
  const signed = Buffer.alloc(start);
  slice.bytes.copy(signed, 0, 0, end);
  const put = (value: number, at: number) =>
    littleEndian ? signed.writeUInt32LE(value, at) : signed.writeUInt32BE(value, at);
  const get = (at: number) => (littleEndian ? signed.readUInt32LE(at) : signed.readUInt32BE(at));
  const putLong = (value: number, at: number) =>
    littleEndian ? signed.writeBigUInt64LE(BigInt(value), at) : signed.writeBigUInt64BE(BigInt(value), at);

  const command = signature?.commandOffset ?? slice.commandsEnd;
  if (signature === null) {
    if (slice.commandsEnd + COMMAND_SIZE > slice.commandsLimit) throw new CodeSigningError('bad-object');
    put(LC_CODE_SIGNATURE, command);
    put(COMMAND_SIZE, command + 4);
    put(get(16) + 1, 16);
    put(get(20) + COMMAND_SIZE, 20);
  }
  // The header holds the signature's size, and its hash is in the signature: so the size is found first.
  const write = (size: number): Buffer => {
    put(start, command + 8);
    put(size, command + 12);
    const linkeditSize = start + size - linkedit.fileOffset;
    const page = slice.cpuType === CPU_TYPE_ARM64 ? 0x4000 : 0x1000;
    if (is64Bit) {
      putLong(align(linkeditSize, page), linkedit.commandOffset + 32);
      putLong(linkeditSize, linkedit.commandOffset + 48);
    } else {
      put(align(linkeditSize, page), linkedit.commandOffset + 28);
      put(linkeditSize, linkedit.commandOffset + 36);
    }
    return makeSignature(slice, signed);
  };
  const size = align(write(0).length, SIGNATURE_ALIGNMENT);
  const blob = write(size);
  return Buffer.concat([signed, blob, Buffer.alloc(size - blob.length)]);
}

function rebuildFat(file: Buffer, slices: readonly Buffer[]): Buffer {
  // Written with 64-bit entries where it was so before.
  const isWide = file.readUInt32BE(0) === 0xcafebabf;
  const entrySize = isWide ? 32 : 20;
  const header = Buffer.from(file.subarray(0, 8 + slices.length * entrySize));
  const parts: Buffer[] = [header];
  let offset = header.length;
  for (const [index, slice] of slices.entries()) {
    const entry = 8 + index * entrySize;
    const place = align(offset, 2 ** header.readUInt32BE(entry + (isWide ? 24 : 16)));
    if (isWide) {
      header.writeBigUInt64BE(BigInt(place), entry + 8);
      header.writeBigUInt64BE(BigInt(slice.length), entry + 16);
    } else {
      header.writeUInt32BE(place, entry + 8);
      header.writeUInt32BE(slice.length, entry + 12);
    }
    parts.push(Buffer.alloc(place - offset), slice);
    offset = place + slice.length;
  }
  return Buffer.concat(parts);
}

function align(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}
