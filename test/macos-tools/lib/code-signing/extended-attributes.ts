import { createRequire } from 'node:module';

type GetAttribute = (path: string, name: string, value: Buffer | null, size: number) => number;
type SetAttribute = (path: string, name: string, value: Buffer, size: number, flags: number) => number;

/** A value of Apple's that Linux keeps under `user.`, the only name space that users may write. */
const PREFIX = 'user.';
let getAttribute: GetAttribute | null = null;

/**
 * Reads an extended attribute, without following a link.
 *
 * @param name Apple's name, e.g. `com.apple.quarantine`
 * @returns null where it is not there, or where the file system has no such attributes
 */
export function readAttribute(path: string, name: string): Buffer | null {
  if (process.platform !== 'linux') return null;
  getAttribute ??= loadFunction(
    'int64_t lgetxattr(const char *path, const char *name, _Out_ void *value, size_t size)',
  ) as GetAttribute;
  const size = getAttribute(path, PREFIX + name, null, 0);
  if (size < 0) return null;
  const value = Buffer.alloc(size);
  const length = getAttribute(path, PREFIX + name, value, size);
  return length < 0 ? null : value.subarray(0, length);
}

/** Attributes that must not hang on signed code: what is in them is not sealed. */
const SIDEBAND = ['com.apple.FinderInfo', 'com.apple.ResourceFork'];

/** Name of an attribute on a file that a signature cannot cover, or null. */
export function sidebandOf(path: string): string | null {
  return SIDEBAND.find((name) => readAttribute(path, name) !== null) ?? null;
}

/** Writes an extended attribute on a file. Throws where the file system takes none. */
export function writeAttribute(path: string, name: string, value: Buffer): void {
  const setAttribute = loadFunction(
    'int lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags)',
  ) as SetAttribute;
  if (setAttribute(path, PREFIX + name, value, value.length, 0) !== 0)
    throw new Error(`The file system of ${path} takes no extended attributes`);
}

function loadFunction(prototype: string): unknown {
  // Loaded here, not at the top: only strict checks and scans need it, and it costs time at every start.
  const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
  return koffi.load(null).func(prototype);
}
