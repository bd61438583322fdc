import { createHash, randomBytes } from 'node:crypto';
import { lstat, readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/**
 * Names of everything that an install puts beside the target, on the target's volume (DESIGN.md section 6). All
 * start with a dot and none ends in `.app`, so that nothing shows or launches them.
 */
export interface Layout {
  /** The bundle to be replaced, spelled as it lies on disk; its parent is a real path. */
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
  const name = await findSpelling(parent, basename(given));
  const prefix = `.${stemOf(name)}-update`;
  return { target: join(parent, name), parent, lock: join(parent, `${prefix}.lock`), prefix: `${prefix}-` };
}

/**
 * The name as the volume has it. Volumes of macOS find `nexy.app` and a name in another Unicode form as well, but
 * list it, and show it in ps(1), as it was once written. Where the app itself is gone, since a crash cut an install
 * off, the journal beside it tells.
 */
async function findSpelling(parent: string, given: string): Promise<string> {
  const names = await readdir(parent).catch((): string[] => []);
  if (names.includes(given)) return given;
  const similar = names.filter((name) => fold(name) === fold(given));
  for (const name of similar) if (await isOneEntry(parent, name, given)) return name;
  const stem = given.replace(/\.app$/i, '');
  for (const name of names) {
    const [, spelled = '', rest = ''] = JOURNAL.exec(name) ?? [];
    const isSimilar = spelled !== stem && fold(spelled) === fold(stem);
    if (isSimilar && (await isOneEntry(parent, name, `.${stem}${rest}`))) return `${spelled}${SUFFIX}`;
  }
  return given;
}

async function isOneEntry(parent: string, first: string, second: string): Promise<boolean> {
  const [one, other] = await Promise.all(
    [first, second].map((name) => lstat(join(parent, name)).catch(() => null)),
  );
  return one != null && other != null && one.ino === other.ino && one.dev === other.dev;
}

function fold(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

const JOURNAL = /^\.(.+)(-update-[0-9a-z]{17}\.journal)$/s;
const SUFFIX = '.app';
/** `.`, `-update-`, the id and `.journal` take 34 bytes of the 255 that a name may have. */
const LONGEST_STEM = 220;

/**
 * What stands for the target in the names beside it: its name without `.app`. One that would be too long, or has no
 * `.app` to lose (so that `Nexy` and `Nexy.app` can lie side by side), is told apart by a digest.
 */
function stemOf(name: string): string {
  const stem = name.endsWith(SUFFIX) ? name.slice(0, -SUFFIX.length) : name;
  if (stem !== name && Buffer.byteLength(stem) <= LONGEST_STEM) return stem;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 16);
  let start = stem;
  while (Buffer.byteLength(start) > LONGEST_STEM - digest.length - 1)
    start = [...start].slice(0, -1).join('');
  return `${start}-${digest}`;
}

/** Ids sort by the time they were made, which tells the newest of several journals. */
export function makeStagingId(now: Date): string {
  // A clock may say anything; the id has to keep its form.
  const time = Math.min(Math.max(now.getTime() || 0, 0), LAST_TIME);
  return `${time.toString(36).padStart(TIME_DIGITS, '0')}${randomBytes(4).toString('hex')}`;
}

/** An id that sorts after all that lie beside the target, also when the clock was set back meanwhile. */
export async function nextStagingId(layout: Layout, now: Date): Promise<string> {
  const names = await readdir(layout.parent).catch(() => []);
  const times = names
    .flatMap((name) => stagingIdOf(layout, name) ?? [])
    .map((id) => Number.parseInt(id.slice(0, TIME_DIGITS), 36));
  return makeStagingId(new Date(Math.max(now.getTime() || 0, ...times.map((time) => time + 1))));
}

const TIME_DIGITS = 9;
/** In the year 5188. */
const LAST_TIME = 36 ** TIME_DIGITS - 1;
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
