import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface RunningServer {
  readonly origin: string;
  readonly pid: number;
  stop(): Promise<void>;
}

const PROGRAM = fileURLToPath(new URL('../../dist/cli/nexy-update-server.js', import.meta.url));

/** As many as the option takes: the limiter counts, as it does in service, and lets one address ask for all. */
const NO_LIMIT = '999999999';

/**
 * The built server as a process of its own, on loopback.
 *
 * @param log the file that its log is written to
 * @throws Error where dist/ has no server, or where it does not start
 */
export async function startOurs(manifests: string, log: string): Promise<RunningServer> {
  if (!existsSync(PROGRAM)) throw new Error('dist/ has no update server: npm run build comes first.');
  const logFile = await open(log, 'w');
  const child = spawn(
    process.execPath,
    [PROGRAM, 'serve', '--manifests', manifests, '--port', '0', '--rate-limit', NO_LIMIT],
    { stdio: ['ignore', 'pipe', logFile.fd] },
  );
  await logFile.close();
  const { stdout } = child;
  if (stdout === null) throw new Error('the server has no output');
  const ended = once(child, 'close');
  const started = new Promise<string>((fulfil) => {
    createInterface(stdout).once('line', fulfil);
  });
  const line = await Promise.race([started, ended.then(() => null)]);
  const origin = / at (http:\S+)\/$/.exec(line ?? '')?.[1];
  if (origin === undefined) throw new Error('the server did not start; its log says why');
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
  };
  return { origin, pid: child.pid ?? 0, stop };
}
