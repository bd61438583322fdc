/**
 * Extended attributes of files, through the C library. macOS has one namespace, Linux several: the names of macOS
 * are kept with `user.` in front.
 */
import koffi from 'koffi';

export interface ExtendedAttributes {
  list(path: string): readonly string[];
  /** null where the file has no attribute of that name. */
  get(path: string, name: string): Buffer | null;
  set(path: string, name: string, value: Buffer): void;
  /** Returns false where the file has no attribute of that name. */
  remove(path: string, name: string): boolean;
}

const PREFIX = 'user.';
const library = koffi.load('libc.so.6');
/** Those that follow a link, and those that act on the link itself. */
const followed = bind('');
const unfollowed = bind('l');

/** Attributes of files, or with `onLinks` of links themselves. Failures throw as `node:fs` does, with `code`. */
export function extendedAttributes(onLinks: boolean): ExtendedAttributes {
  const calls = onLinks ? unfollowed : followed;
  return {
    list(path) {
      const text =
        read('listxattr', path, (buffer) => calls.list(path, buffer, buffer.length))?.toString('utf8') ?? '';
      const names = text.split('\0').filter((name) => name.startsWith(PREFIX));
      return names.map((name) => name.slice(PREFIX.length)).sort();
    },
    get: (path, name) =>
      read('getxattr', path, (buffer) => calls.get(path, PREFIX + name, buffer, buffer.length)),
    set(path, name, value) {
      if (calls.set(path, PREFIX + name, value, value.length, 0) < 0) throw lastError('setxattr', path);
    },
    remove(path, name) {
      if (calls.remove(path, PREFIX + name) >= 0) return true;
      const error = lastError('removexattr', path);
      // Linux lets no link have attributes of its own: then there is none.
      if (isAbsent(error.code) || (onLinks && error.code === 'EPERM')) return false;
      throw error;
    },
  };
}

/** Sets both times of a file or link to the nanosecond (utimensat(2)). */
export function setTimes(path: string, accessed: bigint, modified: bigint): void {
  const billion = 1_000_000_000n;
  const times = new BigInt64Array([
    accessed / billion,
    accessed % billion,
    modified / billion,
    modified % billion,
  ]);
  if (utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW) < 0) throw lastError('utimensat', path);
}

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const utimensat = library.func(
  'int utimensat(int folder, const char *path, const int64_t *times, int flags)',
);

function bind(letter: '' | 'l') {
  return {
    list: library.func(`long ${letter}listxattr(const char *path, void *list, size_t size)`),
    get: library.func(`long ${letter}getxattr(const char *path, const char *name, void *value, size_t size)`),
    set: library.func(
      `int ${letter}setxattr(const char *path, const char *name, const void *value, size_t size, int flags)`,
    ),
    remove: library.func(`int ${letter}removexattr(const char *path, const char *name)`),
  };
}

function read(call: string, path: string, fill: (buffer: Buffer) => number): Buffer | null {
  // The kernel's own limit for one value, and for one list.
  const buffer = Buffer.alloc(65_536);
  const length = fill(buffer);
  if (length >= 0) return Buffer.from(buffer.subarray(0, length));
  const error = lastError(call, path);
  if (isAbsent(error.code)) return null;
  throw error;
}

function isAbsent(code: string): boolean {
  return code === 'ENODATA' || code === 'ENOTSUP' || code === 'EOPNOTSUPP';
}

function lastError(call: string, path: string): Error & { readonly code: string } {
  const number = koffi.errno();
  const code = Object.entries(koffi.os.errno).find(([, value]) => value === number)?.[0] ?? String(number);
  return Object.assign(new Error(`${code}: ${call} '${path}'`), { code });
}
