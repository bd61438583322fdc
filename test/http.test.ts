import type { IncomingHttpHeaders } from 'node:http';
import { Agent } from 'node:http';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { UpdateError } from '../src/errors.ts';
import { assertUrlAllowed, createHttpClient, MAXIMUM_REDIRECTS } from '../src/http.ts';
import { describeHttpFailure } from '../src/http-failure.ts';
import { makeCertificate } from './support/certificate.ts';
import { startConnectProxy } from './support/connect-proxy.ts';
import { startServer } from './support/http-server.ts';

const closers: (() => Promise<void>)[] = [];
let tls: { readonly key: string; readonly cert: string };

beforeAll(async () => {
  tls = await makeCertificate();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of closers.splice(0)) await close();
});

const serve: typeof startServer = async (listener, options) => {
  const server = await startServer(listener, options);
  closers.push(server.close);
  return server;
};

/** Two origins: the first redirects to the second, which keeps the headers that it was sent. */
async function serveRedirect(sameOrigin = false) {
  const seen: IncomingHttpHeaders[] = [];
  const target = await serve((request, response) => {
    seen.push(request.headers);
    response.end('arrived');
  });
  const first = await serve((request, response) => {
    seen.push(request.headers);
    if (request.url === '/start') {
      response.writeHead(302, { location: sameOrigin ? '/end' : `${target.origin}/end` });
    }
    response.end('arrived');
  });
  return { url: `${first.origin}/start`, seen };
}

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.fail('the request should fail'),
    (error: unknown) => error,
  );

describe('assertUrlAllowed', () => {
  it.each([
    ['https://github.com/a/b', false],
    ['https://127.0.0.1:1/a', false],
    ['http://127.0.0.1:8080/a', true],
    ['http://localhost/a', true],
    ['http://[::1]:1/a', true],
    ['HTTP://LOCALHOST/a', true],
  ])('allows %s', (url, allowLoopback) => {
    expect(assertUrlAllowed(url, { allowLoopback }).href).toBe(new URL(url).href);
  });

  it.each([
    ['http://127.0.0.1/a', false],
    ['http://localhost/a', false],
    ['http://github.com/a', true],
    ['http://127.0.0.2/a', true],
    ['http://127.0.0.1.example.com/a', true],
    ['http://localhost.example.com/a', true],
    ['https://user:secret@github.com/a', true],
    ['https://user@github.com/a', true],
    ['http://github.com@127.0.0.1/a', true],
    ['ftp://127.0.0.1/a', true],
    ['file:///etc/passwd', true],
    ['unix:/var/run/docker.sock:/x', true],
    ['data:text/plain,a', true],
    ['github.com/a', true],
    ['', true],
  ])('refuses %s', (url, allowLoopback) => {
    const refuse = () => assertUrlAllowed(url, { allowLoopback });
    expect(refuse).toThrow(UpdateError);
    expect(refuse).toThrow(expect.objectContaining({ code: 'artifact-url-insecure' }));
  });

  it('keeps a password out of the error', () => {
    try {
      assertUrlAllowed('https://user:secret@github.com/a', { allowLoopback: false });
      expect.fail('refused');
    } catch (error) {
      expect(JSON.stringify(error)).not.toContain('secret');
    }
  });
});

