import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ReleaseHost } from '../release-host/release-host.ts';

export interface ReleaseRun {
  readonly isDone: boolean;
  /** What the program says went wrong; empty where nothing did. */
  readonly message: string;
}

export interface ReleaseOptions {
  readonly host: ReleaseHost;
  /** Working directory of the command. */
  readonly folder: string;
  /** In place of addresses that stand in the command. */
  readonly addresses: ReadonlyMap<string, string>;
  readonly signal?: AbortSignal | undefined;
}

const PROGRAM = 'nexy-release';

/**
 * Runs a command of a plan as a process of its own: the real program, against the release host double. `--push` is
 * left out, since nothing lies in Git here.
 *
 * @param command of plain words: no shell sees it
 * @throws what the system says when the process cannot be started
 */
export async function runRelease(command: string, options: ReleaseOptions): Promise<ReleaseRun> {
  const { host, folder, addresses, signal } = options;
  const [program, ...words] = command.split(' ');
  if (program !== PROGRAM) throw new Error(`A plan's commands are those of ${PROGRAM}, and not: ${command}`);
  const given = words.filter((word) => word !== '--push').map((word) => addresses.get(word) ?? word);
  const more = ['--api-url', host.apiOrigin, '--download-url', host.origin, '--json'];
  const child = spawn(process.execPath, [scriptPath(), ...given, ...more], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      GITHUB_TOKEN: host.token,
      GH_TOKEN: undefined,
      // The double is on this computer, whatever proxy leads to the world.
      NO_PROXY: '127.0.0.1',
      no_proxy: '127.0.0.1',
    },
    ...(signal === undefined ? {} : { signal }),
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const status = await new Promise<number | null>((fulfil, reject) => {
    child.on('error', reject);
    child.on('close', fulfil);
  });
  if (status === 0) return { isDone: true, message: '' };
  return {
    isDone: false,
    message: readMessage(stdout) ?? `it ended with status ${status}: ${textOf(stderr)}`,
  };
}

/** The build has JavaScript there. */
function scriptPath(): string {
  const path = fileURLToPath(new URL('../../cli/nexy-release.ts', import.meta.url));
  return import.meta.url.endsWith('.ts') ? path : path.replace(/\.ts$/, '.js');
}

function readMessage(stdout: readonly Buffer[]): string | null {
  try {
    const { error } = JSON.parse(textOf(stdout)) as { readonly error?: { readonly message?: unknown } };
    return typeof error?.message === 'string' ? error.message : null;
  } catch {
    return null;
  }
}

function textOf(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8').trim();
}
