import { readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type BuildPlan, buildPlan } from '../../../src/lab/builds/build-plan.ts';
import { makeBuild } from '../../../src/lab/builds/make-build.ts';
import { openAppcastClient } from '../../../src/lab/clients/appcast-client.ts';
import type { CheckResult } from '../../../src/lab/clients/client.ts';
import { SEAL_FILE } from '../../../src/lab/mac/code-signature.ts';
import { type ManifestParts, manifestText } from '../../../src/lab/manifest-text.ts';
import { openNetwork } from '../../../src/lab/network.ts';
import { type LabWorldOptions, openLabWorld, type TestWorld } from '../../support/lab-world.ts';

const NOW = new Date('2026-03-13T09:00:00Z');
const OLD = buildPlan('2.0.0.31');
const NEW = buildPlan('2.0.0.46');

interface Case extends LabWorldOptions {
  readonly group?: number;
  /** What lies under the version tag; the promised build unless given. */
  readonly published?: BuildPlan | null;
  /** What the manifest says that the appcast is made of. */
  readonly offered?: (world: TestWorld) => Partial<ManifestParts>;
}

interface Run {
  readonly world: TestWorld;
  check(): Promise<CheckResult>;
}

/** 2.0.0.46 is offered at its version tag to a client with 2.0.0.31, unless said otherwise. */
async function begin({ group = 0, published = NEW, offered, ...options }: Case = {}): Promise<Run> {
  const world = await openLabWorld({ installed: OLD, ...options });
  if (published !== null) world.host.publish('v2.0.0.46', 'Nexy.dmg', makeBuild(published).bytes);
  const parts = { version: '2.0.0.46', url: world.address('v2.0.0.46'), bytes: makeBuild(NEW).bytes };
  world.offer(manifestText({ ...parts, ...offered?.(world) }));
  const client = openAppcastClient(world, openNetwork(world.host, world.trace), { group });
  return { world, check: () => client.check(NOW) };
}

/** An appcast that no server of ours makes. */
function offerItem({ host, feed }: TestWorld, item: string): void {
  const text = `<rss xmlns:sparkle="s"><channel><item>${item}</item></channel></rss>`;
  host.setManifest(feed.appcast, text);
}

async function installedVersion({ mac }: TestWorld): Promise<string> {
  return (await mac.installed()).version;
}

const UPDATED = { action: 'installed', reason: 'newer' };
const NOTHING = ['/appcast.xml 200'];
const DOWNLOADED = [
  '/appcast.xml 200',
  '/Seregawpn/Nexy_production/releases/download/v2.0.0.46/Nexy.dmg 302',
  expect.stringMatching(/^\/github-production-release-asset\/\w+ 200$/),
];

