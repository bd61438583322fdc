import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { readBundle } from '../../src/bundle/bundle.ts';
import { versionOfBundle } from '../../src/bundle/bundle-version.ts';
import { startUpdates } from '../../src/electron/start-updates.ts';
import { ENGLISH } from '../../src/texts/english.ts';
import { canMakeImages } from '../support/make-image.ts';
import { makeDmg, makeNexy } from '../support/update-world.ts';
import { ClientWorld, NO_CHECK, ONE_CHECK } from './client-world.ts';
import type { StandInEvent } from './stand-in.ts';

const skipped = canMakeImages() ? '' : ' (skipped: xorriso, which makes disk images, is not installed)';

describe.skipIf(!canMakeImages())(`an app with startUpdates${skipped}`, () => {
  const made = mkdtempSync(join(tmpdir(), 'nexy-client-'));
  let image: string;
  let client: ClientWorld;

  beforeAll(async () => {
    await makeNexy(join(made, 'old'), '2.0.0.45');
    await makeNexy(join(made, 'new'), '2.0.0.46');
    image = await makeDmg(join(made, 'new'), join(made, 'Nexy.dmg'));
  });
  afterAll(() => rmSync(made, { recursive: true, force: true }));
  beforeEach(async () => {
    client = await ClientWorld.open(join(made, 'old', 'Nexy.app'));
  });
  afterEach(() => client.close());

  const installed = async () => versionOfBundle(await readBundle(client.world.app));
  const manifestRequests = () => client.world.host.log.filter(({ path }) => path.includes('manifest')).length;

  describe('at a start', () => {
    it('opens no window, and downloads what a check of its own found', async () => {
      client.publish('2.0.0.46', image);
      await client.start({ polling: ONE_CHECK });
      const { view } = await client.becomes('ready');
      expect(client.electron.openWindows).toEqual([]);
      expect(view).toMatchObject({
        offer: { version: '2.0.0.46', isCritical: false },
        needsAuthorization: false,
        installsOnQuit: true,
      });
    });

    it('comes up before anything of the updater is asked for, and waits for nothing after that', async () => {
      const order: string[] = [];
      client.publish('2.0.0.46', image);
      await client.start({
        polling: ONE_CHECK,
        comeUp: async () => {
          await new Promise((resolve) => setTimeout(resolve, 20));
          order.push('up');
          expect(manifestRequests()).toBe(0);
        },
      });
      expect(order).toEqual(['up']);
      expect(client.updates?.model.view.kind).toBe('idle');
    });

    it('does not go on where the app does not come up', async () => {
      const comeUp = () => Promise.reject(new Error('no tray'));
      await expect(client.start({ comeUp })).rejects.toThrow('no tray');
    });

    it('gives way to the one that runs already', async () => {
      client.electron.holdsInstanceLock = false;
      const quits: string[] = [];
      client.electron.app.on('before-quit', () => quits.push('quit'));
      const options = client.options();
      const modules = { electron: async () => client.electron.module(), platform: 'darwin' } as const;
      expect(await startUpdates(options, modules)).toBeNull();
      expect(quits).toEqual(['quit']);
    });

    it('is for macOS', async () => {
      const modules = { electron: async () => client.electron.module(), platform: 'win32' } as const;
      await expect(startUpdates(client.options(), modules)).rejects.toMatchObject({ code: 'usage' });
    });

    it('reads its config from a file, and says what is wrong with it', async () => {
      const config = join(client.world.folder, 'updater.yml');
      writeFileSync(config, 'owner: nobody\n');
      await expect(client.start({ config })).rejects.toMatchObject({
        code: 'usage',
        message: expect.stringContaining('owner'),
      });
    });
  });

  describe('when an update is ready', () => {
    beforeEach(() => client.publish('2.0.0.46', image));

    it('says so once, and opens the window when that is clicked', async () => {
      await client.start({ polling: ONE_CHECK });
      await client.becomes('ready');
      expect(client.electron.notifications).toMatchObject([
        { title: 'Nexy 2.0.0.46 is ready', body: 'It is installed when you quit Nexy.' },
      ]);
      client.updates?.check();
      await vi.waitFor(() => expect(manifestRequests()).toBe(2));
      await client.becomes('ready');
      expect(client.electron.notifications).toHaveLength(1);
      client.window.close();
      client.electron.notifications[0]?.click();
      expect(client.window.shown).toEqual([]);
      await vi.waitFor(() => expect(client.window.shown).toEqual(['active']));
    });

    it('exchanges while it quits, once, and tells it at the next start, once', async () => {
      await client.start({ polling: ONE_CHECK });
      await client.becomes('ready');
      await vi
        .waitFor(() => expect(client.updates?.model.view).toMatchObject({ offer: { notes: /Faster/ } }), {
          timeout: 5000,
        })
        .catch(() => undefined);
      expect(await installed()).toBe('2.0.0.45');
      client.electron.app.quit();
      expect(client.electron.exits).toEqual([0]);
      expect(await installed()).toBe('2.0.0.46');
      client.electron.app.quit();
      expect(client.electron.exits).toEqual([0]);

      await client.restart();
      const { view, currentVersion } = await client.becomes('installed');
      expect(currentVersion).toBe('2.0.0.46');
      expect(view).toEqual({
        kind: 'installed',
        from: '2.0.0.45',
        offer: {
          version: '2.0.0.46',
          size: null,
          releaseDate: null,
          isCritical: false,
          notes: '# 2.0.0.46\n\n- Faster.\n',
        },
      });
      await vi.waitFor(() =>
        expect(client.electron.notifications).toMatchObject([{ title: 'Nexy was updated to 2.0.0.46' }]),
      );
      expect(client.electron.openWindows).toEqual([]);

      await client.restart();
      await client.restart({ polling: ONE_CHECK });
      await client.becomes('up-to-date');
      expect(client.electron.notifications).toEqual([]);
    });

    it('is ready again after a quit that a window refused', async () => {
      await client.start({ polling: ONE_CHECK });
      await client.becomes('ready');
      const other = client.electron.openWindow();
      other.once('close', (event: StandInEvent) => event.preventDefault());
      client.updates?.open();
      await client.request({ kind: 'restart' });
      await vi.waitFor(() => expect(client.updates?.model.view.kind).toBe('ready'));
      expect(await installed()).toBe('2.0.0.45');
      await vi.waitFor(async () => {
        client.updates?.restart();
        expect(client.electron.exits).toEqual([0]);
      });
      expect(await installed()).toBe('2.0.0.46');
    });

    it('is left for the next quit where the person wants that', async () => {
      await client.start({ polling: ONE_CHECK });
      await client.becomes('ready');
      client.updates?.open();
      await client.request({ kind: 'install-on-quit' });
      expect(client.electron.openWindows).toEqual([]);
      expect(client.electron.exits).toEqual([]);
    });

    it('is skipped where the person wants that', async () => {
      await client.start({ polling: ONE_CHECK });
      await client.becomes('ready');
      client.updates?.open();
      await client.request({ kind: 'skip' });
      expect((await client.becomes('held')).view).toMatchObject({
        reason: 'skipped-by-user',
        version: '2.0.0.46',
      });
      client.electron.app.quit();
      expect(client.electron.exits).toEqual([]);
      expect(await installed()).toBe('2.0.0.45');
    });
  });

  it('says why a critical update is one, and shows it without taking the focus', async () => {
    client.publish('2.0.0.46', image, { critical: true });
    await client.start({ polling: ONE_CHECK });
    await client.becomes('ready');
    await vi.waitFor(() => expect(client.window.shown).toEqual(['inactive']));
    expect(client.electron.notifications).toMatchObject([
      ENGLISH.notifications.readyCritical({ app: 'Nexy', version: '2.0.0.46' }),
    ]);
    expect(client.electron.calls).not.toContain('focus');
  });

  it('only announces what is not to be installed unasked', async () => {
    client.publish('2.0.0.46', image, { auto_install: false });
    await client.start({ polling: ONE_CHECK });
    await client.becomes('available');
    await vi.waitFor(() =>
      expect(client.electron.notifications).toMatchObject([{ title: 'Nexy 2.0.0.46 is available' }]),
    );
    client.updates?.open();
    await client.request({ kind: 'download' });
    await client.becomes('ready');
  });

  describe('a failed install', () => {
    it('is told with its reason at the next start, behind what the person works with, once', async () => {
      await client.start();
      const { recordFailedInstall } = await import('../../src/install/last-install.ts');
      const { layoutOf, stagingPaths, makeStagingId } = await import('../../src/install/layout.ts');
      const { UpdateError } = await import('../../src/errors.ts');
      const layout = await layoutOf(client.world.app);
      recordFailedInstall(
        client.stateFolder,
        {
          layout,
          paths: stagingPaths(layout, makeStagingId(new Date())),
          from: '2.0.0.45',
          to: '2.0.0.46',
        },
        new UpdateError('app-management-denied', 'macOS did not allow it.'),
        new Date(),
      );
      await client.restart();
      expect((await client.becomes('failed')).view).toMatchObject({
        failure: { code: 'app-management-denied', version: '2.0.0.46', message: 'macOS did not allow it.' },
      });
      await vi.waitFor(() => expect(client.window.shown).toEqual(['inactive']));
      expect(client.electron.notifications).toMatchObject([{ title: 'Nexy was not updated to 2.0.0.46' }]);
      await client.request({ kind: 'open-app-management' });
      expect(client.electron.opened).toEqual([
        'x-apple.systempreferences:com.apple.preference.security?Privacy_AppBundles',
      ]);
      await client.request({ kind: 'close' });
      expect(client.updates?.model.view.kind).toBe('idle');
      await client.restart();
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(client.electron.notifications).toEqual([]);
    });
  });

  describe('what a person asks for', () => {
    it('opens the window with the focus, and checks', async () => {
      client.publish('2.0.0.46', image);
      await client.start();
      client.updates?.check();
      await vi.waitFor(() => expect(client.window.shown).toEqual(['active']));
      expect(client.electron.calls).toContain('focus');
      await client.becomes('ready');
      expect(client.shown.view.kind).toBe('ready');
      expect(client.shown.lastCheckedAt).not.toBeNull();
    });

    it('by nexy://check-updates is a check and nothing else', async () => {
      client.publish('2.0.0.46', image);
      await client.start({ scheme: 'nexy' });
      expect(client.electron.schemes).toEqual(['nexy']);
      for (const address of ['nexy://install', 'https://check-updates', 'nexy:check-updates', 'nonsense']) {
        client.electron.app.emit('open-url', { preventDefault: () => undefined }, address);
      }
      expect(client.electron.openWindows).toEqual([]);
      client.electron.app.emit(
        'open-url',
        { preventDefault: () => undefined },
        'nexy://check-updates?manifest=https://evil.example/&qa=1#x',
      );
      await client.becomes('ready');
      expect(client.shown.qa).toBeNull();
      expect(manifestRequests()).toBe(1);
    });

    it('by the address that the app was opened with is done when it is up', async () => {
      const starting = client.start({ scheme: 'nexy' });
      await Promise.resolve();
      await Promise.resolve();
      client.electron.app.emit('open-url', { preventDefault: () => undefined }, 'nexy://check-updates');
      await starting;
      await vi.waitFor(() => expect(manifestRequests()).toBe(1));
    });

    it('by a second start is the window', async () => {
      await client.start();
      client.electron.app.emit('second-instance', {}, ['Nexy']);
      await vi.waitFor(() => expect(client.window.shown).toEqual(['active']));
      expect(manifestRequests()).toBe(0);
      expect(client.updates?.model.qa).toBeNull();
      client.electron.app.emit('second-instance', {}, ['Nexy', '--qa']);
      await vi.waitFor(() => expect(client.shown.qa).not.toBeNull());
    });

    it('is refused by the model, with its reason, where the host is gone', async () => {
      await client.start();
      client.updates?.check();
      const { view } = await client.becomes('failed');
      expect(view).toMatchObject({ failure: { code: 'manifest-unreachable', version: null } });
      client.publish('2.0.0.46', image);
      await client.request({ kind: 'check' });
      await client.becomes('ready');
      client.world.host.setManifest('/manifest.json', '{}');
      await client.request({ kind: 'check' });
      expect((await client.becomes('failed')).view).toMatchObject({ failure: { code: 'manifest-rejected' } });
      expect(client.logged.join('\n')).toContain('404');
    });
  });

  describe('a download', () => {
    it('that fails is told with its version', async () => {
      client.publish('2.0.0.46', image);
      client.world.host.fault({ file: 'Nexy.dmg', fault: { kind: 'status', status: 403 } });
      await client.start({ polling: ONE_CHECK });
      const { view } = await client.becomes('failed');
      expect(view).toMatchObject({ failure: { code: 'download-failed', version: '2.0.0.46' } });
    });

    const resumed = () => client.world.host.log.some(({ headers }) => headers['range'] !== undefined);

    it('is paused by the person, stays so through checks, and goes on from where it was', async () => {
      client.publish('2.0.0.46', image);
      client.world.host.fault({
        file: 'Nexy.dmg',
        times: 1,
        fault: { kind: 'trickle', bytesPerSecond: 30_000 },
      });
      await client.start({ polling: { ...ONE_CHECK, firstDelay: 1500 } });
      client.updates?.check();
      await vi.waitFor(
        () => {
          const view = client.updates?.model.view;
          expect(view?.kind === 'downloading' && (view.progress?.transferred ?? 0) > 0).toBe(true);
        },
        { timeout: 10_000 },
      );
      await client.request({ kind: 'pause' });
      await vi.waitFor(() =>
        expect(client.shown.view).toMatchObject({ kind: 'downloading', isPaused: true }),
      );
      const checks = manifestRequests();
      // A check of its own comes, and must not take the download up again.
      await vi.waitFor(() => expect(manifestRequests()).toBe(checks + 1), { timeout: 10_000 });
      expect(client.updates?.model.view).toMatchObject({ kind: 'downloading', isPaused: true });
      await client.request({ kind: 'resume' });
      await client.becomes('ready');
      expect(resumed()).toBe(true);
    });

    it('that was cancelled begins again only when somebody asks', async () => {
      client.publish('2.0.0.46', image);
      client.world.host.fault({
        file: 'Nexy.dmg',
        times: 1,
        fault: { kind: 'trickle', bytesPerSecond: 30_000 },
      });
      await client.start({ polling: { ...ONE_CHECK, firstDelay: 1500 } });
      client.updates?.check();
      await client.becomes('downloading');
      await client.request({ kind: 'cancel' });
      await client.becomes('available');
      await vi.waitFor(() => expect(manifestRequests()).toBe(2), { timeout: 10_000 });
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(client.updates?.model.view.kind).toBe('available');
      await client.request({ kind: 'check' });
      await client.becomes('ready');
    });
  });

  describe('channels', () => {
    it('are the person’s to choose, and remembered', async () => {
      client.publish('2.0.0.46', image);
      await client.start();
      client.updates?.open();
      await client.request({ kind: 'set-channel', channel: 'beta' });
      await client.becomes('failed');
      expect(client.updates?.model.channel).toBe('beta');
      expect(client.world.host.log.map(({ path }) => path)).toContain('/manifest_beta.json');
      await client.restart();
      expect(client.updates?.model.channel).toBe('beta');
    });

    it('are not, where the Mac’s manager chose', async () => {
      client.electron.preferences.set('NexyUpdateChannel', 'beta');
      await client.start();
      expect(client.updates?.model).toMatchObject({ channel: 'beta', managed: { channel: 'beta' } });
      client.updates?.open();
      await client.request({ kind: 'set-channel', channel: 'stable' });
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(client.updates?.model.channel).toBe('beta');
      expect(manifestRequests()).toBe(0);
    });
  });

  describe('where the Mac’s manager switched updates off', () => {
    it('asks for nothing, whoever wants it, and says so', async () => {
      client.publish('2.0.0.46', image);
      client.electron.preferences.set('NexyUpdatesDisabled', true);
      await client.start({ polling: ONE_CHECK });
      client.updates?.check();
      await vi.waitFor(() => expect(client.window.shown).toEqual(['active']));
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(client.updates?.model.view).toEqual({ kind: 'managed' });
      expect(manifestRequests()).toBe(0);
    });

    it('later, does not install what was ready', async () => {
      client.publish('2.0.0.46', image);
      await client.start({ polling: ONE_CHECK });
      await client.becomes('ready');
      client.electron.preferences.set('NexyUpdatesDisabled', true);
      client.updates?.check();
      await client.becomes('managed');
      client.electron.app.quit();
      expect(client.electron.exits).toEqual([]);
      expect(await installed()).toBe('2.0.0.45');
    });
  });

  describe('a place where nothing can be installed', () => {
    it('leads to an offer to move, once, and by the person’s choice', async () => {
      client.publish('2.0.0.46', image);
      const translocated = join(client.world.folder, 'AppTranslocation', 'X', 'd', 'Nexy.app');
      const { cpSync, mkdirSync } = await import('node:fs');
      mkdirSync(join(translocated, '..'), { recursive: true });
      cpSync(client.world.app, translocated, { recursive: true, verbatimSymlinks: true });
      await client.start({ polling: ONE_CHECK, overrides: { app: translocated } });
      expect((await client.becomes('held')).view).toMatchObject({
        reason: 'translocated',
        version: '2.0.0.46',
      });
      await vi.waitFor(() => expect(client.electron.notifications).toHaveLength(1));
      expect(client.electron.dialogs).toEqual([]);
      client.electron.notifications[0]?.click();
      await vi.waitFor(() => expect(client.electron.moves).toEqual(['moved']));
      expect(client.electron.dialogs).toMatchObject([{ message: 'Move Nexy to the Applications folder?' }]);

      client.electron.dialogAnswer = 1;
      client.updates?.open();
      await client.request({ kind: 'move-to-applications' });
      await vi.waitFor(() => expect(client.electron.dialogs).toHaveLength(2));
      expect(client.electron.moves).toHaveLength(1);
      client.electron.dialogAnswer = 0;
      client.electron.canMove = false;
      await client.request({ kind: 'move-to-applications' });
      await vi.waitFor(() =>
        expect(client.electron.dialogs.at(-1)).toMatchObject({ message: 'Nexy could not be moved' }),
      );
    });
  });

  describe('sleep and the network', () => {
    it('no check begins while the Mac sleeps', async () => {
      client.publish('2.0.0.46', image);
      await client.start({ polling: ONE_CHECK });
      client.electron.powerMonitor.emit('suspend');
      await new Promise((resolve) => setTimeout(resolve, 150));
      expect(manifestRequests()).toBe(0);
      client.electron.powerMonitor.emit('resume');
      await client.becomes('ready');
    });

    it('no check begins without a network', async () => {
      client.electron.isOnline = false;
      await client.start({ polling: ONE_CHECK });
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(manifestRequests()).toBe(0);
    });
  });

  it('copies a report that names everything and no home folder', async () => {
    client.publish('2.0.0.46', image);
    await client.start({ polling: NO_CHECK });
    client.updates?.check();
    await client.becomes('ready');
    await client.request({ kind: 'copy-report' });
    const [report = ''] = client.electron.copied;
    for (const text of [
      'Nexy 2.0.0.45 (com.nexy.assistant)',
      'Channel: stable',
      'update (newer)',
      'currentVersion: 2.0.0.45',
      'version-tag: ',
      '/manifest.json 200',
      '"step":"staged"',
    ]) {
      expect(report).toContain(text);
    }
    expect(readFileSync(join(client.stateFolder, 'client.json'), 'utf8')).toContain('lastCheckedAt');
  });
});
