import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, createServer as createSocketServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { generate } from 'selfsigned';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { fetchManifest, type ManifestRequest } from '../../src/check/fetch-manifest.ts';
import { UpdateError } from '../../src/errors.ts';
import { sampleManifest, toBytes } from '../manifest/sample.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const LIMIT = 256 * 1024;
const MANIFEST = Buffer.from(toBytes(sampleManifest()));
const HTTP = { allowLoopback: true };

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

interface Host {
  readonly url: string;
  /** Headers of the requests that came, in order. */
  readonly requests: readonly IncomingMessage['headers'][];
  /** Bytes that went out through all sockets, as the system counts them. */
  readonly bytesSent: () => number;
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

async function serve(handler: Handler): Promise<Host> {
  const requests: IncomingMessage['headers'][] = [];
  const sockets: Socket[] = [];
  const server = createServer((request, response) => {
    requests.push(request.headers);
    handler(request, response);
  });
  server.on('connection', (socket) => sockets.push(socket));
  const url = `http://127.0.0.1:${await listen(server)}/updates/manifest.json`;
  return { url, requests, bytesSent: () => sockets.reduce((sum, socket) => sum + socket.bytesWritten, 0) };
}

/** A server that knows ETags, with a body and ETag that can be changed. */
async function serveManifest(content = { body: MANIFEST, etag: '"one"' }): Promise<Host> {
  return serve((request, response) => {
    response.setHeader('etag', content.etag);
    if (request.headers['if-none-match'] === content.etag) response.writeHead(304).end();
    else response.end(content.body);
  });
}

async function catchFailure(request: ManifestRequest): Promise<UpdateError> {
  try {
    await fetchManifest(request);
  } catch (error) {
    if (error instanceof UpdateError) return error;
    throw error;
  }
  throw new Error('The manifest was fetched');
}

async function failureOf(handler: Handler, settings: Partial<ManifestRequest> = {}): Promise<UpdateError> {
  const { url } = await serve(handler);
  return catchFailure({ url, stateFolder: await temporaryFolder(), http: HTTP, ...settings });
}

async function answerFile(stateFolder: string): Promise<string> {
  const folder = join(stateFolder, 'manifests');
  const [name = '', ...others] = await readdir(folder);
  expect(others).toEqual([]);
  expect(name).toMatch(/^[0-9a-f]{32}\.json$/);
  return join(folder, name);
}

describe('a conditional fetch', () => {
  it('gives the bytes as sent, and after a 304 the same ones', async () => {
    const host = await serveManifest();
    const request = { url: host.url, stateFolder: await temporaryFolder(), http: HTTP };
    const first = await fetchManifest(request);
    expect(first).toMatchObject({ notModified: false, etag: '"one"', warnings: [] });
    expect(Buffer.from(first.bytes)).toEqual(MANIFEST);
    const second = await fetchManifest(request);
    expect(second).toMatchObject({ notModified: true, etag: '"one"', warnings: [] });
    expect(Buffer.from(second.bytes)).toEqual(MANIFEST);
    expect(host.requests.map((headers) => headers['if-none-match'])).toEqual([undefined, '"one"']);
  });

  it('costs one request and at most 1 KiB when nothing changed, counted at the socket', async () => {
    const host = await serveManifest();
    const request = { url: host.url, stateFolder: await temporaryFolder(), http: HTTP };
    await fetchManifest(request);
    const before = host.bytesSent();
    const { bytesReceived } = await fetchManifest(request);
    expect(host.requests).toHaveLength(2);
    expect(host.bytesSent() - before).toBeGreaterThan(0);
    expect(host.bytesSent() - before).toBeLessThanOrEqual(1024);
    expect(bytesReceived).toBe(host.bytesSent() - before);
  });

  it('counts what it received to the byte, redirects included', async () => {
    const host = await serve((request, response) => {
      if (request.url === '/moved.json') response.end(MANIFEST);
      else response.writeHead(302, { location: '/moved.json', 'content-length': 0 }).end();
    });
    const { bytesReceived } = await fetchManifest({ url: host.url, stateFolder: null, http: HTTP });
    expect(host.requests).toHaveLength(2);
    expect(host.bytesSent()).toBeGreaterThan(MANIFEST.length);
    // `content-length` lets node send the body as it is.
    expect(bytesReceived).toBe(host.bytesSent());
  });

  it('takes what is new, and asks for that the next time', async () => {
    const content = { body: MANIFEST, etag: '"one"' };
    const host = await serveManifest(content);
    const request = { url: host.url, stateFolder: await temporaryFolder(), http: HTTP };
    await fetchManifest(request);
    content.body = Buffer.from('{"version":"3"}');
    content.etag = 'W/"two"';
    const changed = await fetchManifest(request);
    expect(changed).toMatchObject({ notModified: false, etag: 'W/"two"' });
    expect(Buffer.from(changed.bytes)).toEqual(content.body);
    const again = await fetchManifest(request);
    expect(again).toMatchObject({ notModified: true, bytes: changed.bytes });
    expect(host.requests.map((headers) => headers['if-none-match'])).toEqual([undefined, '"one"', 'W/"two"']);
  });

  it('keeps what the server said, whatever it is worth', async () => {
    const host = await serveManifest({ body: Buffer.from('no manifest'), etag: '"x"' });
    const request = { url: host.url, stateFolder: await temporaryFolder(), http: HTTP };
    await fetchManifest(request);
    const again = await fetchManifest(request);
    expect([again.notModified, Buffer.from(again.bytes).toString()]).toEqual([true, 'no manifest']);
  });

  it('keeps each URL apart', async () => {
    const host = await serve((request, response) => {
      response.setHeader('etag', '"same"');
      if (request.headers['if-none-match'] === undefined) response.end(request.url);
      else response.writeHead(304).end();
    });
    const stateFolder = await temporaryFolder();
    for (const round of [1, 2]) {
      for (const query of ['?a', '?b']) {
        const found = await fetchManifest({ url: host.url + query, stateFolder, http: HTTP });
        expect(Buffer.from(found.bytes).toString()).toBe(`/updates/manifest.json${query}`);
        expect(found.notModified).toBe(round === 2);
      }
    }
  });

  it('asks without a condition where the server gave no ETag, or nothing is kept', async () => {
    const plain = await serve((_request, response) => response.end(MANIFEST));
    const stateFolder = await temporaryFolder();
    for (const _round of [1, 2]) {
      const found = await fetchManifest({ url: plain.url, stateFolder, http: HTTP });
      expect(found).toMatchObject({ notModified: false, etag: null, warnings: [] });
    }
    expect(await readdir(stateFolder)).toEqual([]);
    const host = await serveManifest();
    for (const _round of [1, 2]) {
      expect(await fetchManifest({ url: host.url, stateFolder: null, http: HTTP })).toMatchObject({
        notModified: false,
        etag: '"one"',
        warnings: [],
      });
    }
    expect(host.requests.map((headers) => headers['if-none-match'])).toEqual([undefined, undefined]);
  });

  it.each<[string, (text: string) => string | Buffer]>([
    ['cut off', (text) => text.slice(0, text.length / 2)],
    ['empty', () => ''],
    ['with one changed byte in the body', (text) => text.replace('"body": "e', '"body": "f')],
    ['of another URL', (text) => text.replace('/updates/', '/other/')],
    ['without its body', (text) => text.replace(/"body": ".*"/, '"body": null')],
    ['too large', (text) => text + ' '.repeat(2 * 1024 * 1024)],
    ['not JSON', () => Buffer.from([0xff, 0x00])],
  ])('asks again without the condition when what was kept is %s', async (_name, damage) => {
    const host = await serveManifest();
    const request = { url: host.url, stateFolder: await temporaryFolder(), http: HTTP };
    await fetchManifest(request);
    const path = await answerFile(request.stateFolder);
    const text = await readFile(path, 'utf8');
    const damaged = damage(text);
    expect(damaged).not.toBe(text);
    await writeFile(path, damaged);
    const found = await fetchManifest(request);
    expect(host.requests[1]).not.toHaveProperty('if-none-match');
    expect([found.notModified, Buffer.from(found.bytes)]).toEqual([false, MANIFEST]);
    expect(found.warnings).toEqual([expect.stringContaining(path)]);
    // It is whole again after that.
    expect(await fetchManifest(request)).toMatchObject({ notModified: true, warnings: [] });
  });

  it('asks once more when a 304 answers a question that was not asked', async () => {
    const host = await serve((request, response) => {
      response.setHeader(
        'content-length',
        request.headers['cache-control'] === 'no-cache' ? MANIFEST.length : 0,
      );
      if (request.headers['cache-control'] === 'no-cache') response.end(MANIFEST);
      else response.writeHead(304).end();
    });
    const found = await fetchManifest({
      url: host.url,
      stateFolder: await temporaryFolder(),
      http: HTTP,
    });
    expect([found.notModified, Buffer.from(found.bytes)]).toEqual([false, MANIFEST]);
    expect(host.requests).toHaveLength(2);
    // With a length there is nothing but heads and body: both answers are counted to the byte.
    expect(found.bytesReceived).toBe(host.bytesSent());
  });

  it('gives up when the second answer is a 304 too', async () => {
    const host = await serve((_request, response) => response.writeHead(304).end());
    const error = await catchFailure({ url: host.url, stateFolder: null, http: HTTP });
    expect(error).toMatchObject({ code: 'manifest-unreachable', details: { status: 304 } });
    expect(host.requests).toHaveLength(2);
  });

  it('keeps private files and leaves none of its own behind', async () => {
    const host = await serveManifest();
    const stateFolder = join(await temporaryFolder(), 'state');
    await fetchManifest({ url: host.url, stateFolder, http: HTTP });
    const file = await stat(await answerFile(stateFolder));
    const folder = await stat(join(stateFolder, 'manifests'));
    expect([file.mode & 0o777, folder.mode & 0o777]).toEqual([0o600, 0o700]);
  });

  it('does not fail where nothing can be kept', async () => {
    const host = await serveManifest();
    const stateFolder = join(await temporaryFolder(), 'state');
    await writeFile(stateFolder, 'a file where the folder should be');
    const found = await fetchManifest({ url: host.url, stateFolder, http: HTTP });
    expect(Buffer.from(found.bytes)).toEqual(MANIFEST);
    expect(found.warnings.join()).toContain('could not be kept');
  });
});

describe('the size of an answer', () => {
  it('may be 256 KiB', async () => {
    const { url } = await serve((_request, response) => response.end(Buffer.alloc(LIMIT)));
    const { bytes } = await fetchManifest({ url, stateFolder: null, http: HTTP });
    expect(bytes).toHaveLength(LIMIT);
  });

  it.each<[string, Handler]>([
    ['with a length', (_request, response) => response.end(Buffer.alloc(LIMIT + 1))],
    [
      'without a length',
      (_request, response) => {
        response.write(Buffer.alloc(LIMIT));
        response.end('x');
      },
    ],
    [
      'without an end',
      (_request, response) => {
        const pour = () => {
          while (!response.destroyed && response.write(Buffer.alloc(16 * 1024)));
        };
        response.on('drain', pour).on('error', () => undefined);
        pour();
      },
    ],
    [
      'out of its encoding',
      (_request, response) =>
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(LIMIT + 1))),
    ],
    [
      'out of an encoding that blows up',
      (_request, response) =>
        response
          .writeHead(200, { 'content-encoding': 'br' })
          .end(brotliCompressSync(Buffer.alloc(64 * 1024 * 1024))),
    ],
  ])('may not be more, %s', async (_name, handler) => {
    const error = await failureOf(handler);
    expect(error.code).toBe('manifest-unreachable');
    expect(error.message).toContain('larger than 256 KiB');
    expect(error.details['reason']).toBeNull();
  });

