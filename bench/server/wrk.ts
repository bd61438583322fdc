import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface Load {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** In milliseconds; 99 of 100 answers came sooner. */
  readonly slowest: number;
}

const run = promisify(execFile);
const MILLISECONDS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000 };

/**
 * As many requests as the server answers, from one thread of wrk.
 *
 * @throws Error where one request was answered with an error or not at all: it would count as fast
 */
export async function runWrk({ url, headers, connections, seconds }: Load): Promise<LoadResult> {
  const given = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const { stdout } = await run('wrk', [
    ...['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--latency'],
    ...given,
    url,
  ]);
  if (/Non-2xx or 3xx|Socket errors/.test(stdout))
    throw new Error(`not every request was answered:\n${stdout}`);
  const [, slowest = '', unit = ''] = /^\s*99%\s+([\d.]+)(us|ms|s)$/m.exec(stdout) ?? [];
  return {
    requests: Number(/(\d+) requests in/.exec(stdout)?.[1]),
    requestsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]),
    slowest: Number(slowest) * (MILLISECONDS[unit] ?? Number.NaN),
  };
}
