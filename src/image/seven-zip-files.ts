import { readSync } from 'node:fs';

/** A part of a file that 7-Zip is to read as if it were a file of its own. */
export interface Slice {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

/** One file that 7-Zip writes. */
export interface SinkFile {
  write(bytes: Uint8Array, position: number): void;
  /** `modified`: seconds since 1970, with fraction, or null where the archive has none. */
  close(modified: number | null): void;
}

/**
 * Takes what 7-Zip extracts. 7-Zip sees an empty folder; nothing reaches the disk unless the sink puts it
 * there. What a sink throws ends the run and comes out of `runSevenZip` unchanged.
 */
export interface Sink {
  /** Called for each file of the archive, in the archive's order. `path` as 7-Zip would write it. */
  openFile(path: string): SinkFile;
  /** Called for each folder that is needed, parents first; may be called for a folder that is there. */
  makeFolder?(path: string): void;
  setFolderTime?(path: string, modified: number): void;
}

// What is used of Emscripten's file system interface (emscripten.org, "File System API"; 7z-wasm's own
// types leave out mounts and nodes).
interface Attributes {
  readonly mode?: number | null;
  readonly size?: number;
  readonly mtime?: number | null;
}
interface FileNode {
  readonly name: string;
  readonly mode: number;
  readonly id: number;
  readonly parent: FileNode;
  node_ops: object;
  stream_ops: object;
  modified?: number;
  size?: number;
}
interface FileStream {
  readonly node: FileNode;
  readonly position: number;
}
export interface EmscriptenFileSystem {
  mkdir(path: string): void;
  mount(type: object, options: object, path: string): void;
  createNode(parent: FileNode | null, name: string, mode: number, device: number): FileNode;
  isDir(mode: number): boolean;
  readonly ErrnoError: new (errno: number) => Error;
}
const NO_SUCH_FILE = 44;
const INVALID_ARGUMENT = 28;
const READ_ONLY = 69;
const FOLDER_MODE = 0o40777;
const FILE_MODE = 0o100444;

function attributes(node: FileNode, size: number) {
  const time = new Date((node.modified ?? 0) * 1000);
  return {
    dev: 1,
    ino: node.id,
    mode: node.mode,
    nlink: 1,
    uid: 0,
    gid: 0,
    rdev: 0,
    size,
    atime: time,
    mtime: time,
    ctime: time,
    blksize: 4096,
    blocks: Math.ceil(size / 512),
  };
}

function seek(FS: EmscriptenFileSystem, position: number): number {
  if (position < 0) throw new FS.ErrnoError(INVALID_ARGUMENT);
  return position;
}

/** A file system with one file, `image`: the slice of an open file. */
export function inputFileSystem(FS: EmscriptenFileSystem, descriptor: number, input: Slice): object {
  const folderOperations = {
    getattr: (node: FileNode) => attributes(node, 0),
    lookup() {
      throw new FS.ErrnoError(NO_SUCH_FILE);
    },
    readdir: () => ['.', '..', 'image'],
  };
  const fileOperations = {
    getattr: (node: FileNode) => attributes(node, input.length),
    setattr() {
      throw new FS.ErrnoError(READ_ONLY);
    },
  };
  const streamOperations = {
    llseek: (stream: FileStream, offset: number, whence: number) =>
      seek(FS, offset + (whence === 1 ? stream.position : whence === 2 ? input.length : 0)),
    read(_stream: FileStream, memory: Int8Array, offset: number, length: number, position: number) {
      const wanted = Math.max(0, Math.min(length, input.length - position));
      let count = 0;
      while (count < wanted) {
        const target = new Uint8Array(memory.buffer, memory.byteOffset + offset + count, wanted - count);
        const got = readSync(descriptor, target, 0, wanted - count, input.offset + position + count);
        if (got === 0) break;
        count += got;
      }
      return count;
    },
  };
  return {
    mount() {
      const root = FS.createNode(null, '/', FOLDER_MODE, 0);
      root.node_ops = folderOperations;
      root.stream_ops = {};
      const file = FS.createNode(root, 'image', FILE_MODE, 0);
      file.node_ops = fileOperations;
      file.stream_ops = streamOperations;
      return root;
    },
  };
}

/** An empty folder to write to: everything goes to the sink. */
export function sinkFileSystem(
  FS: EmscriptenFileSystem,
  sink: Sink,
): {
  type: object;
  closeLast(): void;
} {
  // 7-Zip writes one file after the other, and sets a file's time (if it has one) after its last byte.
  let last: { readonly node: FileNode; readonly file: SinkFile } | null = null;
  const closeLast = (modified: number | null = null) => {
    const closing = last;
    last = null;
    closing?.file.close(modified);
  };
  const pathOf = (node: FileNode): string => {
    const names: string[] = [];
    for (let at = node; at.parent !== at; at = at.parent) names.unshift(at.name);
    return names.join('/');
  };
  const create = (parent: FileNode | null, name: string, mode: number): FileNode => {
    const node = FS.createNode(parent, name, mode, 0);
    node.node_ops = operations;
    node.stream_ops = streamOperations;
    return node;
  };
  const operations = {
    getattr: (node: FileNode) => attributes(node, node.size ?? 0),
    setattr(node: FileNode, wanted: Attributes) {
      if (typeof wanted.mtime !== 'number') return;
      node.modified = wanted.mtime / 1000;
      if (FS.isDir(node.mode)) sink.setFolderTime?.(pathOf(node), node.modified);
      else if (last?.node === node) closeLast(node.modified);
    },
    // Names that this run made are found in Emscripten's own table; all others do not exist.
    lookup() {
      throw new FS.ErrnoError(NO_SUCH_FILE);
    },
    mknod(parent: FileNode, name: string, mode: number) {
      const node = create(parent, name, mode);
      if (FS.isDir(mode)) sink.makeFolder?.(pathOf(node));
      return node;
    },
    unlink() {},
    rmdir() {},
    readdir: () => ['.', '..'],
  };
  const streamOperations = {
    setattr(stream: FileStream, wanted: Attributes) {
      operations.setattr(stream.node, wanted);
    },
    getattr: (stream: FileStream) => attributes(stream.node, stream.node.size ?? 0),
    open(stream: FileStream) {
      const { node } = stream;
      if (FS.isDir(node.mode)) return;
      closeLast();
      node.size = 0;
      last = { node, file: sink.openFile(pathOf(node)) };
    },
    close() {},
    llseek: (stream: FileStream, offset: number, whence: number) =>
      seek(FS, offset + (whence === 1 ? stream.position : whence === 2 ? (stream.node.size ?? 0) : 0)),
    write(stream: FileStream, memory: Int8Array, offset: number, length: number, position: number) {
      // The view is made anew each time: WebAssembly memory moves when it grows.
      const bytes = new Uint8Array(memory.buffer, memory.byteOffset + offset, length);
      if (last?.node === stream.node) last.file.write(bytes, position);
      stream.node.size = Math.max(stream.node.size ?? 0, position + length);
      return length;
    },
  };
  return { type: { mount: () => create(null, '/', FOLDER_MODE) }, closeLast };
}