  it.each([
    ['gzip', gzipSync(MANIFEST)],
    ['GZIP', gzipSync(MANIFEST)],
    ['x-gzip', gzipSync(MANIFEST)],
    ['', MANIFEST],
    ['deflate', deflateSync(MANIFEST)],
    ['br', brotliCompressSync(MANIFEST)],
    ['identity', MANIFEST],
  ])('understands %s, which it did not ask for', async (encoding, body) => {
    const host = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': encoding, etag: '"e"' }).end(body),
    );
    const request = { url: host.url, stateFolder: await temporaryFolder(), http: HTTP };
    const { bytes } = await fetchManifest(request);
    expect(Buffer.from(bytes)).toEqual(MANIFEST);
    expect(host.requests[0]?.['accept-encoding']).toBe('identity');
  });

  it.each([
    ['constructor', MANIFEST],
    ['zstd', MANIFEST],
    ['gzip', MANIFEST],
    ['gzip', gzipSync(MANIFEST).subarray(0, 100)],
  ])('refuses what it cannot decode (%s)', async (encoding, body) => {
    const error = await failureOf((_request, response) =>
      response.writeHead(200, { 'content-encoding': encoding }).end(body),
    );
    expect(error.code).toBe('manifest-unreachable');
    expect(error.message).toContain('The request failed.');
  });

  it('keeps the name of an encoding that it does not know, for the log', async () => {
    const error = await failureOf((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'zstd' }).end(MANIFEST),
    );
    expect(error.cause).toMatchObject({ message: 'The content encoding zstd is not known' });
  });
});

