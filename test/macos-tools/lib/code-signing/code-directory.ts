import { createHash } from 'node:crypto';
import { MAGIC } from './blobs.ts';
import { CodeSigningError, failAs } from './code-signing-error.ts';

/** Hashes that a CodeDirectory can use: number in the file, Node's name, length kept in the slots. */
const HASHES = {
  1: { name: 'sha1', size: 20 },
  2: { name: 'sha256', size: 32 },
  3: { name: 'sha256', size: 20 },
  4: { name: 'sha384', size: 48 },
} as const;
export type HashType = keyof typeof HASHES;

/** Bits of CodeDirectory.flags with the names that codesign prints (Apple's CSCommon.h, cs_blobs.h). */
export const FLAG_NAMES: readonly (readonly [bit: number, name: string])[] = [
  [0x1, 'host'],
  [0x2, 'adhoc'],
  [0x100, 'hard'],
  [0x200, 'kill'],
  [0x400, 'expires'],
  [0x800, 'restrict'],
  [0x1000, 'enforcement'],
  [0x2000, 'library-validation'],
  [0x10000, 'runtime'],
  [0x20000, 'linker-signed'],
];
export const FLAG_ADHOC = 0x2;
export const FLAG_RUNTIME = 0x10000;

export interface CodeDirectory {
  readonly bytes: Buffer;
  readonly version: number;
  readonly flags: number;
  readonly identifier: string;
  readonly team: string | null;
  readonly hashType: HashType;
  readonly specialSlots: number;
  readonly codeSlots: number;
  readonly codeLimit: number;
  /** Bytes a page; 0 where all of the code is one page. */
  readonly pageSize: number;
  readonly platform: number;
  readonly executableSegment: {
    readonly base: number;
    readonly limit: number;
    readonly flags: number;
  } | null;
  readonly runtimeVersion: number;
  /** Full hash of this CodeDirectory; its first 20 bytes are the cdhash. */
  readonly fullHash: Buffer;
  /** Slot n >= 0: page n; slot -n: special slot n. Null where there is no such slot. */
  slot(index: number): Buffer | null;
}

/** Node's name of the algorithm, and how many bytes of it are kept. */
export function hashAlgorithm(type: HashType): { readonly name: string; readonly size: number } {
  return HASHES[type];
}

/** Hash of some bytes as a slot of this directory would hold it. */
export function hashFor(type: HashType, bytes: Uint8Array): Buffer {
  const { name, size } = HASHES[type];
  return createHash(name).update(bytes).digest().subarray(0, size);
}

/** Reads a CodeDirectory. Throws `signature` where it does not hold together. */
export function parseCodeDirectory(bytes: Buffer): CodeDirectory {
  return failAs('signature', () => {
    const version = bytes.readUInt32BE(8);
    const [hashOffset, identifierOffset] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
    const [specialSlots, codeSlots] = [bytes.readUInt32BE(24), bytes.readUInt32BE(28)];
    const hashType = bytes[37];
    const size = bytes.readUInt8(36);
    const pageShift = bytes.readUInt8(39);
    if (bytes.readUInt32BE(0) !== MAGIC.codeDirectory || bytes.readUInt32BE(4) !== bytes.length)
      throw new CodeSigningError('signature');
    if (version < 0x20001 || version > 0x2ffff) throw new CodeSigningError('unsupported-signature');
    if (!isHashType(hashType) || HASHES[hashType].size !== size) throw new CodeSigningError('signature');
    if (hashOffset < specialSlots * size || hashOffset + codeSlots * size > bytes.length || pageShift > 31)
      throw new CodeSigningError('signature');
    const teamOffset = version >= 0x20200 ? bytes.readUInt32BE(48) : 0;
    const longLimit = version >= 0x20300 ? Number(bytes.readBigUInt64BE(56)) : 0;
    const codeLimit = longLimit || bytes.readUInt32BE(32);
    const pageSize = pageShift === 0 ? 0 : 2 ** pageShift;
    const expectedSlots = pageSize === 0 ? 1 : Math.ceil(codeLimit / pageSize);
    if (codeSlots !== expectedSlots) throw new CodeSigningError('signature');
    return {
      bytes,
      version,
      flags: bytes.readUInt32BE(12),
      identifier: readText(bytes, identifierOffset),
      team: teamOffset === 0 ? null : readText(bytes, teamOffset),
      hashType,
      specialSlots,
      codeSlots,
      codeLimit,
      pageSize,
      platform: bytes.readUInt8(38),
      executableSegment:
        version >= 0x20400
          ? {
              base: Number(bytes.readBigUInt64BE(64)),
              limit: Number(bytes.readBigUInt64BE(72)),
              flags: Number(bytes.readBigUInt64BE(80)),
            }
          : null,
      runtimeVersion: version >= 0x20500 ? bytes.readUInt32BE(88) : 0,
      fullHash: createHash(HASHES[hashType].name).update(bytes).digest(),
      slot(index) {
        if (index < -specialSlots || index >= codeSlots) return null;
        return bytes.subarray(hashOffset + index * size, hashOffset + (index + 1) * size);
      },
    };
  });
}

