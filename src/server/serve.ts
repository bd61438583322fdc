import { METHODS as METHODS_OF_HTTP } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import rateLimit from '@fastify/rate-limit';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { Logger } from 'pino';
import { systemErrorCode, UpdateError } from '../errors.ts';
import { type Connections, watchConnections } from './connections.ts';
import type { ShelvedFile } from './download-shelf.ts';
import { LIMITS } from './limits.ts';
import { LiveSite, type SiteSources } from './live-site.ts';
import { isNotModified } from './negotiate.ts';
import { chooseVariant } from './prepared-site.ts';
import { refuseConnection } from './refuse-connection.ts';
import { SECURITY_HEADERS } from './security-headers.ts';
import { sendDownload } from './send-download.ts';
import { sendError } from './send-error.ts';
import { readTarget } from './target.ts';
import { makeProxyTest } from './trusted-proxies.ts';

export interface ServeOptions extends SiteSources {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Addresses and networks (CIDR) whose `X-Forwarded-For` is believed; empty believes none. */
  readonly trustedProxies: readonly string[];
  /** Requests that one address may make in a minute; 0 for as many as it likes. */
  readonly requestsPerMinute: number;
  readonly log: Logger;
}

export interface UpdateServer {
  /** `http://<host>:<port>`, without a trailing slash. */
  readonly origin: string;
  readonly port: number;
  /**
   * Takes no further connections, finishes the answers that are under way, and ends.
   *
   * @param patience milliseconds until answers that are still under way are cut off
   */
  close(patience?: number): Promise<void>;
}

const METHODS = 'GET, HEAD';

const DOWNLOADS = 'downloads/';

/**
 * Serves a folder of manifests, and what is made from them, until it is closed. Reads only.
 *
 * @throws UpdateError `folder-unreadable`, `address-unavailable`, `usage`
 */
export async function startUpdateServer(options: ServeOptions): Promise<UpdateServer> {
  const { log } = options;
  const live = await LiveSite.open(options, (level, text, details) => log[level](details, text));
  try {
    const { app, connections } = await makeApp(live, options);
    await listen(app, options);
    const { port } = app.server.address() as AddressInfo;
    const host = options.host.includes(':') ? `[${options.host}]` : options.host;
    return {
      origin: `http://${host}:${port}`,
      port,
      close: async (patience = LIMITS.patience) => {
        connections.endIdle();
        const cut = setTimeout(() => app.server.closeAllConnections(), patience);
        await app.close();
        clearTimeout(cut);
        live.close();
      },
    };
  } catch (error) {
    live.close();
    throw error;
  }
}

interface App {
  readonly app: FastifyInstance;
  readonly connections: Connections;
}

async function makeApp(live: LiveSite, options: ServeOptions): Promise<App> {
  const isTrustedProxy = makeProxyTest(options.trustedProxies);
  const app = fastify({
    trustProxy: options.trustedProxies.length === 0 ? false : isTrustedProxy,
    bodyLimit: LIMITS.bodyBytes,
    connectionTimeout: LIMITS.idle,
    keepAliveTimeout: LIMITS.keepAlive,
    requestTimeout: LIMITS.request,
    // Requests that come while it closes are answered, and then the connection ends.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    http: {
      headersTimeout: LIMITS.headers,
      connectionsCheckingInterval: LIMITS.check,
      maxHeaderSize: LIMITS.headerBytes,
    },
    // An address that cannot be decoded; hooks do not run for it.
    clientErrorHandler: refuseConnection,
    frameworkErrors: (_error, _request, reply) => void answerUnknown(reply.headers(SECURITY_HEADERS)),
  });
  const connections = watchConnections(app.server, isTrustedProxy);
  app.addHook('onRequest', async (_request, reply) => void reply.headers(SECURITY_HEADERS));
  app.addHook('onResponse', async (request, reply) => logAnswer(options.log, request, reply));
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, options.log));
  if (options.requestsPerMinute > 0) {
    await app.register(rateLimit, {
      max: options.requestsPerMinute,
      timeWindow: '1 minute',
      cache: 20_000,
      keyGenerator: (request) => addressKey(clientAddress(request)),
      // A check with nothing new is meant to cost little; only who is refused is told.
      addHeaders: NO_COUNTERS,
      addHeadersOnExceeding: NO_COUNTERS,
    });
  }
  // Those that the framework does not know would pass by the route, and so by its limits.
  const unknown = METHODS_OF_HTTP.filter((method) => !app.supportedMethods.includes(method));
  for (const method of unknown) app.addHttpMethod(method);
  app.route({
    method: app.supportedMethods,
    url: '*',
    // Before a body is read: none is wanted.
    preParsing: async (request, reply, payload) => {
      if (request.method === 'GET' || request.method === 'HEAD') return payload;
      await answerOtherMethod(live, request, reply);
      return payload;
    },
    handler: (request, reply) => answer(live, request, reply),
  });
  app.setNotFoundHandler((_request, reply) => answerUnknown(reply));
  return { app, connections };
}