describe('manifest-unreachable', () => {
  it.each([
    [404, 'There is none (status 404)'],
    [410, 'There is none (status 410)'],
    [401, 'does not give it out (status 401)'],
    [403, 'does not give it out (status 403)'],
    [429, 'too often (status 429)'],
    [500, 'has a fault (status 500)'],
    [503, 'has a fault (status 503)'],
    [204, 'status 204 instead of a manifest'],
    [206, 'status 206 instead of a manifest'],
  ])('says why at status %s', async (status, sentence) => {
    const error = await failureOf((_request, response) => response.writeHead(status, { etag: '"e"' }).end());
    expect(error.code).toBe('manifest-unreachable');
    expect(error.message).toContain(sentence);
    expect(error.details['status']).toBe(status);
  });

  it('does not keep an answer that is no manifest', async () => {
    let status = 500;
    const host = await serve((_request, response) =>
      response.writeHead(status, { etag: '"e"' }).end(MANIFEST),
    );
    const request = { url: host.url, stateFolder: await temporaryFolder(), http: HTTP };
    await catchFailure(request);
    status = 200;
    await fetchManifest(request);
    expect(host.requests[1]).not.toHaveProperty('if-none-match');
  });

  it('says that the connection was refused', async () => {
    const server = createSocketServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const url = `http://127.0.0.1:${port}/manifest.json`;
    const error = await catchFailure({ url, stateFolder: null, http: HTTP });
    expect(error.message).toContain(`from ${url}. The server refused the connection.`);
    expect(error).toMatchObject({ code: 'manifest-unreachable', details: { systemCode: 'ECONNREFUSED' } });
  });

  it.each<[string, Handler]>([
    ['before the answer', (request) => request.socket.destroy()],
    [
      'within the body',
      (_request, response) => {
        response.writeHead(200, { 'content-length': MANIFEST.length });
        response.write(MANIFEST.subarray(0, 100), () => response.socket?.destroy());
      },
    ],
    [
      'within a body in chunks',
      (_request, response) => {
        response.writeHead(200);
        response.write(MANIFEST.subarray(0, 100), () => response.socket?.destroy());
      },
    ],
  ])('says that the connection broke %s', async (_name, handler) => {
    const error = await failureOf(handler);
    expect(error.code).toBe('manifest-unreachable');
    expect(error.details['reason']).toBe('connection-lost');
  });

  it.each<[string, Handler]>([
    ['no answer', () => undefined],
    [
      'half a body',
      (_request, response) => {
        response.writeHead(200, { 'content-length': MANIFEST.length });
        response.write(MANIFEST.subarray(0, 100));
      },
    ],
    [
      'a drop at a time',
      (_request, response) => {
        const timer = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(timer));
      },
    ],
  ])('has one deadline for everything: %s', async (_name, handler) => {
    const error = await failureOf(handler, { deadline: 300 });
    expect(error.code).toBe('manifest-unreachable');
    expect(error.message).toContain('within 0.3 seconds');
  });

  it('is cancelled when the caller says so, before and during the exchange', async () => {
    const before = await failureOf(() => undefined, { signal: AbortSignal.abort() });
    expect(before).toMatchObject({
      code: 'cancelled',
      message: 'The check was cancelled. Nothing was changed.',
      cause: expect.any(Error),
    });
    const controller = new AbortController();
    const during = await failureOf(() => controller.abort(), { signal: controller.signal });
    expect(during.code).toBe('cancelled');
  });

  it.each([
    ['http elsewhere', 'http://example.invalid/manifest.json', true, 'not encrypted'],
    ['http on loopback, not allowed', 'http://127.0.0.1:1/manifest.json', false, 'on this computer'],
    ['credentials', 'https://user:secret@127.0.0.1:1/m.json', true, 'user name or password'],
    ['a path', '/srv/manifest.json', true, 'not a complete address'],
    ['nothing', '', true, 'not a complete address'],
  ])('refuses %s', async (_name, url, allowLoopback, sentence) => {
    const error = await catchFailure({ url, stateFolder: null, http: { allowLoopback } });
    expect(error.code).toBe('manifest-unreachable');
    expect(error.message).toContain(sentence);
    expect(JSON.stringify(error)).not.toContain('secret');
  });

  it('leaves a proxy that cannot be used to the person who set it', async () => {
    vi.stubEnv('HTTPS_PROXY', 'socks5://127.0.0.1:1');
    onTestFinished(() => void vi.unstubAllEnvs());
    const error = await catchFailure({
      url: 'https://release.test/m.json',
      stateFolder: null,
      http: { allowLoopback: false },
    });
    expect(error.code).toBe('usage');
  });

  it('does not repeat what an address may keep secret', async () => {
    const { url } = await serve((_request, response) => response.writeHead(404).end());
    const error = await catchFailure({ url: `${url}?token=secret`, stateFolder: null, http: HTTP });
    expect(JSON.stringify(error)).toContain('/updates/manifest.json');
    expect(JSON.stringify(error)).not.toContain('secret');
  });

  it('follows five redirects and not more', async () => {
    const host = await serve((request, response) => {
      const hop = Number(new URL(request.url ?? '', host.url).searchParams.get('hop'));
      if (hop === 5) response.end(MANIFEST);
      else response.writeHead(302, { location: `/x?hop=${hop + 1}` }).end();
    });
    const { bytes } = await fetchManifest({ url: host.url, stateFolder: null, http: HTTP });
    expect(Buffer.from(bytes)).toEqual(MANIFEST);
    const error = await catchFailure({ url: `${host.url}?hop=-1`, stateFolder: null, http: HTTP });
    expect(error).toMatchObject({ code: 'manifest-unreachable', details: { reason: 'too-many-redirects' } });
  });
});

