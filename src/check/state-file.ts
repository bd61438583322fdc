import { constants, type Stats } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeDurably } from '../durable.ts';
import { systemErrorCode } from '../errors.ts';

/** A sentence for the log: something under the state folder could not be used, and what follows from it. */
export type StateWarning = string;

/** What is kept on disk is small; a file above this was not written by us. */
const MAXIMUM_BYTES = 1024 * 1024;

const NOT_OURS = 'not ours alone';

/**
 * Reads a JSON file of the client's state. Missing: undefined without a warning. Damaged, too large, a link or
 * unreadable: undefined with a warning, since state that is lost must never stop an update.
 */
export async function readStateFile(
  path: string,
): Promise<{ readonly value: unknown; readonly warnings: readonly StateWarning[] }> {
  try {
    return { value: JSON.parse(await readStateText(path)), warnings: [] };
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return { value: undefined, warnings: [] };
    const reason =
      systemErrorCode(error) ??
      (error instanceof TypeError && error.message === NOT_OURS ? NOT_OURS : 'damaged');
    return { value: undefined, warnings: [`${path} could not be read (${reason}) and counts as empty.`] };
  }
}

/** Writes a JSON file of the client's state so that a crash leaves the old or the new one. */
export async function writeStateFile(path: string, value: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeDurably(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** Keeps a damaged file for whoever looks into it, out of the way of the next write. */
export async function setDamagedFileAside(path: string): Promise<void> {
  try {
    await rename(path, `${path}.damaged`);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  }
}

function isOurs({ uid, mode }: Stats): boolean {
  // Windows has no user ids.
  const user = process.getuid?.();
  return user === undefined || ((uid === user || uid === 0) && (mode & 0o022) === 0);
}

/** The text of a small regular file that is no link, and that nobody else can write. */
export async function readStateText(path: string): Promise<string> {
  // Without O_NONBLOCK opening a pipe that somebody put there would wait for ever.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const status = await file.stat();
    if (!status.isFile() || status.size > MAXIMUM_BYTES) throw new TypeError('not a small file');
    // What others could have written would be believed like our own: a manifest that "did not change", an id.
    if (!isOurs(status)) throw new TypeError(NOT_OURS);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
