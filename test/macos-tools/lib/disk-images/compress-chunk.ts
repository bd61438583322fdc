import { deflateSync } from 'node:zlib';

/** The names of hdiutil(1): zlib, bzip2, LZFSE, LZMA, uncompressed with trailer, uncompressed without. */
export const IMAGE_FORMATS = ['UDZO', 'UDBZ', 'ULFO', 'ULMO', 'UDRO', 'UDRW'] as const;
export type ImageFormat = (typeof IMAGE_FORMATS)[number];

/** The packed form of a chunk, or null where it is not smaller than the chunk itself. */
export async function compressChunk(
  bytes: Buffer,
  format: Exclude<ImageFormat, 'UDRW'>,
): Promise<Buffer | null> {
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
