import { unreadable } from './seven-zip-module.ts';

/** One line of a bill of materials: what the installer is to find in the payload. */
export interface BomEntry {
  /** Below the install location, without a leading `./`. */
  readonly path: string;
  readonly kind: 'folder' | 'file' | 'link' | 'other';
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  /** Bytes; the low 32 bits of it for a file of 4 GiB and more. 0 for a folder. */
  readonly size: number;
  readonly linkTarget: string | null;
}

const MAGIC = 'BOMStore';
const HEADER_LENGTH = 32;
const PATHS = 'Paths';
const MOST_ENTRIES = 2_000_000;
const LONGEST_PATH = 4096;
const KINDS: Readonly<Record<number, BomEntry['kind']>> = { 1: 'file', 2: 'folder', 3: 'link' };

/**
 * Reads a package's `Bom` (Apple's `BOMStore`; lsbom(8) prints the same). Everything in it is big-endian: a header,
 * numbered blocks, and variables that name blocks. `Paths` names a tree, whose leaves pair what is known of a path
 * with its name and the number of its parent.
 *
 * @param path names the package in a message
 * @throws UpdateError `image-unreadable`
 */
export function readBillOfMaterials(path: string, bytes: Buffer): readonly BomEntry[] {
  try {
    const store = new BomStore(bytes);
    return joinPaths([...store.paths()]);
  } catch (error) {
    // What lies outside of the file is a RangeError of Buffer's; there is nothing else to be told apart.
    throw unreadable(path, 'its bill of materials is damaged', error);
  }
}

interface NamedEntry extends Omit<BomEntry, 'path'> {
  readonly id: number;
  readonly parent: number;
  readonly name: string;
}

class BomStore {
  readonly #bytes: Buffer;
  readonly #tableOffset: number;
  readonly #blockCount: number;

  constructor(bytes: Buffer) {
    if (bytes.length < HEADER_LENGTH || bytes.toString('latin1', 0, 8) !== MAGIC)
      throw new Error('no BOMStore');
    this.#bytes = bytes;
    const indexOffset = bytes.readUInt32BE(16);
    this.#blockCount = bytes.readUInt32BE(indexOffset);
    this.#tableOffset = indexOffset + 4;
  }

  *paths(): Generator<NamedEntry> {
    const tree = this.#block(this.#variable(PATHS));
    if (tree.toString('latin1', 0, 4) !== 'tree') throw new Error('no tree');
    const visited = new Set<number>();
    const visit = (index: number): Buffer => {
      if (visited.has(index)) throw new Error('the tree has a circle');
      visited.add(index);
      return this.#block(index);
    };
    let leaf = visit(tree.readUInt32BE(8));
    // Down along the first children; the leaves are chained.
    while (leaf.readUInt16BE(0) === 0) leaf = visit(leaf.readUInt32BE(12));
    for (let found = 0; ; ) {
      const count = leaf.readUInt16BE(2);
      found += count;
      if (found > MOST_ENTRIES) throw new Error('too many entries');
      for (let at = 12; at < 12 + count * 8; at += 8)
        yield this.#entry(leaf.readUInt32BE(at), leaf.readUInt32BE(at + 4));
      const next = leaf.readUInt32BE(4);
      if (next === 0) return;
      leaf = visit(next);
      if (leaf.readUInt16BE(0) === 0) throw new Error('a branch among the leaves');
    }
  }

  #entry(informationIndex: number, nameIndex: number): NamedEntry {
    const pointer = this.#block(informationIndex);
    const information = this.#block(pointer.readUInt32BE(4));
    const named = this.#block(nameIndex);
    const kind = KINDS[information.readUInt8(0)] ?? 'other';
    return {
      id: pointer.readUInt32BE(0),
      parent: named.readUInt32BE(0),
      name: terminated(named, 4),
      kind,
      mode: information.readUInt16BE(4) & 0o7777,
      size: kind === 'folder' ? 0 : information.readUInt32BE(18),
      linkTarget: kind === 'link' ? this.#linkTarget(information) : null,
    };
  }

  #linkTarget(information: Buffer): string {
    const length = information.readUInt32BE(27);
    return terminated(information.subarray(0, 31 + length), 31);
  }

  #variable(name: string): number {
    const bytes = this.#bytes;
    let at = bytes.readUInt32BE(24);
    const count = bytes.readUInt32BE(at);
    at += 4;
    for (let index = 0; index < count; index += 1) {
      const length = bytes.readUInt8(at + 4);
      if (bytes.toString('latin1', at + 5, at + 5 + length) === name) return bytes.readUInt32BE(at);
      at += 5 + length;
    }
    throw new Error(`no ${name}`);
  }

  #block(index: number): Buffer {
    if (index === 0 || index >= this.#blockCount) throw new Error('no such block');
    const offset = this.#bytes.readUInt32BE(this.#tableOffset + index * 8);
    const length = this.#bytes.readUInt32BE(this.#tableOffset + index * 8 + 4);
    if (offset + length > this.#bytes.length) throw new Error('a block lies outside');
    return this.#bytes.subarray(offset, offset + length);
  }
}

function terminated(bytes: Buffer, start: number): string {
  const end = bytes.indexOf(0, start);
  if (end < 0) throw new Error('a name without an end');
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(start, end));
}

/** Full paths, from the numbers of the parents. The root, whose name is `.`, is left out. */
function joinPaths(entries: readonly NamedEntry[]): readonly BomEntry[] {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  if (byId.size !== entries.length) throw new Error('two entries have the same number');
  const known = new Map<number, string>([[0, '']]);
  const pathOf = (entry: NamedEntry): string => {
    const chain: NamedEntry[] = [];
    let at: NamedEntry | undefined = entry;
    while (at !== undefined && !known.has(at.id)) {
      chain.push(at);
      if (chain.length > LONGEST_PATH) throw new Error('a path has a circle');
      at = at.parent === 0 ? undefined : required(byId.get(at.parent));
    }
    let path = at === undefined ? '' : (known.get(at.id) ?? '');
    for (const one of chain.reverse()) {
      const isRoot = one.parent === 0 && one.name === '.';
      if (one.name === '' || one.name.includes('/')) throw new Error('no proper name');
      path = isRoot ? '' : path === '' ? one.name : `${path}/${one.name}`;
      if (path.length > LONGEST_PATH) throw new Error('a path is too long');
      known.set(one.id, path);
    }
    return path;
  };
  return entries
    .map((entry): BomEntry => {
      const { kind, mode, size, linkTarget } = entry;
      return { path: pathOf(entry), kind, mode, size, linkTarget };
    })
    .filter(({ path }) => path !== '');
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a parent is missing');
  return value;
}
