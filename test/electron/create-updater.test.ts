import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import type { AppUpdater } from 'electron-updater';
import { describe, expect, it } from 'vitest';
import type { AutoUpdater } from '../../src/electron/auto-updater.ts';
import { type CreateUpdaterOptions, createUpdater } from '../../src/electron/create-updater.ts';
import { NexyUpdater } from '../../src/updater.ts';
import { REPOSITORY } from '../support/fixtures.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { OracleUpdater } from '../updater/oracle-updater.ts';
import { StandInElectron } from './stand-in.ts';

const run = promisify(execFile);

const OPTIONS: CreateUpdaterOptions = {
  app: '/Applications/Nexy.app',
  bundleId: 'com.nexy.assistant',
  manifestUrl: {
    stable: 'https://updates.example.com/manifest.json',
    beta: 'https://updates.example.com/manifest_beta.json',
  },
  channel: 'stable',
  policy: { owner: 'a/b', downloadBase: 'https://github.com', allowedHosts: [], allowLoopback: false },
  http: { allowLoopback: false },
  cacheFolder: tmpdir(),
  stateFolder: tmpdir(),
};

/** One call site, as it is for every platform. */
function prepare(updater: AutoUpdater, told: string[]): void {
  updater.autoDownload = false;
  updater.autoInstallOnAppQuit = true;
  updater.on('update-available', ({ version }) => told.push(version));
  updater.once('error', (error, message) => told.push(message ?? error.message));
  updater.signals.updateDownloaded(({ downloadedFile }) => told.push(downloadedFile));
}

async function modules(): Promise<{
  readonly looked: string[];
  readonly theirs: AppUpdater;
  readonly given: Parameters<typeof createUpdater>[1];
}> {
  const looked: string[] = [];
  const theirs = new OracleUpdater({
    folder: await temporaryFolder(),
    feed: 'http://127.0.0.1:9',
    version: '1.0.0',
  });
  theirs.logger = null;
  const given = {
    electron: async () => {
      looked.push('electron');
      return new StandInElectron().module();
    },
    autoUpdater: async () => {
      looked.push('electron-updater');
      return theirs;
    },
  };
  return { looked, theirs, given };
}

describe('createUpdater', () => {
  it('gives NexyUpdater on macOS, and looks at electron-updater never', async () => {
    const { looked, given } = await modules();
    const updater = await createUpdater({ ...OPTIONS, platform: 'darwin' }, given);
    prepare(updater, []);
    expect(updater).toBeInstanceOf(NexyUpdater);
    expect(updater.isUpdaterActive()).toBe(true);
    expect(looked).toEqual(['electron']);
  });

  it.each(['win32', 'linux'] as const)(
    "gives electron-updater's own on %s, and looks at electron never",
    async (platform) => {
      const { looked, theirs, given } = await modules();
      const updater = await createUpdater({ ...OPTIONS, platform }, given);
      const told: string[] = [];
      prepare(updater, told);
      expect(updater).toBe(theirs);
      await expect(updater.checkForUpdates()).rejects.toThrow();
      expect(told).toEqual([expect.stringContaining('Cannot check for updates')]);
      expect(looked).toEqual(['electron-updater']);
    },
  );

  it('is for the platform that it runs on where none is given', async () => {
    const { looked, given } = await modules();
    await createUpdater(OPTIONS, given);
    expect(looked).toEqual([process.platform === 'darwin' ? 'electron' : 'electron-updater']);
  });

  it('loads nothing of either before it is called', async () => {
    const script = `
      import { registerHooks } from 'node:module';
      const loaded = [];
      registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
      await import('./src/electron/create-updater.ts');
      console.log(JSON.stringify(loaded.filter((url) => !url.endsWith('create-updater.ts'))));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: REPOSITORY,
    });
    expect(JSON.parse(stdout)).toEqual([]);
  });

  it("finds electron-updater's autoUpdater where Node puts it, without looking at it before", async () => {
    const script = `
      import { registerHooks } from 'node:module';
      // electron-updater's main file, but for the line that makes an updater for Electron.
      registerHooks({ load: (url, context, next) => {
        const loaded = next(url, context);
        if (!url.endsWith('/electron-updater/out/main.js')) return loaded;
        const source = String(loaded.source).replace('return _autoUpdater || doLoadAutoUpdater();', 'console.log("looked"); return { made: true };');
        return { ...loaded, source };
      } });
      const { createUpdater } = await import('./src/electron/create-updater.ts');
      console.log('called');
      console.log(JSON.stringify(await createUpdater({ platform: 'linux' })));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: REPOSITORY,
    });
    expect(stdout.trim().split('\n')).toEqual(['called', 'looked', '{"made":true}']);
  });
});
