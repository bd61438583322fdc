import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findProgram } from './find-program.ts';

export interface Nginx {
  readonly origin: string;
  /** The master; the worker is its child. */
  readonly pid: number;
  stop(): Promise<void>;
}

export interface NginxOptions {
  /** The folder that is served. */
  readonly root: string;
  /** More lines for the `server` block; nothing that came from outside. */
  readonly server?: string;
}

const PATIENCE = 10_000;

/**
 * nginx on loopback, one worker, with a configuration of its own in a folder of its own, both gone when it is
 * stopped. Files are served as a plain static host does it, with nginx's own ETag.
 */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const program = findProgram('nginx');
  if (program === null) throw new Error('nginx is not installed');
  const folder = await mkdtemp(join(tmpdir(), 'nexy-nginx-'));
  // It cannot be told to take any free port, so that another may take this one first.
  for (let attempt = 1; ; attempt += 1) {
    const port = await findFreePort();
    const file = join(folder, 'nginx.conf');
    await writeFile(file, configure(folder, port, options));
    const child = spawn(program, ['-p', folder, '-e', 'stderr', '-c', file], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const complaints: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
    const origin = `http://127.0.0.1:${port}`;
    if (await answers(child, origin)) {
      const stop = async (): Promise<void> => {
        await end(child);
        await rm(folder, { recursive: true, force: true });
      };
      return { origin, pid: child.pid ?? 0, stop };
    }
    await end(child);
    if (attempt === 3) {
      await rm(folder, { recursive: true, force: true });
      throw new Error(`nginx did not start: ${Buffer.concat(complaints).toString()}`);
    }
  }
}

function configure(folder: string, port: number, { root, server = '' }: NginxOptions): string {
  // Started by root, the worker would be somebody else, who may not read what belongs to root alone.
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path "${folder}/${name}";`)
    .join('\n  ');
  return `${user}
worker_processes 1;
daemon off;
pid "${folder}/nginx.pid";
events { worker_connections 1024; }
http {
  ${temporary}
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  types { application/json json; application/xml xml; text/html html; }
  default_type application/octet-stream;
  charset utf-8;
  charset_types application/json application/xml;
  server {
    listen 127.0.0.1:${port};
    root "${root}";
    ${server}
  }
}
`;
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function answers(child: ChildProcess, origin: string): Promise<boolean> {
  const until = performance.now() + PATIENCE;
  while (child.exitCode === null && performance.now() < until) {
    try {
      await (await fetch(origin)).arrayBuffer();
      return child.exitCode === null;
    } catch {
      await delay(20);
    }
  }
  return false;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  await closed;
}
