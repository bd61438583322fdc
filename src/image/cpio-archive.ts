import { isUtf8 } from 'node:buffer';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Slice } from './seven-zip-files.ts';
import { unreadable } from './seven-zip-module.ts';

/** A file, folder or link of an archive, with what the installer would make of it. */
export interface CpioEntry {
  /** Exactly as it stands there, e.g. `./Nexy.app/Contents`. */
  readonly name: string;
  readonly kind: 'folder' | 'file' | 'link' | 'other';
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  /** Bytes; of a link, the length of its target. */
  readonly size: number;
  /** What a link points to, else null. */
  readonly linkTarget: string | null;
  /** Names of one file have the same text here; null for a file with one name. */
  readonly hardLink: string | null;
  /** Where its bytes lie in the archive. */
  readonly data: Slice;
}

interface Header {
  readonly length: number;
  readonly mode: number;
  readonly links: number;
  readonly identity: string;
  readonly nameLength: number;
  readonly size: number;
  /** Name and data are filled up to a multiple of this. */
  readonly alignment: number;
}

const TRAILER = 'TRAILER!!!';
const LONGEST_NAME = 4096;
const LONGEST_TARGET = 4096;
const MOST_ENTRIES = 2_000_000;
const KINDS: ReadonlyMap<number, CpioEntry['kind']> = new Map([
  [0o040000, 'folder'],
  [0o100000, 'file'],
  [0o120000, 'link'],
]);

/**
 * Reads the entries of a cpio archive that is not packed: portable ASCII (`odc`, what Apple's tools write) or the
 * newer one (`newc`, with or without checksums). Formats: cpio(5). 7-Zip reads these too, but prints names changed,
 * and what is judged here are names.
 *
 * @param path names the package in a message
 * @throws UpdateError `image-unreadable`
 */
export function readCpioArchive(path: string, archive: string): readonly CpioEntry[] {
  const file = openSync(archive, 'r');
  try {
    const { size } = fstatSync(file);
    const entries: CpioEntry[] = [];
    for (let at = 0; ; ) {
      const header = readHeader(path, read(file, at, 110));
      const nameAt = at + header.length;
      const name = readName(path, read(file, nameAt, header.nameLength), header.nameLength);
      const dataAt = align(nameAt + header.nameLength, at, header.alignment);
      const end = dataAt + header.size;
      if (end > size) throw unreadable(path, 'an archive in it ends too early');
      if (name === TRAILER) return entries;
      if (entries.length >= MOST_ENTRIES) throw unreadable(path, 'an archive in it has too many entries');
      entries.push(describe(path, file, archive, header, name, dataAt));
      at = align(end, at, header.alignment);
    }
  } finally {
    closeSync(file);
  }
}

function describe(
  path: string,
  file: number,
  archive: string,
  header: Header,
  name: string,
  dataAt: number,
): CpioEntry {
  const kind = KINDS.get(header.mode & 0o170000) ?? 'other';
  if (kind === 'link' && header.size > LONGEST_TARGET)
    throw unreadable(path, 'a link in it has no proper target');
  return {
    name,
    kind,
    mode: header.mode & 0o7777,
    size: header.size,
    linkTarget: kind === 'link' ? decode(path, read(file, dataAt, header.size)) : null,
    hardLink: kind === 'file' && header.links > 1 ? header.identity : null,
    data: { path: archive, offset: dataAt, length: header.size },
  };
}

function readHeader(path: string, bytes: Buffer): Header {
  const text = bytes.toString('latin1');
  const number = (at: number, digits: number, base: 8 | 16): number => {
    const field = text.slice(at, at + digits);
    const pattern = base === 8 ? /^[0-7]+$/ : /^[0-9a-f]+$/i;
    if (field.length !== digits || !pattern.test(field)) throw damaged(path);
    return Number.parseInt(field, base);
  };
  if (text.startsWith('070707'))
    return {
      length: 76,
      mode: number(18, 6, 8),
      links: number(36, 6, 8),
      identity: text.slice(6, 18),
      nameLength: number(59, 6, 8),
      size: number(65, 11, 8),
      alignment: 1,
    };
  if (!/^07070[12]/.test(text)) throw damaged(path);
  return {
    length: 110,
    mode: number(14, 8, 16),
    links: number(38, 8, 16),
    identity: `${text.slice(62, 78)}${text.slice(6, 14)}`,
    nameLength: number(94, 8, 16),
    size: number(54, 8, 16),
    alignment: 4,
  };
}

function readName(path: string, bytes: Buffer, length: number): string {
  if (length < 2 || length > LONGEST_NAME || bytes.length !== length || bytes.indexOf(0) !== length - 1)
    throw damaged(path);
  return decode(path, bytes.subarray(0, length - 1));
}

/** Names of macOS are UTF-8; others would become different names when written. */
function decode(path: string, bytes: Buffer): string {
  if (!isUtf8(bytes) || bytes.includes(0)) throw unreadable(path, 'a name in it is not proper text');
  return bytes.toString('utf8');
}

/** Counted from the archive's beginning, where every header of `newc` begins aligned. */
function align(position: number, start: number, alignment: number): number {
  return start + Math.ceil((position - start) / alignment) * alignment;
}

function read(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(Math.min(length, LONGEST_NAME));
  let done = 0;
  while (done < bytes.length) {
    const count = readSync(file, bytes, done, bytes.length - done, position + done);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}

function damaged(path: string) {
  return unreadable(path, 'an archive in it is damaged');
}
