import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fetchManifest } from '../src/check/fetch-manifest.ts';
import { startRelay } from './relay.ts';
import { SAMPLE_MANIFEST } from './sample-manifest.ts';
import { findProgram } from './server/find-program.ts';
import { startNginx } from './server/nginx.ts';
import { startOurs } from './server/ours.ts';
import { readProcessCost } from './server/process-cost.ts';
import { runWrk } from './server/wrk.ts';
import { median, table } from './statistics.ts';

// The update server against nginx, both serving one manifest from one folder, one process that answers each, an
// access log written by both: node bench/update-server.ts [--json] [--runs 5] [--seconds 3] [--connections 64]
// Linux; needs nginx, wrk and a built dist/. Medians; the contenders take turns within every run.

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    runs: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '64' },
  },
});
const [runs, seconds, connections] = [values.runs, values.seconds, values.connections].map(Number) as [
  number,
  number,
  number,
];

if (process.platform !== 'linux' || findProgram('nginx') === null || findProgram('wrk') === null) {
  console.error('Skipped: the comparison with nginx needs Linux, nginx and wrk.');
  process.exit(0);
}

const STATUSES = [200, 304] as const;

interface Sample {
  readonly requestsPerSecond: number;
  /** Of the server's processes, in microseconds. wrk takes its share of the cores, so that this compares best. */
  readonly cpuPerRequest: number;
  /** Milliseconds; 99 of 100 answers came sooner. */
  readonly slowest: number;
}

const folder = await mkdtemp(join(tmpdir(), 'nexy-bench-update-server-'));
const started: { stop(): Promise<void> }[] = [];
const keep = <Server extends { stop(): Promise<void> }>(server: Server): Server => {
  started.push(server);
  return server;
};

try {
  const manifests = join(folder, 'manifests');
  await mkdir(manifests);
  await writeFile(join(manifests, 'manifest.json'), SAMPLE_MANIFEST);
  const ours = keep(await startOurs(manifests, join(folder, 'ours.log')));
  const access = `access_log "${join(folder, 'nginx.log')}";`;
  const nginx = keep(await startNginx({ root: manifests, server: access }));
  const contenders = [
    { name: 'nexy-update-server', ...ours },
    { name: 'nginx', ...nginx },
  ];
  const idle = contenders.map(({ pid }) => readProcessCost(pid).memory);
  const samples = new Map<string, Sample[]>();
  for (let run = 0; run <= runs; run += 1) {
    for (const { name, origin, pid } of contenders) {
      for (const status of STATUSES) {
        const sample = await measure(`${origin}/manifest.json`, pid, status);
        // The first warms up: Node compiles what is hot.
        if (run > 0) samples.set(`${name} ${status}`, [...(samples.get(`${name} ${status}`) ?? []), sample]);
      }
    }
  }
  const results = STATUSES.flatMap((status) =>
    contenders.map(({ name }) => ({ name, status, ...medianOf(samples.get(`${name} ${status}`) ?? []) })),
  );
  const memory = contenders.map(({ name, pid }, index) => ({
    name,
    idle: idle[index] ?? Number.NaN,
    afterLoad: readProcessCost(pid).memory,
  }));
  const answers = await countAnswers(ours.origin);
  if (values.json)
    console.log(JSON.stringify({ runs, seconds, connections, results, memory, answers }, null, 2));
  else print(results, memory, answers);
} finally {
  await Promise.all(started.map((server) => server.stop()));
  await rm(folder, { recursive: true, force: true });
}

async function measure(url: string, pid: number, status: (typeof STATUSES)[number]): Promise<Sample> {
  const whole = await fetch(url);
  await whole.arrayBuffer();
  const headers: Record<string, string> =
    status === 304 ? { 'If-None-Match': whole.headers.get('etag') ?? '' } : {};
  const asked = await fetch(url, { headers });
  await asked.arrayBuffer();
  if (asked.status !== status) throw new Error(`${url} answered ${asked.status} instead of ${status}`);
  const before = readProcessCost(pid).cpuSeconds;
  const { requests, requestsPerSecond, slowest } = await runWrk({ url, headers, connections, seconds });
  const cpuPerRequest = ((readProcessCost(pid).cpuSeconds - before) / requests) * 1e6;
  return { requestsPerSecond, cpuPerRequest, slowest };
}

function medianOf(samples: readonly Sample[]): Sample {
  return {
    requestsPerSecond: median(samples.map((sample) => sample.requestsPerSecond)),
    cpuPerRequest: median(samples.map((sample) => sample.cpuPerRequest)),
    slowest: median(samples.map((sample) => sample.slowest)),
  };
}

/** What this package's client receives for a check, headers and all. */
async function countAnswers(
  origin: string,
): Promise<{ readonly modified: number; readonly notModified: number }> {
  const relay = await startRelay(origin);
  const check = async (): Promise<number> => {
    const before = relay.count.received;
    const http = { allowLoopback: true };
    await fetchManifest({ url: `${relay.origin}/manifest.json`, stateFolder: join(folder, 'state'), http });
    return relay.count.received - before;
  };
  const [modified, notModified] = [await check(), await check()];
  relay.close();
  return { modified, notModified };
}

function print(
  results: readonly (Sample & { readonly name: string; readonly status: number })[],
  memory: readonly { readonly name: string; readonly idle: number; readonly afterLoad: number }[],
  answers: { readonly modified: number; readonly notModified: number },
): void {
  console.log(`### One manifest, medians of ${runs} runs of ${seconds} s, ${connections} connections\n`);
  const peer = (status: number) => results.find((each) => each.name === 'nginx' && each.status === status);
  const rows = results.map(({ name, status, requestsPerSecond, cpuPerRequest, slowest }) => [
    `${status}: ${name}`,
    requestsPerSecond.toFixed(0),
    ratio(requestsPerSecond, peer(status)?.requestsPerSecond),
    cpuPerRequest.toFixed(1),
    ratio(cpuPerRequest, peer(status)?.cpuPerRequest),
    slowest.toFixed(1),
  ]);
  console.log(table(['answer', 'requests/s', 'to nginx', 'CPU µs each', 'to nginx', '99 % within ms'], rows));
  console.log();
  const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
  const sizes = memory.map(({ name, idle, afterLoad }) => [
    name,
    mebibytes(idle),
    mebibytes(afterLoad),
    ratio(afterLoad, memory.find((each) => each.name === 'nginx')?.afterLoad),
  ]);
  console.log(table(['memory (RSS)', 'idle MiB', 'after load MiB', 'to nginx'], sizes));
  console.log(
    `\nA check costs the client ${answers.modified} bytes (200) and ${answers.notModified} bytes (304).`,
  );
}

function ratio(value: number, base: number | undefined): string {
  return `${(value / (base ?? Number.NaN)).toFixed(2)}x`;
}
