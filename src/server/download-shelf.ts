import { createHash } from 'node:crypto';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { unreadableFolder } from './manifest-folder.ts';
import { describeOpenFailure, type FileIdentity, identify, openFile } from './open-file.ts';
import type { DownloadFile } from './shelf.ts';
import { watchFolder } from './watch-folder.ts';

/** A file that may be downloaded, and which state of it was hashed. */
export interface ShelvedFile extends DownloadFile {
  readonly path: string;
  readonly identity: FileIdentity;
}

export interface ShelfState {
  readonly files: readonly ShelvedFile[];
  /** Names that no address can be made of, links, folders: they are not served. */
  readonly passedOver: readonly string[];
  readonly problem: string | null;
}

export interface DownloadShelf {
  readonly state: ShelfState;
  /** Looks now, for someone who found that a file is not as it was hashed. */
  stir(): void;
  close(): void;
}

/** GitHub's own names for assets (ANCHORS.md 5); none of them has to be escaped in an address. Hidden files are not served. */
const SERVED_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,254}$/;

const CHUNK = 256 * 1024;

/** A file is hashed when it was the same at two looks so many milliseconds apart: one that is being copied is not. */
const SETTLED = 120;

interface Hashed {
  readonly identity: FileIdentity;
  /** Null where the file cannot be read in this state. */
  readonly sha256: string | null;
}

/**
 * Knows every file of the downloads folder with its sha256, which is computed once for each state of it, in the
 * background. Until then the file is not served: half of a copy would be refused by every client.
 *
 * @param onChange called after every change, with the new state
 * @throws UpdateError `folder-unreadable` where there is no such folder at the start
 */
export async function openDownloadShelf(
  folder: string,
  onChange: (state: ShelfState) => void,
): Promise<DownloadShelf> {
  const hashes = new Map<string, Hashed>();
  let seen = new Map<string, { readonly identity: FileIdentity; readonly since: number }>();
  let state: ShelfState = { files: [], passedOver: [], problem: null };
  let hashing: Promise<void> | null = null;
  let isClosed = false;

  const update = (next: ShelfState): void => {
    const isChanged = JSON.stringify(next) !== JSON.stringify(state);
    state = next;
    if (isChanged && !isClosed) onChange(state);
  };

  const look = async (isFirst: boolean): Promise<void> => {
    let listing: Listing;
    try {
      listing = await list(folder);
    } catch (error) {
      if (isFirst) throw unreadableFolder(folder, error);
      return update({ ...state, problem: unreadableFolder(folder, error).message });
    }
    const now = performance.now();
    const isSeenBefore = (name: string, identity: FileIdentity): boolean =>
      seen.get(name)?.identity === identity;
    seen = new Map(
      listing.files.map(({ name, identity }) => {
        const since = isSeenBefore(name, identity) ? (seen.get(name)?.since ?? now) : now;
        return [name, { identity, since }];
      }),
    );
    for (const name of hashes.keys()) if (!seen.has(name)) hashes.delete(name);
    const isUnreadable = ({ name, identity }: Listed): boolean =>
      hashes.get(name)?.identity === identity && hashes.get(name)?.sha256 === null;
    const readable = listing.files.filter((file) => !isUnreadable(file));
    const files = readable.map((file) => {
      const hashed = hashes.get(file.name);
      return { ...file, sha256: hashed?.identity === file.identity ? hashed.sha256 : null };
    });
    const unreadable = listing.files.filter(isUnreadable).map(({ name }) => name);
    update({ files, passedOver: [...listing.passedOver, ...unreadable].sort(), problem: null });
    const waiting = files.filter(({ sha256 }) => sha256 === null);
    const isAtRest = ({ name }: ShelvedFile): boolean =>
      isFirst || now - (seen.get(name)?.since ?? now) >= SETTLED;
    if (waiting.length > 0 && hashing === null) {
      hashing = hashAll(waiting.filter(isAtRest)).finally(() => {
        hashing = null;
      });
      if (!isFirst) watching.stir(SETTLED + 1);
    }
  };

  const hashAll = async (files: readonly ShelvedFile[]): Promise<void> => {
    for (const { name, path, identity } of files) {
      if (isClosed) return;
      const sha256 = await hashFile(path, identity, () => isClosed);
      if (sha256 === 'changed') continue;
      hashes.set(name, { identity, sha256 });
      const isThis = (file: ShelvedFile): boolean => file.name === name && file.identity === identity;
      update({ ...state, files: state.files.map((file) => (isThis(file) ? { ...file, sha256 } : file)) });
    }
    if (files.length > 0) watching.stir();
  };

  const watching = watchFolder(folder, () => look(false));
  try {
    await look(true);
  } catch (error) {
    watching.close();
    throw error;
  }
  return {
    get state() {
      return state;
    },
    stir: () => watching.stir(),
    close: () => {
      isClosed = true;
      watching.close();
    },
  };
}

type Listed = Omit<ShelvedFile, 'sha256'>;

interface Listing {
  readonly files: readonly Listed[];
  readonly passedOver: readonly string[];
}

async function list(folder: string): Promise<Listing> {
  const files: Listed[] = [];
  const passedOver: string[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const path = join(folder, name);
    const status = await lstat(path, { bigint: true }).catch(() => null);
    if (status === null || name.startsWith('.')) continue;
    if (!status.isFile() || !SERVED_NAME.test(name)) passedOver.push(name);
    else {
      const modified = new Date(Number(status.mtimeMs));
      files.push({ name, path, size: Number(status.size), modified, identity: identify(status) });
    }
  }
  return { files, passedOver };
}

/** `changed` where the file is not, or no longer, in the state that was asked for; null where it cannot be read. */
async function hashFile(
  path: string,
  identity: FileIdentity,
  isCancelled: () => boolean,
): Promise<string | 'changed' | null> {
  try {
    const file = await openFile(path);
    try {
      if (file.identity !== identity) return 'changed';
      const hash = createHash('sha256');
      const buffer = Buffer.allocUnsafe(CHUNK);
      while (!isCancelled()) {
        const { bytesRead } = await file.handle.read(buffer, 0, CHUNK);
        if (bytesRead === 0) break;
        hash.update(buffer.subarray(0, bytesRead));
      }
      const after = identify(await file.handle.stat({ bigint: true }));
      return after === identity && !isCancelled() ? hash.digest('hex') : 'changed';
    } finally {
      await file.handle.close();
    }
  } catch (error) {
    // Gone meanwhile: the next look at the folder says so.
    return describeOpenFailure(error) === null ? 'changed' : null;
  }
}
