import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CONTENDERS, type Contender, type Measurement } from './contenders.ts';
import type { ServedFile } from './release-server.ts';

// One download in a process of its own: node bench/contender.ts <name> <served file as JSON> <folder>.
// Prints one line of JSON. Modules are loaded before the clock starts: a check always comes before a download.

type Prepared = () => Promise<void>;

const PREPARE: Readonly<Record<Contender, (file: ServedFile, folder: string) => Promise<Prepared>>> = {
  ours: prepareOurs,
  'electron-updater': prepareElectronUpdater,
  'got.stream': prepareGotStream,
  'curl + openssl': prepareCurl,
  idle: async () => async () => {},
};

async function prepareOurs(file: ServedFile, cacheFolder: string): Promise<Prepared> {
  const { download } = await import('../src/download/download.ts');
  const { createHttpClient } = await import('../src/http.ts');
  const { url, size, sha256, certificate } = file;
  const http = {
    allowLoopback: true,
    ...(certificate === null ? {} : { certificateAuthority: certificate }),
  };
  await createHttpClient(http);
  return async () => {
    const candidates = [{ url, kind: 'version-tag' as const }];
    await download({ candidates, type: 'dmg', size, sha256, cacheFolder, http, onProgress: () => {} });
  };
}

/** electron-updater's own pipeline, with plain Node below it instead of Electron's net module. */
async function prepareElectronUpdater(file: ServedFile, folder: string): Promise<Prepared> {
  const { CancellationToken, HttpExecutor } = await import('builder-util-runtime');
  const { url, sha256, certificate } = file;
  class NodeExecutor extends HttpExecutor<ReturnType<typeof requestHttp>> {
    override createRequest(options: RequestOptions, callback: (response: IncomingMessage) => void) {
      return options.protocol === 'https:'
        ? requestHttps({ ...options, ...(certificate === null ? {} : { ca: certificate }) }, callback)
        : requestHttp(options, callback);
    }

    fetch({ protocol, hostname, port, pathname }: URL, destination: string): Promise<void> {
      return new Promise((resolve, reject) => {
        const options = { sha2: sha256, cancellationToken: new CancellationToken(), onProgress: () => {} };
        const callback = (error: Error | null | undefined): void =>
          error === null || error === undefined ? resolve() : reject(error);
        this.doDownload(
          { protocol, hostname, port, path: pathname, headers: {} },
          { destination, options, callback, onCancel: () => {}, responseHandler: null },
          0,
        );
      });
    }
  }
  const executor = new NodeExecutor();
  return () => executor.fetch(new URL(url), join(folder, 'Nexy.dmg'));
}

async function prepareGotStream(file: ServedFile, folder: string): Promise<Prepared> {
  const { default: got } = await import('got');
  const { url, sha256, certificate } = file;
  return async () => {
    const hash = createHash('sha256');
    const hashing = new Transform({
      transform(chunk, _, callback) {
        hash.update(chunk);
        callback(null, chunk);
      },
    });
    const options = certificate === null ? {} : { https: { certificateAuthority: certificate } };
    const target = createWriteStream(join(folder, 'Nexy.dmg'));
    await pipeline(got.stream(url, options), hashing, target);
    if (hash.digest('hex') !== sha256) throw new Error('wrong bytes');
  };
}

async function prepareCurl(file: ServedFile, folder: string): Promise<Prepared> {
  const target = join(folder, 'Nexy.dmg');
  const insecure = file.certificate === null ? [] : ['--insecure'];
  return async () => {
    await run('curl', ['--silent', '--fail', '--location', ...insecure, '--output', target, file.url]);
    await run('openssl', ['dgst', '-sha256', target], file.sha256);
  };
}

let curlCpuSeconds = 0;
let curlPeak: number | null = null;

async function run(program: string, programArguments: readonly string[], expected = ''): Promise<void> {
  // The shell's `times` is the portable way to the CPU seconds of a child.
  const script = '"$@" && times';
  const child = spawn('bash', ['-c', script, program, program, ...programArguments]);
  const sampling = setInterval(() => samplePeak(child), 5);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [status] = await once(child, 'close');
  clearInterval(sampling);
  if (status !== 0 || !output.includes(expected)) throw new Error(`${program} failed`);
  const children = output.trim().split('\n').at(-1) ?? '';
  for (const [, minutes, seconds] of children.matchAll(/(\d+)m([\d.]+)s/g)) {
    curlCpuSeconds += Number(minutes) * 60 + Number(seconds);
  }
}

/** The high-water mark of the shell's child; Linux only. */
function samplePeak({ pid }: ChildProcess): void {
  try {
    const child = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0];
    const status = readFileSync(`/proc/${child}/status`, 'utf8');
    const kilobytes = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]);
    if (kilobytes > 0) curlPeak = Math.max(curlPeak ?? 0, kilobytes * 1024);
  } catch {
    // Not started yet, already gone, or no Linux.
  }
}

async function measure(name: Contender, file: ServedFile, folder: string): Promise<Measurement> {
  const start = await PREPARE[name](file, folder);
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  await start();
  const seconds = (performance.now() - before) / 1000;
  if (name === 'curl + openssl') return { seconds, cpuSeconds: curlCpuSeconds, peakMemory: curlPeak };
  const { user, system } = process.cpuUsage(cpuBefore);
  const peakMemory = process.resourceUsage().maxRSS * 1024;
  return { seconds, cpuSeconds: (user + system) / 1e6, peakMemory };
}

const [name, file, folder] = process.argv.slice(2);
const contender = CONTENDERS.find((known) => known === name);
if (contender === undefined || file === undefined || folder === undefined) throw new Error('wrong usage');
console.log(JSON.stringify(await measure(contender, JSON.parse(file), folder)));
process.exit(0);