describe('what is offered', () => {
  test('a newer version is installed once', async () => {
    const { world, check } = await begin();
    expect(await check()).toMatchObject({ ...UPDATED, message: expect.stringContaining('2.0.0.46') });
    expect(await check()).toMatchObject({ action: 'none', reason: 'up-to-date' });
    expect(await world.mac.installed()).toEqual(NEW);
    expect(world.requests()).toEqual([...DOWNLOADED, ...NOTHING]);
  });

  test.each<[string, Case, object]>([
    [
      'nothing where the server offers nothing',
      { offered: () => ({ version: '2.0.0.47' }) },
      { action: 'none', reason: 'nothing-offered' },
    ],
    ['an older version', { installed: buildPlan('2.6.0') }, { action: 'none', reason: 'older' }],
    [
      'a whole-number build is above every dotted version: nothing is offered, for ever',
      { installed: buildPlan('2.0.0.31', { bundleVersion: '20631' }) },
      { action: 'none', reason: 'older' },
    ],
    [
      'a macOS that is too old: minimumSystemVersion is heeded',
      { macos: '12.7', offered: () => ({ artifact: { min_os: '13.0' } }) },
      { action: 'held', reason: 'os-too-old' },
    ],
    [
      'a processor that it is not made for',
      { architecture: 'x86_64', offered: () => ({ artifact: { arch: 'arm64' } }) },
      { action: 'held', reason: 'arch-unsupported' },
    ],
    [
      'a partial rollout, in a later group',
      { group: 1, offered: () => ({ top: { rollout: { percentage: 50, salt: 'x' } } }) },
      { action: 'held', reason: 'rollout' },
    ],
    [
      'auto_install: false is announced, and not installed unasked',
      { offered: () => ({ top: { auto_install: false } }) },
      { action: 'held', reason: 'announced' },
    ],
  ])('%s', async (_, given, result) => {
    const { world, check } = await begin(given);
    expect(await check()).toMatchObject(result);
    expect(world.requests()).toEqual(NOTHING);
  });

  test('a partial rollout reaches the first group at once', async () => {
    const { check } = await begin({
      offered: () => ({ top: { rollout: { percentage: 5, salt: 'x' } } }),
    });
    expect(await check()).toMatchObject(UPDATED);
  });

  test('a beta is offered to who asks for that channel', async () => {
    const { world, check } = await begin({ channel: 'beta', offered: () => ({ top: { channel: 'beta' } }) });
    expect(await check()).toMatchObject(UPDATED);
    expect(world.requests()[0]).toBe('/appcast-beta.xml 200');
  });

  test('the beta feed, read by an app that does not ask for beta, offers nothing', async () => {
    const world = await openLabWorld({ channel: 'beta', installed: OLD });
    const parts = { version: '2.0.0.46', url: world.address('v2.0.0.46'), bytes: makeBuild(NEW).bytes };
    world.offer(manifestText({ ...parts, top: { channel: 'beta' } }));
    const stable = { ...world, channel: 'stable' } as const;
    const client = openAppcastClient(stable, openNetwork(world.host, world.trace));
    expect(await client.check(NOW)).toMatchObject({ action: 'none', reason: 'nothing-offered' });
  });
});

describe('the feed and the download', () => {
  test.each<[string, string | null, object]>([
    ['no feed', null, { action: 'failed', reason: 'appcast-unreachable' }],
    ['a manifest in its place', '{}', { action: 'failed', reason: 'appcast-invalid' }],
  ])('%s', async (_, text, result) => {
    const { world, check } = await begin();
    world.host.setManifest(world.feed.appcast, text);
    expect(await check()).toMatchObject(result);
  });

  test.each([404, 503])(
    'an enclosure that answers %i is an error; the next check tries again',
    async (status) => {
      const { world, check } = await begin();
      const repair = world.host.fault({ on: 'release', fault: { kind: 'status', status } });
      expect(await check()).toMatchObject({ action: 'failed', reason: 'download-failed' });
      expect(world.requests()).toHaveLength(2);
      repair();
      expect(await check()).toMatchObject(UPDATED);
    },
  );

  test('plain http is not fetched, on this computer neither', async () => {
    const { world, check } = await begin();
    for (const url of ['http://example.org/Nexy.dmg', 'http://localhost:8080/Nexy.dmg']) {
      offerItem(world, `<sparkle:version>3.0</sparkle:version><enclosure url="${url}"/>`);
      expect(await check()).toMatchObject({ action: 'failed', reason: 'artifact-url-insecure' });
    }
    expect(world.requests()).toEqual([...NOTHING, ...NOTHING]);
  });

  test('a length that does not fit refuses nothing', async () => {
    const { world, check } = await begin();
    const enclosure = `<enclosure url="${world.address('v2.0.0.46')}" length="1"/>`;
    offerItem(world, `<sparkle:version>2.0.0.46</sparkle:version>${enclosure}`);
    expect(await check()).toMatchObject(UPDATED);
  });

  test('a signature is passed over by an app that knows no key', async () => {
    const { world, check } = await begin();
    const enclosure = `<enclosure url="${world.address('v2.0.0.46')}" sparkle:edSignature="AAAA"/>`;
    offerItem(world, `<sparkle:version>2.0.0.46</sparkle:version>${enclosure}`);
    expect(await check()).toMatchObject(UPDATED);
    expect(world.events.map(({ text }) => text)).toContain(
      'edSignature: passed over, since the installed app knows no key',
    );
  });
});