describe('over TLS', () => {
  async function serveSecurely(
    handler: Handler,
  ): Promise<{ readonly url: string; readonly certificate: string }> {
    const extensions = [
      { name: 'subjectAltName' as const, altNames: [{ type: 7 as const, ip: '127.0.0.1' }] },
    ];
    const { private: key, cert } = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
      extensions,
    });
    const server = createSecureServer({ key, cert }, handler);
    return { url: `https://127.0.0.1:${await listen(server)}/manifest.json`, certificate: cert };
  }

  it('fetches with a certificate that is trusted, and says so of one that is not', async () => {
    const { url, certificate } = await serveSecurely((_request, response) => response.end(MANIFEST));
    const trusting = { allowLoopback: false, certificateAuthority: certificate };
    const { bytes } = await fetchManifest({ url, stateFolder: null, http: trusting });
    expect(Buffer.from(bytes)).toEqual(MANIFEST);
    const error = await catchFailure({ url, stateFolder: null, http: { allowLoopback: false } });
    expect(error).toMatchObject({ code: 'manifest-unreachable', details: { reason: 'certificate' } });
    expect(error.message).toContain('certificate is not trusted');
  });

  it('never follows a redirect from https to http, not even on loopback', async () => {
    const plain = await serve((_request, response) => response.end(MANIFEST));
    const { url, certificate } = await serveSecurely((_request, response) =>
      response.writeHead(302, { location: plain.url }).end(),
    );
    const http = { allowLoopback: true, certificateAuthority: certificate };
    const error = await catchFailure({ url, stateFolder: null, http });
    expect(error.code).toBe('manifest-unreachable');
    expect(error.message).toContain('redirects from https to http');
    expect(plain.requests).toEqual([]);
  });
});
