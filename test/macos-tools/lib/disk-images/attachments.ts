/**
 * What is attached, kept as one small file for each image in a private folder. Any process of these doubles may
 * be killed at any moment: every change is one rename or link, and whatever a dead process left half done is
 * undone by the next call.
 */
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { stateFolder } from '../state-folder.ts';

export interface Entity {
  readonly hint: string;
  readonly rawHint: string;
  readonly device: string;
  readonly isMountable: boolean;
  readonly volumeKind: 'hfs' | 'apfs' | null;
}

export interface Attachment {
  readonly number: number;
  /** The disk that APFS makes of its container, or null. */
  readonly synthesized: number | null;
  readonly image: { readonly path: string; readonly device: number; readonly inode: number };
  readonly owner: { readonly pid: number; readonly started: string };
  readonly phase: 'attaching' | 'attached' | 'detaching';
  /** Where the volume's tree is shown, or null when it is attached without being mounted. */
  readonly mountPoint: string | null;
  /** The mount point was there before, so it stays when the image goes. */
  readonly keepsMountPoint: boolean;
  /** Where the tree lies before it is shown, and while it is removed. */
  readonly workFolder: string | null;
  readonly entities: readonly Entity[];
  readonly blocks: number;
  readonly imageType: string;
}

/** All attached images, after clearing away what dead processes left half done. */
export function listAttachments(): readonly Attachment[] {
  return readAll().filter((attachment) => {
    if (attachment.phase !== 'attached' && !isAlive(attachment.owner)) return settle(attachment);
    // Somebody removed the mounted folder: then nothing is attached either.
    if (
      attachment.phase === 'attached' &&
      attachment.mountPoint !== null &&
      !isFolder(attachment.mountPoint)
    ) {
      forget(attachment);
      return false;
    }
    return true;
  });
}

/**
 * Takes a disk number (and a second one for an APFS container).
 *
 * @returns null when another process is attaching, or has just attached, the same image
 */
export function claim(describe: (number: number, synthesized: number) => Attachment): Attachment | null {
  const folder = stateFolder();
  const temporary = join(folder, `new-${process.pid}`);
  for (let number = nextNumber(); ; number += 1) {
    const attachment = describe(number, number + 1);
    writeFileSync(temporary, JSON.stringify(attachment), { mode: 0o600 });
    try {
      linkSync(temporary, recordPath(number));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') continue;
      throw error;
    } finally {
      rmSync(temporary, { force: true });
    }
    writeFileSync(join(folder, 'last'), String(attachment.synthesized ?? number), { mode: 0o600 });
    // One that was quicker may be done already.
    const rival = listAttachments().find(
      (other) => other.number < number && other.phase !== 'detaching' && isSameImage(other, attachment),
    );
    if (rival === undefined) return attachment;
    forget(attachment);
    return null;
  }
}

export function update(attachment: Attachment): void {
  const temporary = join(stateFolder(), `change-${process.pid}`);
  writeFileSync(temporary, JSON.stringify(attachment), { mode: 0o600 });
  renameSync(temporary, recordPath(attachment.number));
}

function forget(attachment: Attachment): void {
  rmSync(recordPath(attachment.number), { force: true });
}

/** Takes the tree out of sight in one step, then removes it. */
export function remove(attachment: Attachment): void {
  const { mountPoint, workFolder } = attachment;
  if (mountPoint !== null && workFolder !== null && isFolder(mountPoint)) {
    removeTree(workFolder);
    renameSync(mountPoint, workFolder);
  }
  if (mountPoint !== null && attachment.keepsMountPoint) mkdirSync(mountPoint, { recursive: true });
  if (workFolder !== null) removeTree(workFolder);
  forget(attachment);
}

export function isSameImage(a: Pick<Attachment, 'image'>, b: Pick<Attachment, 'image'>): boolean {
  return a.image.device === b.image.device && a.image.inode === b.image.inode;
}

/** This process, told apart from later ones with the same number. */
export function currentOwner(): Attachment['owner'] {
  return { pid: process.pid, started: startOf(process.pid) ?? '' };
}

/** Removes a tree whatever modes the image gave to its folders. */
function removeTree(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    makeWritable(folder);
    rmSync(folder, { recursive: true, force: true });
  }
}

function makeWritable(folder: string): void {
  chmodSync(folder, 0o700);
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) makeWritable(join(folder, entry.name));
}

/** Finishes or undoes what a dead process began. Returns whether the image is attached then. */
function settle(attachment: Attachment): boolean {
  const { phase, mountPoint, workFolder } = attachment;
  const isShown =
    phase === 'attaching' && workFolder !== null && !isFolder(workFolder) && isShownAt(attachment);
  if (isShown) {
    update({ ...attachment, phase: 'attached' });
    return true;
  }
  if (phase === 'attaching') {
    if (workFolder !== null) removeTree(workFolder);
    // Only a folder that holds nothing: the tree comes there by one rename.
    if (mountPoint !== null && !attachment.keepsMountPoint) removeEmpty(mountPoint);
    forget(attachment);
  } else remove(attachment);
  return false;
}

function isShownAt(attachment: Attachment): boolean {
  const { mountPoint } = attachment;
  if (mountPoint === null || !isFolder(mountPoint)) return false;
  return !attachment.keepsMountPoint || readdirSync(mountPoint).length > 0;
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Not there, or not empty: then it is not ours.
  }
}

function readAll(): readonly Attachment[] {
  const folder = stateFolder();
  return readdirSync(folder)
    .flatMap((name) => {
      const writer = /^(?:new|change)-(\d+)$/.exec(name)?.[1];
      if (writer !== undefined && startOf(Number(writer)) === null)
        rmSync(join(folder, name), { force: true });
      if (!/^disk\d+\.json$/.test(name)) return [];
      try {
        return [JSON.parse(readFileSync(join(folder, name), 'utf8')) as Attachment];
      } catch {
        return [];
      }
    })
    .sort((a, b) => a.number - b.number);
}

/** Numbers are not used again soon: a slow clean-up can then never hit a newer image of the same number. */
function nextNumber(): number {
  const folder = stateFolder();
  let last = 3;
  try {
    last = Math.max(last, Number(readFileSync(join(folder, 'last'), 'utf8')) || 0);
  } catch {
    // Nothing was attached yet.
  }
  for (const { number, synthesized } of readAll()) last = Math.max(last, number, synthesized ?? 0);
  return last + 1;
}

function recordPath(number: number): string {
  return join(stateFolder(), `disk${number}.json`);
}

function isFolder(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return false;
  }
}

function isAlive(owner: Attachment['owner']): boolean {
  return (startOf(owner.pid) ?? '') === owner.started;
}

/** When a process started, in the system's own words, or null when there is none (proc(5), field 22). */
function startOf(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

/** Folder beside a mount point in which a tree is prepared and removed. */
export function workFolderFor(mountPoint: string): string {
  const mark = Math.random().toString(36).slice(2, 10);
  return join(dirname(mountPoint), `.disk-image-${process.pid}-${mark}`);
}
