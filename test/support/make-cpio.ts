/** A file, folder (its text is null) or link of an archive. */
export interface PackedFile {
  readonly path: string;
  readonly text: string | Uint8Array | null;
  /** Permission bits; 0644 for files and 0755 for folders and links when left out. */
  readonly mode?: number;
  /** Makes it a link; the text is not looked at then. */
  readonly linkTarget?: string;
}

export interface CpioOptions {
  /** `odc`, as packages have it, when left out. */
  readonly format?: 'odc' | 'newc';
}

interface Entry {
  readonly name: string;
  readonly mode: number;
  readonly data: Buffer;
  readonly inode: number;
}

const MODIFIED = 1_700_000_000;

/** Writes a cpio archive (cpio(5)). */
export function makeCpio(files: readonly PackedFile[], { format = 'odc' }: CpioOptions = {}): Buffer {
  const write = format === 'odc' ? writePortable : writeNew;
  const entries = files.map((file, index) => write({ ...describe(file), inode: index + 1 }));
  const trailer = write({ name: 'TRAILER!!!', mode: 0, data: Buffer.alloc(0), inode: 0 });
  return Buffer.concat([...entries, trailer]);
}

function describe({ path, text, mode, linkTarget }: PackedFile): Omit<Entry, 'inode'> {
  if (linkTarget !== undefined)
    return { name: path, mode: 0o120000 | (mode ?? 0o755), data: Buffer.from(linkTarget) };
  return {
    name: path,
    mode: text === null ? 0o040000 | (mode ?? 0o755) : 0o100000 | (mode ?? 0o644),
    data: Buffer.from(text ?? ''),
  };
}

function writePortable({ name, mode, data, inode }: Entry): Buffer {
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0');
  const bytes = Buffer.from(`${name}\0`);
  const fields = [1, inode % 0o777777, mode, 0, 0, 1, 0].map((value) => octal(value, 6));
  const header = `070707${fields.join('')}${octal(MODIFIED, 11)}${octal(bytes.length, 6)}${octal(data.length, 11)}`;
  return Buffer.concat([Buffer.from(header), bytes, data]);
}

function writeNew({ name, mode, data, inode }: Entry): Buffer {
  const hex = (value: number) => value.toString(16).padStart(8, '0');
  const bytes = Buffer.from(`${name}\0`);
  const fields = [inode, mode, 0, 0, 1, MODIFIED, data.length, 0, 0, 0, 0, bytes.length, 0].map(hex);
  const filled = (part: Buffer) => Buffer.concat([part, Buffer.alloc((4 - (part.length % 4)) % 4)]);
  return Buffer.concat([
    filled(Buffer.concat([Buffer.from(`070701${fields.join('')}`), bytes])),
    filled(data),
  ]);
}

/** A payload of Apple's kind `pbzx` whose pieces are given packed and not packed. */
export function makePbzx(
  pieces: readonly { readonly unpackedSize: number; readonly bytes: Buffer }[],
): Buffer {
  const long = (value: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(value));
    return bytes;
  };
  const parts = pieces.flatMap(({ unpackedSize, bytes }) => [long(unpackedSize), long(bytes.length), bytes]);
  return Buffer.concat([Buffer.from('pbzx'), long(16 * 1024 * 1024), ...parts]);
}
