import { createHash } from 'node:crypto';
import tls from 'node:tls';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { readApiUrl } from '../../../src/release/github/api-url.ts';
import { openGitHub } from '../../../src/release/github/open-github.ts';
import { Transport } from '../../../src/release/github/transport.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { startConnectProxy } from '../../support/connect-proxy.ts';
import { startServer } from '../../support/http-server.ts';
import { makeAsset } from '../../support/publish-world.ts';

const API = readApiUrl('https://api.github.com');
const CALL = { method: 'GET', headers: {} };

async function openProxy() {
  // Whatever the tunnel leads to, it speaks no TLS: what counts is who was asked for what.
  const { origin, close } = await startServer((_, response) => void response.end());
  const proxy = await startConnectProxy(origin);
  onTestFinished(async () => {
    await proxy.close();
    await close();
  });
  return proxy;
}

describe('the way to GitHub', () => {
  it.each(['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'])(
    'leads through the proxy of %s',
    async (name) => {
      const proxy = await openProxy();
      const transport = new Transport({ api: API, environment: { [name]: proxy.url } });
      onTestFinished(() => transport.close());
      await expect(transport.fetch('https://api.github.com/repos/o/r', CALL)).rejects.toThrow();
      expect(proxy.tunnels[0]).toBe('api.github.com:443');
      expect(proxy.authorizations[0]).toBe(`Basic ${Buffer.from('user:secret').toString('base64')}`);
    },
  );

  it('leads past it where NO_PROXY says so, and to loopback in any case', async () => {
    const proxy = await openProxy();
    const { origin, close } = await startServer((_, response) => void response.end('{}'));
    onTestFinished(close);
    const near = new Transport({
      api: readApiUrl(origin),
      environment: { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url },
    });
    onTestFinished(() => near.close());
    expect((await near.fetch(`${origin}/repos/o/r`, CALL)).status).toBe(200);

    const api = readApiUrl('https://github.invalid');
    const past = new Transport({ api, environment: { HTTPS_PROXY: proxy.url, NO_PROXY: 'github.invalid' } });
    onTestFinished(() => past.close());
    await expect(past.fetch('https://github.invalid/x', CALL)).rejects.toThrow();
    expect(proxy.tunnels).toEqual([]);
  });

  it('refuses a proxy that is none, without showing its password', () => {
    const make = (): Transport =>
      new Transport({ api: API, environment: { HTTPS_PROXY: 'nonsense:secret@x' } });
    expect(make).toThrow(expect.objectContaining({ code: 'usage' }));
    expect(make).not.toThrow('secret');
  });

  it('goes nowhere once the signal has fired, and then counts nothing', async () => {
    const transport = new Transport({ api: API, fetch: () => Promise.reject(new Error('It was sent.')) });
    const call = { method: 'POST', headers: {}, signal: AbortSignal.abort() };
    await expect(transport.fetch('https://api.github.com/x', call)).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(transport.writes).toBe(0);
  });
});

/** Came with Node 22.19 and 24.5; what NODE_EXTRA_CA_CERTS does for a new process. */
const CAN_TRUST = typeof tls.setDefaultCACertificates === 'function';

describe.skipIf(!CAN_TRUST)(
  'a GitHub Enterprise Server behind a proxy, with a certificate of its own',
  () => {
    it('takes uploads, whole and under their length', async () => {
      const certificate = await makeCertificate();
      const trusted = tls.getCACertificates('default');
      tls.setDefaultCACertificates([...trusted, certificate.cert]);
      onTestFinished(() => tls.setDefaultCACertificates(trusted));
      const uploads: {
        readonly length: string | undefined;
        readonly chunked: string | undefined;
        readonly sha256: string;
      }[] = [];
      const { origin, close } = await startServer(async (request, response) => {
        const hash = createHash('sha256');
        for await (const chunk of request) hash.update(chunk);
        const { 'content-length': length, 'transfer-encoding': chunked } = request.headers;
        uploads.push({ length, chunked, sha256: hash.digest('hex') });
        const asset = {
          id: 7,
          name: 'Nexy.dmg',
          state: 'uploaded',
          size: 5_000_000,
          updated_at: '2026-11-24T00:00:00Z',
        };
        response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(asset));
      }, certificate);
      onTestFinished(close);
      const proxy = await startConnectProxy(origin);
      onTestFinished(() => proxy.close());
      vi.stubEnv('HTTPS_PROXY', proxy.url);
      vi.stubEnv('NO_PROXY', '');
      onTestFinished(() => void vi.unstubAllEnvs());

      const api = 'https://release.test/api/v3';
      const github = openGitHub({ apiUrl: api, token: 'ghp_x', owner: 'o/r', isPaced: false });
      onTestFinished(() => github.close());
      const asset = makeAsset('Nexy.dmg', Buffer.alloc(5_000_000, 'upload '));
      const uploadUrl = 'https://release.test/api/uploads/repos/o/r/releases/5/assets{?name,label}';
      expect(await github.uploadAsset({ id: 5, uploadUrl }, asset, () => undefined)).toMatchObject({
        kind: 'done',
      });
      expect(uploads).toEqual([{ length: '5000000', chunked: undefined, sha256: asset.sha256 }]);
      expect(proxy.tunnels).toEqual(['release.test:443']);
    });
  },
);
