import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ask } from '../support/ask.ts';
import { openDescriptorsOf } from '../support/open-descriptors.ts';
import { keepLog, offerText, ServerWorld, until } from '../support/server-world.ts';

const STABLE = offerText('2.0.0.46');
const BETA = offerText('2.1', { top: { channel: 'beta', 'a key nobody knows': ['kept'] } });

async function openWorld(): Promise<ServerWorld> {
  const world = await ServerWorld.open();
  world.put('manifest.json', `${STABLE}   \n`);
  world.put('manifest_beta.json', BETA);
  world.put('manifest_2.0.0.46.json', STABLE);
  world.put('manifest_2.0.0.45.json', offerText('2.0.0.45'));
  world.putDownload('Nexy.dmg', 'bytes of 2.0.0.46');
  return world;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('routes', () => {
  it.each(['', '/updates'])('answers every one below "%s"', async (prefix) => {
    const world = await openWorld();
    const { origin } = await world.serve();
    const types: Readonly<Record<string, string>> = {
      '/': 'text/html; charset=utf-8',
      '/manifest.json': 'application/json; charset=utf-8',
      '/manifest_beta.json': 'application/json; charset=utf-8',
      '/manifests/manifest_2.0.0.46.json': 'application/json; charset=utf-8',
      '/manifests/manifest_2.0.0.45.json': 'application/json; charset=utf-8',
      '/appcast.xml': 'application/xml; charset=utf-8',
      '/appcast-beta.xml': 'application/xml; charset=utf-8',
      '/health': 'application/json; charset=utf-8',
      '/api/versions': 'application/json; charset=utf-8',
      '/api/manifests': 'application/json; charset=utf-8',
      '/api/artifacts': 'application/json; charset=utf-8',
    };
    for (const [path, type] of Object.entries(types)) {
      const answer = await ask(origin, `${prefix}${path}`);
      expect({ path, status: answer.status, type: answer.headers['content-type'] }).toEqual({
        path,
        status: 200,
        type,
      });
    }
    await until(async () => (await ask(origin, `${prefix}/downloads/Nexy.dmg`)).status === 200);
  });

  it('serves a manifest byte for byte as it lies on disk, whatever its form', async () => {
    const world = await openWorld();
    const { origin } = await world.serve();
    for (const [path, file] of [
      ['/manifest.json', 'manifest.json'],
      ['/updates/manifest.json', 'manifest.json'],
      ['/manifest_beta.json', 'manifest_beta.json'],
      ['/manifests/manifest_2.0.0.46.json', 'manifest_2.0.0.46.json'],
    ] as const) {
      const { body } = await ask(origin, path);
      expect(body.equals(readFileSync(join(world.manifests, file)))).toBe(true);
    }
  });

  it.each([
    '/nothing',
    '/manifests/',
    '/manifests',
    '/downloads/',
    '/downloads',
    '/api',
    '/api/',
    '/manifest_2.0.0.46.json',
    '/manifests/manifest_9.json',
    '/manifests/manifest.json',
    '/updates/updates/manifest.json',
    '/updatesmanifest.json',
    '/MANIFEST.json',
    '/manifest.json/',
    '//manifest.json',
    '/%6danifest.json',
  ])('has nothing at %s, and lists nothing', async (path) => {
    const world = await openWorld();
    const { origin } = await world.serve();
    const { status, body, headers } = await ask(origin, path);
    expect(status).toBe(404);
    expect(headers['cache-control']).toBe('no-store');
    expect(JSON.parse(body.toString())).toMatchObject({ error: { code: 'not-found' } });
    expect(body.toString()).not.toMatch(/2\.0\.0\.4|Nexy\.dmg/);
  });

  it('passes over a query, and takes a whole address for its path (RFC 9112, 3.2.2)', async () => {
    const world = await openWorld();
    const { origin } = await world.serve();
    const plain = await ask(origin, '/manifest.json');
    for (const path of ['/manifest.json?t=123', 'http://updates.example.com/manifest.json']) {
      expect((await ask(origin, path)).body.equals(plain.body)).toBe(true);
    }
  });

  it('leads from /updates to /updates/, so that the links of the page hold', async () => {
    const world = await openWorld();
    const { origin } = await world.serve();
    expect(await ask(origin, '/updates')).toMatchObject({ status: 308, headers: { location: '/updates/' } });
  });

  it('knows no beta when beta is off: routes, page and reports', async () => {
    const world = await openWorld();
    world.put('manifest_2.1.json', BETA);
    const { origin } = await world.serve({ isBetaOffered: false });
    for (const path of ['/manifest_beta.json', '/appcast-beta.xml', '/manifests/manifest_2.1.json']) {
      expect((await ask(origin, path)).status).toBe(404);
      expect((await ask(origin, `/updates${path}`)).status).toBe(404);
    }
    for (const path of ['/', '/health', '/api/versions', '/api/manifests', '/api/artifacts']) {
      const text = (await ask(origin, path)).body.toString();
      expect(text).toContain('2.0.0.46');
      expect(text).not.toMatch(/beta|2\.1\b/i);
    }
  });
});

describe('methods', () => {
  it('answers HEAD with the headers of GET and no body', async () => {
    const world = await openWorld();
    const { origin } = await world.serve();
    await until(async () => (await ask(origin, '/downloads/Nexy.dmg')).status === 200);
    for (const path of [
      '/',
      '/manifest.json',
      '/appcast.xml',
      '/health',
      '/downloads/Nexy.dmg',
      '/nothing',
    ]) {
      const get = await ask(origin, path);
      const head = await ask(origin, path, { method: 'HEAD' });
      expect(head.body).toHaveLength(0);
      const { date: _get, ...expected } = get.headers;
      const { date: _head, ...found } = head.headers;
      expect({ path, status: head.status, headers: found }).toEqual({
        path,
        status: get.status,
        headers: expected,
      });
    }
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'])(
    'answers %s with 405 where there is something, with 404 where there is nothing, whatever comes with it',
    async (method) => {
      const world = await openWorld();
      const { origin } = await world.serve();
      const body = method === 'TRACE' ? {} : { body: '{"a":' };
      const headers = {
        'content-type': 'application/json',
        ...(method === 'TRACE' ? {} : { 'content-length': '5' }),
      };
      expect(await ask(origin, '/manifest.json', { method, headers, ...body })).toMatchObject({
        status: 405,
        headers: { allow: 'GET, HEAD', 'cache-control': 'no-store' },
      });
      expect(await ask(origin, '/nothing', { method, headers, ...body })).toMatchObject({ status: 404 });
    },
  );
});

describe('caches', () => {
  it('gives a strong entity tag that is the sha256, and 304 to who has it', async () => {
    const world = await openWorld();
    const { origin } = await world.serve();
    for (const path of [
      '/manifest.json',
      '/appcast.xml',
      '/api/versions',
      '/',
      '/manifests/manifest_2.0.0.46.json',
    ]) {
      const first = await ask(origin, path);
      const etag = first.headers.etag ?? '';
      expect(etag).toBe(`"${sha256(first.body)}"`);
      for (const value of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
        const again = await ask(origin, path, { headers: { 'if-none-match': value } });
        expect({ value, status: again.status, length: again.body.length }).toEqual({
          value,
          status: 304,
          length: 0,
        });
        expect(again.headers.etag).toBe(etag);
        expect(again.headers['cache-control']).toBe(first.headers['cache-control']);
        expect(again.headers['content-type']).toBeUndefined();
      }
      const other = await ask(origin, path, { headers: { 'if-none-match': '"other"' } });
      expect(other.status).toBe(200);
    }
  });

  it('costs at most 1 KiB when there is nothing new', async () => {
    const world = await openWorld();
    const { origin } = await world.serve();
    const { etag = '' } = (await ask(origin, '/manifest.json')).headers;
    const { headers, status } = await ask(origin, '/manifest.json', { headers: { 'if-none-match': etag } });
    expect(status).toBe(304);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
    expect(`HTTP/1.1 304 Not Modified\r\n${lines.join('')}\r\n`.length).toBeLessThan(1024);
  });

  it('takes the date of a manifest only for the very one that it gave', async () => {
    const world = await openWorld();
    utimesSync(join(world.manifests, 'manifest.json'), 1_700_000_000, 1_700_000_000);
    const { origin } = await world.serve();
    const ifSince = async (date: string, more = {}) =>
      (await ask(origin, '/manifest.json', { headers: { 'if-modified-since': date, ...more } })).status;
    expect((await ask(origin, '/manifest.json')).headers['last-modified']).toBe(
      'Tue, 14 Nov 2023 22:13:20 GMT',
    );
    expect(await ifSince('Tue, 14 Nov 2023 22:13:20 GMT')).toBe(304);
    // A file that was put back is older than what the client has.
    expect(await ifSince('Wed, 15 Nov 2023 22:13:20 GMT')).toBe(200);
    expect(await ifSince('nonsense')).toBe(200);
    expect(await ifSince('Tue, 14 Nov 2023 22:13:20 GMT', { 'if-none-match': '"other"' })).toBe(200);
  });

  it('tells caches what may be kept, and that old is better than nothing', async () => {
    const world = await openWorld();
    const { origin } = await world.serve();
    const of = async (path: string) => (await ask(origin, path)).headers['cache-control'];
    for (const path of ['/manifest.json', '/manifest_beta.json', '/appcast.xml', '/appcast-beta.xml', '/']) {
      expect(await of(path)).toBe('public, max-age=60, stale-if-error=86400');
    }
    expect(await of('/manifests/manifest_2.0.0.46.json')).toBe('public, max-age=31536000, immutable');
    expect(await of('/health')).toBe('no-store');
  });

  it('compresses what is worth it for who asks, each form with its own tag', async () => {
    const world = await openWorld();
    const { origin } = await world.serve();
    const identity = await ask(origin, '/');
    const forms = new Map([
      ['gzip', gunzipSync],
      ['br', brotliDecompressSync],
    ]);
    const tags = new Set([identity.headers.etag]);
    for (const [encoding, decode] of forms) {
      const headers = { 'accept-encoding': encoding };
      const answer = await ask(origin, '/', { headers });
      expect(answer.headers).toMatchObject({ 'content-encoding': encoding, vary: 'accept-encoding' });
      expect(answer.body.length).toBeLessThan(identity.body.length);
      expect(decode(answer.body).equals(identity.body)).toBe(true);
      tags.add(answer.headers.etag);
      const again = { headers: { ...headers, 'if-none-match': answer.headers.etag ?? '' } };
      expect(await ask(origin, '/', again)).toMatchObject({
        status: 304,
        headers: { vary: 'accept-encoding' },
      });
    }
    expect(tags.size).toBe(3);
    expect(identity.headers).toMatchObject({ vary: 'accept-encoding' });
    expect(identity.headers['content-encoding']).toBeUndefined();
    // A small manifest fits one packet as it is.
    const small = await ask(origin, '/manifest.json', { headers: { 'accept-encoding': 'br, gzip' } });
    expect(small.headers['content-encoding']).toBeUndefined();
    expect(small.headers.vary).toBeUndefined();
  });
});

describe('downloads', () => {
  const BYTES = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));

  async function serveDownload() {
    const world = await openWorld();
    world.putDownload('Nexy-9.dmg', BYTES);
    const server = await world.serve();
    const get = (headers: Readonly<Record<string, string>> = {}, method = 'GET') =>
      ask(server.origin, '/downloads/Nexy-9.dmg', { method, headers });
    await until(async () => (await get()).status === 200);
    return { world, get, origin: server.origin };
  }

  it('gives the whole file with its sha256 as a strong tag', async () => {
    const { get } = await serveDownload();
    const { status, headers, body } = await get();
    expect(status).toBe(200);
    expect(body.equals(BYTES)).toBe(true);
    expect(headers).toMatchObject({
      etag: `"${sha256(BYTES)}"`,
      'accept-ranges': 'bytes',
      'content-length': '100000',
      'content-type': 'application/x-apple-diskimage',
      'cache-control': 'public, max-age=0, stale-if-error=86400',
    });
    expect((await get({ 'if-none-match': headers.etag ?? '' })).status).toBe(304);
  });

  it.each([
    ['bytes=0-0', 0, 0],
    ['bytes=5-9', 5, 9],
    ['bytes=99999-', 99_999, 99_999],
    ['bytes=90000-200000', 90_000, 99_999],
    ['bytes=-1', 99_999, 99_999],
    ['bytes=-200000', 0, 99_999],
  ])('gives the part %s', async (range, first, last) => {
    const { get } = await serveDownload();
    const { status, headers, body } = await get({ range });
    expect(status).toBe(206);
    expect(headers['content-range']).toBe(`bytes ${first}-${last}/100000`);
    expect(body.equals(BYTES.subarray(first, last + 1))).toBe(true);
  });

  it.each(['bytes=100000-', 'bytes=-0', 'bytes=200000-300000'])(
    'answers %s with 416 and the size',
    async (range) => {
      const { get } = await serveDownload();
      expect(await get({ range })).toMatchObject({
        status: 416,
        headers: { 'content-range': 'bytes */100000' },
      });
    },
  );

  it.each(['bytes=9-5', 'bytes=-', 'bytes=a-b', 'items=0-1', 'bytes=0-1,5-6', 'bytes'])(
    'passes over %s, which it need not understand',
    async (range) => {
      const { get } = await serveDownload();
      const { status, body } = await get({ range });
      expect(status).toBe(200);
      expect(body.equals(BYTES)).toBe(true);
    },
  );

  it('resumes only the very file that the client began with', async () => {
    const { get } = await serveDownload();
    const { etag = '', 'last-modified': modified = '' } = (await get()).headers;
    expect((await get({ range: 'bytes=5-', 'if-range': etag })).status).toBe(206);
    expect((await get({ range: 'bytes=5-', 'if-range': modified })).status).toBe(206);
    expect((await get({ range: 'bytes=5-', 'if-range': '"other"' })).status).toBe(200);
    expect((await get({ range: 'bytes=5-', 'if-range': `W/${etag}` })).status).toBe(200);
    // RFC 9110, 14.2: Range is for GET alone.
    expect(await get({ range: 'bytes=5-' }, 'HEAD')).toMatchObject({
      status: 200,
      headers: { 'content-length': '100000' },
    });
  });

  it('never sends a file whose bytes it has not hashed: a changed one comes with its new tag', async () => {
    const { world, get } = await serveDownload();
    const changed = Buffer.alloc(100_000, 1);
    writeFileSync(join(world.downloads, 'Nexy-9.dmg'), changed);
    for (;;) {
      const { status, headers, body } = await get();
      expect([200, 503]).toContain(status);
      if (status === 503) expect(headers['retry-after']).toBeDefined();
      else {
        expect(headers.etag).toBe(`"${sha256(body)}"`);
        if (body.equals(changed)) break;
      }
    }
  });

  it('lets go of the file when the client goes in the middle', async () => {
    const { world, origin } = await serveDownload();
    world.putDownload('large.dmg', Buffer.alloc(20_000_000, 3));
    await until(async () => (await ask(origin, '/downloads/large.dmg', { method: 'HEAD' })).status === 200);
    const open = () => openDescriptorsOf(join(world.downloads, 'large.dmg'));
    const sockets = Array.from({ length: 20 }, () => connect(Number(new URL(origin).port), '127.0.0.1'));
    for (const socket of sockets) {
      socket.write('GET /downloads/large.dmg HTTP/1.1\r\nHost: updates\r\n\r\n');
      await once(socket, 'readable');
    }
    if (process.platform === 'linux') expect(await open()).toHaveLength(20);
    for (const socket of sockets) socket.destroy();
    await until(async () => (await open()).length === 0);
  });

  it('serves no hidden file, no folder, no link, no name that would have to be escaped', async () => {
    const { world, origin } = await serveDownload();
    for (const name of ['.secret', 'a b', 'ü.dmg', '-flag']) world.putDownload(name, 'secret');
    world.putDownload('later.dmg', 'x');
    await until(async () => (await ask(origin, '/downloads/later.dmg')).status === 200);
    for (const path of ['.secret', 'a%20b', '%C3%BC.dmg', '-flag', '%2esecret']) {
      expect((await ask(origin, `/downloads/${path}`)).status).toBe(404);
    }
  });
});

