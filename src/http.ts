import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { Got, NormalizedOptions, PlainResponse } from 'got';
import { UpdateError } from './errors.ts';
import type { HttpExchange } from './http-exchange.ts';

export interface HttpSettings {
  /** Allows plain http on 127.0.0.1, localhost and [::1]. */
  readonly allowLoopback: boolean;
  /** Sent to the origin of the first URL only; dropped when a redirect leaves it. */
  readonly requestHeaders?: Readonly<Record<string, string>>;
  /** Replace Node's agents and the proxy of the environment. */
  readonly agents?: { readonly http?: HttpAgent; readonly https?: HttpsAgent };
  /**
   * Replaces the proxy of the environment: asked for each hop that does not stay on this computer; null goes there
   * directly. Electron's session answers here.
   */
  readonly proxyAgentFor?: ProxyAgentFor;
  /** Certificates in PEM form that are trusted besides the usual ones. */
  readonly certificateAuthority?: string;
  /** Trusts what the system's store trusts, too: a company's own certificates are there. */
  readonly trustsSystemCertificates?: boolean;
  /** Told of every request when it has ended, redirects as requests of their own. */
  readonly onExchange?: (exchange: HttpExchange) => void;
}

type ProxyAgentFor = (url: URL) => HttpsAgent | null | Promise<HttpsAgent | null>;

/** As many hops as DESIGN.md section 3 allows; GitHub needs one. */
export const MAXIMUM_REDIRECTS = 5;

const LOOPBACK_HOSTS = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** A redirect's own body is thrown away; a host that sends more than this under one is cut off. */
const MAXIMUM_REDIRECT_BODY = 64 * 1024;

const CONNECT_TIMEOUT = 30_000;
const RESPONSE_TIMEOUT = 30_000;

/** Headers that callers may not set: credentials of other kinds, framing, and what the download decides. */
const RESERVED_HEADERS = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'cookie',
  'host',
  'if-range',
  'proxy-authorization',
  'range',
  'te',
  'transfer-encoding',
  'upgrade',
]);

export function isLoopbackUrl(url: URL): boolean {
  return LOOPBACK_HOSTS.has(url.hostname);
}

/**
 * Gives the parsed URL if this client may fetch it: https, or http on loopback where that is allowed,
 * and no user name or password in it.
 *
 * @throws UpdateError `artifact-url-insecure`
 */
export function assertUrlAllowed(url: string, settings: Pick<HttpSettings, 'allowLoopback'>): URL {
  const parsed = URL.parse(url);
  if (parsed === null) {
    throw refuse(`"${url.slice(0, 200)}" is not a complete address.`, url);
  }
  const shown = parsed.origin === 'null' ? parsed.protocol : parsed.origin;
  if (parsed.username !== '' || parsed.password !== '') {
    throw refuse(`The address at ${shown} carries a user name or password.`, shown);
  }
  if (parsed.protocol === 'https:') return parsed;
  if (parsed.protocol === 'http:' && isLoopbackUrl(parsed)) {
    if (settings.allowLoopback) return parsed;
    throw refuse(`${shown} is on this computer, which only tests and the demo allow.`, shown);
  }
  throw refuse(`${shown} is not encrypted (https).`, shown);
}

/**
 * A got instance for this client's requests: https only (loopback as above, on every hop), at most five
 * redirects, never from https to http, no cookies, no decompression, no retries of its own (the callers
 * know what may be repeated). Outside Electron the proxy comes from HTTPS_PROXY, ALL_PROXY and NO_PROXY,
 * loopback excepted, and further certificates from NODE_EXTRA_CA_CERTS, which Node reads itself. (HTTP_PROXY
 * has nothing to do: the only plain http there is stays on this computer.)
 *
 * Errors of its requests are got's, or UpdateError `artifact-url-insecure` for a URL that is refused.
 */
