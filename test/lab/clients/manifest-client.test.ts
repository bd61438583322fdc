import { readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type BuildPlan, buildPlan } from '../../../src/lab/builds/build-plan.ts';
import { makeBuild } from '../../../src/lab/builds/make-build.ts';
import type { CheckResult } from '../../../src/lab/clients/client.ts';
import { openManifestClient } from '../../../src/lab/clients/manifest-client.ts';
import { SEAL_FILE } from '../../../src/lab/mac/code-signature.ts';
import { type ManifestParts, manifestText } from '../../../src/lab/manifest-text.ts';
import { openNetwork } from '../../../src/lab/network.ts';
import type { ClientSpec } from '../../../src/lab/scenario/scenario.ts';
import { type LabWorldOptions, openLabWorld, type TestWorld } from '../../support/lab-world.ts';

type Spec = Extract<ClientSpec, { model: 'manifest' }>;
type Artifact = Readonly<Record<string, unknown>>;

const NOW = new Date('2026-03-12T12:00:00Z');
const NEW = buildPlan('2.0.0.46', { bundleVersion: '20646' });
const OLD = buildPlan('2.0.0.31', { bundleVersion: '20631' });

/** The oldest client, unless told otherwise. */
function spec(more: Partial<Spec> = {}): Spec {
  return {
    name: 'oldest',
    title: 'The oldest client',
    description: '',
    model: 'manifest',
    macos: '15.5',
    architecture: 'arm64',
    installed: { version: OLD.version, bundleVersion: OLD.bundleVersion },
    compares: 'integer-build',
    downloads: 'artifact-url',
    verifies: ['size', 'sha256', 'ed25519'],
    hasKey: false,
    ...more,
  };
}

interface Case extends LabWorldOptions {
  readonly spec?: Partial<Spec>;
  /** What lies under the fixed tag; the promised build unless given. */
  readonly published?: BuildPlan | null;
  readonly offered?: Partial<ManifestParts>;
  /** In place of the manifest. */
  readonly text?: string;
}

interface Run {
  readonly world: TestWorld;
  check(): Promise<CheckResult>;
}

/** Build 20646 of 2.0.0.46 is offered to a client with build 20631 of 2.0.0.31, from the fixed tag, unless said. */
async function begin({
  spec: more = {},
  published = NEW,
  offered = {},
  text,
  ...options
}: Case = {}): Promise<Run> {
  const world = await openLabWorld({ installed: OLD, ...options });
  if (published !== null) world.host.publish('Update', 'Nexy.dmg', makeBuild(published).bytes);
  const parts = { version: NEW.version, url: world.address('Update'), bytes: makeBuild(NEW).bytes };
  world.offer(text ?? manifestText({ ...parts, top: { build: 20646 }, ...offered }));
  const client = openManifestClient(spec(more), world, openNetwork(world.host, world.trace));
  return { world, check: () => client.check(NOW) };
}

async function installedVersion({ mac }: TestWorld): Promise<string> {
  return (await mac.installed()).version;
}

const UPDATED = { action: 'installed', reason: 'newer' };
const NOTHING = ['/manifest.json 200'];
const DOWNLOADED = [
  '/manifest.json 200',
  '/Seregawpn/Nexy_production/releases/download/Update/Nexy.dmg 302',
  expect.stringMatching(/^\/github-production-release-asset\/\w+ 200$/),
];