describe('what is inside', () => {
  test.each<[string, BuildPlan, string]>([
    ['an older app is refused after the whole download, at every check', buildPlan('2.0.0.6'), 'downgrade'],
    ['what is no disk image', buildPlan('2.0.0.46', { kind: 'text' }), 'image-unreadable'],
  ])('%s', async (_, published, reason) => {
    const { world, check } = await begin({ published });
    for (let times = 1; times <= 3; times += 1) {
      expect(await check()).toMatchObject({ action: 'failed', reason });
      expect(world.requests()).toHaveLength(DOWNLOADED.length * times);
    }
    expect(await installedVersion(world)).toBe('2.0.0.31');
    expect(await readdir(world.folder)).toEqual([]);
  });

  test('the installed version again is no downgrade: installed again at every check', async () => {
    const { world, check } = await begin({ published: buildPlan('2.0.0.31', { label: 'again' }) });
    for (const _ of [1, 2, 3]) expect(await check()).toMatchObject(UPDATED);
    expect(await world.mac.installed()).toMatchObject({ version: '2.0.0.31', label: 'again' });
    expect(world.requests()).toHaveLength(9);
  });

  test('a version between the installed and the promised one is installed, again and again', async () => {
    const { world, check } = await begin({ published: buildPlan('2.0.0.40') });
    for (const _ of [1, 2]) expect(await check()).toMatchObject(UPDATED);
    expect(await installedVersion(world)).toBe('2.0.0.40');
  });

  test('an app that needs a newer macOS than the appcast says is installed, and cannot start', async () => {
    const published = buildPlan('2.0.0.46', { minimumOs: '13.0' });
    const { world, check } = await begin({ macos: '12.7', published });
    expect(await check()).toMatchObject(UPDATED);
    expect(world.mac.starts((await world.mac.installed()).minimumOs)).toBe(false);
  });

  test('an app that somebody else has signed is refused', async () => {
    const { world, check } = await begin();
    await writeFile(join(world.mac.app, SEAL_FILE), 'OTHERTEAM1');
    expect(await check()).toMatchObject({ action: 'failed', reason: 'requirement-mismatch' });
    expect(await installedVersion(world)).toBe('2.0.0.31');
  });

  test('an installed app without a signature gets nothing', async () => {
    const { world, check } = await begin();
    await rm(join(world.mac.app, SEAL_FILE));
    expect(await check()).toMatchObject({ action: 'failed', reason: 'signature-invalid' });
  });

  test('a package needs an EdDSA signature, which an app without a key cannot check', async () => {
    const { world, check } = await begin();
    const url = world.host.publish('v2.0.0.46', 'Nexy.pkg', makeBuild(NEW).bytes);
    offerItem(world, `<sparkle:version>2.0.0.46</sparkle:version><enclosure url="${url}"/>`);
    expect(await check()).toMatchObject({ action: 'failed', reason: 'signature-invalid' });
    expect(world.requests()).toHaveLength(DOWNLOADED.length);
  });
});

test('an install, step by step, with nothing left behind', async () => {
  const { world, check } = await begin();
  await check();
  expect(world.events.map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
    expect.stringMatching(/^network: GET https:\/\/updates\.example\.com\/appcast\.xml 200 /),
    'decision: 2.0.0.46 is above the installed 2.0.0.31',
    'network: GET https://github.com/Seregawpn/Nexy_production/releases/download/v2.0.0.46/Nexy.dmg 302',
    expect.stringMatching(/^network: GET https:\/\/release-assets\.githubusercontent\.com\/\S+ 200 /),
    expect.stringMatching(/^tool: hdiutil attach /),
    'tool: codesign -d -r- /Applications/Nexy.app',
    expect.stringMatching(/^tool: codesign --verify --deep --strict .* -R .*\/Nexy\.app$/),
    expect.stringMatching(/^tool: ditto \/Volumes\/.*\/Nexy\.app \/Applications\/\.Sparkle\/new\.app$/),
    'step: the installed app and the new one change places',
    expect.stringMatching(/^tool: hdiutil detach /),
    'step: relaunch',
    'tool: open /Applications/Nexy.app',
  ]);
  expect(await readdir(dirname(world.mac.app))).toEqual(['Nexy.app']);
  expect(await readdir(world.folder)).toEqual([]);
});
