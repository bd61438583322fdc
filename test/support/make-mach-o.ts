/** Processors by number (mach/machine.h) and the page size that slices of a fat file are aligned to. */
const PROCESSORS = {
  arm64: { cpuType: 0x0100000c, cpuSubtype: 0, alignment: 14 },
  x86_64: { cpuType: 0x01000007, cpuSubtype: 3, alignment: 12 },
} as const;

const PAGE = 0x4000;
const HEADER_SIZE = 32;
const SEGMENT_SIZE = 72;
const SECTION_SIZE = 80;
const BUILD_SIZE = 24;
const MACOS_11 = 0x000b0000;

/**
 * A minimal valid Mach-O executable (mach-o/loader.h): two segments, one section, no code that could run, and
 * room for a signature. A fat one when there are several architectures.
 */
export function makeMachO(architectures: readonly ('arm64' | 'x86_64')[]): Uint8Array {
  const slices = architectures.map((architecture) => ({
    ...PROCESSORS[architecture],
    bytes: makeSlice(architecture),
  }));
  const [only, another] = slices;
  if (only !== undefined && another === undefined) return only.bytes;
  const header = Buffer.alloc(8 + slices.length * 20);
  header.writeUInt32BE(0xcafebabe, 0);
  header.writeUInt32BE(slices.length, 4);
  const parts: Buffer[] = [header];
  let offset = header.length;
  for (const [index, { cpuType, cpuSubtype, alignment, bytes }] of slices.entries()) {
    const place = Math.ceil(offset / 2 ** alignment) * 2 ** alignment;
    for (const [field, value] of [cpuType, cpuSubtype, place, bytes.length, alignment].entries())
      header.writeUInt32BE(value, 8 + index * 20 + field * 4);
    parts.push(Buffer.alloc(place - offset), bytes);
    offset = place + bytes.length;
  }
  return Buffer.concat(parts);
}

function makeSlice(architecture: 'arm64' | 'x86_64'): Buffer {
  const { cpuType, cpuSubtype } = PROCESSORS[architecture];
  const text = Buffer.concat([
    segment({ name: '__TEXT', address: 0x100000000, offset: 0, size: PAGE, protection: 5, sections: 1 }),
    section('__text', '__TEXT', 0x100000000 + PAGE - 64, 64, PAGE - 64),
  ]);
  const linkedit = segment({
    name: '__LINKEDIT',
    address: 0x100000000 + PAGE,
    offset: PAGE,
    size: 64,
    protection: 1,
    sections: 0,
  });
  const commands = Buffer.concat([text, linkedit, buildVersion()]);
  const bytes = Buffer.alloc(PAGE + 64);
  for (const [position, value] of [0xfeedfacf, cpuType, cpuSubtype, 2, 3, commands.length, 1, 0].entries())
    bytes.writeUInt32LE(value, position * 4);
  commands.copy(bytes, HEADER_SIZE);
  // Bytes that differ by architecture, so that the slices can be told apart.
  bytes.fill(architecture, PAGE - 64, PAGE);
  return bytes;
}

interface Segment {
  readonly name: string;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  readonly protection: number;
  readonly sections: number;
}

function segment({ name, address, offset, size, protection, sections }: Segment): Buffer {
  const bytes = Buffer.alloc(SEGMENT_SIZE);
  bytes.writeUInt32LE(0x19, 0);
  bytes.writeUInt32LE(SEGMENT_SIZE + sections * SECTION_SIZE, 4);
  bytes.write(name, 8, 'latin1');
  for (const [position, value] of [address, PAGE, offset, size].entries())
    bytes.writeBigUInt64LE(BigInt(value), 24 + position * 8);
  for (const [position, value] of [protection, protection, sections, 0].entries())
    bytes.writeUInt32LE(value, 56 + position * 4);
  return bytes;
}

function section(name: string, segmentName: string, address: number, size: number, offset: number): Buffer {
  const bytes = Buffer.alloc(SECTION_SIZE);
  bytes.write(name, 0, 'latin1');
  bytes.write(segmentName, 16, 'latin1');
  bytes.writeBigUInt64LE(BigInt(address), 32);
  bytes.writeBigUInt64LE(BigInt(size), 40);
  bytes.writeUInt32LE(offset, 48);
  return bytes;
}

function buildVersion(): Buffer {
  const bytes = Buffer.alloc(BUILD_SIZE);
  for (const [position, value] of [0x32, BUILD_SIZE, 1, MACOS_11, MACOS_11, 0].entries())
    bytes.writeUInt32LE(value, position * 4);
  return bytes;
}
