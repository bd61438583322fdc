import { readFileSync, writeFileSync } from 'node:fs';

/** Length of a catalog's file record, and where its parts lie (Apple Technical Note TN1150). */
const FILE_RECORD = 2;
const AT = { mode: 42, special: 44, type: 48, creator: 52, forkSize: 88, forkBlocks: 100 } as const;

function utf16(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16();
}

function* occurrences(bytes: Buffer, part: Buffer): Generator<number> {
  for (let at = bytes.indexOf(part); at >= 0; at = bytes.indexOf(part, at + 1)) yield at;
}

/** Gives a name in a raw HFS Plus volume another one of the same length, wherever it stands. */
export function renameInVolume(path: string, name: string, other: string): void {
  const bytes = readFileSync(path);
  if (name.length !== other.length) throw new Error('both names must be of one length');
  let count = 0;
  for (const at of occurrences(bytes, utf16(name))) {
    // The length of the name stands before it, so that longer names are left alone.
    if (bytes.readUInt16BE(at - 2) !== name.length) continue;
    utf16(other).copy(bytes, at);
    count += 1;
  }
  if (count === 0) throw new Error(`${name} is not in the volume`);
  writeFileSync(path, bytes);
}

/** Makes a file of a raw HFS Plus volume a hard link to `iNode<number>` of the private folder. */
export function makeHardLinkInVolume(path: string, name: string, number: number): void {
  const bytes = readFileSync(path);
  let count = 0;
  for (const at of occurrences(bytes, utf16(name))) {
    if (bytes.readUInt16BE(at - 2) !== name.length) continue;
    const key = at - 8;
    const record = key + 2 + bytes.readUInt16BE(key);
    if (bytes.readUInt16BE(record) !== FILE_RECORD) continue;
    bytes.writeUInt16BE(0o100444, record + AT.mode);
    bytes.writeUInt32BE(number, record + AT.special);
    bytes.write('hlnk', record + AT.type, 'latin1');
    bytes.write('hfs+', record + AT.creator, 'latin1');
    bytes.writeBigUInt64BE(0n, record + AT.forkSize);
    bytes.fill(0, record + AT.forkBlocks, record + AT.forkSize + 80);
    count += 1;
  }
  if (count !== 1) throw new Error(`${name} is there ${count} times`);
  writeFileSync(path, bytes);
}

const APFS_BLOCK = 4096;

/** Gives a name in a raw APFS volume another one of the same length in bytes, and the blocks their checksums. */
export function renameInApfs(path: string, name: string, other: string): void {
  const bytes = readFileSync(path);
  const [from, to] = [Buffer.from(name), Buffer.from(other)];
  if (from.length !== to.length) throw new Error('both names must be of one length');
  const blocks = new Set<number>();
  for (const at of occurrences(bytes, from)) {
    const start = at - (at % APFS_BLOCK);
    // Blocks of the file system's own trees have a checksum; those of files are left alone.
    if (
      bytes.readBigUInt64LE(start) !== fletcher64(bytes.subarray(start, start + APFS_BLOCK)) &&
      !blocks.has(start)
    )
      continue;
    to.copy(bytes, at);
    blocks.add(start);
  }
  if (blocks.size === 0) throw new Error(`${name} is not in the volume`);
  for (const start of blocks)
    bytes.writeBigUInt64LE(fletcher64(bytes.subarray(start, start + APFS_BLOCK)), start);
  writeFileSync(path, bytes);
}

/** Checksum of an APFS object (Apple File System Reference, "obj_phys_t"). */
function fletcher64(block: Buffer): bigint {
  const modulus = 0xffff_ffffn;
  let [first, second] = [0n, 0n];
  for (let at = 8; at < block.length; at += 4) {
    first = (first + BigInt(block.readUInt32LE(at))) % modulus;
    second = (second + first) % modulus;
  }
  const low = modulus - ((first + second) % modulus);
  const high = modulus - ((first + low) % modulus);
  return (high << 32n) | low;
}
