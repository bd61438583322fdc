import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { buildPlan } from '../../src/lab/builds/build-plan.ts';
import { makeBuild } from '../../src/lab/builds/make-build.ts';
import { OFFERED_TEXT } from '../../src/lab/builds/offered-text.ts';
import { type Network, openNetwork } from '../../src/lab/network.ts';
import { type ReleaseHost, startReleaseHost } from '../../src/lab/release-host/release-host.ts';
import type { TraceEvent } from '../../src/lab/trace.ts';

const build = makeBuild(buildPlan('2.0.0.46'));
const RELEASE = 'https://github.com/Seregawpn/Nexy_production/releases/download/v2.0.0.46/Nexy.dmg';

let host: ReleaseHost;
let network: Network;
let events: TraceEvent[];

beforeEach(async () => {
  host = await startReleaseHost();
  onTestFinished(() => host.close());
  events = [];
  network = openNetwork(host, (event) => events.push(event));
});

const lines = (): string[] => events.map(({ kind, text }) => `${kind}: ${text}`);

describe('what is fetched', () => {
  test("a release's address on github.com: the double answers, through its redirect", async () => {
    host.publish('v2.0.0.46', 'Nexy.dmg', build.bytes);
    const { status, bytes, finalUrl } = await network.fetch(RELEASE);
    expect(status).toBe(200);
    expect(Buffer.compare(bytes, build.bytes)).toBe(0);
    expect(finalUrl.startsWith(`${host.assetOrigin}/`)).toBe(true);
  });

  test("the double's own address, which manifests carry", async () => {
    const url = host.publish('Update', 'Nexy.dmg', build.bytes);
    expect((await network.fetch(url)).bytes.byteLength).toBe(build.bytes.byteLength);
  });

  test('a manifest', async () => {
    const url = host.setManifest('/manifest.json', '{}');
    expect(Buffer.from((await network.fetch(url)).bytes).toString()).toBe('{}');
  });

  test.each([
    ['a feed of the old server', 'https://20.151.51.172/updates/appcast.xml', 200],
    [
      'the same, by its name',
      'https://nexy-server.canadacentral.cloudapp.azure.com/updates/appcast.xml',
      200,
    ],
    ['a text file on the computer itself', 'http://localhost:8080/artifacts/test-update.txt', 200],
    ['anything else anywhere else', 'https://example.org/Nexy.dmg', 404],
  ])('another host, in whose place the double answers: %s', async (_, url, status) => {
    const fetched = await network.fetch(url);
    expect(fetched.status).toBe(status);
    expect(host.log).toHaveLength(1);
    expect(lines()[0]).toContain(`GET ${url} ${status}`);
  });

  test('the feed is XML, and the text file is the one of 33 bytes that was offered', async () => {
    const feed = await network.fetch('https://20.151.51.172/updates/appcast.xml');
    expect(Buffer.from(feed.bytes).toString()).toMatch(/^<\?xml/);
    const text = await network.fetch('http://localhost:8080/artifacts/test-update.txt');
    expect(text.bytes.byteLength).toBe(33);
    expect(Buffer.compare(text.bytes, makeBuild(OFFERED_TEXT).bytes)).toBe(0);
  });
});

describe('nothing but the double is ever asked', () => {
  test.each(['127.0.0.1', 'localhost'])('a server on a port of %s hears nothing', async (name) => {
    let requests = 0;
    const server = createServer((_, response) => {
      requests += 1;
      response.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;

    const direct = await network.fetch(`http://${name}:${port}/Nexy.dmg`);
    host.publish('v2.0.0.46', 'Nexy.dmg', build.bytes);
    host.fault({ on: 'release', fault: { kind: 'redirect', to: `http://${name}:${port}/Nexy.dmg` } });
    const redirected = await network.fetch(RELEASE);

    expect([direct.status, redirected.status, requests]).toEqual([404, 404, 0]);
    expect(lines().at(-1)).toContain(`GET http://${name}:${port}/Nexy.dmg 404`);
  });

  test.each(['ftp://example.org/Nexy.dmg', 'file:///etc/passwd', 'Nexy.dmg', ''])(
    '%j is no address that can be fetched',
    async (url) => {
      await expect(network.fetch(url)).rejects.toMatchObject({ code: 'download-failed' });
      expect(host.log).toHaveLength(0);
    },
  );
});

describe('what is told', () => {
  test('each hop, by the addresses that the double plays, without the signature', async () => {
    host.publish('v2.0.0.46', 'Nexy.dmg', build.bytes);
    await network.fetch(RELEASE);
    expect(lines()).toEqual([
      `network: GET ${RELEASE} 302`,
      expect.stringMatching(
        /^network: GET https:\/\/release-assets\.githubusercontent\.com\/github-production-release-asset\/\w+ 200 \([\d,]+ bytes\)$/,
      ),
    ]);
    expect(lines()[1]).toContain(`(${build.bytes.byteLength.toLocaleString('en')} bytes)`);
  });

  test.each([404, 500, 503])('an answer of %i is an answer, and nothing is repeated', async (status) => {
    host.fault({ on: 'release', fault: { kind: 'status', status } });
    expect((await network.fetch(RELEASE)).status).toBe(status);
    expect(lines()).toEqual([`network: GET ${RELEASE} ${status} (4 bytes)`]);
  });

  test('a host that is gone', async () => {
    await host.close();
    await expect(network.fetch(RELEASE)).rejects.toMatchObject({
      code: 'download-failed',
      message: expect.stringContaining(RELEASE),
    });
    expect(lines()).toEqual([`network: GET ${RELEASE} The server refused the connection.`]);
  });

  test('a redirect in a circle', async () => {
    host.fault({ on: 'release', fault: { kind: 'redirect-loop' } });
    await expect(network.fetch(RELEASE)).rejects.toMatchObject({ code: 'download-failed' });
  });
});
