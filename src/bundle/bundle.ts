import { lstat, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode, UpdateError } from '../errors.ts';
import { parsePropertyList, stringAt } from './property-list.ts';

/** What an app bundle says of itself in `Contents/Info.plist`. Keys as in Apple's bundle documentation. */
export interface Bundle {
  readonly path: string;
  readonly bundleId: string | null;
  /** CFBundleShortVersionString, as written. */
  readonly shortVersion: string | null;
  /** CFBundleVersion, as written. */
  readonly bundleVersion: string | null;
  /** CFBundleExecutable: a file name in Contents/MacOS. */
  readonly executable: string | null;
  /** LSMinimumSystemVersion, as written. */
  readonly minimumSystemVersion: string | null;
}

const LARGEST_INFO_PLIST_BYTES = 4 * 1024 * 1024;

/**
 * Reads a bundle's Info.plist, XML or binary.
 *
 * @param path the `.app` directory
 * @throws UpdateError `app-not-found` when there is no such bundle, `payload-incompatible` when its Info.plist
 *   cannot be read.
 */
export async function readBundle(path: string): Promise<Bundle> {
  const infoPath = join(path, 'Contents', 'Info.plist');
  const bytes = await readInfoPlist(infoPath, path);
  const info = parsePropertyList(bytes, `The Info.plist of ${path}`);
  return {
    path,
    bundleId: stringAt(info, 'CFBundleIdentifier'),
    shortVersion: stringAt(info, 'CFBundleShortVersionString'),
    bundleVersion: stringAt(info, 'CFBundleVersion'),
    executable: stringAt(info, 'CFBundleExecutable'),
    minimumSystemVersion: stringAt(info, 'LSMinimumSystemVersion'),
  };
}

/** Where the main executable lies; null when the bundle names none or names a path. */
export function executablePath(bundle: Bundle): string | null {
  const name = bundle.executable;
  if (name === null || name === '' || name === '.' || name === '..' || /[/\0]/.test(name)) return null;
  return join(bundle.path, 'Contents', 'MacOS', name);
}

async function readInfoPlist(infoPath: string, bundlePath: string): Promise<Uint8Array> {
  try {
    const status = await lstat(infoPath);
    // A link on the way would make us judge another bundle than the one that gets copied.
    const isOwn = (await realpath(infoPath)) === join(await realpath(bundlePath), 'Contents', 'Info.plist');
    if (!isOwn || !status.isFile() || status.size > LARGEST_INFO_PLIST_BYTES) {
      throw new UpdateError('payload-incompatible', `${infoPath} is not a regular file of sensible size.`);
    }
    return await readFile(infoPath);
  } catch (error) {
    if (error instanceof UpdateError) throw error;
    const code = systemErrorCode(error);
    const reason =
      code === 'ENOENT' || code === 'ENOTDIR' ? 'there is no app there' : `it cannot be read (${code})`;
    throw new UpdateError(
      'app-not-found',
      `${bundlePath} is not an app that can be read: ${reason}. Give the path of a .app bundle.`,
      { cause: error, details: { path: bundlePath } },
    );
  }
}
