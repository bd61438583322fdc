import type { FileIdentity } from './open-file.ts';

/** Milliseconds: a change is believed once it was seen twice, this far apart. */
export const SETTLED = 60;
/** A file that is gone, or that may be half written, is given this long: it may be on its way. */
export const DOUBTFUL = 350;

interface Reading {
  readonly identity: FileIdentity;
  /** False where the file may be half written. */
  readonly isWhole: boolean;
}

/** A change that was seen and is not believed yet. */
interface Pending {
  /** Null where the file is gone. */
  readonly identity: FileIdentity | null;
  readonly since: number;
}

export interface Settlement<File extends Reading> {
  /** The files as they are believed to be, by name. */
  readonly accepted: ReadonlyMap<string, File>;
  /** Not empty: look again after `SETTLED`. */
  readonly pending: ReadonlyMap<string, Pending>;
}

/** Before the first look. */
export function nothingSettled<File extends Reading>(): Settlement<File> {
  return { accepted: new Map(), pending: new Map() };
}

/**
 * What is to be believed after one more look at a folder. A file that is being written, or is gone for a moment between
 * two names, stays as it was until it has come to rest. Pure.
 *
 * @param found what the folder holds now
 * @param now milliseconds on any clock that does not go back
 */
export function settle<File extends Reading>(
  before: Settlement<File>,
  found: ReadonlyMap<string, File>,
  now: number,
): Settlement<File> {
  const accepted = new Map(before.accepted);
  const pending = new Map<string, Pending>();
  for (const name of new Set([...accepted.keys(), ...found.keys()])) {
    const file = found.get(name);
    const identity = file?.identity ?? null;
    if (identity === (accepted.get(name)?.identity ?? null)) continue;
    const known = before.pending.get(name);
    const since = known?.identity === identity ? known.since : now;
    if (now - since < (file?.isWhole ? SETTLED : DOUBTFUL)) pending.set(name, { identity, since });
    else if (file === undefined) accepted.delete(name);
    else accepted.set(name, file);
  }
  return { accepted, pending };
}
