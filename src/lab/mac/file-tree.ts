import {
  chmodSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** What lies in a folder, held in memory: the lab puts the same few files into place thousands of times. */
export interface FileTree {
  readonly mode: number;
  readonly modified: Date;
  readonly entries: readonly TreeEntry[];
}

type TreeEntry = { readonly name: string } & (
  | { readonly kind: 'folder'; readonly tree: FileTree }
  | { readonly kind: 'file'; readonly mode: number; readonly modified: Date; readonly content: Buffer }
  | { readonly kind: 'link'; readonly modified: Date; readonly target: string }
);

/** @throws the system's error */
export function readTree(folder: string): FileTree {
  const { mode, mtime: modified } = lstatSync(folder);
  const entries = readdirSync(folder, { withFileTypes: true }).map((entry): TreeEntry => {
    const { name } = entry;
    const path = join(folder, name);
    if (entry.isDirectory()) return { name, kind: 'folder', tree: readTree(path) };
    const { mode, mtime: modified } = lstatSync(path);
    if (entry.isSymbolicLink()) return { name, kind: 'link', modified, target: readlinkSync(path) };
    return { name, kind: 'file', mode: mode & 0o7777, modified, content: readFileSync(path) };
  });
  return { mode: mode & 0o7777, modified, entries };
}

/**
 * Writes it as a new folder, with modes and times, all at once: a few system calls, which cost less than handing them
 * to threads.
 *
 * @throws the system's error, EEXIST where something is there
 */
export function writeTree(tree: FileTree, folder: string): void {
  mkdirSync(folder, { mode: 0o700 });
  for (const entry of tree.entries) {
    const path = join(folder, entry.name);
    if (entry.kind === 'folder') writeTree(entry.tree, path);
    else if (entry.kind === 'link') {
      symlinkSync(entry.target, path);
      lutimesSync(path, entry.modified, entry.modified);
    } else {
      writeFileSync(path, entry.content, { flag: 'wx', mode: 0o600 });
      chmodSync(path, entry.mode);
      utimesSync(path, entry.modified, entry.modified);
    }
  }
  chmodSync(folder, tree.mode);
  utimesSync(folder, tree.modified, tree.modified);
}