describe('limits', () => {
  it('sends security headers with every answer, and a page that may run nothing', async () => {
    const world = await openWorld();
    const { origin } = await world.serve();
    for (const path of ['/', '/manifest.json', '/nothing', '/%zz', '/health']) {
      expect((await ask(origin, path)).headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'content-security-policy': expect.stringMatching(/^default-src 'none'; style-src 'sha256-/),
      });
    }
    const { headers, body } = await ask(origin, '/');
    const style = /<style>(.*)<\/style>/s.exec(body.toString())?.[1] ?? '';
    const digest = createHash('sha256').update(style).digest('base64');
    expect(headers['content-security-policy']).toContain(`'sha256-${digest}'`);
    expect(headers['content-security-policy']).not.toContain('unsafe-inline');
  });

  it('stops an address that asks too often, and says when to come back; others go on', async () => {
    const world = await openWorld();
    const { origin } = await world.serve({ requestsPerMinute: 5, trustedProxies: ['127.0.0.0/8'] });
    const from = (address: string, path = '/manifest.json') =>
      ask(origin, path, { headers: { 'x-forwarded-for': address } });
    const statuses: number[] = [];
    for (let round = 0; round < 7; round += 1) statuses.push((await from('192.0.2.1', `/${round}`)).status);
    expect(statuses).toEqual([404, 404, 404, 404, 404, 429, 429]);
    const refused = await from('192.0.2.1');
    expect(refused).toMatchObject({ status: 429, headers: { 'cache-control': 'no-store' } });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await from('192.0.2.2')).status).toBe(200);
    // One household has a /64.
    for (let round = 0; round < 5; round += 1)
      expect((await from(`2001:db8:1:2::${round}`)).status).toBe(200);
    expect((await from('2001:db8:1:2:3:4:5:6')).status).toBe(429);
    expect((await from('2001:db8:1:3::1')).status).toBe(200);
  });

  it('believes X-Forwarded-For from nobody but the proxies that it is told', async () => {
    const world = await openWorld();
    const { log, lines } = keepLog();
    const { origin } = await world.serve({ log, requestsPerMinute: 3, trustedProxies: ['10.0.0.1'] });
    const statuses: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const headers = { 'x-forwarded-for': `192.0.2.${round}` };
      statuses.push((await ask(origin, '/health', { headers })).status);
    }
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    await until(() => lines.filter(({ msg }) => msg === 'Answered').length === 5);
    for (const line of lines.filter(({ msg }) => msg === 'Answered'))
      expect(line['address']).toBe('127.0.0.1');
  });

  it('takes nothing for an address that is none, also not from a proxy', async () => {
    const world = await openWorld();
    const { log, lines } = keepLog();
    const { origin } = await world.serve({ log, trustedProxies: ['127.0.0.1'] });
    const headers = { 'x-forwarded-for': 'somebody<script>' };
    expect((await ask(origin, '/health', { headers })).status).toBe(200);
    await until(() => lines.some(({ msg }) => msg === 'Answered'));
    expect(lines.find(({ msg }) => msg === 'Answered')).toMatchObject({ address: '127.0.0.1' });
  });

  it('logs what was asked for and by which address, and nothing else of the client', async () => {
    const world = await openWorld();
    const { log, lines } = keepLog();
    const { origin } = await world.serve({ log });
    const headers = {
      authorization: 'Bearer hidden',
      cookie: 'hidden',
      'user-agent': 'hidden',
      referer: 'hidden',
    };
    await ask(origin, '/manifest.json?token=hidden', { headers });
    await ask(origin, '/updates/nothing?token=hidden#hidden', { headers });
    await until(() => lines.filter(({ msg }) => msg === 'Answered').length === 2);
    expect(JSON.stringify(lines)).not.toContain('hidden');
    expect(lines.filter(({ msg }) => msg === 'Answered')).toMatchObject([
      { method: 'GET', path: '/manifest.json', status: 200, address: '127.0.0.1' },
      { method: 'GET', path: '/updates/nothing', status: 404, address: '127.0.0.1' },
    ]);
  });

  it('refuses a header that is too large, and a target that is too long', async () => {
    const world = await openWorld();
    const { origin } = await world.serve();
    expect((await ask(origin, '/manifest.json', { headers: { big: 'x'.repeat(9000) } })).status).toBe(431);
    expect((await ask(origin, `/${'x'.repeat(9000)}`)).status).toBe(431);
    expect((await ask(origin, `/${'x'.repeat(5000)}`)).status).toBe(404);
    expect((await ask(origin, '/health')).status).toBe(200);
  });
});
