import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Ends a tool: what it says last, and its exit status. */
export class ToolEnd extends Error {
  readonly status: number;
  readonly text: string;

  constructor(status: number, text: string) {
    super(text);
    this.status = status;
    this.text = text;
  }
}

/** Runs a tool's main function: a `ToolEnd` goes to stderr, and its status to the caller. */
export async function runMain(
  main: (toolArguments: readonly string[]) => Promise<number> | number,
): Promise<void> {
  // Whoever reads may stop reading: `ps ... | head`.
  process.stdout.on('error', () => undefined);
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof ToolEnd)) throw error;
    if (error.text !== '') process.stderr.write(error.text);
    process.exitCode = error.status;
  }
}

/** The Mac that the doubles pretend to run on. */
export interface Machine {
  readonly productName: string;
  readonly productVersion: string;
  readonly productVersionExtra?: string;
  readonly buildVersion: string;
  /** The hardware: `arm64` for Apple silicon. */
  readonly architecture: 'arm64' | 'x86_64';
  /** Socket of the one who answers for the person when a password is asked for. */
  readonly authorizationAgent?: string;
  /** False for Apple silicon that cannot run Intel code. */
  readonly rosetta?: boolean;
  /** SHA-256 (hex) of certificates that count as Apple's roots on this Mac, besides Apple's own. */
  readonly appleRoots?: readonly string[];
  /** SHA-256 (hex) of roots that somebody else put there and trusts, e.g. a company's. */
  readonly trustedRoots?: readonly string[];
  /** Where this Mac keeps its receipts; `<TMPDIR or /tmp>/macos-tools-receipts` when left out. */
  readonly receipts?: string;
  /** Bundles that this Mac knows of, wherever they lie (LaunchServices' and Spotlight's knowledge). */
  readonly knownBundles?: readonly string[];
  /** How the next installs of packages go wrong. */
  readonly installer?: InstallerFaults;
}

export interface InstallerFaults {
  /** The payload stops after so many files, with the message of the recording; what was written stays. */
  readonly failsAfterFiles?: number;
  /** The process kills itself (SIGKILL) after so many files. */
  readonly diesAfterFiles?: number;
  /** Milliseconds to wait after each file, for whoever wants to kill it at some moment. */
  readonly delay?: number;
}

/** `machine.json` in the folder that the tool was called from, else the one beside the doubles. */
export function readMachine(): Machine {
  const own = fileURLToPath(new URL('..', import.meta.url));
  const called = process.env['MACOS_TOOLS_FOLDER'];
  for (const folder of called === undefined ? [own] : [called, own]) {
    try {
      return JSON.parse(readFileSync(join(folder, 'machine.json'), 'utf8')) as Machine;
    } catch (error) {
      if (!isMissing(error))
        throw new ToolEnd(70, `machine.json in ${folder} is not readable: ${String(error)}\n`);
    }
  }
  throw new ToolEnd(70, 'machine.json is missing beside the doubles\n');
}

/** The text of a system error as macOS prints it (strerror(3)). */
export function systemErrorText(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return SYSTEM_ERRORS[code] ?? (error instanceof Error ? error.message : String(error));
}

const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  EACCES: 'Permission denied',
  EAGAIN: 'Resource temporarily unavailable',
  EBUSY: 'Resource busy',
  EEXIST: 'File exists',
  EFBIG: 'File too large',
  EINVAL: 'Invalid argument',
  EIO: 'Input/output error',
  EISDIR: 'Is a directory',
  ELOOP: 'Too many levels of symbolic links',
  EMFILE: 'Too many open files',
  ENAMETOOLONG: 'File name too long',
  ENOENT: 'No such file or directory',
  ENOMEM: 'Cannot allocate memory',
  ENOSPC: 'No space left on device',
  ENOTDIR: 'Not a directory',
  ENOTEMPTY: 'Directory not empty',
  ENOTSUP: 'Operation not supported',
  EPERM: 'Operation not permitted',
  EROFS: 'Read-only file system',
  EXDEV: 'Cross-device link',
};

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
