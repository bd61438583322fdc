import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type CpioEntry, readCpioArchive } from './cpio-archive.ts';
import { writeAll } from './image-volume.ts';
import type { Slice } from './seven-zip-files.ts';
import { assertClean, INPUT, runSevenZip, unreadable } from './seven-zip-module.ts';

/** A file, folder or link that a package holds. */
export interface PayloadEntry {
  /** As it stands there, without a leading `./`. Who judges it has to think of `..` and of a leading slash. */
  readonly path: string;
  readonly kind: 'folder' | 'file' | 'link' | 'other';
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  readonly size: number;
  /** What a link points to, else null. */
  readonly linkTarget: string | null;
  /** Where its bytes lie while the package is open. */
  readonly data: Slice;
}

/**
 * Reads a package's payload or scripts: a cpio archive, packed with gzip or as `pbzx` (pieces of 16 MiB, each an xz
 * stream or plain), or not packed. Scratch files are made beside it.
 *
 * @param path names the package in a message
 * @returns null for any other kind (e.g. an Apple Archive)
 * @throws UpdateError `image-unreadable`
 */
export async function readPayload(path: string, payload: string): Promise<readonly PayloadEntry[] | null> {
  const archive = await unpack(path, payload);
  if (archive === null) return null;
  const entries = readCpioArchive(path, archive);
  return entries.flatMap((entry) => {
    const { kind, mode, linkTarget } = entry;
    const data = dataOf(entry, entries);
    const name = entry.name.replace(/^\.\/+/, '');
    // The folder that everything goes into.
    if (name === '.' || name === '') return [];
    return { path: name, kind, mode, size: data.length, linkTarget, data };
  });
}

/** Of a file with several names some archivers write the bytes once, with the last name (cpio(5), "New ASCII"). */
function dataOf(entry: CpioEntry, entries: readonly CpioEntry[]): Slice {
  if (entry.hardLink === null || entry.size > 0) return entry.data;
  const other = entries.find(({ hardLink, size }) => hardLink === entry.hardLink && size > 0);
  return other?.data ?? entry.data;
}

async function whole(path: string) {
  return { path, offset: 0, length: (await stat(path)).size };
}

async function unpack(path: string, payload: string): Promise<string | null> {
  const head = Buffer.alloc(6);
  const file = openSync(payload, 'r');
  try {
    readSync(file, head, 0, head.length, 0);
    if (/^07070[127]/.test(head.toString('latin1'))) return payload;
    const output = `${payload}.cpio`;
    if (head.readUInt16BE(0) === 0x1f8b) await decode(path, payload, 'gzip', output);
    else if (head.toString('latin1', 0, 4) === 'pbzx') await decodePieces(path, file, payload, output);
    else return null;
    return output;
  } finally {
    closeSync(file);
  }
}

/** Appends what an archive of one file holds to `output`. */
async function decode(path: string, packed: string, type: 'gzip' | 'xz', output: string): Promise<void> {
  const file = openSync(output, 'a', 0o600);
  try {
    const run = await runSevenZip(['x', '-y', '-bd', `-t${type}`, '-o/out', INPUT], await whole(packed), {
      sink: { openFile: () => ({ write: (bytes) => append(file, bytes), close: () => undefined }) },
    });
    assertClean(run, path);
  } finally {
    closeSync(file);
  }
}

const PIECE_HEADER = 16;
const XZ_MARK = 'fd377a585a00';

/** `pbzx`, then 8 bytes of flags, then pieces: 8 bytes of unpacked size, 8 of packed size, the bytes. */
async function decodePieces(path: string, file: number, payload: string, output: string): Promise<void> {
  const { size } = await stat(payload);
  for (let at = 12; at < size; ) {
    const header = read(file, at, PIECE_HEADER);
    const [unpackedSize, packedSize] = [header.readBigUInt64BE(0), header.readBigUInt64BE(8)];
    at += PIECE_HEADER;
    if (packedSize > BigInt(size - at)) throw unreadable(path, 'its payload ends too early');
    const bytes = read(file, at, Number(packedSize));
    at += bytes.length;
    if (bytes.toString('hex', 0, 6) !== XZ_MARK || unpackedSize === packedSize) appendTo(output, bytes);
    else {
      const piece = `${payload}.xz`;
      const copy = openSync(piece, 'w', 0o600);
      writeAll(copy, bytes, 0);
      closeSync(copy);
      await decode(path, piece, 'xz', output);
    }
  }
}

function appendTo(output: string, bytes: Buffer): void {
  const file = openSync(output, 'a', 0o600);
  try {
    append(file, bytes);
  } finally {
    closeSync(file);
  }
}

function append(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done);
}

function read(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const count = readSync(file, bytes, done, length - done, position + done);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}
