import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { UpdateError } from '../../errors.ts';
import {
  type ManifestFile,
  type ManifestShelf,
  readManifestFolder,
  removeLeftovers,
  writeManifestFiles,
} from './manifest-folder.ts';
import { type LockOptions, withManifestLock } from './manifest-lock.ts';
import { WorkTree } from './push.ts';

export interface ManifestFolderOptions extends LockOptions {
  readonly folder: string;
  /** Whether to commit and push what changes (`--push`). */
  readonly push: boolean;
  /** Decides and changes nothing, neither in the folder nor in Git, nor takes the lock. */
  readonly isDryRun?: boolean;
}

/** What is to become of the folder, decided from what it holds. */
export interface ManifestChange {
  /** To be written in this order; empty where all is as it should be. */
  readonly files: readonly ManifestFile[];
  /** Of the commit. */
  readonly message: string;
  /** What a person should know, e.g. why nothing changes. */
  readonly remarks: readonly string[];
}

export interface ChangeOutcome<Change extends ManifestChange> {
  readonly change: Change;
  /** Paths of the files that were written; with `isDryRun` of those that would be. */
  readonly written: readonly string[];
  readonly isPushed: boolean;
}

/** Each refused push means that somebody else got through, so as many publishers as this may race. */
const ATTEMPTS = 20;
/** Milliseconds; somewhere in between, so that those who were refused together do not come back together. */
const PAUSE = [50, 500] as const;

/**
 * The one way in which commands change manifests: under the folder's lock read, decide, write, push. With `push` the
 * folder is first brought up to date; when somebody else pushed meanwhile, it is all done again.
 *
 * @param decide may be called several times; what it throws ends the run with nothing changed
 * @throws UpdateError `manifest-conflict`, `usage`, `not-writable`, `disk-full`, `cancelled`, and what `decide` throws
 */
export async function changeManifests<Change extends ManifestChange>(
  options: ManifestFolderOptions,
  decide: (shelf: ManifestShelf) => Change | Promise<Change>,
): Promise<ChangeOutcome<Change>> {
  const { folder, isDryRun = false } = options;
  if (isDryRun) {
    const change = await decide(await readManifestFolder(folder));
    const written = change.files.map(({ name }) => join(folder, name));
    return { change, written, isPushed: false };
  }
  return withManifestLock(folder, options, async () => {
    await removeLeftovers(folder);
    if (options.push) return changeAndPush(options, decide);
    const shelf = await readManifestFolder(folder);
    const change = await decide(shelf);
    return { change, written: await write(shelf, change), isPushed: false };
  });
}

/**
 * Reads the folder, with `push` after it was brought up to date.
 *
 * @throws UpdateError `manifest-conflict`, `usage`, `not-writable`, `cancelled`
 */
export async function readManifests(options: ManifestFolderOptions): Promise<ManifestShelf> {
  const { folder, reporter, signal } = options;
  if (!options.push || options.isDryRun === true) return readManifestFolder(folder);
  return withManifestLock(folder, options, async () => {
    await removeLeftovers(folder);
    await (await WorkTree.open(folder, reporter, signal)).update();
    return readManifestFolder(folder);
  });
}

async function changeAndPush<Change extends ManifestChange>(
  { folder, reporter, signal }: ManifestFolderOptions,
  decide: (shelf: ManifestShelf) => Change | Promise<Change>,
): Promise<ChangeOutcome<Change>> {
  const tree = await WorkTree.open(folder, reporter, signal);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    await tree.update();
    const shelf = await readManifestFolder(folder);
    const change = await decide(shelf);
    if (change.files.length === 0) return { change, written: [], isPushed: false };
    const commit = await tree.push(change.files, change.message);
    if (commit !== null) {
      const written = await write(shelf, change);
      await tree.adopt(commit, change.files);
      return { change, written, isPushed: true };
    }
    reporter.step('retry', 'Somebody else pushed meanwhile: reading the manifests again');
    const [least, most] = PAUSE;
    await wait(least + Math.random() * (most - least));
  }
  throw new UpdateError(
    'manifest-conflict',
    `The manifests in ${folder} were not changed: ${ATTEMPTS} times somebody else pushed first. Run this again when it is quieter.`,
    { details: { folder } },
  );
}

async function write(shelf: ManifestShelf, { files }: ManifestChange): Promise<readonly string[]> {
  const names = await writeManifestFiles(shelf, files);
  return names.map((name) => join(shelf.folder, name));
}
