import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { CONTENDERS, type Contender, type Measurement } from './contenders.ts';
import type { ServedFile } from './release-server.ts';
import { median, table } from './statistics.ts';

// Downloads and hashes a file over loopback, redirect included, with several programs in turn, each in a
// process of its own, the server in another: node bench/download.ts [--json] [--runs 7] [--megabytes 300]
// [--folder <where to write; a RAM disk where there is one, so that the disk is not what is measured>]

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    runs: { type: 'string', default: '7' },
    megabytes: { type: 'string', default: '300' },
    folder: { type: 'string', default: existsSync('/dev/shm') ? '/dev/shm' : tmpdir() },
  },
});

interface Row {
  readonly contender: Contender;
  readonly megabytesPerSecond: number;
  readonly cpuSeconds: number;
  readonly peakMiB: number | null;
  /** Above a process of the same kind that does nothing. */
  readonly aboveIdleMiB: number | null;
}

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const run = promisify(execFile);
const MEBIBYTE = 1024 * 1024;
const PEER: Contender = 'electron-updater';

async function measure(contender: Contender, file: ServedFile): Promise<Measurement> {
  const folder = await mkdtemp(join(values.folder, 'nexy-bench-'));
  try {
    const { stdout } = await run(process.execPath, [
      here('contender.ts'),
      contender,
      JSON.stringify(file),
      folder,
    ]);
    return JSON.parse(stdout);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function startServer(scheme: string): Promise<{ file: ServedFile; server: ChildProcess }> {
  const server = spawn(process.execPath, [here('release-server.ts'), values.megabytes, scheme], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface(server.stdout), 'line');
  return { file: JSON.parse(line), server };
}

async function compare(scheme: string): Promise<readonly Row[]> {
  const { file, server } = await startServer(scheme);
  const all = new Map<Contender, Measurement[]>(CONTENDERS.map((contender) => [contender, []]));
  try {
    for (let round = 0; round < Number(values.runs); round += 1) {
      // Interleaved, so that whatever else this machine does meets all of them.
      for (const contender of CONTENDERS) all.get(contender)?.push(await measure(contender, file));
    }
  } finally {
    server.stdin?.end();
    await once(server, 'exit');
  }
  const middle = (contender: Contender, of: (run: Measurement) => number | null): number | null => {
    const figures = (all.get(contender) ?? []).map(of).filter((figure) => figure !== null);
    return figures.length === 0 ? null : median(figures);
  };
  const idle = middle('idle', ({ peakMemory }) => peakMemory) ?? 0;
  return CONTENDERS.filter((contender) => contender !== 'idle').map((contender) => {
    const peak = middle(contender, ({ peakMemory }) => peakMemory);
    const isNode = contender !== 'curl + openssl';
    return {
      contender,
      megabytesPerSecond: file.size / 1e6 / (middle(contender, ({ seconds }) => seconds) ?? Number.NaN),
      cpuSeconds: middle(contender, ({ cpuSeconds }) => cpuSeconds) ?? Number.NaN,
      peakMiB: peak === null ? null : peak / MEBIBYTE,
      aboveIdleMiB: peak === null || !isNode ? null : (peak - idle) / MEBIBYTE,
    };
  });
}

function print(scheme: string, rows: readonly Row[]): void {
  const peer = rows.find(({ contender }) => contender === PEER);
  const ratio = (figure: number, of: number | undefined): string =>
    `${(figure / (of ?? Number.NaN)).toFixed(2)}x`;
  const whole = (figure: number | null): string => (figure === null ? '-' : figure.toFixed(0));
  console.log(`### ${values.megabytes} MB over ${scheme}, medians of ${values.runs} runs\n`);
  console.log(
    table(
      [
        'pipeline',
        'MB/s',
        'to electron-updater',
        'CPU s',
        'to electron-updater',
        'peak MiB',
        'above idle MiB',
      ],
      rows.map((row) => [
        row.contender,
        whole(row.megabytesPerSecond),
        ratio(row.megabytesPerSecond, peer?.megabytesPerSecond),
        row.cpuSeconds.toFixed(2),
        ratio(row.cpuSeconds, peer?.cpuSeconds),
        whole(row.peakMiB),
        whole(row.aboveIdleMiB),
      ]),
    ),
  );
  console.log();
}

const results: Record<string, readonly Row[]> = {};
for (const scheme of ['http', 'tls']) {
  const rows = await compare(scheme);
  results[scheme] = rows;
  if (!values.json) print(scheme, rows);
}
if (values.json) console.log(JSON.stringify(results, null, 2));
