import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type ReleaseHost,
  type ReleaseHostOptions,
  startReleaseHost,
} from '../../../src/lab/release-host/release-host.ts';
import { randomBody } from '../../support/random-body.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const body = randomBody(100_000);
let host: ReleaseHost;

afterEach(() => host.close());

async function start(options: ReleaseHostOptions = {}): Promise<string> {
  host = await startReleaseHost(options);
  return host.publish('v1.0', 'Nexy.dmg', body);
}

async function read(url: string, headers: Record<string, string> = {}) {
  const response = await fetch(url, { headers: { 'accept-encoding': 'identity', ...headers } });
  return {
    status: response.status,
    headers: response.headers,
    bytes: Buffer.from(await response.arrayBuffer()),
  };
}

describe('the release host, as GitHub', () => {
  it('redirects a release address to a signed one on another origin, which serves the bytes', async () => {
    const url = await start();
    expect(url).toBe(`${host.origin}/Seregawpn/Nexy_production/releases/download/v1.0/Nexy.dmg`);
    const redirect = await fetch(url, { redirect: 'manual' });
    expect(redirect.status).toBe(302);
    const location = new URL(redirect.headers.get('location') ?? '');
    expect(location.origin).toBe(host.assetOrigin);
    expect(host.assetOrigin).not.toBe(host.origin);
    const answer = await read(location.href);
    expect(answer.status).toBe(200);
    expect(answer.bytes.equals(body)).toBe(true);
    expect(answer.headers.get('accept-ranges')).toBe('bytes');
    expect(answer.headers.get('content-length')).toBe('100000');
    expect(answer.headers.get('etag')).toMatch(/^"0x[0-9A-F]+"$/);
    expect(host.log.at(-1)).toMatchObject({ on: 'asset', status: 200, bytes: 100_000, range: null });
  });

  it('signs for a short time only, and for one file only', async () => {
    const url = await start({ signedUrlLifetime: -1 });
    expect((await read(url)).status).toBe(403);
    const location = new URL((await fetch(url, { redirect: 'manual' })).headers.get('location') ?? '');
    location.searchParams.set('se', String(Date.now() + 60_000));
    expect((await read(location.href)).status).toBe(403);
  });

  it('answers an Authorization header behind the redirect with 400', async () => {
    const url = await start();
    const location = (await fetch(url, { redirect: 'manual' })).headers.get('location') ?? '';
    expect((await read(location, { authorization: 'Bearer x' })).status).toBe(400);
  });

  it('serves ranges under the condition of a strong ETag', async () => {
    const url = await start();
    const etag = (await read(url)).headers.get('etag') ?? '';
    const part = await read(url, { range: 'bytes=1000-1999', 'if-range': etag });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe('bytes 1000-1999/100000');
    expect(part.bytes.equals(body.subarray(1000, 2000))).toBe(true);
    expect((await read(url, { range: 'bytes=99999-' })).bytes.equals(body.subarray(99_999))).toBe(true);
    expect((await read(url, { range: 'bytes=1-', 'if-range': '"other"' })).status).toBe(200);
    expect((await read(url, { range: 'bytes=1-', 'if-range': `W/${etag}` })).status).toBe(200);
    const beyond = await read(url, { range: 'bytes=100000-' });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */100000']);
  });

  it('answers HEAD without a body', async () => {
    const url = await start();
    const response = await fetch(url, { method: 'HEAD' });
    expect([response.status, response.headers.get('content-length')]).toEqual([200, '100000']);
    expect((await response.arrayBuffer()).byteLength).toBe(0);
  });

  it('compares owner and file without regard to case, tags with it', async () => {
    const url = await start();
    expect((await read(url.replace('Seregawpn', 'seregawpn'))).status).toBe(200);
    expect((await read(url.replace('v1.0', 'V1.0'))).status).toBe(404);
  });

  it('publishes, replaces and withdraws', async () => {
    const url = await start();
    const before = await read(url);
    host.replace('v1.0', 'Nexy.dmg', Buffer.from('other'));
    const after = await read(url);
    expect(after.bytes.toString()).toBe('other');
    expect(after.headers.get('etag')).not.toBe(before.headers.get('etag'));
    host.withdraw('v1.0', 'Nexy.dmg');
    expect((await read(url)).status).toBe(404);
  });

  it('streams a file from disk', async () => {
    await start();
    const path = join(await temporaryFolder(), 'file');
    await writeFile(path, body);
    const url = host.publish('v2.0', 'Nexy.pkg', path);
    expect((await read(url)).bytes.equals(body)).toBe(true);
    expect((await read(url, { range: 'bytes=5-9' })).bytes.equals(body.subarray(5, 10))).toBe(true);
  });

  it('serves manifests with an ETag and 304', async () => {
    await start({ manifests: { '/manifest.json': '{"version":"1"}' } });
    const url = `${host.origin}/manifest.json`;
    const first = await read(url);
    expect(first.bytes.toString()).toBe('{"version":"1"}');
    const etag = first.headers.get('etag') ?? '';
    const second = await read(url, { 'if-none-match': etag });
    expect([second.status, second.bytes.byteLength]).toEqual([304, 0]);
    host.setManifest('/manifest.json', '{"version":"2"}');
    expect((await read(url, { 'if-none-match': etag })).bytes.toString()).toBe('{"version":"2"}');
    host.setManifest('/manifest.json', null);
    expect((await read(url)).status).toBe(404);
  });
});

