import { UpdateError } from './errors.ts';

/** How an attempt to exchange two directories in one step ended. */
export type ExchangeOutcome = { readonly done: true } | { readonly done: false; readonly errno: string };

/** The system calls that Node does not offer. */
export interface NativeCalls {
  /** Exchanges two directories on one volume in one step: no moment without something at either path. */
  exchange(first: string, second: string): ExchangeOutcome;
  /** Takes an exclusive lock on an open file without waiting; false when somebody else holds one. */
  tryLock(descriptor: number): boolean;
}

/** <sys/stdio.h> of macOS 10.12 and later: renamex_np(2). */
const RENAME_SWAP = 0x2;
/** <linux/fs.h>: renameat2(2), Linux 3.15, glibc 2.28. */
const RENAME_EXCHANGE = 0x2;
const AT_FDCWD = -100;
/** <sys/file.h>: flock(2), the same on both systems. */
const LOCK_EX = 0x2;
const LOCK_NB = 0x4;

let loading: Promise<NativeCalls> | null = null;

/**
 * Loads the system calls, once. Done before anything is changed: no code may be loaded from a bundle that has just
 * been replaced.
 *
 * @throws UpdateError `swap-failed` when they cannot be loaded; there is no quiet fallback.
 */
export function loadNativeCalls(): Promise<NativeCalls> {
  loading ??= load();
  return loading;
}

async function load(): Promise<NativeCalls> {
  try {
    const { default: koffi } = await import('koffi');
    const rename = bindRename(koffi);
    const flock = koffi.load(libraryPath()).func('int flock(int descriptor, int operation)');
    const names = new Map(Object.entries(koffi.os.errno).map(([name, number]) => [number, name]));
    const lastError = (): string => names.get(koffi.errno()) ?? String(koffi.errno());
    return {
      exchange: (first, second) => {
        // A NUL would end the path early in C, and so name another one.
        if (first.includes('\0') || second.includes('\0')) return { done: false, errno: 'EINVAL' };
        return rename(first, second) === 0 ? { done: true } : { done: false, errno: lastError() };
      },
      tryLock: (descriptor) => flock(descriptor, LOCK_EX | LOCK_NB) === 0,
    };
  } catch (error) {
    throw new UpdateError(
      'swap-failed',
      'The part of the updater that exchanges two versions in one step could not be loaded, so nothing was changed. Install this version again by hand.',
      { cause: error },
    );
  }
}

type Koffi = typeof import('koffi').default;

function libraryPath(): string {
  return process.platform === 'darwin' ? '/usr/lib/libSystem.B.dylib' : 'libc.so.6';
}

function bindRename(koffi: Koffi): (first: string, second: string) => number {
  const library = koffi.load(libraryPath());
  if (process.platform === 'darwin') {
    const rename = library.func('int renamex_np(const char *from, const char *to, unsigned int flags)');
    return (first, second) => rename(first, second, RENAME_SWAP) as number;
  }
  const rename = library.func(
    'int renameat2(int olddirfd, const char *oldpath, int newdirfd, const char *newpath, unsigned int flags)',
  );
  return (first, second) => rename(AT_FDCWD, first, AT_FDCWD, second, RENAME_EXCHANGE) as number;
}