/** First 20 bytes of the hash of a CodeDirectory: the name that Apple gives to code. */
export function cdHash(directory: CodeDirectory): Buffer {
  return directory.fullHash.subarray(0, 20);
}

/** The directory with the strongest hash: the one that Apple's library looks at. */
export function bestDirectory(directories: readonly CodeDirectory[]): CodeDirectory {
  const order: readonly HashType[] = [4, 2, 3, 1];
  const best = directories.toSorted((a, b) => order.indexOf(a.hashType) - order.indexOf(b.hashType))[0];
  if (best === undefined) throw new CodeSigningError('unsigned');
  return best;
}

/** Whether a special slot holds a hash. Slots that are not used are zero. */
export function isSlotPresent(directory: CodeDirectory, slot: number): boolean {
  return directory.slot(-slot)?.some((byte) => byte !== 0) ?? false;
}

/** Whether all pages of the code are those that were signed. */
export function doPagesMatch(directory: CodeDirectory, code: Buffer): boolean {
  if (code.length < directory.codeLimit) return false;
  for (let page = 0; page < directory.codeSlots; page += 1) {
    const start = page * directory.pageSize;
    const end = directory.pageSize === 0 ? directory.codeLimit : start + directory.pageSize;
    const expected = directory.slot(page);
    const bytes = code.subarray(start, Math.min(end, directory.codeLimit));
    if (expected === null || !expected.equals(hashFor(directory.hashType, bytes))) return false;
  }
  return true;
}

/** What goes into a new CodeDirectory (SHA-256). */
export interface CodeDirectoryPlan {
  readonly identifier: string;
  /** The signer's team; null for ad-hoc code. */
  readonly team: string | null;
  readonly flags: number;
  readonly code: Buffer;
  /** 4096 for Mach-O, 0 (one page) for everything else. */
  readonly pageSize: number;
  readonly special: ReadonlyMap<number, Buffer>;
  readonly executableSegment: {
    readonly base: number;
    readonly limit: number;
    readonly flags: number;
  } | null;
  readonly runtimeVersion: number;
}

/** Writes a CodeDirectory as Apple's signer lays it out: header, identifier, team, special slots, pages. */
export function makeCodeDirectory(plan: CodeDirectoryPlan): Buffer {
  const isRuntime = plan.runtimeVersion !== 0;
  const plainVersion = plan.team === null ? 0x20100 : 0x20200;
  const version = isRuntime ? 0x20500 : plan.executableSegment === null ? plainVersion : 0x20400;
  const plainSize = plan.team === null ? 48 : 52;
  const headerSize = isRuntime ? 96 : plan.executableSegment === null ? plainSize : 88;
  const { size } = HASHES[2];
  const identifier = Buffer.from(`${plan.identifier}\0`, 'utf8');
  const team = Buffer.from(plan.team === null ? '' : `${plan.team}\0`, 'utf8');
  const specialSlots = Math.max(0, ...plan.special.keys());
  const pages = plan.pageSize === 0 ? 1 : Math.ceil(plan.code.length / plan.pageSize);
  const hashOffset = headerSize + identifier.length + team.length + specialSlots * size;
  const bytes = Buffer.alloc(hashOffset + pages * size);
  for (const [position, value] of [
    MAGIC.codeDirectory,
    bytes.length,
    version,
    plan.flags,
    hashOffset,
    headerSize,
    specialSlots,
    pages,
    plan.code.length,
  ].entries())
    bytes.writeUInt32BE(value, position * 4);
  bytes.set([size, 2, 0, plan.pageSize === 0 ? 0 : Math.log2(plan.pageSize)], 36);
  if (plan.team !== null) bytes.writeUInt32BE(headerSize + identifier.length, 48);
  if (plan.executableSegment !== null) {
    bytes.writeBigUInt64BE(BigInt(plan.executableSegment.base), 64);
    bytes.writeBigUInt64BE(BigInt(plan.executableSegment.limit), 72);
    bytes.writeBigUInt64BE(BigInt(plan.executableSegment.flags), 80);
  }
  if (isRuntime) bytes.writeUInt32BE(plan.runtimeVersion, 88);
  identifier.copy(bytes, headerSize);
  team.copy(bytes, headerSize + identifier.length);
  for (const [slot, content] of plan.special) hashFor(2, content).copy(bytes, hashOffset - slot * size);
  for (let page = 0; page < pages; page += 1) {
    const start = page * plan.pageSize;
    const end = plan.pageSize === 0 ? plan.code.length : start + plan.pageSize;
    hashFor(2, plan.code.subarray(start, end)).copy(bytes, hashOffset + page * size);
  }
  return bytes;
}

function isHashType(value: number | undefined): value is HashType {
  return value !== undefined && value in HASHES;
}

function readText(bytes: Buffer, offset: number): string {
  const end = bytes.indexOf(0, offset);
  if (offset < 44 || end < 0) throw new CodeSigningError('signature');
  return bytes.toString('utf8', offset, end);
}