describe('its faults', () => {
  it('cuts after exactly so many bytes', async () => {
    const url = await start({ faults: [{ fault: { kind: 'cut', after: 40_001 } }] });
    const response = await fetch(url);
    let received = 0;
    const reading = (async () => {
      for await (const chunk of response.body ?? []) received += chunk.byteLength;
    })();
    await expect(reading).rejects.toThrow();
    expect(received).toBe(40_001);
    expect(host.log.at(-1)).toMatchObject({ bytes: 40_001 });
  });

  it('meets only the requests that it is meant for', async () => {
    const url = await start();
    const other = host.publish('v2.0', 'Nexy.dmg', body);
    host.fault({ tag: 'v1.0', skip: 1, times: 1, fault: { kind: 'status', status: 503 } });
    const takeAway = host.fault({ on: 'release', tag: 'v2.0', fault: { kind: 'status', status: 410 } });
    const statuses = async (address: string, times: number) => {
      const all: number[] = [];
      for (let i = 0; i < times; i += 1) all.push((await read(address)).status);
      return all;
    };
    expect(await statuses(url, 3)).toEqual([200, 503, 200]);
    expect(await statuses(other, 1)).toEqual([410]);
    takeAway();
    expect(await statuses(other, 1)).toEqual([200]);
  });

  it('encodes, changes bytes, sends other ranges and totals, and lies about the ETag', async () => {
    const url = await start();
    const undo = host.fault({ fault: { kind: 'gzip' } });
    const zipped = await fetch(url);
    expect(zipped.headers.get('content-encoding')).toBe('gzip');
    const raw = Number(zipped.headers.get('content-length'));
    expect(raw).not.toBe(body.byteLength);
    expect(Buffer.from(await zipped.arrayBuffer()).equals(body)).toBe(true);
    undo();
    host.fault({ fault: { kind: 'flip', at: 7 } });
    const { bytes } = await read(url);
    expect(bytes[7]).toBe((body[7] ?? 0) ^ 0xff);
    expect(bytes.subarray(8).equals(body.subarray(8))).toBe(true);
    host.clearFaults();
    host.fault({ fault: { kind: 'other-range', start: 5 } });
    host.fault({ fault: { kind: 'other-total', total: 7 } });
    host.fault({ fault: { kind: 'etag', etag: (request) => `W/"${request}"` } });
    const part = await read(url, { range: 'bytes=10-' });
    expect(part.headers.get('content-range')).toBe('bytes 5-99999/7');
    expect(part.headers.get('etag')).toBe('W/"1"');
  });
});