describe('createHttpClient', () => {
  it('asks for the bytes as they are and sends neither cookies nor credentials', async () => {
    const seen: IncomingHttpHeaders[] = [];
    const { origin } = await serve((request, response) => {
      seen.push(request.headers);
      response.setHeader('set-cookie', 'session=1');
      response.end();
    });
    const client = await createHttpClient({
      allowLoopback: true,
      requestHeaders: { Cookie: 'a=b', Host: 'other.test', 'Accept-Encoding': 'gzip', 'X-Own': 'yes' },
    });
    await client(origin);
    await client(origin);
    for (const headers of seen) {
      expect(headers).toMatchObject({
        'accept-encoding': 'identity',
        'x-own': 'yes',
        host: new URL(origin).host,
      });
      expect(headers.cookie).toBeUndefined();
      expect(headers.authorization).toBeUndefined();
    }
    expect(seen).toHaveLength(2);
  });

  it('gives any status as an answer and repeats nothing', async () => {
    let requests = 0;
    const { origin } = await serve((_, response) => {
      requests += 1;
      response.writeHead(503).end();
    });
    const client = await createHttpClient({ allowLoopback: true });
    expect((await client(origin)).statusCode).toBe(503);
    expect(requests).toBe(1);
  });

  it('follows at most five redirects', async () => {
    let requests = 0;
    const { origin } = await serve((request, response) => {
      requests += 1;
      response.writeHead(302, { location: `${request.url}x` }).end();
    });
    const client = await createHttpClient({ allowLoopback: true });
    const error = await failureOf(client(`${origin}/`));
    expect(describeHttpFailure(error)).toMatchObject({ reason: 'too-many-redirects', isTransient: false });
    expect(requests).toBe(MAXIMUM_REDIRECTS + 1);
  });

  it('drops Authorization and its own headers when a redirect changes the origin', async () => {
    const { url, seen } = await serveRedirect();
    const client = await createHttpClient({
      allowLoopback: true,
      requestHeaders: { authorization: 'Bearer secret', 'x-own': 'secret' },
    });
    expect((await client(url, { headers: { range: 'bytes=1-' } })).body).toBe('arrived');
    expect(seen[0]).toMatchObject({ authorization: 'Bearer secret', 'x-own': 'secret', range: 'bytes=1-' });
    expect(seen[1]).toMatchObject({ range: 'bytes=1-' });
    expect(JSON.stringify(seen[1])).not.toContain('secret');
  });

  it('keeps them within one origin', async () => {
    const { url, seen } = await serveRedirect(true);
    const client = await createHttpClient({ allowLoopback: true, requestHeaders: { 'x-own': 'kept' } });
    await client(url);
    expect(seen.map((headers) => headers['x-own'])).toEqual(['kept', 'kept']);
  });

  it.each([
    ['another scheme', 'ftp://127.0.0.1/a'],
    ['plain http elsewhere', 'http://release.test/a'],
    ['a user name', 'https://user:secret@127.0.0.1:1/a'],
    ['something that is no address', 'http://'],
  ])('refuses a redirect to %s', async (_, location) => {
    const { origin } = await serve((_request, response) => response.writeHead(302, { location }).end());
    const client = await createHttpClient({ allowLoopback: true });
    const error = await failureOf(client(origin));
    // got itself refuses addresses that it cannot fetch, before we are asked.
    expect(describeHttpFailure(error)).toMatchObject({ reason: 'url-refused', isTransient: false });
  });

  it('never goes from https to http, not even on loopback', async () => {
    let reached = false;
    const plain = await serve((_, response) => {
      reached = true;
      response.end();
    });
    const { origin } = await serve((_, response) => {
      response.writeHead(302, { location: plain.origin }).end();
    }, tls);
    const client = await createHttpClient({ allowLoopback: true, certificateAuthority: tls.cert });
    const error = await failureOf(client(origin));
    expect(error).toMatchObject({ code: 'artifact-url-insecure' });
    expect(describeHttpFailure(error)).toMatchObject({ reason: 'url-refused', isTransient: false });
    expect(reached).toBe(false);
  });

  it('cuts off a redirect that sends without end', async () => {
    const target = await serve((_, response) => {
      setTimeout(() => response.end('late'), 5_000).unref();
    });
    let isClosed = false;
    const { origin } = await serve((request, response) => {
      response.writeHead(302, { location: target.origin });
      const pump = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      };
      response.on('drain', pump);
      request.socket.on('close', () => {
        isClosed = true;
      });
      pump();
    });
    const client = await createHttpClient({ allowLoopback: true });
    await failureOf(client(origin));
    await vi.waitFor(() => expect(isClosed).toBe(true));
  });

  it('does not trust an unknown certificate, unless it is given as an authority', async () => {
    const { origin } = await serve((_, response) => response.end('secure'), tls);
    const strict = await createHttpClient({ allowLoopback: true });
    const error = await failureOf(strict(origin));
    expect(describeHttpFailure(error)).toMatchObject({ reason: 'certificate', isTransient: false });
    const trusting = await createHttpClient({ allowLoopback: true, certificateAuthority: tls.cert });
    expect((await trusting(origin)).body).toBe('secure');
  });

  it('names the reason of a network failure', async () => {
    const closed = await startServer(() => {});
    await closed.close();
    const resetting = await serve((request) => request.socket.resetAndDestroy());
    const silent = await serve(() => {});
    const garbage = await serve((request) => request.socket.end('not http at all\r\n\r\n'));
    const client = await createHttpClient({ allowLoopback: true });
    const reasonOf = async (url: string, options = {}) =>
      describeHttpFailure(await failureOf(client(url, options)));
    expect(await reasonOf(closed.origin)).toMatchObject({ reason: 'connection-refused', isTransient: true });
    expect(await reasonOf(resetting.origin)).toMatchObject({ reason: 'connection-lost', isTransient: true });
    expect(await reasonOf(silent.origin, { timeout: { response: 50 } })).toMatchObject({ reason: 'timeout' });
    expect(await reasonOf(garbage.origin)).toMatchObject({ reason: 'not-http' });
    expect(await reasonOf(silent.origin, { signal: AbortSignal.abort() })).toMatchObject({
      reason: 'cancelled',
    });
  });
});