describe('whether something newer is offered: a whole number above its own', () => {
  test.each<[string, unknown, object]>([
    ['a higher number', 20646, UPDATED],
    ['the same as a text', '20646', UPDATED],
    ['its own', 20631, { action: 'none', reason: 'up-to-date' }],
    ['a lower number', 20600, { action: 'none', reason: 'up-to-date' }],
    ['no build, which counts as 0', undefined, { action: 'none', reason: 'up-to-date' }],
    ['null', null, { action: 'failed', reason: 'build-not-a-number' }],
    ['a dotted text', '2.0.0.46', { action: 'failed', reason: 'build-not-a-number' }],
  ])('%s', async (_, build, result) => {
    const { world, check } = await begin({ offered: { top: { build } } });
    expect(await check()).toMatchObject(result);
    expect(world.requests()).toEqual(result === UPDATED ? DOWNLOADED : NOTHING);
  });

  test('a dotted build number is no number: nothing is offered, for ever', async () => {
    const { world, check } = await begin({ offered: { top: { build: '2.0.0.46' } } });
    const results = [await check(), await check(), await check()];
    expect(results.map(({ reason }) => reason)).toEqual(Array(3).fill('build-not-a-number'));
    expect(results[0]?.message).toMatch(/^The manifest's build, "2\.0\.0\.46", is no whole number\. /);
    expect(await installedVersion(world)).toBe('2.0.0.31');
    expect(world.requests()).toEqual([...NOTHING, ...NOTHING, ...NOTHING]);
  });

  test('an app whose CFBundleVersion is dotted counts as build 0, so that the same update is installed at every check', async () => {
    const dotted = buildPlan('2.0.0.46');
    const { world, check } = await begin({
      installed: buildPlan('2.0.0.31'),
      published: dotted,
      offered: { bytes: makeBuild(dotted).bytes, top: { build: 20646 } },
    });
    for (let times = 1; times <= 3; times += 1) {
      expect(await check()).toMatchObject(UPDATED);
      expect(world.requests()).toHaveLength(DOWNLOADED.length * times);
    }
    expect(await installedVersion(world)).toBe('2.0.0.46');
  });

  test('an update with a whole number is installed once', async () => {
    const { world, check } = await begin();
    expect(await check()).toMatchObject({ ...UPDATED, message: expect.stringContaining('2.0.0.46') });
    expect(await check()).toMatchObject({ action: 'none', reason: 'up-to-date' });
    expect(await world.mac.installed()).toEqual(NEW);
    expect(world.requests()).toEqual([...DOWNLOADED, ...NOTHING]);
  });

  test('a lower version with a higher build is an update', async () => {
    const lower = buildPlan('1.0.1', { bundleVersion: '30000' });
    const { world, check } = await begin({
      published: lower,
      offered: { version: '1.0.1', bytes: makeBuild(lower).bytes, top: { build: 30000 } },
    });
    expect(await check()).toMatchObject(UPDATED);
    expect(await installedVersion(world)).toBe('1.0.1');
  });
});

describe('a client that compares versions: part by part', () => {
  const byVersion = { compares: 'version' } as const;

  test.each<[string, string, object]>([
    ['2.0.0.31', '2.0.0.46', UPDATED],
    ['1.9', '2.0.0.46', UPDATED],
    ['2.0.0.46', '2.0.0.46', { action: 'none', reason: 'up-to-date' }],
    ['2.0.0.100', '2.0.0.46', { action: 'none', reason: 'older' }],
    ['2.6.0', '1.0.1', { action: 'none', reason: 'older' }],
    ['2.0.0.31', 'v2.0.0.46', { action: 'failed', reason: 'version-invalid' }],
    ['2.0.0.31', 'latest', { action: 'failed', reason: 'version-invalid' }],
  ])('%s is installed, %s is offered', async (own, version, result) => {
    const { check } = await begin({
      spec: byVersion,
      installed: buildPlan(own),
      offered: { version, top: { build: '2.0.0.46' } },
    });
    expect(await check()).toMatchObject(result);
  });

  test('a manifest whose version is no text offers nothing', async () => {
    const { check } = await begin({ spec: byVersion, offered: { top: { version: 2 } } });
    expect(await check()).toMatchObject({ action: 'failed', reason: 'version-invalid' });
  });

  test('the bytes of another version are installed again at every check', async () => {
    const { world, check } = await begin({
      spec: byVersion,
      published: OLD,
      offered: { bytes: makeBuild(OLD).bytes },
    });
    for (const _ of [1, 2, 3]) expect(await check()).toMatchObject(UPDATED);
    expect(await installedVersion(world)).toBe('2.0.0.31');
    expect(world.requests()).toHaveLength(9);
  });
});

describe('the manifest itself', () => {
  test.each<[string, string, object]>([
    ['not JSON', '<html>', { action: 'failed', reason: 'manifest-invalid' }],
    ['a list', '[]', { action: 'failed', reason: 'manifest-invalid' }],
    ['no artifact', '{"build": 20646}', { action: 'failed', reason: 'url-missing' }],
  ])('%s', async (_, text, result) => {
    const { world, check } = await begin({ text });
    expect(await check()).toMatchObject(result);
    expect(world.requests()).toEqual(NOTHING);
  });

  test('one that is not there: the next check asks again', async () => {
    const { world, check } = await begin();
    const repair = world.host.fault({ on: 'manifest', fault: { kind: 'status', status: 503 } });
    expect(await check()).toMatchObject({ action: 'failed', reason: 'manifest-unreachable' });
    repair();
    expect(await check()).toMatchObject(UPDATED);
  });
});

test('a host that is gone: not reachable, and no fault of the lab', async () => {
  const { world, check } = await begin();
  await world.host.close();
  expect(await check()).toMatchObject({ action: 'failed', reason: 'manifest-unreachable' });
});

describe('the download', () => {
  test.each([500, 502, 503, 504])('%i passes: three more requests at once, then an error', async (status) => {
    const { world, check } = await begin();
    world.host.fault({ on: 'release', fault: { kind: 'status', status }, times: 3 });
    expect(await check()).toMatchObject(UPDATED);
    expect(world.requests().filter((request) => request.endsWith(` ${status}`))).toHaveLength(3);

    const other = await begin();
    other.world.host.fault({ on: 'asset', fault: { kind: 'status', status } });
    expect(await other.check()).toMatchObject({
      action: 'failed',
      reason: 'download-failed',
      message: expect.stringContaining('3 more times'),
    });
    expect(other.world.requests().filter((request) => request.endsWith(` ${status}`))).toHaveLength(4);
  });

  test.each([403, 404, 410, 429])('%i is an error at once', async (status) => {
    const { world, check } = await begin();
    world.host.fault({ on: 'release', fault: { kind: 'status', status } });
    expect(await check()).toMatchObject({ action: 'failed', reason: 'download-failed' });
    expect(world.requests()).toHaveLength(2);
  });

  test.each<[string, unknown, string]>([
    ['no address', undefined, 'url-missing'],
    ['an empty one', '', 'url-missing'],
    ['plain http', 'http://example.org/Nexy.dmg', 'artifact-url-insecure'],
    ['a file', 'file:///Nexy.dmg', 'artifact-url-insecure'],
    ['something else', 'Nexy.dmg', 'artifact-url-insecure'],
  ])('%s: nothing is downloaded', async (_, url, reason) => {
    const { world, check } = await begin({ offered: { artifact: { url } } });
    expect(await check()).toMatchObject({ action: 'failed', reason });
    expect(world.requests()).toEqual(NOTHING);
  });

  test('http is allowed on localhost, where a text file of 33 bytes lay', async () => {
    const { world, check } = await begin({
      offered: {
        artifact: { type: 'txt', url: 'http://localhost:8080/artifacts/test-update.txt', size: 33 },
      },
      spec: { verifies: ['size'] },
    });
    expect(await check()).toMatchObject({ action: 'failed', reason: 'artifact-type' });
    expect(world.requests()).toEqual([...NOTHING, 'http://localhost:8080/artifacts/test-update.txt 200']);
  });

  test('any host will do, and what comes from it is compared with the manifest', async () => {
    const { world, check } = await begin({
      offered: { artifact: { url: 'https://20.151.51.172/updates/appcast.xml' } },
    });
    expect(await check()).toMatchObject({ action: 'failed', reason: 'size-mismatch' });
    expect(world.requests()).toEqual([...NOTHING, 'https://20.151.51.172/updates/appcast.xml 200']);
  });
});

describe('what is compared after the download: in this order, where the manifest has it', () => {
  const wrong = { size: 1, sha256: '0'.repeat(64), ed25519: 'AAAA' };
  const { bytes } = makeBuild(NEW);
  const withKey = { hasKey: true };

  test.each<[string, Partial<Spec>, Artifact, string]>([
    ['everything wrong: the size', {}, wrong, 'size-mismatch'],
    ['everything wrong, another order', { verifies: ['sha256', 'size'] }, wrong, 'sha256-mismatch'],
    ['a size as a text', {}, { size: String(bytes.byteLength) }, 'size-mismatch'],
    ['the digest', {}, { sha256: wrong.sha256 }, 'sha256-mismatch'],
    ['no size given: the digest', {}, { ...wrong, size: undefined }, 'sha256-mismatch'],
    ['neither, and a key is known: the signature', withKey, { ed25519: 'AAAA' }, 'signature-invalid'],
    ['a signature that is no text', withKey, { ed25519: 7 }, 'signature-invalid'],
  ])('%s', async (_, more, artifact, reason) => {
    const { world, check } = await begin({ spec: more, offered: { artifact } });
    expect(await check()).toMatchObject({ action: 'failed', reason });
    expect(await installedVersion(world)).toBe('2.0.0.31');
    expect(await readdir(world.folder)).toEqual([]);
  });

  test.each<[string, Partial<Spec>, Artifact]>([
    ['a digest in capitals', {}, { sha256: makeBuild(NEW).sha256.toUpperCase() }],
    ['nothing given', {}, { size: undefined, sha256: '', ed25519: null }],
    ['a wrong signature, and no key is known', {}, { ed25519: 'AAAA' }],
    ['nothing is compared', { verifies: [] }, wrong],
    ['the digest is not compared', { verifies: ['size'] }, { sha256: wrong.sha256 }],
  ])('%s: installed', async (_, more, artifact) => {
    const { check } = await begin({ spec: more, offered: { artifact } });
    expect(await check()).toMatchObject(UPDATED);
  });

  test('a signature over these very bytes, by the key that the client knows: installed', async () => {
    const { world, check } = await begin({ spec: withKey });
    const parts = { version: NEW.version, url: world.address('Update'), bytes, top: { build: 20646 } };
    world.offer(manifestText({ ...parts, artifact: { ed25519: world.sign(bytes) } }));
    expect(await check()).toMatchObject(UPDATED);
  });

  test('a carried-along signature: refused after the whole download, at every check', async () => {
    const { world, check } = await begin({ spec: withKey });
    const ofTheTextFile = world.sign(makeBuild(buildPlan('2.6.0', { kind: 'text' })).bytes);
    const parts = { version: NEW.version, url: world.address('Update'), bytes, top: { build: 20646 } };
    world.offer(manifestText({ ...parts, artifact: { ed25519: ofTheTextFile } }));
    for (let times = 1; times <= 3; times += 1) {
      expect(await check()).toMatchObject({ action: 'failed', reason: 'signature-invalid' });
      expect(world.requests()).toHaveLength(DOWNLOADED.length * times);
    }
    const downloaded = world.host.log.filter(({ on }) => on === 'asset').map((request) => request.bytes);
    expect(downloaded).toEqual(Array(3).fill(bytes.byteLength));
  });

  test('a fixed tag that changed between manifest and download: refused', async () => {
    const { check } = await begin({ published: buildPlan('2.0.0.47', { bundleVersion: '20647' }) });
    expect((await check()).reason).toMatch(/^(size|sha256)-mismatch$/);
  });
});

describe('what is not looked at', () => {
  test.each<[string, Case]>([
    ['min_os is ignored', { macos: '11.7', offered: { artifact: { min_os: '13.0' } } }],
    ['arch is ignored', { architecture: 'x86_64', offered: { artifact: { arch: 'arm64' } } }],
    ['a channel is ignored', { offered: { top: { build: 20646, channel: 'beta' } } }],
    ['a rollout is ignored', { offered: { top: { build: 20646, rollout: { percentage: 0, salt: 'x' } } } }],
    ['auto_install is ignored', { offered: { top: { build: 20646, auto_install: false } } }],
    ["the tag's version is ignored", { offered: { version: '3.0' } }],
  ])('%s', async (_, given) => {
    const { check } = await begin(given);
    expect(await check()).toMatchObject(UPDATED);
  });

  test('who has signed it is ignored: any valid signature passes', async () => {
    const { world, check } = await begin();
    await writeFile(join(world.mac.app, SEAL_FILE), 'OTHERTEAM1');
    expect(await check()).toMatchObject(UPDATED);
  });

  test('what is inside: an app for another macOS is installed, and cannot start', async () => {
    const tooNew = buildPlan('2.0.0.46', { bundleVersion: '20646', minimumOs: '13.0' });
    const { world, check } = await begin({
      macos: '12.7',
      published: tooNew,
      offered: { bytes: makeBuild(tooNew).bytes },
    });
    expect(await check()).toMatchObject(UPDATED);
    expect(world.mac.starts((await world.mac.installed()).minimumOs)).toBe(false);
  });
});

describe('a client with a built-in address', () => {
  const builtIn: Partial<Spec> = {
    downloads: {
      address: 'https://github.com/Seregawpn/Nexy_production/releases/download/Update/Nexy.dmg',
    },
    verifies: [],
  };

  test('fixed address: takes whatever lies there', async () => {
    const other = buildPlan('2.0.0.6', { bundleVersion: '20606' });
    const { world, check } = await begin({ spec: builtIn, published: other });
    world.host.publish('v2.0.0.46', 'Nexy.dmg', makeBuild(NEW).bytes);
    const parts = { version: NEW.version, url: world.address('v2.0.0.46'), bytes: makeBuild(NEW).bytes };
    world.offer(manifestText({ ...parts, top: { build: 20646 } }));
    expect(await check()).toMatchObject(UPDATED);
    expect(world.requests()).toEqual(DOWNLOADED);
    expect(await installedVersion(world)).toBe('2.0.0.6');
  });

  test('gets nothing where the fixed tag is no more', async () => {
    const { check } = await begin({ spec: builtIn, published: null });
    expect(await check()).toMatchObject({ action: 'failed', reason: 'download-failed' });
  });

  test('needs no address in the manifest, nor a type', async () => {
    const { check } = await begin({ spec: builtIn, text: '{"build": 20646}' });
    expect(await check()).toMatchObject(UPDATED);
  });
});

describe('the install', () => {
  test.each(['pkg', 'txt', 'zip', undefined])(
    'another type than dmg (%s): an error, after the download',
    async (type) => {
      const { world, check } = await begin({ offered: { artifact: { type } } });
      expect(await check()).toMatchObject({ action: 'failed', reason: 'artifact-type' });
      expect(world.requests()).toEqual(DOWNLOADED);
    },
  );

  test('what is no disk image is an error', async () => {
    const text = buildPlan('2.0.0.46', { kind: 'text' });
    const { world, check } = await begin({
      published: text,
      offered: { bytes: makeBuild(text).bytes },
    });
    expect(await check()).toMatchObject({ action: 'failed', reason: 'image-unreadable' });
    expect(await installedVersion(world)).toBe('2.0.0.31');
    expect(await readdir(world.folder)).toEqual([]);
  });

  test('step by step, with nothing left behind', async () => {
    const { world, check } = await begin();
    await check();
    const told = world.events.map(({ kind, text }) => `${kind}: ${text}`);
    expect(told).toEqual([
      expect.stringMatching(/^network: GET https:\/\/updates\.example\.com\/manifest\.json 200 /),
      'decision: build 20646 is above 20631',
      'network: GET https://github.com/Seregawpn/Nexy_production/releases/download/Update/Nexy.dmg 302',
      expect.stringMatching(/^network: GET https:\/\/release-assets\.githubusercontent\.com\/\S+ 200 /),
      'step: size: as the manifest says',
      'step: sha256: as the manifest says',
      'step: ed25519: the manifest gives none, so nothing is compared',
      expect.stringMatching(/^tool: hdiutil attach /),
      expect.stringMatching(/^tool: codesign --verify --deep --strict \/Volumes\/.*\/Nexy\.app$/),
      expect.stringMatching(/^tool: spctl --assess --type execute \/Volumes\/.*\/Nexy\.app$/),
      'step: the installed app becomes Nexy.app.backup',
      expect.stringMatching(/^tool: ditto \/Volumes\/.*\/Nexy\.app \/Applications\/Nexy\.app$/),
      'step: Nexy.app.backup goes',
      expect.stringMatching(/^tool: hdiutil detach /),
      'step: relaunch',
      'tool: open /Applications/Nexy.app',
    ]);
    expect(await readdir(dirname(world.mac.app))).toEqual(['Nexy.app']);
    expect(await readdir(world.folder)).toEqual([]);
  });

  test('nothing is remembered: a failure is followed by the same again', async () => {
    const { world, check } = await begin({ offered: { artifact: { sha256: '0'.repeat(64) } } });
    for (const _ of [1, 2, 3]) expect(await check()).toMatchObject({ reason: 'sha256-mismatch' });
    expect(world.requests()).toEqual([...DOWNLOADED, ...DOWNLOADED, ...DOWNLOADED]);
  });
});
