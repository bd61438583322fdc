import {
  chmodSync,
  closeSync,
  constants as fsConstants,
  fsyncSync,
  ftruncateSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  renameSync,
  rmdirSync,
  statfsSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';

/** A refusal with the system's number. */
export class FuseError extends Error {
  readonly errno: number;
  constructor(errno: number) {
    super(`errno ${errno}`);
    this.errno = errno;
  }
}

/** <linux/fuse.h>, enum fuse_opcode. */
const OPCODES = {
  lookup: 1,
  getattr: 3,
  setattr: 4,
  readlink: 5,
  symlink: 6,
  mkdir: 9,
  unlink: 10,
  rmdir: 11,
  rename: 12,
  link: 13,
  open: 14,
  read: 15,
  write: 16,
  statfs: 17,
  release: 18,
  fsync: 20,
  flush: 25,
  opendir: 27,
  readdir: 28,
  releasedir: 29,
  fsyncdir: 30,
  create: 35,
  rename2: 45,
} as const;

/** What takes space, and so fails on a full volume. Renames and removals do not. */
const TAKES_SPACE: ReadonlySet<number> = new Set([
  OPCODES.symlink,
  OPCODES.mkdir,
  OPCODES.link,
  OPCODES.write,
  OPCODES.create,
]);

const RENAME_EXCHANGE = 2;
const ROOT = 1n;

/**
 * `exact`: names are bytes. `folded`: a name is found in any case and Unicode form, and kept as written (APFS).
 * `decomposed`: the same, and kept decomposed (HFS+).
 */
export type Spelling = 'exact' | 'folded' | 'decomposed';

/** Where a node lies now; a rename moves it. */
interface Node {
  parent: bigint;
  name: Buffer;
}

/** What the kernel asks of a volume, done to a folder. Names are bytes: not every one is text. */
export class Operations {
  /** How many requests so far took space, or would have. */
  changes = 0;
  readonly #root: string;
  readonly #nodes = new Map<bigint, Node>();
  readonly #children = new Map<string, bigint>();
  readonly #listings = new Map<bigint, readonly Buffer[]>();
  #last = ROOT;
  #full: { readonly after: number; readonly times: number } = { after: Number.POSITIVE_INFINITY, times: 0 };

  readonly #spelling: Spelling;

  constructor(root: string, spelling: Spelling) {
    this.#root = root;
    this.#spelling = spelling;
  }

  /** Bytes that still find room. */
  #room = Number.POSITIVE_INFINITY;

  /** Only so many more bytes of contents find room; names and folders always do. */
  limit(bytes: number): void {
    this.#room = bytes;
  }

  /** Counts anew; of the changes to come, those after so many fail for want of space, so many times. */
  fill(after: number, times: number): void {
    this.changes = 0;
    this.#full = { after, times };
  }

  run(opcode: number, head: Buffer, body: Buffer): Buffer {
    const node = head.readBigUInt64LE(16);
    const textAt = (from: Buffer, offset: number): Buffer => this.#spell(node, nameIn(from, offset));
    if (TAKES_SPACE.has(opcode)) this.#take();
    const caller = { uid: head.readUInt32LE(24), gid: head.readUInt32LE(28) };
    switch (opcode) {
      case OPCODES.lookup:
        return this.#entry(node, textAt(body, 0));
      case OPCODES.getattr:
        return this.#attributes(node);
      case OPCODES.setattr:
        return this.#setAttributes(node, body);
      case OPCODES.readlink:
        return readlinkSync(this.#path(node), { encoding: 'buffer' });
      case OPCODES.symlink: {
        const name = textAt(body, 0);
        symlinkSync(nameIn(body, nameIn(body, 0).length + 1), this.#child(node, name));
        return this.#own(node, name, caller);
      }
      case OPCODES.mkdir: {
        const name = textAt(body, 8);
        mkdirSync(this.#child(node, name), { mode: body.readUInt32LE(0) });
        return this.#own(node, name, caller, body.readUInt32LE(0));
      }
      case OPCODES.create: {
        const name = textAt(body, 16);
        const mode = body.readUInt32LE(4);
        const file = openSync(
          this.#child(node, name),
          openFlags(body.readUInt32LE(0)) | fsConstants.O_CREAT,
          mode,
        );
        return Buffer.concat([this.#own(node, name, caller, mode), opened(BigInt(file))]);
      }
      case OPCODES.link: {
        const name = textAt(body, 8);
        linkSync(this.#path(body.readBigUInt64LE(0)), this.#child(node, name));
        return this.#entry(node, name);
      }
      case OPCODES.unlink:
        unlinkSync(this.#child(node, textAt(body, 0)));
        return this.#forget(node, textAt(body, 0));
      case OPCODES.rmdir:
        rmdirSync(this.#child(node, textAt(body, 0)));
        return this.#forget(node, textAt(body, 0));
      case OPCODES.rename:
        return this.#rename(node, body.readBigUInt64LE(0), body.subarray(8), 0);
      case OPCODES.rename2:
        return this.#rename(node, body.readBigUInt64LE(0), body.subarray(16), body.readUInt32LE(8));
      case OPCODES.open:
        return opened(BigInt(openSync(this.#path(node), openFlags(body.readUInt32LE(0)))));
      case OPCODES.read: {
        const buffer = Buffer.alloc(body.readUInt32LE(16));
        const length = readSync(fileAt(body), buffer, 0, buffer.length, Number(body.readBigUInt64LE(8)));
        return buffer.subarray(0, length);
      }
      case OPCODES.write: {
        const out = Buffer.alloc(8);
        const wanted = body.subarray(40, 40 + body.readUInt32LE(16));
        // As a real volume: what still fits is written, and the error comes with the next write.
        const bytes = wanted.subarray(0, Math.min(wanted.length, this.#room));
        if (bytes.length === 0 && wanted.length > 0) throw new FuseError(constants.errno.ENOSPC);
        this.#room -= bytes.length;
        out.writeUInt32LE(
          writeSync(fileAt(body), bytes, 0, bytes.length, Number(body.readBigUInt64LE(8))),
          0,
        );
        return out;
      }
      case OPCODES.fsync:
        fsyncSync(fileAt(body));
        return NOTHING;
      case OPCODES.release:
        closeSync(fileAt(body));
        return NOTHING;
      case OPCODES.opendir:
        this.#last += 1n;
        this.#listings.set(this.#last, readdirSync(this.#path(node), { encoding: 'buffer' }));
        return opened(this.#last);
      case OPCODES.readdir:
        return this.#list(node, body.readBigUInt64LE(0), body.readBigUInt64LE(8), body.readUInt32LE(16));
      case OPCODES.releasedir:
        this.#listings.delete(body.readBigUInt64LE(0));
        return NOTHING;
      case OPCODES.flush:
      case OPCODES.fsyncdir:
        return NOTHING;
      case OPCODES.statfs:
        return this.#space();
      default:
        throw new FuseError(constants.errno.ENOSYS);
    }
  }

  #take(): void {
    this.changes += 1;
    const { after, times } = this.#full;
    if (this.changes > after && this.changes <= after + times) throw new FuseError(constants.errno.ENOSPC);
  }

  #path(node: bigint): Buffer {
    if (node === ROOT) return Buffer.from(this.#root);
    const found = this.#nodes.get(node);
    if (found === undefined) throw new FuseError(constants.errno.ESTALE);
    return this.#child(found.parent, found.name);
  }

  /** How the volume spells a name in a folder, or would. */
  #spell(parent: bigint, name: Buffer): Buffer {
    if (this.#spelling === 'exact') return name;
    const wanted = fold(name);
    const listed = readdirSync(this.#path(parent), { encoding: 'buffer' });
    const found = listed.find((entry) => fold(entry) === wanted);
    if (found !== undefined) return found;
    return this.#spelling === 'decomposed' ? Buffer.from(name.toString('utf8').normalize('NFD')) : name;
  }

  #child(parent: bigint, name: Buffer): Buffer {
    return Buffer.concat([this.#path(parent), Buffer.from('/'), name]);
  }

  #node(parent: bigint, name: Buffer): bigint {
    const key = keyOf(parent, name);
    const known = this.#children.get(key);
    if (known !== undefined) return known;
    this.#last += 1n;
    this.#children.set(key, this.#last);
    this.#nodes.set(this.#last, { parent, name: Buffer.from(name) });
    return this.#last;
  }

  #forget(parent: bigint, name: Buffer): Buffer {
    this.#children.delete(keyOf(parent, name));
    return NOTHING;
  }

  #rename(from: bigint, to: bigint, names: Buffer, flags: number): Buffer {
    const given = nameIn(names, 0);
    const oldName = this.#spell(from, Buffer.from(given));
    const newName = this.#spell(to, Buffer.from(nameIn(names, given.length + 1)));
    const first = this.#child(from, oldName);
    const second = this.#child(to, newName);
    const moved = this.#node(from, oldName);
    const other = this.#children.get(keyOf(to, newName));
    if (flags === RENAME_EXCHANGE) {
      const between = join(this.#root, '..', `exchange-${process.pid}`);
      renameSync(first, between);
      renameSync(second, first);
      renameSync(between, second);
    } else renameSync(first, second);
    this.#children.delete(keyOf(from, oldName));
    if (flags === RENAME_EXCHANGE && other !== undefined) this.#place(other, from, oldName);
    this.#place(moved, to, newName);
    return NOTHING;
  }

  #place(node: bigint, parent: bigint, name: Buffer): void {
    this.#nodes.set(node, { parent, name });
    this.#children.set(keyOf(parent, name), node);
  }

  /** What somebody makes is theirs, with the permissions that were asked for, whatever this process is. */
  #own(
    parent: bigint,
    name: Buffer,
    caller: { readonly uid: number; readonly gid: number },
    mode?: number,
  ): Buffer {
    const path = this.#child(parent, name);
    lchownSync(path, caller.uid, caller.gid);
    if (mode !== undefined) chmodSync(path, mode & 0o7777);
    return this.#entry(parent, name);
  }

  /** struct fuse_entry_out; nothing is remembered by the kernel. */
  #entry(parent: bigint, name: Buffer): Buffer {
    const attributes = attributesOf(this.#child(parent, name));
    const head = Buffer.alloc(40);
    head.writeBigUInt64LE(this.#node(parent, name), 0);
    return Buffer.concat([head, attributes]);
  }

  #attributes(node: bigint): Buffer {
    return Buffer.concat([Buffer.alloc(16), attributesOf(this.#path(node))]);
  }

  /** struct fuse_setattr_in: valid, padding, fh, size, lock_owner, atime, mtime, ctime, nsec x 3, mode, unused, uid, gid. */
  #setAttributes(node: bigint, body: Buffer): Buffer {
    const path = this.#path(node);
    const valid = body.readUInt32LE(0);
    const has = (bit: number): boolean => (valid & (1 << bit)) !== 0;
    if (has(1) || has(2)) {
      const status = lstatSync(path);
      const or = (bit: number, offset: number, value: number): number =>
        has(bit) ? body.readUInt32LE(offset) : value;
      lchownSync(path, or(1, 76, status.uid), or(2, 80, status.gid));
    }
    if (has(0)) chmodSync(path, body.readUInt32LE(68) & 0o7777);
    if (has(3) && has(6)) ftruncateSync(Number(body.readBigUInt64LE(8)), Number(body.readBigUInt64LE(16)));
    else if (has(3)) truncateSync(path, Number(body.readBigUInt64LE(16)));
    if (has(4) || has(5)) {
      const status = lstatSync(path);
      const now = Date.now() / 1000;
      const time = (
        given: number,
        isNow: number,
        at: number,
        nanoseconds: number,
        before: number,
      ): number => {
        if (has(isNow)) return now;
        return has(given) ? Number(body.readBigUInt64LE(at)) + body.readUInt32LE(nanoseconds) / 1e9 : before;
      };
      lutimesSync(path, time(4, 7, 32, 56, status.atimeMs / 1000), time(5, 8, 40, 60, status.mtimeMs / 1000));
    }
    return this.#attributes(node);
  }

  /** struct fuse_dirent, padded to eight bytes. */
  #list(node: bigint, handle: bigint, offset: bigint, size: number): Buffer {
    const parts: Buffer[] = [];
    let length = 0;
    for (const [index, name] of (this.#listings.get(handle) ?? []).entries()) {
      if (BigInt(index) < offset) continue;
      const status = lstatSync(this.#child(node, name), { bigint: true, throwIfNoEntry: false });
      if (status === undefined) continue;
      const entry = Buffer.alloc(Math.ceil((24 + name.length) / 8) * 8);
      entry.writeBigUInt64LE(status.ino, 0);
      entry.writeBigUInt64LE(BigInt(index + 1), 8);
      entry.writeUInt32LE(name.length, 16);
      entry.writeUInt32LE(Number((status.mode >> 12n) & 15n), 20);
      name.copy(entry, 24);
      if (length + entry.length > size) break;
      parts.push(entry);
      length += entry.length;
    }
    return Buffer.concat(parts);
  }

  /** struct fuse_kstatfs. */
  #space(): Buffer {
    const { blocks, bfree, bavail, files, ffree, bsize } = statfsSync(this.#root);
    const out = Buffer.alloc(80);
    for (const [index, value] of [blocks, bfree, bavail, files, ffree].entries())
      out.writeBigUInt64LE(BigInt(value), index * 8);
    out.writeUInt32LE(bsize, 40);
    out.writeUInt32LE(255, 44);
    out.writeUInt32LE(bsize, 48);
    return out;
  }
}

const NOTHING = Buffer.alloc(0);
/** The two bits of open(2) that say how; Node does not name them together. */
const O_ACCMODE = 3;

function keyOf(parent: bigint, name: Buffer): string {
  return `${parent}/${name.toString('latin1')}`;
}

function fold(name: Buffer): string {
  return name.toString('utf8').normalize('NFC').toLowerCase();
}

function nameIn(body: Buffer, offset: number): Buffer {
  return body.subarray(offset, body.indexOf(0, offset));
}

function fileAt(body: Buffer): number {
  return Number(body.readBigUInt64LE(0));
}

/** What is opened to be written can be read as well here, as the kernel may need it; a link is never followed. */
function openFlags(flags: number): number {
  const kept = flags & (O_ACCMODE | fsConstants.O_TRUNC | fsConstants.O_EXCL);
  return kept | fsConstants.O_NOFOLLOW;
}

function opened(handle: bigint): Buffer {
  const out = Buffer.alloc(16);
  out.writeBigUInt64LE(handle, 0);
  return out;
}

/** struct fuse_attr. */
function attributesOf(path: Buffer): Buffer {
  const status = lstatSync(path, { bigint: true });
  const out = Buffer.alloc(88);
  const times = [status.atimeNs, status.mtimeNs, status.ctimeNs];
  for (const [index, value] of [status.ino, status.size, status.blocks].entries())
    out.writeBigUInt64LE(value, index * 8);
  for (const [index, time] of times.entries()) {
    out.writeBigUInt64LE(time / 1_000_000_000n, 24 + index * 8);
    out.writeUInt32LE(Number(time % 1_000_000_000n), 48 + index * 4);
  }
  const small = [status.mode, status.nlink, status.uid, status.gid, status.rdev, status.blksize];
  for (const [index, value] of small.entries()) out.writeUInt32LE(Number(value), 60 + index * 4);
  return out;
}
