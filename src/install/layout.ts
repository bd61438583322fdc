import { randomBytes } from 'node:crypto';
import { readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/**
 * Names of everything that an install puts beside the target, on the target's volume (DESIGN.md section 6). All
 * start with a dot and none ends in `.app`, so that nothing shows or launches them.
 */
export interface Layout {
  /** The bundle to be replaced; its parent is a real path. */
  readonly target: string;
  readonly parent: string;
  readonly lock: string;
  /** What names of locks, journals and staging folders of this target start with. */
  readonly prefix: string;
}

export interface StagingPaths {
  readonly id: string;
  readonly folder: string;
  /** The new app before the exchange. */
  readonly newApp: string;
  /** The displaced app after the exchange. */
  readonly oldApp: string;
  readonly journal: string;
}

/** @param app path of the bundle as given; need not exist */
export async function layoutOf(app: string): Promise<Layout> {
  const given = resolve(app);
  const parent = await realpath(dirname(given)).catch(() => dirname(given));
  const name = basename(given);
  const prefix = `.${name.endsWith('.app') ? name.slice(0, -'.app'.length) : name}-update`;
  return { target: join(parent, name), parent, lock: join(parent, `${prefix}.lock`), prefix: `${prefix}-` };
}

/** Ids sort by the time they were made, which tells the newest of several journals. */
export function makeStagingId(now: Date): string {
  return `${now.getTime().toString(36).padStart(TIME_DIGITS, '0')}${randomBytes(4).toString('hex')}`;
}

/** An id that sorts after all that lie beside the target, also when the clock was set back meanwhile. */
export async function nextStagingId(layout: Layout, now: Date): Promise<string> {
  const names = await readdir(layout.parent).catch(() => []);
  const times = names
    .flatMap((name) => stagingIdOf(layout, name) ?? [])
    .map((id) => Number.parseInt(id.slice(0, TIME_DIGITS), 36));
  return makeStagingId(new Date(Math.max(now.getTime(), ...times.map((time) => time + 1))));
}

const TIME_DIGITS = 9;
const ID = /^[0-9a-z]{17}$/;

export function stagingPaths(layout: Layout, id: string): StagingPaths {
  const folder = join(layout.parent, `${layout.prefix}${id}`);
  return {
    id,
    folder,
    newApp: join(folder, 'new'),
    oldApp: join(folder, 'old'),
    journal: `${folder}.journal`,
  };
}

/** The id in the name of a staging folder or journal of this target; null for any other name. */
export function stagingIdOf(layout: Layout, fileName: string): string | null {
  if (!fileName.startsWith(layout.prefix)) return null;
  const rest = fileName.slice(layout.prefix.length);
  const id = rest.endsWith('.journal') ? rest.slice(0, -'.journal'.length) : rest;
  return ID.test(id) ? id : null;
}
