import { spawn } from 'node:child_process';
import { executablePath, readBundle } from '../bundle/bundle.ts';
import { UpdateError } from '../errors.ts';
import { cancelled, toolEnvironment } from './tools.ts';

/** What the program of an app that carries this updater does with it: src/electron/self-test.ts. */
export const SELF_TEST = '--updater-self-test';

/** macOS looks through a program that it has not seen before; a slow Mac takes its time for that. */
const DEFAULT_LIMIT = 120_000;
const LONGEST_ANSWER = 2000;

/**
 * Runs the program of a staged app once, so that a version which cannot even load what an update needs is never
 * offered (DESIGN.md section 6.8). It is given nothing of this process: no environment, no input, no terminal.
 *
 * @param app a staged bundle, verified
 * @throws UpdateError `payload-incompatible` where it cannot be started, ends with a failure or does not end in time;
 *   `cancelled`.
 */
export async function runSelfTest(
  app: string,
  options: { readonly signal?: AbortSignal; readonly limit?: number },
): Promise<void> {
  const { signal, limit = DEFAULT_LIMIT } = options;
  const program = executablePath(await readBundle(app));
  if (program === null) throw failed('has no program to start', null);
  if (signal?.aborted) throw cancelled();
  const child = spawn(program, [SELF_TEST], {
    env: toolEnvironment(),
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
    // A group of its own: its helper processes end with it.
    detached: true,
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString('utf8')}`.slice(-LONGEST_ANSWER);
  });
  const end = (): void => endGroup(child.pid);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    end();
  }, limit);
  signal?.addEventListener('abort', end, { once: true });
  try {
    const status = await new Promise<number | string>((resolve, reject) => {
      child.once('error', (error) => reject(failed('could not be started', null, error)));
      // Not `close`: what it left behind may hold its output open.
      child.once('exit', (code, signalName) => resolve(code ?? signalName ?? 'unknown'));
    });
    if (signal?.aborted) throw cancelled();
    if (isLate) throw failed(`did not end within ${Math.round(limit / 1000)} seconds`, said);
    if (status !== 0) throw failed(`ended with ${status}`, said);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
    end();
  }
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing of it is left.
  }
}

function failed(what: string, said: string | null, cause?: unknown): UpdateError {
  return new UpdateError(
    'payload-incompatible',
    `The new version was tried before it is offered, and it ${what}. Nothing was changed. The release team has to look at it.`,
    { details: { said }, ...(cause === undefined ? {} : { cause }) },
  );
}
