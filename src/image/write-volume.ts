import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  futimesSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type Volume, type VolumeEntry, writeAll, writeFailure } from './image-volume.ts';
import type { Sink, SinkFile } from './seven-zip-files.ts';
import { assertClean, INPUT, runSevenZip, unreadable } from './seven-zip-module.ts';

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * Writes the tree of a volume into an empty folder. Nothing can be written outside of it, whatever the image
 * holds: folders are made here, files only where nothing was, links last of all and by their own bytes.
 *
 * @param folder existing and empty; private, as it holds the image's modes
 * @throws UpdateError `image-unreadable`, `disk-full`
 */
export async function writeVolume(path: string, volume: Volume, folder: string): Promise<void> {
  const writer = new TreeWriter(path, volume, folder);
  try {
    const run = await runSevenZip(['x', '-y', '-bd', '-snl-', '-sns-', '-o/out', INPUT], volume.slice, {
      sink: writer.sink(),
    });
    assertClean(run, path);
    writer.linkHardLinks();
    await writeLinks(path, volume, writer);
    writer.finishFolders();
  } catch (error) {
    throw writeFailure(path, error);
  }
}

interface PlacedEntry {
  readonly entry: VolumeEntry;
  readonly target: string;
  readonly sevenZipPath: string;
  modified: number | null;
}

class TreeWriter {
  readonly #path: string;
  readonly #volume: Volume;
  readonly #folder: string;
  /** Holds the files that all names of a file lead to, until they do. */
  readonly #hidden: string;
  readonly #made = new Set<string>();
  readonly #files: PlacedEntry[] = [];
  /** Folders as 7-Zip names them, by their printed form: exact names and times come from here. */
  readonly #seenFolders = new Map<string, { readonly path: string; modified: number | null }[]>();

  constructor(path: string, volume: Volume, folder: string) {
    this.#path = path;
    this.#volume = volume;
    this.#folder = folder;
    this.#hidden = join(folder, `.hard-links-${randomUUID()}`);
  }