export async function createHttpClient(settings: HttpSettings): Promise<Got> {
  const { default: got } = await import('got');
  const { agents, onExchange } = settings;
  const proxyAgentFor =
    settings.proxyAgentFor ?? (agents === undefined ? await readProxyEnvironment() : null);
  const certificateAuthority = await readAuthorities(settings);
  const ownHeaders = keepAllowedHeaders(settings.requestHeaders ?? {});

  return got.extend({
    headers: { 'user-agent': 'nexy-updater', 'accept-encoding': 'identity', ...ownHeaders },
    followRedirect: true,
    maxRedirects: MAXIMUM_REDIRECTS,
    decompress: false,
    throwHttpErrors: false,
    // Callers compare lengths themselves and take the body from the raw response, past got's counter.
    strictContentLength: false,
    retry: { limit: 0 },
    timeout: {
      lookup: CONNECT_TIMEOUT,
      connect: CONNECT_TIMEOUT,
      secureConnect: CONNECT_TIMEOUT,
      response: RESPONSE_TIMEOUT,
    },
    ...(agents === undefined ? {} : { agent: agents }),
    ...(certificateAuthority === null ? {} : { https: { certificateAuthority } }),
    ...(onExchange === undefined
      ? {}
      : { request: (await import('./http-exchange.ts')).observeRequests(onExchange) }),
    hooks: {
      beforeRequest: [
        async (options) => {
          const url = assertUrlAllowed(String(options.url), settings);
          // Chosen for each hop anew: NO_PROXY may name one host and not the other.
          if (proxyAgentFor !== null) {
            const proxy = isLoopbackUrl(url) ? null : await proxyAgentFor(url);
            options.agent = proxy === null ? {} : { https: proxy };
          }
        },
      ],
      beforeRedirect: [
        (options, response) => {
          limitRedirectBody(response);
          checkRedirect(options, response, Object.keys(ownHeaders));
        },
      ],
      // Our own refusals leave got unwrapped.
      beforeError: [(error) => (error.cause instanceof UpdateError ? error.cause : error)],
    },
  });
}

function refuse(reason: string, url: string): UpdateError {
  return new UpdateError(
    'artifact-url-insecure',
    `${reason} Nothing was fetched from it. The publisher has to correct the address.`,
    { details: { url } },
  );
}

function keepAllowedHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const lowerCased = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return Object.fromEntries(lowerCased.filter(([name]) => !RESERVED_HEADERS.has(name)));
}

function checkRedirect(
  options: NormalizedOptions,
  response: PlainResponse,
  ownHeaders: readonly string[],
): void {
  const from = new URL(response.url);
  const to = new URL(String(options.url));
  // got takes credentials out of a redirect's address; a server that writes them there is not followed at all.
  const written = URL.parse(response.headers.location ?? '', from.href);
  if (written !== null && (written.username !== '' || written.password !== '')) {
    throw refuse(`${from.origin} redirects to an address with a user name or password.`, from.origin);
  }
  if (from.protocol === 'https:' && to.protocol !== 'https:') {
    throw refuse(`${from.origin} redirects from https to ${to.origin}.`, from.origin);
  }
  if (from.origin !== to.origin) {
    for (const name of ['authorization', ...ownHeaders]) delete options.headers[name];
  }
}

/** got drains a redirect's body without a limit; it must neither run for ever nor keep the process alive. */
function limitRedirectBody(response: PlainResponse): void {
  let received = 0;
  response.on('data', (chunk: Uint8Array) => {
    received += chunk.byteLength;
    if (received > MAXIMUM_REDIRECT_BODY) response.destroy();
  });
  response.socket?.unref();
}

/** `ca` replaces Node's list instead of adding to it, hence all of them, in PEM form. Null leaves it at Node's. */
export async function readAuthorities(
  settings: Pick<HttpSettings, 'certificateAuthority' | 'trustsSystemCertificates'>,
): Promise<string[] | null> {
  const { certificateAuthority, trustsSystemCertificates = false } = settings;
  if (certificateAuthority === undefined && !trustsSystemCertificates) return null;
  const tls: Partial<typeof import('node:tls')> = await import('node:tls');
  // getCACertificates came with Node 22.15; its default list also holds NODE_EXTRA_CA_CERTS.
  const usual = tls.getCACertificates?.('default') ?? tls.rootCertificates ?? [];
  const system = trustsSystemCertificates ? (tls.getCACertificates?.('system') ?? []) : [];
  const own = certificateAuthority === undefined ? [] : [certificateAuthority];
  return [...new Set([...usual, ...system, ...own])];
}

async function readProxyEnvironment(): Promise<ProxyAgentFor | null> {
  const names = ['https_proxy', 'all_proxy'];
  const isSet = names.some((name) => process.env[name] || process.env[name.toUpperCase()]);
  if (!isSet) return null;
  const [{ getProxyForUrl }, { HttpsProxyAgent }] = await Promise.all([
    import('proxy-from-env'),
    import('https-proxy-agent'),
  ]);
  const agents = new Map<string, HttpsAgent>();
  return (url) => {
    const proxy = getProxyForUrl(url.href);
    if (proxy === '') return null;
    const known = agents.get(proxy);
    if (known !== undefined) return known;
    const parsed = URL.parse(proxy);
    if (parsed === null || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')) {
      // The value itself is not shown: it may hold a password.
      throw new UpdateError(
        'usage',
        'The proxy in HTTPS_PROXY or ALL_PROXY is not an http or https address. Nothing was fetched. Correct the variable, or unset it.',
      );
    }
    const agent = new HttpsProxyAgent(parsed);
    agents.set(proxy, agent);
    return agent;
  };
}
