import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import { onTestFinished } from 'vitest';
import { type ManifestParts, manifestText } from '../../src/lab/manifest-text.ts';
import type { SiteSources } from '../../src/server/live-site.ts';
import { type ServeOptions, startUpdateServer, type UpdateServer } from '../../src/server/serve.ts';
import { type CliResult, type StartOptions, startCli } from './run-cli.ts';
import { temporaryFolder } from './temporary-folder.ts';

export const OWNER = 'Seregawpn/Nexy_production';

/** The address of a release file of the production owner. */
export function releaseUrl(version: string, file = 'Nexy.dmg'): string {
  return `https://github.com/${OWNER}/releases/download/v${version}/${file}`;
}

/** A manifest that offers these bytes, or some that depend on the version. */
export function offerText(version: string, more: Partial<ManifestParts> = {}): string {
  return manifestText({
    version,
    url: releaseUrl(version),
    bytes: Buffer.from(`bytes of ${version}`),
    ...more,
  });
}

export interface ServerProcess {
  readonly origin: string;
  readonly pid: number;
  /** Of the whole life of the process. */
  readonly result: Promise<CliResult>;
  /** SIGTERM unless given; resolves when it has ended. */
  stop(signal?: NodeJS.Signals): Promise<CliResult>;
}

/** A folder of manifests, one of downloads, and servers of them that end with the test. */
export class ServerWorld {
  readonly folder: string;
  readonly manifests: string;
  readonly downloads: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.manifests = join(folder, 'manifests');
    this.downloads = join(folder, 'downloads');
    mkdirSync(this.manifests);
    mkdirSync(this.downloads);
  }

  static async open(): Promise<ServerWorld> {
    return new ServerWorld(await temporaryFolder());
  }

  /** Puts a manifest in place as the publish flow does, in one step. */
  put(name: string, text: string): void {
    const temporary = join(this.manifests, `.${name}.tmp`);
    writeFileSync(temporary, text);
    renameSync(temporary, join(this.manifests, name));
  }

  remove(name: string): void {
    rmSync(join(this.manifests, name));
  }

  putDownload(name: string, bytes: Uint8Array | string): void {
    writeFileSync(join(this.downloads, name), bytes);
  }

  sources(): SiteSources {
    return {
      manifestsFolder: this.manifests,
      downloadsFolder: this.downloads,
      isBetaOffered: true,
      policy: {
        owner: OWNER,
        downloadBase: 'https://github.com',
        allowedHosts: [],
        allowLoopback: false,
        keys: [],
      },
      appcastKeys: [],
      publicUrl: null,
    };
  }

  /** A server in this process. */
  async serve(more: Partial<ServeOptions> = {}): Promise<UpdateServer> {
    const server = await startUpdateServer({
      ...this.sources(),
      host: '127.0.0.1',
      port: 0,
      trustedProxies: [],
      requestsPerMinute: 0,
      log: pino({ level: 'silent' }),
      ...more,
    });
    onTestFinished(() => server.close(0));
    return server;
  }

  /** A server as a process of its own. */
  async start(args: readonly string[] = [], options: StartOptions = {}): Promise<ServerProcess> {
    const folders = ['--manifests', this.manifests, '--downloads', this.downloads];
    const { child, result } = startCli(['serve', '--json', '--port', '0', ...folders, ...args], {
      program: 'nexy-update-server',
      ...options,
    });
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await result;
    });
    const origin = await Promise.race([readOrigin(child.stdout), result.then(throwResult)]);
    return {
      origin,
      pid: child.pid ?? 0,
      result,
      stop: (signal = 'SIGTERM') => {
        child.kill(signal);
        return result;
      },
    };
  }
}

/** The start line, which says where the server listens. */
function readOrigin(stdout: NodeJS.ReadableStream | null): Promise<string> {
  return new Promise((fulfil) => {
    let text = '';
    stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const origin = /"listening":"([^"]+)"/.exec(text)?.[1];
      if (origin !== undefined) fulfil(origin);
    });
  });
}

function throwResult({ status, stderr, stdout }: CliResult): never {
  throw new Error(`The server ended with ${status}: ${stderr}${stdout}`);
}

/** A log whose lines are kept. */
export function keepLog(): { readonly log: Logger; readonly lines: readonly Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  return { log, lines };
}

/** Asks again until it is so. How long that takes is not a question of the test; that it comes about is. */
export async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}