  sink(): Sink {
    const contents = this.#volume.entries.filter((entry) => entry.kind !== 'folder');
    let next = 0;
    return {
      openFile: (sevenZipPath) => {
        const entry = contents[next];
        next += 1;
        if (entry === undefined || !isPrintedAs(sevenZipPath, entry.printed, this.#volume))
          throw unreadable(this.#path, 'its listing and its contents disagree');
        return this.#openEntry(entry, sevenZipPath);
      },
      makeFolder: (sevenZipPath) => {
        const key = normalize(sevenZipPath);
        const others = this.#seenFolders.get(key) ?? [];
        this.#seenFolders.set(key, [...others, { path: sevenZipPath, modified: null }]);
      },
      setFolderTime: (sevenZipPath, modified) => {
        const seen = this.#seenFolders.get(normalize(sevenZipPath));
        for (const folder of seen ?? []) if (folder.path === sevenZipPath) folder.modified = modified;
      },
    };
  }

  links(): readonly PlacedEntry[] {
    return this.#files.filter(({ entry }) => entry.kind === 'link');
  }

  writeLink(link: PlacedEntry, destination: string): void {
    this.#makeParents(link.target);
    symlinkSync(destination, link.target);
    if (link.modified !== null) lutimesSync(link.target, link.modified, link.modified);
  }

  /** Gives all names of one file the same file: the hidden one of HFS Plus, else the first that was written. */
  linkHardLinks(): void {
    const firsts = new Map<string, PlacedEntry>();
    const named = this.#files.filter(({ entry }) => entry.hardLink !== null && entry.kind === 'file');
    for (const placed of named)
      if (placed.entry.isHardLinkTarget) firsts.set(placed.entry.hardLink ?? '', placed);
    for (const placed of named) {
      const key = placed.entry.hardLink ?? '';
      const first = firsts.get(key);
      if (first === undefined) firsts.set(key, placed);
      else if (!placed.entry.isHidden) {
        unlinkSync(placed.target);
        linkSync(first.target, placed.target);
      }
    }
    rmSync(this.#hidden, { recursive: true, force: true });
  }

  /** Makes the folders that hold nothing, and gives all of them their modes and times, the deepest first. */
  finishFolders(): void {
    const folders = this.#volume.entries
      .filter((entry) => entry.kind === 'folder' && !entry.isHidden)
      .map((entry) => {
        const seen = this.#seenFolders.get(normalize(entry.printed))?.shift();
        const target = this.#targetOf(entry, seen?.path ?? entry.printed);
        this.#makeParents(join(target, 'x'));
        return { target, mode: entry.mode ?? 0o755, modified: seen?.modified ?? null };
      });
    const { mode, modified } = this.#volume.root;
    const root = { target: this.#folder, mode: mode ?? 0o755, modified };
    for (const folder of [root, ...folders].sort((a, b) => b.target.length - a.target.length)) {
      if (folder.modified !== null) utimesSync(folder.target, folder.modified, folder.modified);
      chmodSync(folder.target, folder.mode);
    }
  }

  #openEntry(entry: VolumeEntry, sevenZipPath: string): SinkFile {
    const isWritten = entry.kind === 'file' && (!entry.isHidden || entry.isHardLinkTarget);
    const target = entry.isHidden
      ? join(this.#hidden, entry.hardLink ?? 'nothing')
      : this.#targetOf(entry, sevenZipPath);
    const placed: PlacedEntry = { entry, target, sevenZipPath, modified: null };
    this.#files.push(placed);
    if (!isWritten)
      return {
        write: () => undefined,
        close: (modified) => {
          placed.modified = modified;
        },
      };
    this.#makeParents(target);
    const descriptor = openSync(target, NEW_FILE, 0o600);
    return {
      write: (bytes, position) => writeAll(descriptor, bytes, position),
      close: (modified) => {
        placed.modified = modified;
        try {
          fchmodSync(descriptor, entry.mode ?? 0o644);
          if (modified !== null) futimesSync(descriptor, modified, modified);
        } finally {
          closeSync(descriptor);
        }
      },
    };
  }

  #targetOf(entry: VolumeEntry, sevenZipPath: string): string {
    const path = entry.path ?? sevenZipPath.slice(this.#volume.prefix.length);
    const names = path.split('/');
    if (names.some((name) => name === '' || name === '.' || name === '..' || name.includes('\0')))
      throw unreadable(this.#path, 'it holds a name that no file can have');
    return join(this.#folder, ...names);
  }

  /** Every folder below the root is made here and nowhere else, so that none of them can be a link. */
  #makeParents(target: string): void {
    const parent = dirname(target);
    if (parent === this.#folder || this.#made.has(parent)) return;
    this.#makeParents(parent);
    mkdirSync(parent, { mode: 0o700 });
    this.#made.add(parent);
  }
}

/** 7-Zip keeps link targets to itself, so their bytes are asked for in a second pass over the links alone. */
async function writeLinks(path: string, volume: Volume, writer: TreeWriter): Promise<void> {
  const links = writer.links();
  const all = links.filter(({ entry }) => !entry.isHidden);
  if (all.length === 0) return;
  const names = links.map((link) => `-i!${link.sevenZipPath}`);
  const run = await runSevenZip(['x', '-so', '-bd', '-spd', '-sns-', INPUT, ...names], volume.slice, {
    binaryOutput: true,
  });
  assertClean(run, path);
  let at = 0;
  for (const link of links) {
    const destination = run.bytes.subarray(at, at + link.entry.size);
    at += link.entry.size;
    if (destination.length !== link.entry.size || destination.length === 0 || destination.includes(0))
      throw unreadable(path, 'a link in it is damaged');
    if (!link.entry.isHidden) writer.writeLink(link, destination.toString('utf8'));
  }
  if (at !== run.bytes.length) throw unreadable(path, 'a link in it is damaged');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those are what 7-Zip replaces
const CONTROL = /[\u0000-\u001f\u007f]/g;

function normalize(path: string): string {
  return path.replaceAll(CONTROL, '_').toWellFormed();
}

function isPrintedAs(sevenZipPath: string, printed: string, volume: Volume): boolean {
  return normalize(sevenZipPath) === normalize(printed) && sevenZipPath.startsWith(volume.prefix);
}
