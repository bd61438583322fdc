import { systemErrorCode, UpdateError } from '../errors.ts';
import type { ManifestFile } from './catalog.ts';
import { type ManifestReading, readManifests } from './read-manifests.ts';
import { nothingSettled, SETTLED, settle } from './settle.ts';
import { type FolderWatch, watchFolder } from './watch-folder.ts';

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
  let read: ReadonlyMap<string, ManifestReading> = new Map();
  let settlement = nothingSettled<ManifestReading>();
  let problem: string | null = null;

  const stateOf = (): FolderState => {
    const files = [...settlement.accepted.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return { files, problem };
  };

  /** @returns whether everything has come to rest */
  const look = async (isFirst: boolean): Promise<boolean> => {
    const [before, problemBefore] = [settlement.accepted, problem];
    try {
      read = await readManifests(folder, read);
      settlement = settle(settlement, read, performance.now());
      problem = null;
    } catch (error) {
      if (isFirst) throw unreadableFolder(folder, error);
      problem = `${unreadableFolder(folder, error).message} What it offered last is still served.`;
    }
    if (problem !== problemBefore || !isSameMap(settlement.accepted, before)) onChange(stateOf());
    return problem !== null || settlement.pending.size === 0;
  };

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
