import type { Stats } from 'node:fs';
import { access, constants, lstat, stat, statfs } from 'node:fs/promises';
import { systemErrorCode, UpdateError } from '../errors.ts';
import { parseInfo } from './hdiutil-output.ts';
import type { Layout } from './layout.ts';
import { findProcessesRunningFrom, readUserName } from './processes.ts';
import type { Tools } from './tools.ts';

/** Where the target lies, as far as it decides whether an update makes sense at all. */
export interface TargetPlace {
  readonly isReadOnlyVolume: boolean;
  /** Run by Gatekeeper from a random read-only place (app translocation), so that replacing it changes nothing. */
  readonly isTranslocated: boolean;
}

/**
 * @param layout of the target, which must exist
 * @throws UpdateError `app-not-found` when the target is no real directory.
 */
export async function readTargetPlace(layout: Layout, tools: Tools): Promise<TargetPlace> {
  await assertRealDirectory(layout);
  // What is translocated lies on a read-only mount as well (nullfs), but that is not what its user can act on.
  if (layout.target.includes('/AppTranslocation/')) return { isReadOnlyVolume: false, isTranslocated: true };
  const { parent, target } = layout;
  const isReadOnlyVolume =
    (await isReadOnly(parent)) || (await isReadOnly(target)) || (await isOnDiskImage(layout, tools));
  return { isReadOnlyVolume, isTranslocated: false };
}

/** Whether this user may exchange the target, or an administrator has to allow it first. */
export type Authority = 'own' | 'authorization-needed';

/**
 * Decides whose consent an install needs, without writing anything. An administrator's, where the bundle or its
 * parent cannot be written, or a copy cannot be given the bundle's owner and group (Sparkle decides alike). Root needs
 * nobody's.
 *
 * @throws UpdateError `app-not-found` when the target is no real directory, `read-only-volume`, and `not-writable`
 *   where no password helps: the app or its folder is locked (`uchg`, `schg`), is a volume of its own, or root itself
 *   may not write there.
 */
export async function readAuthority(layout: Layout): Promise<Authority> {
  const target = await assertRealDirectory(layout);
  if ((await stat(layout.parent)).dev !== target.dev) throw mounted(layout);
  const refusals = await Promise.all([refusalOf(layout.parent), refusalOf(layout.target)]);
  if (refusals.includes('EROFS')) throw onReadOnlyVolume(layout);
  // access(2) answers EPERM for what is locked, also to root, who is otherwise refused nothing.
  if (refusals.includes('EPERM')) throw locked(layout);
  const isWritable = refusals.every((refusal) => refusal === null);
  const user = process.geteuid?.() ?? 0;
  if (user === 0) {
    if (isWritable) return 'own';
    throw notWritable(layout, 'not even root may write there');
  }
  const isOwn = target.uid === user && (await mayGiveTo(target.gid, layout));
  return isOwn && isWritable ? 'own' : 'authorization-needed';
}

/** @throws UpdateError `target-in-use` while any user runs something from the target. */
export async function assertNotRunning(layout: Layout, tools: Tools): Promise<void> {
  const running = await findProcessesRunningFrom(layout.target, tools);
  if (running.length === 0) return;
  const own = process.getuid?.();
  const processes = await Promise.all(
    running.map(async (each) => ({ ...each, user: await readUserName(each.pid, tools) })),
  );
  const other = processes.find(({ uid }) => uid !== own);
  const numbers = processes.map(({ pid }) => pid).join(', ');
  const user = other === undefined ? null : (other.user ?? String(other.uid));
  const where = user === null ? '' : ` in the session of another user, ${user}`;
  const advice = user === null ? 'Quit it and try again.' : 'It has to be quit there first; then try again.';
  throw new UpdateError(
    'target-in-use',
    `${layout.target} is running${where} (process ${numbers}). Nothing was changed. ${advice}`,
    { details: { target: layout.target, processes } },
  );
}

/**
 * @param bytes needed on the target's volume
 * @throws UpdateError `disk-full`.
 */
