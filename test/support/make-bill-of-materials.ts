import type { PackedFile } from './make-cpio.ts';

/** Entries in one leaf: what fits into the 4096 bytes that Apple's files give to one. */
const LEAF_ENTRIES = 256;
const TREE_BLOCK = 4096;

/**
 * Writes a `Bom` (Apple's `BOMStore`) as mkbom(8) does: blocks behind a header of 512 bytes, the trees `Paths`,
 * `HLIndex`, `VIndex` and `Size64`, the last three without anything in them.
 *
 * @param files parents before what is in them, `.` first, as in a payload
 */
export function makeBillOfMaterials(files: readonly PackedFile[]): Buffer {
  const store = new StoreWriter();
  const numbers = new Map<string, number>();
  const pairs = files.map((file, index): readonly [number, number] => {
    const id = index + 1;
    const path = file.path.replace(/^\.\//, '');
    numbers.set(path, id);
    const slash = path.lastIndexOf('/');
    const parent = path === '.' ? 0 : (numbers.get(slash < 0 ? '.' : path.slice(0, slash)) ?? 0);
    const information = store.add(informationOf(file));
    const name = Buffer.from(`${path.slice(slash + 1)}\0`);
    return [store.add(words(id, information)), store.add(Buffer.concat([words(parent), name]))];
  });
  store.name('BomInfo', store.add(words(1, files.length + 1, 0)));
  store.name('Paths', addTree(store, pairs));
  store.name('HLIndex', addTree(store, []));
  const versions = addTree(store, []);
  store.name('VIndex', store.add(Buffer.concat([words(1, versions, 0), Buffer.from([0])])));
  store.name('Size64', addTree(store, []));
  return store.finish();
}

function addTree(store: StoreWriter, pairs: readonly (readonly [number, number])[]): number {
  const chunks = [];
  for (let at = 0; at < pairs.length || at === 0; at += LEAF_ENTRIES)
    chunks.push(pairs.slice(at, at + LEAF_ENTRIES));
  const leaves = chunks.map((chunk) => ({ chunk, block: store.add(Buffer.alloc(TREE_BLOCK)) }));
  for (const [index, { chunk, block }] of leaves.entries()) {
    const [next, previous] = [leaves[index + 1]?.block ?? 0, leaves[index - 1]?.block ?? 0];
    store.set(block, Buffer.concat([halves(1, chunk.length), words(next, previous, ...chunk.flat())]));
  }
  let root = leaves[0]?.block ?? 0;
  if (leaves.length > 1) {
    const branches = leaves.flatMap(({ chunk, block }) => [block, chunk.at(-1)?.[1] ?? 0]);
    root = store.add(Buffer.concat([halves(0, leaves.length), words(0, 0, ...branches)]));
  }
  const header = words(1, root, TREE_BLOCK, pairs.length);
  return store.add(Buffer.concat([Buffer.from('tree'), header, Buffer.from([0])]));
}

function informationOf({ text, linkTarget, mode }: PackedFile): Buffer {
  const data = Buffer.from(text ?? '');
  const [type, typeBits] =
    linkTarget !== undefined ? [3, 0o120000] : text === null ? [2, 0o040000] : [1, 0o100000];
  const bits = typeBits | (mode ?? (type === 1 ? 0o644 : 0o755));
  const size = linkTarget !== undefined ? Buffer.byteLength(linkTarget) : data.length;
  const target = linkTarget === undefined ? Buffer.alloc(0) : Buffer.from(`${linkTarget}\0`);
  return Buffer.concat([
    Buffer.from([type, 1]),
    halves(0, bits),
    words(0, 0, 1_700_000_000, size),
    Buffer.from([1]),
    words(type === 1 ? checksum(data) : 0, target.length),
    target,
  ]);
}

/** cksum(1): a CRC-32 whose length comes last. */
function checksum(data: Buffer): number {
  let sum = 0;
  const add = (byte: number) => {
    sum ^= byte << 24;
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 0x80000000 ? (sum << 1) ^ 0x04c11db7 : sum << 1;
  };
  for (const byte of data) add(byte);
  for (let length = data.length; length > 0; length = Math.floor(length / 256)) add(length & 0xff);
  return ~sum >>> 0;
}

class StoreWriter {
  /** Block 0 is never used. */
  readonly #blocks: Buffer[] = [Buffer.alloc(0)];
  readonly #names: (readonly [string, number])[] = [];

  add(bytes: Buffer): number {
    return this.#blocks.push(bytes) - 1;
  }

  /** Puts bytes at the beginning of a block. */
  set(block: number, bytes: Buffer): void {
    bytes.copy(this.#blocks[block] ?? Buffer.alloc(0));
  }

  name(name: string, block: number): void {
    this.#names.push([name, block]);
  }

  finish(): Buffer {
    const names = this.#names.map(([name, block]) =>
      Buffer.concat([words(block), Buffer.from([name.length]), Buffer.from(name)]),
    );
    const variables = Buffer.concat([words(names.length), ...names]);
    let offset = 512 + variables.length;
    const pointers = this.#blocks.map((bytes, index) => {
      const pointer = words(index === 0 ? 0 : offset, bytes.length);
      offset += bytes.length;
      return pointer;
    });
    // The list of free places follows the table: none.
    const table = Buffer.concat([words(pointers.length), ...pointers, words(0)]);
    const header = Buffer.alloc(512);
    header.write('BOMStore', 'latin1');
    words(1, pointers.length - 1, offset, table.length, 512, variables.length).copy(header, 8);
    return Buffer.concat([header, variables, ...this.#blocks, table]);
  }
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, index * 4);
  return bytes;
}

function halves(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, index * 2);
  return bytes;
}