describe('the proxy of the environment', () => {
  it('tunnels https, on every hop for itself, with its own password only', async () => {
    const seen: IncomingHttpHeaders[] = [];
    const host = await serve((request, response) => {
      seen.push(request.headers);
      if (request.url !== '/') return response.end('through');
      return response.writeHead(302, { location: 'https://release.test/asset' }).end();
    }, tls);
    const proxy = await startConnectProxy(host.origin);
    closers.push(proxy.close);
    vi.stubEnv('HTTPS_PROXY', proxy.url);
    vi.stubEnv('NO_PROXY', '');
    const client = await createHttpClient({ allowLoopback: false, certificateAuthority: tls.cert });
    expect((await client('https://release.test/')).body).toBe('through');
    expect(new Set(proxy.tunnels)).toEqual(new Set(['release.test:443']));
    expect(proxy.authorizations[0]).toBe(`Basic ${Buffer.from('user:secret').toString('base64')}`);
    expect(JSON.stringify(seen)).not.toMatch(/proxy-authorization/i);
  });

  it('is never used for loopback', async () => {
    vi.stubEnv('HTTPS_PROXY', 'http://127.0.0.1:1');
    vi.stubEnv('HTTP_PROXY', 'http://127.0.0.1:1');
    vi.stubEnv('ALL_PROXY', 'http://127.0.0.1:1');
    vi.stubEnv('NO_PROXY', '');
    const plain = await serve((_, response) => response.end('direct'));
    const secure = await serve((_, response) => response.end('direct'), tls);
    const client = await createHttpClient({ allowLoopback: true, certificateAuthority: tls.cert });
    expect((await client(plain.origin)).body).toBe('direct');
    expect((await client(secure.origin)).body).toBe('direct');
  });

  it('leaves out what NO_PROXY names', async () => {
    const proxy = await startConnectProxy('https://127.0.0.1:1');
    closers.push(proxy.close);
    vi.stubEnv('HTTPS_PROXY', proxy.url);
    vi.stubEnv('NO_PROXY', 'release.invalid');
    const client = await createHttpClient({ allowLoopback: false });
    const error = await failureOf(client('https://release.invalid/', { dnsLookup: lookUpNothing }));
    expect(describeHttpFailure(error).reason).toBe('name-not-found');
    expect(proxy.tunnels).toEqual([]);
  });

  it('refuses a kind that it does not know, without showing the address', async () => {
    vi.stubEnv('HTTPS_PROXY', 'socks5://user:secret@127.0.0.1:1');
    const client = await createHttpClient({ allowLoopback: false });
    const error = await failureOf(client('https://release.test/'));
    expect(error).toMatchObject({ code: 'usage' });
    expect(String(error)).not.toContain('secret');
  });

  it('gives way to agents of the caller', async () => {
    vi.stubEnv('HTTPS_PROXY', 'http://127.0.0.1:1');
    let connections = 0;
    class CountingAgent extends Agent {
      override createConnection(...parameters: Parameters<Agent['createConnection']>) {
        connections += 1;
        return super.createConnection(...parameters);
      }
    }
    const { origin } = await serve((_, response) => response.end('own'));
    const client = await createHttpClient({ allowLoopback: true, agents: { http: new CountingAgent() } });
    expect((await client(origin)).body).toBe('own');
    expect(connections).toBe(1);
  });
});

/** No test asks a name server. */
function lookUpNothing(
  hostname: string,
  _options: unknown,
  callback: (error: NodeJS.ErrnoException, address: string, family: number) => void,
): void {
  callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' }), '', 4);
}
