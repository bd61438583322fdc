import { systemErrorCode, UpdateError } from '../errors.ts';
import type { ManifestFile } from './catalog.ts';
import { type ManifestReading, readManifests } from './read-manifests.ts';
import { type FolderWatch, watchFolder } from './watch-folder.ts';

/** A change is believed once it was seen twice, this many milliseconds apart. */
const SETTLED = 60;
/** A file that is gone, or that may be half written, is given this long: it may be on its way. */
const DOUBTFUL = 350;
/** Looks at the folder before the first state is given. */
const LONGEST_START = 20;

export interface FolderState {
  readonly files: readonly ManifestFile[];
  /** What is wrong with the folder itself, as a sentence; then `files` are those of before. */
  readonly problem: string | null;
}

export interface ManifestFolder {
  readonly state: FolderState;
  close(): void;
}

interface Pending {
  /** Empty where the file is gone. */
  readonly identity: string;
  readonly since: number;
}

/**
 * Reads the manifests of a folder and goes on doing so whenever they change. A file that is being written, or is gone
 * for a moment between two names, is not seen in that state: it stays as it was until it has settled.
 *
 * @param onChange called after every change, with the new state
 * @throws UpdateError `folder-unreadable` where there is no such folder at the start
 */
export async function openManifestFolder(
  folder: string,
  onChange: (state: FolderState) => void,
): Promise<ManifestFolder> {
  let accepted: ReadonlyMap<string, ManifestReading> = new Map();
  let read: ReadonlyMap<string, ManifestReading> = new Map();
  let pending: ReadonlyMap<string, Pending> = new Map();
  let problem: string | null = null;

  const look = async (isFirst: boolean): Promise<boolean> => {
    let problemNow: string | null = null;
    try {
      read = await readManifests(folder, read);
    } catch (error) {
      if (isFirst) throw unreadableFolder(folder, error);
      problemNow = `${unreadableFolder(folder, error).message} What it offered last is still served.`;
    }
    const now = performance.now();
    const settled = new Map(accepted);
    const waiting = new Map<string, Pending>();
    const names = problemNow === null ? new Set([...accepted.keys(), ...read.keys()]) : [];
    for (const name of names) {
      const found = read.get(name) ?? null;
      const identity = found?.identity ?? '';
      if (identity === (accepted.get(name)?.identity ?? '')) continue;
      const before = pending.get(name);
      const since = before?.identity === identity ? before.since : now;
      if (now - since >= (found?.isWhole ? SETTLED : DOUBTFUL)) {
        if (found === null) settled.delete(name);
        else settled.set(name, found);
      } else waiting.set(name, { identity, since });
    }
    pending = waiting;
    const isChanged = problemNow !== problem || !isSameMap(settled, accepted);
    accepted = settled;
    problem = problemNow;
    if (isChanged) onChange(stateOf());
    return waiting.size === 0;
  };

  const stateOf = (): FolderState => ({
    files: [...accepted.keys()].sort().flatMap((name) => accepted.get(name) ?? []),
    problem,
  });

  // A file that never comes to rest must not keep the server from starting.
  for (let round = 0; round < LONGEST_START && !(await look(round === 0)); round += 1) {
    await new Promise((resolve) => setTimeout(resolve, SETTLED + 1));
  }
  const watching: FolderWatch = watchFolder(folder, async () => {
    if (!(await look(false))) watching.stir(SETTLED + 1);
  });
  return {
    get state() {
      return stateOf();
    },
    close: () => watching.close(),
  };
}

function isSameMap(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}

export function unreadableFolder(folder: string, error: unknown): UpdateError {
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'There is no such folder.',
    ENOTDIR: 'It is not a folder.',
    EACCES: 'The server may not read it.',
  };
  const code = systemErrorCode(error) ?? '';
  return new UpdateError(
    'folder-unreadable',
    `The folder ${folder} cannot be read. ${reasons[code] ?? `(${code})`} Check the path and the rights of the server's user.`,
    { details: { path: folder }, cause: error },
  );
}
