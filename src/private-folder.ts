import { chmod, lstat, mkdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isDiskFull, systemErrorCode, UpdateError } from './errors.ts';

const OTHERS_MAY_WRITE = 0o022;
const EVERYBODY_MAY_WRITE = 0o002;
/** In such a folder only its owner may remove or rename a file (chmod(2)). */
const STICKY = 0o1000;

/**
 * Makes `<around>/<name>` if need be, and sees that nobody else can put anything into it, or another folder in its
 * place: a real folder, ours, mode 0700, on a way that is not open to everybody.
 *
 * @param around the cache folder, made where it is missing
 * @returns its real path
 * @throws UpdateError `disk-full`, and `download-failed` where the folder is not safe or cannot be used
 */
export async function openPrivateFolder(around: string, name: string): Promise<string> {
  try {
    await mkdir(around, { recursive: true, mode: 0o700 });
    const real = await realpath(around);
    await closeToOthers(real);
    for (let way = dirname(real); way !== dirname(way); way = dirname(way)) {
      const { mode } = await lstat(way);
      const isOpen = (mode & EVERYBODY_MAY_WRITE) !== 0 && (mode & STICKY) === 0;
      if (isOpen) throw unusable(real, `everybody may put another one in its place in ${way}`);
    }
    const folder = join(real, name);
    await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
      if (systemErrorCode(error) !== 'EEXIST') throw error;
    });
    const { mode } = await assertOwn(folder);
    if ((mode & 0o077) !== 0) await chmod(folder, 0o700);
    return folder;
  } catch (error) {
    throw asFolderError(error, join(around, name));
  }
}

/** The folder around may be read by others, and may be root's; only we may put anything into it. */
async function closeToOthers(folder: string): Promise<void> {
  const { mode, uid } = await lstat(folder);
  const user = process.getuid?.() ?? uid;
  if (uid !== user && uid !== 0) throw unusable(folder, 'it belongs to another user');
  if ((mode & OTHERS_MAY_WRITE) === 0 || (mode & STICKY) !== 0) return;
  if (uid !== user) throw unusable(folder, 'other users may write there');
  await chmod(folder, mode & 0o7777 & ~OTHERS_MAY_WRITE);
}

async function assertOwn(folder: string): Promise<{ readonly mode: number }> {
  const status = await lstat(folder);
  if (!status.isDirectory()) throw unusable(folder, 'it is not a folder (links are not followed)');
  // Windows has no user ids.
  const user = process.getuid?.();
  if (user !== undefined && status.uid !== user) throw unusable(folder, 'it belongs to another user');
  return status;
}

/**
 * Every failure of a folder of ours becomes one with a name. What is not the system's is a mistake of ours and stays
 * what it is.
 */
export function asFolderError(error: unknown, folder: string): unknown {
  const code = systemErrorCode(error);
  if (error instanceof UpdateError || code === null) return error;
  if (!isDiskFull(error)) return unusable(folder, `the system says ${code}`, error);
  return new UpdateError(
    'disk-full',
    'There is not enough space for the download. Nothing was changed. Make room on the disk, then try again.',
    { cause: error, details: { folder } },
  );
}

function unusable(folder: string, reason: string, cause?: unknown): UpdateError {
  return new UpdateError(
    'download-failed',
    `The download folder ${folder} cannot be used: ${reason}. Nothing was changed. Correct the folder or choose another.`,
    { cause, details: { folder, systemCode: systemErrorCode(cause) } },
  );
}
