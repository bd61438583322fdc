import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { writeAll } from './image-volume.ts';
import { assertClean, INPUT, runSevenZip, unreadable } from './seven-zip-module.ts';

export interface PayloadEntry {
  /** Below the install location, without a leading `./`. */
  readonly path: string;
  readonly kind: 'folder' | 'file' | 'link';
  readonly size: number;
}

/**
 * Lists a package's payload: a cpio archive, packed with gzip or as `pbzx` (pieces of 16 MiB, each an xz stream
 * or plain), or not packed. Scratch files are made beside it.
 *
 * @returns null for any other kind (e.g. an Apple Archive)
 * @throws UpdateError `image-unreadable`
 */
export async function listPayload(path: string, payload: string): Promise<readonly PayloadEntry[] | null> {
  const archive = await unpack(path, payload);
  if (archive === null) return null;
  const run = await runSevenZip(['l', '-slt', '-tcpio', INPUT], await whole(archive));
  assertClean(run, path);
  const end = run.output.indexOf('----------');
  const entries: Map<string, string>[] = [];
  for (const line of run.output.slice(end + 1)) {
    const [, key = '', value = ''] = /^(\S.*?) = (.*)$/.exec(line) ?? [];
    if (key === 'Path') entries.push(new Map());
    entries.at(-1)?.set(key, value);
  }
  return entries.map(describe).filter((entry) => entry.path !== '.');
}

function describe(properties: ReadonlyMap<string, string>): PayloadEntry {
  const mode = properties.get('Mode') ?? '';
  const isFolder = properties.get('Folder') === '+' || mode.startsWith('d');
  return {
    path: (properties.get('Path') ?? '').replace(/^\.\//, ''),
    kind: isFolder ? 'folder' : mode.startsWith('l') ? 'link' : 'file',
    size: Number(properties.get('Size') ?? 0),
  };
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
