import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { UpdaterOptions } from '../../src/updater.ts';
import { canMakeImages } from '../support/make-image.ts';
import { makeDmg, makeNexy, UpdateWorld } from '../support/update-world.ts';
import { observeUpdater } from './observed-updater.ts';

const skipped = canMakeImages() ? '' : ' (skipped: xorriso, which makes disk images, is not installed)';

describe.skipIf(!canMakeImages())(`NexyUpdater in plain Node${skipped}`, () => {
  const made = mkdtempSync(join(tmpdir(), 'nexy-updater-'));
  let image: string;
  let world: UpdateWorld;

  beforeAll(async () => {
    await makeNexy(join(made, 'old'), '2.0.0.45');
    await makeNexy(join(made, 'new'), '2.0.0.46');
    image = await makeDmg(join(made, 'new'), join(made, 'Nexy.dmg'));
  });
  afterAll(() => rmSync(made, { recursive: true, force: true }));
  beforeEach(async () => {
    world = await UpdateWorld.open();
    world.install(join(made, 'old', 'Nexy.app'));
  });
  afterEach(() => world.close());

  const makeUpdater = (more: Partial<UpdaterOptions> = {}) => observeUpdater(world, more);

  it('tells every state and event of an update, in order', async () => {
    world.publish('2.0.0.46', image);
    const { updater, told } = makeUpdater();
    expect(updater.state).toEqual({ kind: 'idle' });
    await updater.checkForUpdates();
    const [file] = await updater.downloadUpdate();
    expect(updater.state).toMatchObject({
      kind: 'ready',
      needsAuthorization: false,
      download: { path: file, candidate: { kind: 'version-tag' }, size: readFileSync(image).length },
    });
    expect(await updater.installUpdate()).toEqual({ from: '2.0.0.45', to: '2.0.0.46' });
    expect(await updater.confirmUpdate()).toMatchObject({ from: '2.0.0.45', to: '2.0.0.46' });
    expect(told).toEqual([
      'checking',
      '(checking-for-update)',
      'available',
      '(update-available)',
      'downloading',
      'preparing: opening',
      'preparing: verifying',
      'preparing: staging',
      'ready',
      '(update-downloaded)',
      'installing',
      'installed',
    ]);
  });

  it('answers two checks at once with one request', async () => {
    world.publish('2.0.0.46', image);
    const { updater } = makeUpdater();
    const [first, second] = await Promise.all([updater.checkForUpdates(), updater.checkForUpdates()]);
    expect(first).toBe(second);
    expect(world.host.log.filter(({ on }) => on === 'manifest')).toHaveLength(1);
  });

  it('does not fail the process when nobody listens to its errors', async () => {
    const { updater, told } = makeUpdater();
    await expect(updater.checkForUpdates()).rejects.toMatchObject({ code: 'manifest-unreachable' });
    expect(told.at(-1)).toBe('failed');
    expect(updater.state).toMatchObject({ kind: 'failed', error: { code: 'manifest-unreachable' } });
  });

  it('drops what was staged when a later check withdraws it', async () => {
    world.publish('2.0.0.46', image);
    const { updater } = makeUpdater();
    await updater.checkForUpdates();
    await updater.downloadUpdate();
    expect(world.beside()).not.toEqual([]);
    world.publish('2.0.0.45', image);
    expect((await updater.check()).decision).toMatchObject({
      action: 'none',
      reason: 'up-to-date',
    });
    expect(world.beside()).toEqual([]);
    await expect(updater.installUpdate()).rejects.toMatchObject({ code: 'usage' });
    await expect(updater.downloadUpdate()).rejects.toMatchObject({ code: 'usage' });
  });

  it('keeps what is ready through checks that offer the same or fail', async () => {
    world.publish('2.0.0.46', image);
    const { updater, told } = makeUpdater();
    await updater.checkForUpdates();
    const [first, second] = await Promise.all([updater.downloadUpdate(), updater.downloadUpdate()]);
    expect(second).toBe(first);
    const staged = world.beside();
    await updater.checkForUpdates();
    expect(told.at(-2)).toBe('ready');
    world.host.setManifest('/manifest.json', null);
    await expect(updater.checkForUpdates()).rejects.toMatchObject({ code: 'manifest-unreachable' });
    expect(updater.state).toMatchObject({ kind: 'ready', version: '2.0.0.46' });
    expect(world.beside()).toEqual(staged);
    expect(await updater.downloadUpdate()).toEqual(first);
    expect(await updater.installUpdate()).toEqual({ from: '2.0.0.45', to: '2.0.0.46' });
  });

  it('can be cancelled, and goes on later', async () => {
    world.publish('2.0.0.46', image);
    world.host.fault({ on: 'asset', times: 1, fault: { kind: 'stall', after: 30_000 } });
    const { updater, told } = makeUpdater();
    await updater.checkForUpdates();
    const controller = new AbortController();
    updater.once('download-progress', () => controller.abort());
    await expect(updater.downloadUpdate(controller.signal)).rejects.toMatchObject({ code: 'cancelled' });
    expect(told.at(-1)).toBe('(update-cancelled)');
    await updater.downloadUpdate();
    await updater.installUpdate();
    expect(told.at(-1)).toBe('installed');
  });

  it('replaces its own bundle while it runs, when it is told that it is the app itself', async () => {
    world.publish('2.0.0.46', image);
    const { updater } = makeUpdater({ refusesRunningTarget: false });
    await updater.checkForUpdates();
    await updater.downloadUpdate();
    await updater.installUpdate();
    expect(await makeUpdater().updater.recover()).toBe('none');
  });

  it('refuses a target that is another app than it was made for, before any download', async () => {
    world.publish('2.0.0.46', image);
    const { updater } = makeUpdater({ bundleId: 'com.example.other' });
    await updater.checkForUpdates();
    await expect(updater.downloadUpdate()).rejects.toMatchObject({ code: 'bundle-id-mismatch' });
    expect(world.host.log.filter(({ on }) => on !== 'manifest')).toEqual([]);
  });
});
