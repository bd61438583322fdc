import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { REPOSITORY } from './fixtures.ts';

export interface ScriptResult {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  /** What it printed, as JSON; null where it is none. */
  readonly json: unknown;
}

/**
 * Runs a script of test/support in a process of its own.
 *
 * @param killAfter after which writing call the process is killed (`kill-after-write.ts`)
 */
export function runScript(
  name: string,
  scriptArguments: readonly string[],
  options: {
    readonly killAfter?: number;
    readonly killBelow?: string;
    readonly environment?: NodeJS.ProcessEnv;
  } = {},
): Promise<ScriptResult> {
  const folder = join(REPOSITORY, 'test', 'support');
  const { killAfter, killBelow } = options;
  const killing = {
    ...(killAfter === undefined ? {} : { KILL_AFTER_WRITE: String(killAfter) }),
    ...(killBelow === undefined ? {} : { KILL_AFTER_WRITE_BELOW: killBelow }),
  };
  const killer = new URL('./kill-after-write.ts', import.meta.url);
  const preload = killAfter === undefined ? [] : ['--import', killer.href];
  const child = spawn(process.execPath, [...preload, join(folder, name), ...scriptArguments], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.environment, ...killing },
  });
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  return new Promise((fulfil, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      const text = Buffer.concat(stdout).toString('utf8');
      fulfil({ status, signal, stderr: Buffer.concat(stderr).toString('utf8'), json: tryParse(text) });
    });
  });
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
