import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { REPOSITORY } from './fixtures.ts';
import { type OtherUser, scriptAs } from './other-user.ts';

export interface CliResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The one JSON document that `--json` prints. */
  readonly json: unknown;
}

export interface RunningCli {
  readonly child: ChildProcess;
  readonly result: Promise<CliResult>;
}

export interface StartOptions {
  /** Which of the package's programs; `nexy-updater` unless given. */
  readonly program?: 'nexy-updater' | 'nexy-release' | 'nexy-update-server';
  readonly detached?: boolean;
  readonly uid?: number;
  /** Somebody else than who runs the test; root only. */
  readonly user?: OtherUser;
  /** On top of the test's own environment. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Words before the command, such as `sudo -n`. */
  readonly through?: readonly string[];
  /** Working directory. */
  readonly folder?: string;
}

/** Starts the command as a process of its own, from the sources; the packaging test runs the built one. */
export function startCli(args: readonly string[], options: StartOptions = {}): RunningCli {
  const script = join(REPOSITORY, 'src', 'cli', `${options.program ?? 'nexy-updater'}.ts`);
  const command = [process.execPath, ...scriptAs(options.user ?? null, script, args)];
  const [program = '', ...words] = [...(options.through ?? []), ...command];
  const child = spawn(program, words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: options.detached ?? false,
    ...(options.environment === undefined ? {} : { env: { ...process.env, ...options.environment } }),
    ...(options.folder === undefined ? {} : { cwd: options.folder }),
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  const result = new Promise<CliResult>((fulfil, reject) => {
    child.on('error', reject);
    child.on('close', (status) => {
      const text = Buffer.concat(stdout).toString('utf8');
      fulfil({ status, stdout: text, stderr: Buffer.concat(stderr).toString('utf8'), json: tryParse(text) });
    });
  });
  return { child, result };
}

export function runCli(args: readonly string[], options: StartOptions = {}): Promise<CliResult> {
  return startCli(args, options).result;
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
