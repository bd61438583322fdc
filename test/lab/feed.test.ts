import { XMLParser } from 'fast-xml-parser';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { buildPlan } from '../../src/lab/builds/build-plan.ts';
import { makeBuild } from '../../src/lab/builds/make-build.ts';
import { serveFeed } from '../../src/lab/feed.ts';
import { type ManifestParts, manifestText } from '../../src/lab/manifest-text.ts';
import { type ReleaseHost, startReleaseHost } from '../../src/lab/release-host/release-host.ts';

const { bytes } = makeBuild(buildPlan('2.0.0.46'));

let host: ReleaseHost;

beforeEach(async () => {
  host = await startReleaseHost();
  onTestFinished(() => host.close());
});

const releaseAt = (tag: string): string =>
  `${host.origin}/Seregawpn/Nexy_production/releases/download/${tag}/Nexy.dmg`;

function manifest(parts: Partial<ManifestParts> = {}): Uint8Array {
  return Buffer.from(manifestText({ version: '2.0.0.46', url: releaseAt('v2.0.0.46'), bytes, ...parts }));
}

async function get(path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(host.origin + path);
  return { status: response.status, text: await response.text() };
}

async function itemAt(path: string): Promise<unknown> {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    parseTagValue: false,
  });
  const { status, text } = await get(path);
  expect(status).toBe(200);
  const document = parser.parse(text, true);
  expect(document.rss['@xmlns:sparkle']).toContain('sparkle');
  return document.rss.channel.item ?? null;
}

test('the manifest is served exactly as it is, whatever it says', async () => {
  for (const text of [manifest(), Buffer.from('  {"version": 1}\n'), Buffer.from('not JSON')]) {
    serveFeed(host, { channel: 'stable', bytes: text });
    expect((await get('/manifest.json')).text).toBe(Buffer.from(text).toString());
  }
});

describe('the appcast is the one of our update server', () => {
  test('the item says what the manifest says', async () => {
    serveFeed(host, { channel: 'stable', bytes: manifest() });
    expect(await itemAt('/appcast.xml')).toMatchObject({
      'sparkle:version': '2.0.0.46',
      'sparkle:shortVersionString': '2.0.0.46',
      'sparkle:minimumSystemVersion': '11.0',
      enclosure: { '@url': releaseAt('v2.0.0.46'), '@length': String(bytes.byteLength) },
    });
  });

  test('a signature that nobody verified is left out', async () => {
    serveFeed(host, { channel: 'stable', bytes: manifest({ artifact: { ed25519: 'VRccoPWg' } }) });
    expect(JSON.stringify(await itemAt('/appcast.xml'))).not.toContain('edSignature');
  });

  test('an item of the beta channel is marked as one', async () => {
    const url = releaseAt('UpdateBeta');
    serveFeed(host, { channel: 'beta', bytes: manifest({ url, top: { channel: 'beta' } }) });
    expect(await itemAt('/appcast-beta.xml')).toMatchObject({
      'sparkle:channel': 'beta',
      enclosure: { '@url': url },
    });
    expect((await get('/manifest_beta.json')).status).toBe(200);
    expect((await get('/appcast.xml')).status).toBe(404);
  });

  test.each<[string, () => Partial<ManifestParts>]>([
    ['a version tag of another version', () => ({ url: releaseAt('v2.0.0.6') })],
    ['an artifact that is a feed', () => ({ url: 'https://20.151.51.172/updates/appcast.xml' })],
    ['a text file', () => ({ artifact: { type: 'txt' } })],
    ['another owner', () => ({ url: `${host.origin}/Seregawpn/Nexy/releases/download/v2.0.0.46/Nexy.dmg` })],
    ['another port of this computer', () => ({ url: 'http://localhost:8080/artifacts/Nexy.dmg' })],
    ['a rollout of 0 %', () => ({ top: { rollout: { percentage: 0, salt: 'x' } } })],
  ])('no item where the server would offer nothing: %s', async (_, parts) => {
    serveFeed(host, { channel: 'stable', bytes: manifest(parts()) });
    expect(await itemAt('/appcast.xml')).toBeNull();
  });

  test('nor for what is no manifest; and what was offered before is gone', async () => {
    serveFeed(host, { channel: 'stable', bytes: manifest() });
    serveFeed(host, { channel: 'stable', bytes: Buffer.from('<html>') });
    expect(await itemAt('/appcast.xml')).toBeNull();
  });
});

test('a migration may have moved the paths', async () => {
  const paths = { manifest: '/updates/manifest.json', appcast: '/updates/appcast.xml' };
  serveFeed(host, { channel: 'stable', bytes: manifest(), paths });
  expect((await get('/updates/manifest.json')).status).toBe(200);
  expect(await itemAt('/updates/appcast.xml')).not.toBeNull();
  expect((await get('/manifest.json')).status).toBe(404);
});
