import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { HttpsProxyAgent, type OnProxyAuthCallback } from 'https-proxy-agent';
import { UpdateError } from '../errors.ts';
import type { ProxyRoute } from './proxy-list.ts';

/** What a proxy asks for, with the keys of Electron's `AuthInfo`. */
export interface ProxyChallenge {
  readonly isProxy: true;
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
  readonly realm: string;
}

export interface Login {
  readonly username: string;
  readonly password: string;
}

/** Null where nobody knows a name and a password. */
export type AskLogin = (challenge: ProxyChallenge) => Promise<Login | null>;

type Target = Parameters<HttpsProxyAgent<string>['connect']>[1];

/**
 * Goes to a host by the first way that there is a connection for, as Chromium does with such a list. Only what fails
 * before a tunnel stands leads to the next way: the answer of a proxy is an answer.
 */
export class RouteAgent extends HttpsProxyAgent<string> {
  readonly #routes: readonly (SignedInAgent | null)[];

  /** @param routes at least one, and none that is unknown; null is the direct one */
  constructor(routes: readonly (SignedInAgent | null)[]) {
    // Where it leads is decided in `connect`; the address of the base class is never used.
    super('http://proxy.invalid');
    this.#routes = routes;
  }

  override async connect(request: ClientRequest, target: Target): Promise<Socket> {
    const failures: unknown[] = [];
    for (const route of this.#routes) {
      try {
        return await (route === null ? connectDirectly(target) : route.connect(request, target));
      } catch (error) {
        if (error instanceof UpdateError) throw error;
        failures.push(error);
      }
    }
    throw failures.at(-1);
  }
}

/** A proxy, and the name and password that it took. They are kept in memory only, for this proxy alone. */
export class SignedInAgent extends HttpsProxyAgent<string> {
  #login: Login | null = null;

  /** @param ca certificates that a proxy spoken to over TLS is believed by; null for Node's own */
  constructor(url: string, askLogin: AskLogin, ca: string[] | null) {
    const answer: OnProxyAuthCallback = async ({ response }) => {
      const challenge = readChallenge(this.proxy, response.headers['proxy-authenticate'] ?? []);
      this.#login = await askLogin(challenge);
      if (this.#login === null) throw needsLogin(this.proxy);
      return { headers: { 'Proxy-Authorization': basicAuthorization(this.#login) } };
    };
    super(url, {
      ...(ca === null ? {} : { ca }),
      onProxyAuth: answer,
      headers: () => (this.#login === null ? {} : { 'Proxy-Authorization': basicAuthorization(this.#login) }),
    });
  }

  override async connect(request: ClientRequest, target: Target): Promise<Socket> {
    try {
      return await super.connect(request, target);
    } catch (error) {
      // The library's words for a second 407.
      if (!(error instanceof Error) || !/^Proxy authentication failed/.test(error.message)) throw error;
      this.#login = null;
      throw needsLogin(this.proxy, error);
    }
  }
}

/** @throws UpdateError `usage` where none of the ways is one that this client can go */
export function agentForRoutes(
  routes: readonly ProxyRoute[],
  agentOf: (url: string) => SignedInAgent,
): RouteAgent | null {
  const usable = routes.filter((route) => route.kind !== 'unknown');
  if (usable.length === 0) {
    const names = routes.flatMap((route) => (route.kind === 'unknown' ? route.scheme : [])).join(', ');
    throw new UpdateError(
      'usage',
      `This Mac reaches the internet through a proxy of a kind that the updater does not know (${names}). Nothing was fetched. Ask whoever manages the network for an HTTP or HTTPS proxy.`,
    );
  }
  if (usable[0]?.kind === 'direct') return null;
  return new RouteAgent(usable.map((route) => (route.kind === 'direct' ? null : agentOf(route.url))));
}

function readChallenge(proxy: URL, given: string | readonly string[]): ProxyChallenge {
  const text = [given].flat().join(', ');
  const basic = /(?:^|[,\s])basic(?:\s+(?:[^,]*?\s)?realm="([^"]*)")?/i.exec(text);
  if (basic === null) {
    throw new UpdateError(
      'usage',
      `The proxy ${proxy.host} asks for a way to sign in that the updater does not know. Nothing was fetched. Ask whoever manages the network to let the update host through without a password.`,
      { details: { proxy: proxy.host } },
    );
  }
  const port = Number(proxy.port) || (proxy.protocol === 'https:' ? 443 : 80);
  return { isProxy: true, scheme: 'basic', host: proxy.hostname, port, realm: basic[1] ?? '' };
}

function needsLogin(proxy: URL, cause?: unknown): UpdateError {
  return new UpdateError(
    'usage',
    `The proxy ${proxy.host} asks for a name and a password${cause === undefined ? '' : ', and did not take those it was given'}. Nothing was fetched. Sign in to the proxy, or ask whoever manages the network.`,
    { details: { proxy: proxy.host } },
  );
}

function basicAuthorization({ username, password }: Login): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function connectDirectly(target: Target): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (!target.secureEndpoint) throw new TypeError('Only https leaves this computer.');
    const socket = connectTls(target);
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      socket.removeListener('error', reject);
      resolve(socket);
    });
  });
}
