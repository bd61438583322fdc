import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type BridgeReport, bridge } from '../../../src/release/bridge/bridge.ts';
import { readOffer } from '../../../src/release/manifests/offer.ts';
import { PRODUCTION } from '../../support/production.ts';
import { makeAsset, openPublishWorld, type PublishWorld, policyOf } from '../../support/publish-world.ts';

const NEW_DMG = Buffer.from('the disk image of 2.0.0.46 '.repeat(3000));
const NEW_PKG = Buffer.from('the package of 2.0.0.46 '.repeat(3000));
const OLD_DMG = Buffer.from('the disk image of 2.0.0.31');
const TAG = 'v2.0.0.46';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function artifact(world: PublishWorld, type: 'dmg' | 'pkg', bytes: Uint8Array): object {
  const url = `${world.host.origin}/${PRODUCTION}/releases/download/${TAG}/Nexy.${type}`;
  return {
    type,
    url,
    size: bytes.length,
    sha256: sha256(bytes),
    arch: 'universal2',
    min_os: '12.0',
    ed25519: '',
  };
}

async function openBridgeWorld(): Promise<PublishWorld> {
  const world = await openPublishWorld();
  world.host.publish(TAG, 'Nexy.dmg', NEW_DMG);
  world.host.publish(TAG, 'Nexy.pkg', NEW_PKG);
  return world;
}

/** Brings what a manifest offers onto a channel's fixed tags, as a run of its own. */
function run(world: PublishWorld, channel: 'stable' | 'beta' = 'stable'): Promise<BridgeReport> {
  const artifacts = [artifact(world, 'dmg', NEW_DMG), artifact(world, 'pkg', NEW_PKG)];
  const manifest = { schema: 2, channel, version: '2.0.0.46', tag: TAG, artifact: artifacts[0], artifacts };
  const policy = policyOf(world.host);
  const offer = readOffer(Buffer.from(JSON.stringify(manifest)), policy, { channel, file: 'manifest.json' });
  return bridge({
    github: world.open(),
    settings: { policy },
    channel,
    offer,
    reporter: world.reporter,
    signal: null,
  });
}

const KNOWN: Readonly<Record<string, string>> = {
  [sha256(NEW_DMG)]: 'new',
  [sha256(NEW_PKG)]: 'new',
  [sha256(OLD_DMG)]: 'old',
};

/** What the world downloads from a fixed tag: new or old bytes, or the status of the answer. */
async function download(world: PublishWorld, tag: string, file: string): Promise<string | number> {
  const response = await fetch(`${world.host.origin}/${PRODUCTION}/releases/download/${tag}/${file}`);
  if (!response.ok) return response.status;
  return KNOWN[sha256(Buffer.from(await response.arrayBuffer()))] ?? 'other bytes';
}

/** Publishes as a person would in a repository where releases are immutable. */
async function publishLocked(world: PublishWorld, tag: string, bytes: Buffer): Promise<void> {
  world.host.github.setImmutableReleases(true);
  const github = world.open();
  const draft = await github.createDraft({ tag, body: 'by hand' });
  if (draft.kind !== 'done') throw draft.error;
  await github.uploadAsset(draft.value, makeAsset('Nexy.dmg', bytes), () => undefined);
  await github.publishDraft(draft.value.id, { tag, notes: 'by hand' });
}

function assetsOf(world: PublishWorld, tag: string): readonly string[] {
  const release = world.host.github.releases().find((each) => each.tag === tag);
  return release?.assets.map(({ name }) => name).sort() ?? [];
}

