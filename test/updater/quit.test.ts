import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readBundle } from '../../src/bundle/bundle.ts';
import { versionOfBundle } from '../../src/bundle/bundle-version.ts';
import type { UpdaterState } from '../../src/state.ts';
import type { NexyUpdater, UpdaterOptions } from '../../src/updater.ts';
import { canMakeImages } from '../support/make-image.ts';
import { makeDmg, makeNexy, UpdateWorld } from '../support/update-world.ts';
import { endWatchdogs } from './end-watchdogs.ts';
import { observeUpdater } from './observed-updater.ts';
import { TestApplication } from './test-application.ts';

const skipped = canMakeImages() ? '' : ' (skipped: xorriso, which makes disk images, is not installed)';

describe.skipIf(!canMakeImages())(`an update while the application quits${skipped}`, () => {
  const made = mkdtempSync(join(tmpdir(), 'nexy-quit-'));
  let image: string;
  let newer: string;
  let world: UpdateWorld;
  let application: TestApplication;

  beforeAll(async () => {
    await makeNexy(join(made, 'old'), '2.0.0.45');
    await makeNexy(join(made, 'new'), '2.0.0.46');
    await makeNexy(join(made, 'newer'), '2.0.0.47');
    image = await makeDmg(join(made, 'new'), join(made, 'Nexy.dmg'));
    newer = await makeDmg(join(made, 'newer'), join(made, 'newer.dmg'));
  });
  afterAll(() => rmSync(made, { recursive: true, force: true }));
  beforeEach(async () => {
    world = await UpdateWorld.open();
    world.install(join(made, 'old', 'Nexy.app'));
    application = new TestApplication();
  });
  afterEach(async () => {
    endWatchdogs(world.folder);
    await world.close();
  });

  const open = (more: Partial<UpdaterOptions> = {}) => observeUpdater(world, { application, ...more });
  const installed = async () => versionOfBundle(await readBundle(world.app));

  async function openReady(): Promise<ReturnType<typeof open>> {
    world.publish('2.0.0.46', image);
    const opened = open();
    await opened.updater.checkForUpdates();
    await opened.updater.downloadUpdate();
    return opened;
  }

  const becomes = (updater: NexyUpdater, kind: UpdaterState['kind']) =>
    new Promise<void>((resolve) => {
      updater.on('state', (state) => state.kind === kind && resolve());
    });

  it('is installed when quitAndInstall has quit it, in its last moments and with nothing told after', async () => {
    const { updater, told } = await openReady();
    updater.quitAndInstall();
    await application.quitAsked();
    expect(updater.state).toEqual({ kind: 'quitting', version: '2.0.0.46', relaunches: true });
    expect(await installed()).toBe('2.0.0.45');
    application.finishQuit();
    expect(application.calls).toEqual(['quit', 'exit 0']);
    expect(await installed()).toBe('2.0.0.46');
    expect(updater.state).toEqual({ kind: 'installed', from: '2.0.0.45', to: '2.0.0.46' });
    expect(told.slice(told.indexOf('ready'))).toEqual([
      'ready',
      '(update-downloaded)',
      'quitting',
      'installing',
    ]);
  });

  it('is installed by itself when the person quits, and not opened again', async () => {
    const { updater } = await openReady();
    application.finishQuit();
    expect(application.calls).toEqual(['exit 0']);
    expect(await installed()).toBe('2.0.0.46');
    expect(updater.state.kind).toBe('installed');
  });

  it('is not, where the application does not want that', async () => {
    const { updater } = await openReady();
    updater.autoInstallEvent = 'manual';
    expect(updater.autoInstallOnAppQuit).toBe(false);
    application.finishQuit();
    expect(application.calls).toEqual([]);
    expect(await installed()).toBe('2.0.0.45');
    updater.autoInstallEvent = 'onNextLaunch';
    expect(updater.autoInstallEvent).toBe('onQuit');
    application.finishQuit();
    expect(await installed()).toBe('2.0.0.46');
  });

  it('is ready again after a quit that was refused, and installed by the next', async () => {
    const { updater } = await openReady();
    updater.quitAndInstall();
    await application.quitAsked();
    application.refuseQuit();
    expect(updater.state).toMatchObject({ kind: 'ready', version: '2.0.0.46' });
    expect(await installed()).toBe('2.0.0.45');
    updater.quitAndInstall();
    await application.quitAsked();
    application.finishQuit();
    expect(await installed()).toBe('2.0.0.46');
  });

  it('quits again when it is asked again and a handler still holds the quit', async () => {
    const { updater } = await openReady();
    updater.quitAndInstall();
    await application.quitAsked();
    updater.quitAndInstall();
    await application.quitAsked();
    expect(application.calls).toEqual(['quit', 'quit']);
    application.finishQuit();
    expect(await installed()).toBe('2.0.0.46');
  });

  it('is not opened again where autoRunAppAfterInstall is off', async () => {
    const { updater } = await openReady();
    updater.autoRunAppAfterInstall = false;
    updater.quitAndInstall();
    await application.quitAsked();
    expect(updater.state).toMatchObject({ kind: 'quitting', relaunches: false });
  });

  it('is installed by a quit during a check, which is given up', async () => {
    const { updater } = await openReady();
    world.host.fault({ on: 'manifest', fault: { kind: 'silent' } });
    const check = updater.checkForUpdates();
    expect(updater.state).toEqual({ kind: 'checking', isManual: false, ready: '2.0.0.46' });
    application.finishQuit();
    expect(await installed()).toBe('2.0.0.46');
    await expect(check).rejects.toMatchObject({ code: 'cancelled' });
    expect(updater.state.kind).toBe('installed');
  });

  it('is replaced by a newer release', async () => {
    const { updater } = await openReady();
    world.publish('2.0.0.47', newer);
    updater.autoDownload = true;
    const result = await updater.checkForUpdates();
    await result?.downloadPromise;
    application.finishQuit();
    expect(await installed()).toBe('2.0.0.47');
  });

  it('does nothing on quit before anything is ready', async () => {
    world.publish('2.0.0.46', image);
    const { updater } = open();
    application.finishQuit();
    await updater.checkForUpdates();
    application.finishQuit();
    const download = updater.downloadUpdate();
    application.finishQuit();
    await download;
    expect(application.calls).toEqual([]);
  });

  it('tells why, and lets the application quit, when the exchange fails', async () => {
    const { updater } = await openReady();
    const errors: unknown[] = [];
    updater.on('error', (error) => errors.push(error));
    // Somebody has put another app in its place meanwhile. (Moved, not removed: its inode must not come back.)
    renameSync(world.app, join(world.folder, 'moved.app'));
    world.install(join(made, 'old', 'Nexy.app'));
    application.finishQuit();
    expect(application.calls).toEqual([]);
    expect(updater.state).toMatchObject({ kind: 'failed', error: { code: 'swap-failed' } });
    expect(errors).toMatchObject([{ code: 'swap-failed' }]);
    expect(await installed()).toBe('2.0.0.45');
  });

  it('has nothing to install before a download, and says so', async () => {
    const { updater } = open();
    const failed = new Promise<Error>((resolve) => updater.on('error', resolve));
    updater.quitAndInstall(true, true);
    expect(await failed).toMatchObject({ code: 'usage' });
    expect(updater.state.kind).toBe('idle');
  });

  it('is none of a process that is not the application', async () => {
    const { updater } = observeUpdater(world);
    const failed = new Promise<Error>((resolve) => updater.on('error', resolve));
    updater.quitAndInstall();
    expect(await failed).toMatchObject({ code: 'usage', message: expect.stringContaining('installUpdate') });
  });

  it('goes on when a listener fails', async () => {
    const { updater } = await openReady();
    updater.on('state', () => {
      throw new Error('a bug of the application');
    });
    application.finishQuit();
    expect(await installed()).toBe('2.0.0.46');
  });

  it('is announced by a notification of the system', async () => {
    world.publish('2.0.0.46', image);
    const { updater } = open();
    updater.autoDownload = true;
    const ready = becomes(updater, 'ready');
    await updater.checkForUpdatesAndNotify();
    await ready;
    await expect
      .poll(() => application.notifications)
      .toEqual([{ title: 'Nexy 2.0.0.46 is ready', body: 'It is installed when you quit Nexy.' }]);
  });

  it('is not offered to an application that is not packaged, unless that is forced', async () => {
    world.publish('2.0.0.46', image);
    application.isPackaged = false;
    const { updater } = open();
    expect(await updater.checkForUpdates()).toBeNull();
    expect(await updater.checkForUpdatesAndNotify()).toBeNull();
    updater.forceDevUpdateConfig = true;
    expect(await updater.checkForUpdates()).toMatchObject({ isUpdateAvailable: true });
  });
});
