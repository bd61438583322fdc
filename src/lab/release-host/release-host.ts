import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { statSync } from 'node:fs';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import {
  answerEarly,
  type Content,
  type Exchange,
  finish,
  type LoggedRequest,
  readRange,
  serve,
} from './answer.ts';
import { type Fault, FaultBook, type MetFaults } from './fault.ts';

interface ReleaseFile {
  /** `owner/repository`; the production owner of DESIGN.md unless given. */
  readonly owner?: string;
  readonly tag: string;
  readonly file: string;
  readonly content: Content;
}

export interface ReleaseHostOptions {
  /** Key and certificate in PEM form; without them the host speaks plain http. */
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly releases?: readonly ReleaseFile[];
  /** Bodies by path, e.g. `{'/manifest.json': ...}`. */
  readonly manifests?: Readonly<Record<string, Uint8Array | string>>;
  readonly faults?: readonly Fault[];
  /** Milliseconds for which a signed address is good. */
  readonly signedUrlLifetime?: number;
}

export interface ReleaseHost {
  /** Stands for https://github.com; also serves the manifests. */
  readonly origin: string;
  /** Stands for the host behind the signed redirect. */
  readonly assetOrigin: string;
  readonly log: LoggedRequest[];
  publish(tag: string, file: string, content: Content, owner?: string): string;
  /** Same as publish: what a fixed tag allows and a version tag should not. */
  replace(tag: string, file: string, content: Content, owner?: string): string;
  withdraw(tag: string, file: string, owner?: string): void;
  setManifest(path: string, body: Uint8Array | string | null): string;
  /** Adds a fault; the returned function takes it away. */
  fault(fault: Fault): () => void;
  clearFaults(): void;
  /** Sockets that are open at this moment. */
  openConnections(): Promise<{ readonly origin: number; readonly asset: number }>;
  close(): Promise<void>;
}

interface Published {
  readonly id: string;
  readonly tag: string;
  readonly file: string;
  readonly content: Content;
  readonly size: number;
  readonly etag: string;
  readonly modified: Date;
}

const PRODUCTION_OWNER = 'Seregawpn/Nexy_production';
const DEFAULT_LIFETIME = 300_000;

/**
 * Starts a host on 127.0.0.1 that behaves like GitHub's download side: a release address answers 302 to a
 * short-lived signed address on a second origin, which serves ranges with a strong ETag and answers an
 * `Authorization` header with 400 (ANCHORS.md section 5). For the demo, the tests and the lab.
 */
