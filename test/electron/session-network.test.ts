import { createServer } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fetchManifest } from '../../src/check/fetch-manifest.ts';
import { sessionNetwork } from '../../src/electron/session-network.ts';
import { makeCertificate } from '../support/certificate.ts';
import { type ConnectProxy, startConnectProxy } from '../support/connect-proxy.ts';
import { startServer } from '../support/http-server.ts';
import { StandInElectron, type StandInEvent } from './stand-in.ts';

const closers: (() => Promise<void>)[] = [];
let tls: { readonly key: string; readonly cert: string };
let electron: StandInElectron;

beforeAll(async () => {
  tls = await makeCertificate();
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A host that only a proxy can reach, and what `session.resolveProxy` is to answer for it. */
async function open(
  answer: (proxy: ConnectProxy) => string,
  login?: string,
  challenge?: string,
  proxyTls?: typeof tls,
) {
  const host = await startServer((_, response) => response.end('the manifest'), tls);
  const proxy = await startConnectProxy(host.origin, login, challenge, proxyTls);
  closers.push(host.close, proxy.close);
  electron = new StandInElectron();
  electron.defaultSession.proxies.set('release.test', answer(proxy));
  const http = {
    allowLoopback: false,
    ...sessionNetwork(electron.module(), { certificateAuthority: tls.cert }),
  };
  const fetch = async (): Promise<string> => {
    const { bytes } = await fetchManifest({ url: 'https://release.test/', stateFolder: null, http });
    return Buffer.from(bytes).toString();
  };
  return { proxy, fetch };
}

const place = ({ url }: ConnectProxy): string => new URL(url).host;

function answerLogin(username: string, password: string): unknown[] {
  const asked: unknown[] = [];
  electron.app.on('login', (event: StandInEvent, _contents, _details, challenge, callback) => {
    asked.push(challenge);
    event.preventDefault();
    callback(username, password);
  });
  return asked;
}

/** A port that refuses connections. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe("the network of Electron's session", () => {
  it('is gone through by the proxy that it names', async () => {
    const { proxy, fetch } = await open((each) => `PROXY ${place(each)}`);
    expect(await fetch()).toBe('the manifest');
    expect(proxy.tunnels).toEqual(['release.test:443']);
  });

  it('asks the application for name and password as Electron does, once', async () => {
    const { proxy, fetch } = await open((each) => `PROXY ${place(each)}`, 'anna:s3cret');
    const asked = answerLogin('anna', 's3cret');
    expect(await fetch()).toBe('the manifest');
    expect(await fetch()).toBe('the manifest');
    const { hostname, port } = new URL(proxy.url);
    expect(asked).toEqual([
      { isProxy: true, scheme: 'basic', host: hostname, port: Number(port), realm: 'The office' },
    ]);
    expect(proxy.authorizations.filter((each) => each === undefined)).toHaveLength(1);
  });

  it('says so where nobody knows a password, and never shows one', async () => {
    const { fetch } = await open((each) => `PROXY ${place(each)}`, 'anna:s3cret');
    await expect(fetch()).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(
        /The proxy 127\.0\.0\.1:\d+ asks for a name and a password\. Nothing was fetched/,
      ),
    });
    answerLogin('anna', 'wr0ng');
    const error: unknown = await fetch().catch((problem: unknown) => problem);
    expect(error).toMatchObject({ code: 'usage', message: expect.stringContaining('did not take those') });
    expect(`${String(error)}${JSON.stringify(error)}`).not.toContain('wr0ng');
  });

  it('asks anew after a password that was not taken', async () => {
    const { fetch } = await open((each) => `PROXY ${place(each)}`, 'anna:s3cret');
    answerLogin('anna', 'wr0ng');
    await expect(fetch()).rejects.toThrow();
    electron.app.removeAllListeners('login');
    answerLogin('anna', 's3cret');
    expect(await fetch()).toBe('the manifest');
  });

  it('refuses a way to sign in that it does not know', async () => {
    const { fetch } = await open((each) => `PROXY ${place(each)}`, 'anna:s3cret', 'Negotiate');
    answerLogin('anna', 's3cret');
    await expect(fetch()).rejects.toMatchObject({ message: expect.stringContaining('does not know') });
  });

  it('goes through a proxy that speaks TLS, where its certificate is trusted, and through no other', async () => {
    const trusted = await open((each) => `HTTPS ${place(each)}`, 'anna:s3cret', undefined, tls);
    answerLogin('anna', 's3cret');
    expect(await trusted.fetch()).toBe('the manifest');
    const stranger = await makeCertificate();
    const other = await open((each) => `HTTPS ${place(each)}`, undefined, undefined, stranger);
    await expect(other.fetch()).rejects.toMatchObject({ code: 'manifest-unreachable' });
    expect(other.proxy.tunnels).toEqual([]);
  });

  it('finds Basic among several ways to sign in', async () => {
    const { fetch } = await open((each) => `PROXY ${place(each)}`, 'anna:s3cret', 'NTLM, Basic realm="x"');
    const asked = answerLogin('anna', 's3cret');
    expect(await fetch()).toBe('the manifest');
    expect(asked).toMatchObject([{ realm: 'x' }]);
  });

  it('goes the next way where there is no connection by the first', async () => {
    const refused = await closedPort();
    const { proxy, fetch } = await open(
      (each) => `SOCKS5 a:1; PROXY 127.0.0.1:${refused}; PROXY ${place(each)}`,
    );
    expect(await fetch()).toBe('the manifest');
    expect(proxy.tunnels).toEqual(['release.test:443']);
  });

  it('goes directly where the list ends so', async () => {
    const refused = await closedPort();
    const { fetch } = await open(() => `PROXY 127.0.0.1:${refused}; DIRECT`);
    // The name leads nowhere without the proxy: that it was looked up at all is the direct way.
    await expect(fetch()).rejects.toMatchObject({
      code: 'manifest-unreachable',
      message: expect.not.stringContaining('refused'),
    });
  });

  it('names a proxy of a kind that it cannot go through', async () => {
    const { fetch } = await open(() => 'SOCKS5 localhost:1080');
    await expect(fetch()).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('SOCKS5'),
    });
  });

  it('uses no proxy for loopback, whatever the session says', async () => {
    const host = await startServer((_, response) => response.end('near'));
    closers.push(host.close);
    electron = new StandInElectron();
    electron.defaultSession.proxies.set('127.0.0.1', 'PROXY 127.0.0.1:1');
    const http = { allowLoopback: true, ...sessionNetwork(electron.module()) };
    const { bytes } = await fetchManifest({ url: host.origin, stateFolder: null, http });
    expect(Buffer.from(bytes).toString()).toBe('near');
  });
});
