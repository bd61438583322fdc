import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { UpdateError } from '../errors.ts';

/** Where macOS keeps the tools that we call. Absolute, so that no PATH can put another program in between. */
const TOOL_PATHS = {
  arch: '/usr/bin/arch',
  codesign: '/usr/bin/codesign',
  ditto: '/usr/bin/ditto',
  gktool: '/usr/bin/gktool',
  hdiutil: '/usr/bin/hdiutil',
  installer: '/usr/sbin/installer',
  launchctl: '/bin/launchctl',
  open: '/usr/bin/open',
  openssl: '/usr/bin/openssl',
  osascript: '/usr/bin/osascript',
  pkgutil: '/usr/sbin/pkgutil',
  plutil: '/usr/bin/plutil',
  ps: '/bin/ps',
  sh: '/bin/sh',
  spctl: '/usr/sbin/spctl',
  stat: '/usr/bin/stat',
  sudo: '/usr/bin/sudo',
  sw_vers: '/usr/bin/sw_vers',
  sync: '/bin/sync',
  sysctl: '/usr/sbin/sysctl',
  xattr: '/usr/bin/xattr',
} as const;
export type ToolName = keyof typeof TOOL_PATHS;

export interface ToolResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds after which the tool is killed. */
  readonly timeout?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Who is there in place of the system to run tools: the lab's Macs answer within the process. */
export interface ToolRunner {
  has(name: ToolName): boolean;
  /** @throws UpdateError `usage` for a tool that it does not have */
  run(name: ToolName, args: readonly string[], options: RunOptions): Promise<ToolResult>;
}

/** Runs Apple's tools: absolute path, argument arrays, a fixed environment. Never a shell. */
export class Tools {
  readonly #folder: string | null;
  readonly #runner: ToolRunner | null;

  /**
   * @param folder replaces the tools' directories (`--tools`); null for Apple's own.
   * @param runner runs them in place of the system; the folder then counts for nothing
   */
  constructor(folder: string | null = null, runner: ToolRunner | null = null) {
    this.#folder = folder === null ? null : resolve(folder);
    this.#runner = runner;
  }

  /** The folder given with `--tools`, or null when Apple's own tools are used. */
  get folder(): string | null {
    return this.#folder;
  }

  pathOf(name: ToolName): string {
    return this.#folder === null ? TOOL_PATHS[name] : join(this.#folder, name);
  }

  async exists(name: ToolName): Promise<boolean> {
    if (this.#runner !== null) return this.#runner.has(name);
    return access(this.pathOf(name), constants.X_OK).then(
      () => true,
      () => false,
    );
  }

  /** @throws UpdateError `usage` when one of these tools is not there: better now than after a long download. */
  async assertAvailable(names: readonly ToolName[]): Promise<void> {
    for (const name of names) {
      if (!(await this.exists(name))) throw toolMissing(name, this.pathOf(name), undefined);
    }
  }

  /**
   * Runs a tool to its end.
   *
   * @throws UpdateError `usage` when the tool is not there, `cancelled` when the signal fires.
   */
  run(name: ToolName, args: readonly string[], options: RunOptions = {}): Promise<ToolResult> {
    if (this.#runner !== null) return this.#runner.run(name, args, options);
    const path = this.pathOf(name);
    const { signal, timeout } = options;
    return new Promise((fulfil, reject) => {
      if (signal?.aborted) return reject(cancelled());
      const child = spawn(path, args, {
        env: { ...toolEnvironment(), ...options.environment },
        cwd: '/',
      });
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      // Not spawn's own time-out: its timer goes on, and keeps the process alive, when a tool cannot be started.
      const timer = timeout === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), timeout);
      const onAbort = (): void => void child.kill('SIGTERM');
      signal?.addEventListener('abort', onAbort, { once: true });
      const settle = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
      child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
      child.on('error', (error) => {
        settle();
        reject(toolMissing(name, path, error));
      });
      child.on('close', (status, signalName) => {
        settle();
        if (signal?.aborted) return reject(cancelled());
        const killed = signalName === null ? '' : `\n${name} was ended by ${signalName}`;
        fulfil({
          status: status ?? 128,
          stdout: Buffer.concat(stdout).toString('utf8'),
          stderr: Buffer.concat(stderr).toString('utf8') + killed,
        });
      });
      // A tool that ends without reading its input is no failure of ours.
      child.stdin.on('error', () => undefined);
      child.stdin.end(options.input ?? '');
    });
  }
}

/** Nothing is inherited that could change what a tool loads (`DYLD_`, `NODE_`, `ELECTRON_`) or how it speaks. */
export function toolEnvironment(): Record<string, string> {
  return {
    LC_ALL: 'C',
    PATH: '/usr/bin:/bin:/usr/sbin:/sbin',
    HOME: orElse(homedir, '/'),
    TMPDIR: orElse(() => realpathSync(tmpdir()), '/tmp'),
    USER: userName(),
  };
}

export function userName(): string {
  return orElse(() => userInfo().username, String(process.getuid?.() ?? ''));
}

/** A user may have no entry, no home, and a variable that names a folder that is gone. */
function orElse(read: () => string, otherwise: string): string {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

function toolMissing(name: string, path: string, cause: unknown): UpdateError {
  const advice =
    process.platform === 'darwin'
      ? 'Check that the folder given with --tools holds it.'
      : 'This is not a Mac: name a folder with stand-ins for the tools of macOS with --tools.';
  return new UpdateError('usage', `${name} could not be started at ${path}. ${advice}`, {
    cause,
    details: { tool: name, path },
  });
}

export function cancelled(): UpdateError {
  return new UpdateError('cancelled', 'The update was cancelled. Nothing was changed.');
}

/** What a tool said, both streams: which one Apple's tools use differs by tool, case and version. */
export function outputOf(result: ToolResult): string {
  return [result.stderr, result.stdout]
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .join('\n');
}
