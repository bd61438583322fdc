import { CodeSigningError, failAs } from './code-signing-error.ts';

/** Magic numbers and slots of code-signing blobs (Apple's cs_blobs.h). All numbers in them are big-endian. */
export const MAGIC = {
  requirement: 0xfade0c00,
  requirements: 0xfade0c01,
  codeDirectory: 0xfade0c02,
  embeddedSignature: 0xfade0cc0,
  wrapper: 0xfade0b01,
  entitlements: 0xfade7171,
  entitlementsDer: 0xfade7172,
} as const;

export const SLOT = {
  codeDirectory: 0,
  infoPlist: 1,
  requirements: 2,
  resourceDirectory: 3,
  entitlements: 5,
  entitlementsDer: 7,
  alternateCodeDirectories: 0x1000,
  alternateLimit: 0x1005,
  signature: 0x10000,
} as const;

/** Parts of an embedded signature by slot; each with its own header, except the CMS signature. */
export type Components = ReadonlyMap<number, Buffer>;

/** One blob's bytes: checks its magic number and that it fits. */
export function readBlob(bytes: Buffer, at: number, magic: number | null): Buffer {
  const length = bytes.readUInt32BE(at + 4);
  if ((magic !== null && bytes.readUInt32BE(at) !== magic) || length < 8 || at + length > bytes.length)
    throw new CodeSigningError('signature');
  return bytes.subarray(at, at + length);
}

/** Blobs of a SuperBlob by type. Throws `signature` for one that is cut short or names a type twice. */
export function readSuperBlob(bytes: Buffer, magic: number): Components {
  return failAs('signature', () => {
    const blob = readBlob(bytes, 0, magic);
    const count = blob.readUInt32BE(8);
    const parts = new Map<number, Buffer>();
    for (let index = 0; index < count; index += 1) {
      const type = blob.readUInt32BE(12 + index * 8);
      const offset = blob.readUInt32BE(16 + index * 8);
      if (parts.has(type) || offset < 12 + count * 8) throw new CodeSigningError('signature');
      parts.set(type, readBlob(blob, offset, null));
    }
    return parts;
  });
}

/** The parts of a signature that lies in a Mach-O file. The CMS signature loses its wrapper. */
export function readEmbeddedSignature(bytes: Buffer): Components {
  const parts = new Map(readSuperBlob(bytes, MAGIC.embeddedSignature));
  const signature = parts.get(SLOT.signature);
  if (signature !== undefined) {
    if (signature.readUInt32BE(0) !== MAGIC.wrapper) throw new CodeSigningError('signature');
    parts.set(SLOT.signature, signature.subarray(8));
  }
  return parts;
}

/** A blob of its own: magic number, length, content. */
export function makeBlob(magic: number, content: Uint8Array): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(magic, 0);
  header.writeUInt32BE(8 + content.length, 4);
  return Buffer.concat([header, content]);
}

/** A SuperBlob of whole blobs, in the order given. */
export function makeSuperBlob(
  magic: number,
  parts: readonly (readonly [type: number, blob: Buffer])[],
): Buffer {
  const index = Buffer.alloc(4 + parts.length * 8);
  index.writeUInt32BE(parts.length, 0);
  let offset = 8 + index.length;
  for (const [position, [type, blob]] of parts.entries()) {
    index.writeUInt32BE(type, 4 + position * 8);
    index.writeUInt32BE(offset, 8 + position * 8);
    offset += blob.length;
  }
  return makeBlob(magic, Buffer.concat([index, ...parts.map(([, blob]) => blob)]));
}