const NO_COUNTERS = {
  'x-ratelimit-limit': false,
  'x-ratelimit-remaining': false,
  'x-ratelimit-reset': false,
};

async function answer(live: LiveSite, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { path, needsSlash, shown } = readTarget(request.raw.url ?? '');
  if (path === null) return answerUnknown(reply);
  if (needsSlash) return reply.code(308).header('location', `${shown}/`).send();
  const prepared = live.site.get(path);
  if (prepared === undefined) {
    const file = findFile(live, path);
    if (file === undefined) return answerUnknown(reply);
    return sendDownload(file, request, reply, () => live.stirDownloads());
  }
  const { document } = prepared;
  const variant = chooseVariant(prepared, request.headers['accept-encoding']);
  reply.code(document.status).headers(variant.headers);
  if (document.status === 503) reply.header('retry-after', '60');
  else if (isNotModified(request.headers, variant.etag, document.modified)) {
    // RFC 9110, 15.4.5: what a 200 would say of caching, and no more.
    reply.removeHeader('content-type').removeHeader('content-encoding');
    return reply.code(304).send();
  }
  return reply.send(variant.bytes);
}

function findFile({ files }: LiveSite, path: string): ShelvedFile | undefined {
  return path.startsWith(DOWNLOADS) ? files.get(path.slice(DOWNLOADS.length)) : undefined;
}

function answerOtherMethod(live: LiveSite, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { path } = readTarget(request.raw.url ?? '');
  const isKnown = path !== null && (live.site.has(path) || findFile(live, path) !== undefined);
  // The body that may follow is not read, so nothing else can follow it.
  reply.header('connection', 'close');
  if (!isKnown) return answerUnknown(reply);
  reply.header('allow', METHODS);
  return sendError(reply, 405, 'method-not-allowed', `This server is read only: ask with ${METHODS}.`);
}

function answerUnknown(reply: FastifyReply): FastifyReply {
  return sendError(reply, 404, 'not-found', 'There is nothing at this address.');
}

/** What plugins and the framework itself refuse, and what nobody foresaw. */
function answerError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Logger,
): FastifyReply {
  const status = readStatus(error);
  if (status === 429) {
    const message = 'Too many requests from this address. Ask again later.';
    return sendError(reply, 429, 'too-many-requests', message);
  }
  if (status < 500) return sendError(reply, status, 'bad-request', 'The request cannot be understood.');
  log.error({ err: error, path: readTarget(request.raw.url ?? '').shown }, 'Answering failed');
  return sendError(reply, 500, 'failed', 'The server could not answer. Its log says why.');
}

function readStatus(error: unknown): number {
  const isStatus = error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number';
  return isStatus ? Number(error.statusCode) : 500;
}

function logAnswer(log: Logger, request: FastifyRequest, reply: FastifyReply): void {
  log.info(
    {
      method: request.method,
      path: readTarget(request.raw.url ?? '').shown,
      status: reply.statusCode,
      address: clientAddress(request),
      milliseconds: Math.round(reply.elapsedTime * 10) / 10,
    },
    'Answered',
  );
}

/** What a proxy passes on as an address need not be one. */
function clientAddress(request: FastifyRequest): string {
  return isIP(request.ip) === 0 ? (request.socket.remoteAddress ?? '') : request.ip;
}

/** A household has a /64 of IPv6 to itself (RFC 6177), so that its addresses count as one. */
function addressKey(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - after.length;
  return [...groups, ...Array<string>(Math.max(0, missing)).fill('0'), ...after].slice(0, 4).join(':');
}

async function listen(app: FastifyInstance, { host, port }: ServeOptions): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const reasons: Readonly<Record<string, string>> = {
      EADDRINUSE: 'Another program listens there.',
      EACCES: 'Ports below 1024 need an administrator.',
      EADDRNOTAVAIL: 'This computer has no such address.',
    };
    const code = systemErrorCode(error) ?? '';
    throw new UpdateError(
      'address-unavailable',
      `The server cannot listen at ${host}, port ${port}. ${reasons[code] ?? `(${code})`} Choose another with --host and --port.`,
      { details: { host, port }, cause: error },
    );
  }
}