export async function assertFreeSpace(layout: Layout, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(layout.parent);
  const free = bavail * bsize;
  if (free >= bytes) return;
  throw diskFull(layout, { needed: bytes, free });
}

export function diskFull(
  layout: Layout,
  details: Readonly<Record<string, unknown>>,
  cause?: unknown,
): UpdateError {
  return new UpdateError(
    'disk-full',
    `There is not enough free space on the volume of ${layout.target} to install the update. Nothing was changed. Free some space and try again.`,
    { details, cause },
  );
}

async function assertRealDirectory(layout: Layout): Promise<Stats> {
  const status = await lstat(layout.target).catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return null;
    throw new UpdateError('app-not-found', `${layout.target} cannot be looked at.`, { cause: error });
  });
  if (status?.isDirectory()) return status;
  const what = status === null ? 'does not exist' : status.isSymbolicLink() ? 'is a link' : 'is no app';
  throw new UpdateError(
    'app-not-found',
    `${layout.target} ${what}. Give the path of an installed .app bundle itself.`,
    { details: { target: layout.target } },
  );
}

/** access(2) answers EROFS on a volume mounted read-only, also to root. */
async function isReadOnly(folder: string): Promise<boolean> {
  return (await refusalOf(folder)) === 'EROFS';
}

/** Why this user may not write into a folder, as the system's error code; null where it may. */
async function refusalOf(folder: string): Promise<string | null> {
  return access(folder, constants.W_OK | constants.X_OK).then(
    () => null,
    (error: unknown) => systemErrorCode(error) ?? 'unknown',
  );
}

/**
 * A file can only be given to a group that its owner is in (chown(2)). Beside a target of the parent's group it has
 * that group from the start: always on macOS (open(2)), on Linux below a folder with the set-group-id bit.
 */
async function mayGiveTo(group: number, { parent }: Layout): Promise<boolean> {
  if (process.getegid?.() === group || process.getgroups?.().includes(group)) return true;
  const { gid, mode } = await stat(parent);
  return gid === group && (process.platform === 'darwin' || (mode & 0o2000) !== 0);
}

function notWritable({ target }: Layout, reason: string): UpdateError {
  return new UpdateError(
    'not-writable',
    `${target} cannot be replaced: ${reason}. Nothing was changed. Update it as its owner, or ask an administrator.`,
    { details: { target } },
  );
}

function locked({ target }: Layout): UpdateError {
  return new UpdateError(
    'not-writable',
    `${target} or its folder is locked, so not even an administrator can replace it. Nothing was changed. Take off "Locked" in the Finder's Get Info (chflags nouchg), and try again.`,
    { details: { target } },
  );
}

/** rename(2) answers EBUSY for a mount point, but only once everything was fetched and copied. */
function mounted({ target }: Layout): UpdateError {
  return new UpdateError(
    'not-writable',
    `${target} is a volume of its own, for which nothing can be exchanged. Nothing was changed. Copy the app to the Applications folder and start it from there.`,
    { details: { target } },
  );
}

function onReadOnlyVolume({ target }: Layout): UpdateError {
  return new UpdateError(
    'read-only-volume',
    `${target} lies on a volume that cannot be written to, as with an open disk image. Nothing was changed. Move the app to the Applications folder and start it from there.`,
    { details: { target } },
  );
}

/** An image may be attached writable; what is installed on it is gone with the next eject. */
async function isOnDiskImage(layout: Layout, tools: Tools): Promise<boolean> {
  const [root, target] = await Promise.all([stat('/'), stat(layout.target)]);
  if (root.dev === target.dev) return false;
  // Where hdiutil cannot be asked, the volume counts as an ordinary one: what is unknown never blocks.
  const images = await tools
    .run('hdiutil', ['info', '-plist'], { timeout: 60_000 })
    .then(({ stdout }) => parseInfo(stdout))
    .catch(() => []);
  return images.some(({ mountPoints }) =>
    mountPoints.some((mount) => `${layout.target}/`.startsWith(`${mount}/`)),
  );
}