describe('bridge', () => {
  it('brings the offered version onto the fixed tags of its channel, where there are none yet', async () => {
    const world = await openBridgeWorld();
    const report = await run(world);
    expect(report).toMatchObject({
      channel: 'stable',
      tag: TAG,
      assets: [
        { fixedTag: 'Update', asset: 'Nexy.dmg', action: 'copied', sha256: sha256(NEW_DMG) },
        { fixedTag: 'App', asset: 'Nexy.pkg', action: 'copied', sha256: sha256(NEW_PKG) },
      ],
    });
    expect(await download(world, 'Update', 'Nexy.dmg')).toBe('new');
    expect(await download(world, 'App', 'Nexy.pkg')).toBe('new');
    expect(await download(world, 'UpdateBeta', 'Nexy.dmg')).toBe(404);
    expect(world.host.github.releases().every(({ isDraft }) => !isDraft)).toBe(true);
  });

  it('brings beta onto the fixed tags of beta', async () => {
    const world = await openBridgeWorld();
    await run(world, 'beta');
    expect(await download(world, 'UpdateBeta', 'Nexy.dmg')).toBe('new');
    expect(await download(world, 'AppBeta', 'Nexy.pkg')).toBe('new');
    expect(await download(world, 'Update', 'Nexy.dmg')).toBe(404);
  });

  it('exchanges what lies there, and touches nothing else', async () => {
    const world = await openBridgeWorld();
    world.host.publish('Update', 'Nexy.dmg', OLD_DMG);
    world.host.publish('Update', 'README.txt', Buffer.from('hello'));
    await run(world);
    expect(await download(world, 'Update', 'Nexy.dmg')).toBe('new');
    expect(assetsOf(world, 'Update')).toEqual(['Nexy.dmg', 'README.txt']);
  });

  it('keeps the file away for two calls only: the renames follow each other', async () => {
    const world = await openBridgeWorld();
    world.host.publish('Update', 'Nexy.dmg', OLD_DMG);
    const missing: string[] = [];
    world.host.github.onApiCall(({ method, path, when }) => {
      const isThere = assetsOf(world, 'Update').includes('Nexy.dmg');
      if (when === 'effect' && !isThere) missing.push(`${method} ${path.replace(/\d+/g, 'n')}`);
    });
    await run(world);
    expect(missing).toHaveLength(1);
    expect(missing[0]).toMatch(/^PATCH .*\/releases\/assets\/n$/);
  });

  it('makes no writing call where all is right', async () => {
    const world = await openBridgeWorld();
    await run(world);
    const before = world.writes().length;
    const again = await run(world);
    expect(again.writes).toBe(0);
    expect(again.assets.map(({ action }) => action)).toEqual(['already-there', 'already-there']);
    expect(world.writes()).toHaveLength(before);
  });

  it('finds the bytes right by downloading them, where GitHub gives no digest', async () => {
    const world = await openBridgeWorld();
    await run(world);
    world.host.fault({ on: 'api', fault: { kind: 'null-digest' } });
    expect(await run(world)).toMatchObject({ writes: 0 });
  });

  it('says what to do where GitHub has locked the fixed tag', async () => {
    const world = await openBridgeWorld();
    await publishLocked(world, 'Update', OLD_DMG);
    const before = world.writes().length;
    await expect(run(world)).rejects.toMatchObject({
      code: 'asset-conflict',
      message: expect.stringContaining('immutable'),
    });
    expect(await download(world, 'Update', 'Nexy.dmg')).toBe('old');
    expect(world.writes()).toHaveLength(before);
  });

  it('refuses a version tag that does not hold what the manifest promises, and leaves the fixed tag alone', async () => {
    const world = await openBridgeWorld();
    world.host.replace(TAG, 'Nexy.dmg', Buffer.from('x'.repeat(NEW_DMG.length)));
    world.host.publish('Update', 'Nexy.dmg', OLD_DMG);
    await expect(run(world)).rejects.toMatchObject({ code: 'digest-mismatch' });
    expect(await download(world, 'Update', 'Nexy.dmg')).toBe('old');
  });

  describe('gets there', () => {
    const CALLS = 8;
    const NUMBERS = Array.from({ length: CALLS }, (_, index) => index);

    it.each(NUMBERS)('when the answer to writing call %i says 502 though it took effect', async (skip) => {
      const world = await openBridgeWorld();
      world.host.publish('Update', 'Nexy.dmg', OLD_DMG);
      for (const method of ['POST', 'PATCH', 'DELETE'])
        world.host.fault({
          on: 'api',
          method,
          skip: skip % 3,
          times: 1,
          fault: { kind: 'after-effect', status: 502 },
        });
      world.host.fault({
        on: 'upload',
        skip: skip % 2,
        times: 1,
        fault: { kind: 'after-effect', status: 502 },
      });
      await run(world);
      expect(await download(world, 'Update', 'Nexy.dmg')).toBe('new');
      expect(assetsOf(world, 'Update')).toEqual(['Nexy.dmg']);
      expect((await run(world)).writes).toBe(0);
    });

    it.each(NUMBERS)('when writing call %i gets no answer and did nothing', async (skip) => {
      const world = await openBridgeWorld();
      world.host.publish('Update', 'Nexy.dmg', OLD_DMG);
      for (const method of ['POST', 'PATCH', 'DELETE'])
        world.host.fault({
          on: 'api',
          method,
          skip: skip % 3,
          times: 1,
          fault: { kind: 'status', status: 502 },
        });
      world.host.fault({ on: 'upload', skip: skip % 2, times: 1, fault: { kind: 'reset', after: 1000 } });
      await run(world);
      expect(await download(world, 'Update', 'Nexy.dmg')).toBe('new');
      expect((await run(world)).writes).toBeGreaterThanOrEqual(0);
      expect(assetsOf(world, 'Update')).toEqual(['Nexy.dmg']);
    });
  });

  it('puts the file back that was there, when the new one cannot take its place', async () => {
    const world = await openBridgeWorld();
    world.host.publish('Update', 'Nexy.dmg', OLD_DMG);
    // The second rename fails as often as it is tried, and then GitHub is well again.
    world.host.fault({
      on: 'api',
      method: 'PATCH',
      skip: 1,
      times: 7,
      fault: { kind: 'status', status: 502 },
    });
    await expect(run(world)).rejects.toMatchObject({ code: 'github-failed' });
    expect(await download(world, 'Update', 'Nexy.dmg')).toBe('old');
    await run(world);
    expect(await download(world, 'Update', 'Nexy.dmg')).toBe('new');
    expect(assetsOf(world, 'Update')).toEqual(['Nexy.dmg']);
  });
});
