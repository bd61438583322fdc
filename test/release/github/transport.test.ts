import { describe, expect, it, onTestFinished } from 'vitest';
import { readApiUrl } from '../../../src/release/github/api-url.ts';
import { Transport } from '../../../src/release/github/transport.ts';
import { startConnectProxy } from '../../support/connect-proxy.ts';
import { startServer } from '../../support/http-server.ts';

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