export async function startReleaseHost(options: ReleaseHostOptions = {}): Promise<ReleaseHost> {
  const files = new Map<string, Published>();
  const assets = new Map<string, Published>();
  const manifests = new Map<string, Uint8Array>();
  const faults = new FaultBook();
  const log: LoggedRequest[] = [];
  const secret = randomBytes(32);
  const lifetime = options.signedUrlLifetime ?? DEFAULT_LIFETIME;
  let requests = 0;

  const sign = (id: string, expiry: number): string =>
    createHmac('sha256', secret).update(`${id}:${expiry}`).digest('hex');

  const note = (on: LoggedRequest['on'], request: IncomingMessage): LoggedRequest => {
    const { headers, method = 'GET', url = '/' } = request;
    const entry = { on, method, path: url, headers, range: headers.range ?? null, status: 0, bytes: 0 };
    log.push(entry);
    return entry;
  };

  const answerOrigin = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://host');
    const release = /^\/([^/]+\/[^/]+)\/releases\/download\/([^/]+)\/([^/]+)$/.exec(url.pathname);
    if (release === null) return answerManifest(request, response, url.pathname);
    const [owner = '', tag = '', file = ''] = release.slice(1).map(decodeURIComponent);
    const entry = note('release', request);
    const met = faults.meet({ on: 'release', tag, file });
    if (answerEarly({ request, response, met, entry })) return;
    const published = files.get(keyOf(owner, tag, file));
    if (published === undefined) return finish(response, entry, 404, {}, 'Not Found');
    const expiry = Date.now() + lifetime;
    const location = `${assetOrigin}/github-production-release-asset/${published.id}?se=${expiry}&sig=${sign(published.id, expiry)}`;
    finish(response, entry, 302, { location, 'cache-control': 'no-cache' }, '');
  };

  const answerManifest = async (request: IncomingMessage, response: ServerResponse, path: string) => {
    const entry = note('manifest', request);
    const met = faults.meet({ on: 'manifest', tag: null, file: path });
    if (answerEarly({ request, response, met, entry })) return;
    const body = manifests.get(path);
    if (body === undefined) return finish(response, entry, 404, {}, 'Not Found');
    const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 32)}"`;
    const headers = { 'content-type': 'application/json; charset=utf-8', etag: chooseEtag(etag, met) };
    if (request.headers['if-none-match'] === headers.etag) return finish(response, entry, 304, headers, '');
    const whole = { content: body, start: 0, end: body.byteLength };
    await serve({ request, response, met, entry }, 200, headers, whole);
  };

  const answerAsset = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const entry = note('asset', request);
    const url = new URL(request.url ?? '/', 'http://host');
    const id = url.pathname.split('/').at(-1) ?? '';
    const published = assets.get(id);
    const met = faults.meet({ on: 'asset', tag: published?.tag ?? null, file: published?.file ?? '' });
    // Azure's answer to two kinds of authentication at once (ANCHORS.md section 5).
    if (request.headers.authorization !== undefined) return finish(response, entry, 400, {}, 'InvalidAuth');
    const expiry = Number(url.searchParams.get('se'));
    if (!isSame(url.searchParams.get('sig') ?? '', sign(id, expiry)) || expiry < Date.now()) {
      return finish(response, entry, 403, {}, 'AuthenticationFailed');
    }
    if (answerEarly({ request, response, met, entry })) return;
    if (published === undefined) return finish(response, entry, 404, {}, 'BlobNotFound');
    await servePublished({ request, response, met, entry }, published);
  };

  const servePublished = async (exchange: Exchange, published: Published): Promise<void> => {
    const { request, response, met, entry } = exchange;
    const { content, size } = published;
    const etag = chooseEtag(published.etag, met);
    const headers = {
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename=${published.file}`,
      'last-modified': published.modified.toUTCString(),
      'accept-ranges': 'bytes',
      etag,
    };
    const asked = met.has('ignore-range') ? null : readRange(request, size, etag);
    const other = met.get('other-range');
    if (asked === 'unsatisfiable' && other === undefined) {
      return finish(response, entry, 416, { 'content-range': `bytes */${size}` }, '');
    }
    const range = other === undefined ? asked : { start: other.start, end: size };
    if (range === null || range === 'unsatisfiable') {
      return serve(exchange, 200, headers, { content, start: 0, end: size });
    }
    const total = met.get('other-total')?.total ?? size;
    const contentRange = `bytes ${range.start}-${range.end - 1}/${total}`;
    await serve(exchange, 206, { ...headers, 'content-range': contentRange }, { content, ...range });
  };

  const chooseEtag = (etag: string, met: MetFaults): string | undefined => {
    const fault = met.get('etag');
    if (fault === undefined) return etag;
    requests += 1;
    return (typeof fault.etag === 'function' ? fault.etag(requests) : fault.etag) ?? undefined;
  };

  const servers = await Promise.all([
    listen(options, (request, response) => answerOrigin(request, response)),
    listen(options, (request, response) => answerAsset(request, response)),
  ]);
  const scheme = options.tls === undefined ? 'http' : 'https';
  const [origin, assetOrigin] = servers.map(
    (server) => `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`,
  ) as [string, string];

  const publish: ReleaseHost['publish'] = (tag, file, content, owner = PRODUCTION_OWNER) => {
    const published = describe(tag, file, content);
    files.set(keyOf(owner, tag, file), published);
    assets.set(published.id, published);
    return `${origin}/${owner}/releases/download/${encodeURIComponent(tag)}/${encodeURIComponent(file)}`;
  };
  const setManifest: ReleaseHost['setManifest'] = (path, body) => {
    if (body === null) manifests.delete(path);
    else manifests.set(path, typeof body === 'string' ? Buffer.from(body) : body);
    return origin + path;
  };

  for (const { tag, file, content, owner } of options.releases ?? []) publish(tag, file, content, owner);
  for (const [path, body] of Object.entries(options.manifests ?? {})) setManifest(path, body);
  for (const fault of options.faults ?? []) faults.add(fault);

  return {
    origin,
    assetOrigin,
    log,
    publish,
    replace: publish,
    withdraw: (tag, file, owner = PRODUCTION_OWNER) => {
      files.delete(keyOf(owner, tag, file));
    },
    setManifest,
    fault: (fault) => faults.add(fault),
    clearFaults: () => faults.clear(),
    openConnections: async () => {
      const [origin = 0, asset = 0] = await Promise.all(servers.map(countConnections));
      return { origin, asset };
    },
    close: async () => {
      await Promise.all(
        servers.map((server) => {
          const closed = new Promise<void>((resolve) => server.close(() => resolve()));
          server.closeAllConnections();
          return closed;
        }),
      );
    },
  };
}

async function listen(
  { tls }: ReleaseHostOptions,
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<Server> {
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    response.on('error', () => {});
    handle(request, response).catch(() => response.destroy());
  };
  const server = tls === undefined ? createHttpServer(listener) : createHttpsServer(tls, listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return server;
}

function countConnections(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}

/** GitHub compares owner, repository and file without regard to case, tags with it. */
function keyOf(owner: string, tag: string, file: string): string {
  return `${owner.toLowerCase()}\n${tag}\n${file.toLowerCase()}`;
}

function describe(tag: string, file: string, content: Content): Published {
  const hash = createHash('sha256').update(`${tag}/${file}/`);
  const stats = typeof content === 'string' ? statSync(content) : null;
  const size = stats?.size ?? content.length;
  const modified = stats?.mtime ?? new Date(0);
  if (typeof content === 'string') hash.update(`${content}/${size}/${stats?.mtimeMs}/${stats?.ino}`);
  else hash.update(content);
  const id = hash.digest('hex');
  return { id, tag, file, content, size, etag: `"0x${id.slice(0, 15).toUpperCase()}"`, modified };
}

function isSame(left: string, right: string): boolean {
  return left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));
}
