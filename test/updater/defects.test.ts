import { execFile } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { UpdateInfo } from 'electron-updater';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readBundle } from '../../src/bundle/bundle.ts';
import { versionOfBundle } from '../../src/bundle/bundle-version.ts';
import { NexyUpdater, type UpdaterOptions } from '../../src/updater.ts';
import { REPOSITORY } from '../support/fixtures.ts';
import { canMakeImages } from '../support/make-image.ts';
import { makeDmg, makeNexy, OWNER, UpdateWorld } from '../support/update-world.ts';
import { updaterOptions } from './observed-updater.ts';
import { FEED_FILES, OracleUpdater, updateYaml } from './oracle-updater.ts';

const run = promisify(execFile);
const skipped = canMakeImages() ? '' : ' (skipped: xorriso, which makes disk images, is not installed)';

// Each defect of electron-updater's AppUpdater 6.8.10 first shown there, then tried here. When the first half of one
// fails after an upgrade of electron-updater, it was mended there.
describe.skipIf(!canMakeImages())(`a defect of AppUpdater that NexyUpdater does not have${skipped}`, () => {
  const made = mkdtempSync(join(tmpdir(), 'nexy-defects-'));
  let image: string;
  let bytes: Buffer;
  let world: UpdateWorld;

  beforeAll(async () => {
    await makeNexy(join(made, 'old'), '2.0.0.45');
    await makeNexy(join(made, 'new'), '2.0.0.46');
    image = await makeDmg(join(made, 'new'), join(made, 'Nexy.dmg'));
    bytes = readFileSync(image);
  });
  afterAll(() => rmSync(made, { recursive: true, force: true }));
  beforeEach(async () => {
    world = await UpdateWorld.open();
    world.install(join(made, 'old', 'Nexy.app'));
  });
  afterEach(() => world.close());

  const theirOptions = (version = '2.0.0-45') => ({
    folder: join(world.folder, 'theirs'),
    feed: world.host.origin,
    version,
  });

  function openTheirs(version?: string): OracleUpdater {
    const updater = new OracleUpdater(theirOptions(version));
    updater.logger = null;
    updater.autoDownload = false;
    updater.on('error', () => undefined);
    return updater;
  }

  function openOurs(more: Partial<UpdaterOptions> = {}): NexyUpdater {
    const updater = new NexyUpdater({ ...updaterOptions(world), ...more });
    updater.autoDownload = false;
    return updater;
  }

  interface Extra {
    readonly yaml?: string;
    readonly artifact?: Readonly<Record<string, unknown>>;
    readonly top?: Readonly<Record<string, unknown>>;
  }

  /** Offers the same to both. */
  function offer(version: string, { yaml = '', artifact = {}, top = {} }: Extra = {}): void {
    const url = world.host.publish(`v${version}`, 'Nexy.dmg', bytes, OWNER);
    world.offer({ version, url, bytes, artifact, top });
    setYaml(updateYaml(version.replace(/\.(\d+)$/, '-$1'), url, bytes, yaml));
  }

  function setYaml(yaml: string): void {
    for (const name of FEED_FILES) world.host.setManifest(name, yaml);
  }

  const downloads = () => world.host.log.filter(({ on }) => on === 'asset').length;

  it('a release that was withdrawn since the last check is still downloaded', async () => {
    const theirs = openTheirs();
    const ours = openOurs();
    offer('2.0.0.46');
    await theirs.checkForUpdates();
    await ours.checkForUpdates();
    offer('2.0.0.45');
    expect(await theirs.checkForUpdates()).toMatchObject({ isUpdateAvailable: false });
    expect(await theirs.downloadUpdate()).toHaveLength(1);
    expect(downloads()).toBe(1);

    expect(await ours.checkForUpdates()).toMatchObject({ isUpdateAvailable: false });
    await expect(ours.downloadUpdate()).rejects.toMatchObject({ code: 'usage' });
    expect(downloads()).toBe(1);
  });

  it("a second check's token cancels nothing", async () => {
    offer('2.0.0.46');
    world.host.fault({ on: 'asset', fault: { kind: 'stall', after: 4_000 } });
    const theirs = openTheirs();
    theirs.autoDownload = true;
    const first = await theirs.checkForUpdates();
    const second = await theirs.checkForUpdates();
    const third = await theirs.checkForUpdates();
    for (const { downloadPromise } of [second, third].filter((each) => each !== null)) {
      downloadPromise?.catch(() => undefined);
    }
    let isCancelled = false;
    theirs.on('update-cancelled', () => {
      isCancelled = true;
    });
    second?.cancellationToken?.cancel();
    third?.cancellationToken?.cancel();
    await new Promise((resolve) => setImmediate(resolve));
    expect(isCancelled).toBe(false);
    first?.cancellationToken?.cancel();
    await expect(first?.downloadPromise).rejects.toThrow('cancelled');

    const ours = openOurs();
    ours.autoDownload = true;
    const before = await ours.checkForUpdates();
    const after = await ours.checkForUpdates();
    after?.cancellationToken?.cancel();
    await expect(before?.downloadPromise).rejects.toMatchObject({ code: 'cancelled' });
    expect(ours.state.kind).toBe('available');
  });

  it('a failed download that began by itself ends the process of who listens only to `error`', async () => {
    offer('2.0.0.46');
    world.host.withdraw('v2.0.0.46', 'Nexy.dmg', OWNER);
    const start = (options: object) =>
      run(process.execPath, [join(REPOSITORY, 'test/updater/failing-main.ts'), JSON.stringify(options)]);
    await expect(start({ theirs: theirOptions() })).rejects.toMatchObject({
      stdout: expect.not.stringContaining('still here'),
      stderr: expect.stringContaining('status 404'),
    });

    const { stdout } = await start({ ours: updaterOptions(world) });
    expect(stdout).toContain('still here');
    expect(stdout).toContain('404');
  });

  it('so does a failed check', async () => {
    const start = (options: object) =>
      run(process.execPath, [join(REPOSITORY, 'test/updater/failing-main.ts'), JSON.stringify(options)]);
    await expect(start({ theirs: theirOptions() })).rejects.toMatchObject({
      stdout: expect.not.stringContaining('still here'),
    });
    expect((await start({ ours: updaterOptions(world) })).stdout).toContain('still here');
  });

  it('a cached file that was changed on disk is told of again without being hashed', async () => {
    offer('2.0.0.46');
    const theirs = openTheirs();
    await theirs.checkForUpdates();
    const [theirFile = ''] = await theirs.downloadUpdate();
    appendFileSync(theirFile, 'changed');
    let downloaded = 0;
    theirs.on('update-downloaded', () => {
      downloaded += 1;
    });
    expect(await theirs.downloadUpdate()).toEqual([theirFile]);
    expect(downloaded).toBe(1);
    expect(readFileSync(theirFile).equals(bytes)).toBe(false);

    const ours = openOurs();
    await ours.checkForUpdates();
    const [ourFile = ''] = await ours.downloadUpdate();
    appendFileSync(ourFile, 'changed');
    expect(await ours.downloadUpdate()).toEqual([ourFile]);
    expect(readFileSync(ourFile).equals(bytes)).toBe(true);
    await ours.installUpdate();
    expect(versionOfBundle(await readBundle(world.app))).toBe('2.0.0.46');
  });

  it('metadata with a sha256 alone never hits the cache at the next start', async () => {
    offer('2.0.0.46');
    const url = `${world.host.origin}/${OWNER}/releases/download/v2.0.0.46/Nexy.dmg`;
    const { createHash } = await import('node:crypto');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    setYaml(`version: 2.0.0-46\npath: ${url}\nsha2: ${sha256}\nreleaseDate: '2026-03-12T00:00:00.000Z'\n`);
    for (const theirs of [openTheirs(), openTheirs()]) {
      await theirs.checkForUpdates();
      await theirs.downloadUpdate();
    }
    expect(downloads()).toBe(2);

    for (const ours of [openOurs(), openOurs()]) {
      await ours.checkForUpdates();
      await ours.downloadUpdate();
      await ours.discardUpdate();
    }
    expect(downloads()).toBe(3);
  });

  it('cancelling leaves the connection open', async () => {
    offer('2.0.0.46');
    world.host.fault({ on: 'asset', fault: { kind: 'stall', after: 4_000 } });
    const openConnections = async () => (await world.host.openConnections()).asset;
    const ours = openOurs();
    await ours.checkForUpdates();
    const controller = new AbortController();
    const download = ours.downloadUpdate(controller.signal);
    await expect.poll(downloads).toBe(1);
    controller.abort();
    await expect(download).rejects.toMatchObject({ code: 'cancelled' });
    await expect.poll(openConnections).toBe(0);

    const theirs = openTheirs();
    theirs.autoDownload = true;
    const result = await theirs.checkForUpdates();
    await expect.poll(downloads).toBe(2);
    result?.cancellationToken?.cancel();
    await expect(result?.downloadPromise).rejects.toThrow('cancelled');
    theirs.autoDownload = false;
    await theirs.checkForUpdates();
    expect(await openConnections()).toBe(1);
  });

  it('no reason is given for not updating', async () => {
    const reasons: (string | undefined)[] = [];
    const offers: (() => void)[] = [
      () => offer('2.0.0.45'),
      () => offer('2.0.0.44'),
      () =>
        offer('2.0.0.46', { yaml: 'stagingPercentage: 0\n', top: { rollout: { percentage: 0, salt: 's' } } }),
    ];
    for (const make of offers) {
      make();
      const result = await openTheirs().checkForUpdates();
      expect(Object.keys(result ?? {})).toEqual(['isUpdateAvailable', 'versionInfo', 'updateInfo']);
      reasons.push((await openOurs().checkForUpdates())?.decision.reason);
    }
    expect(reasons).toEqual(['up-to-date', 'older', 'rollout']);
  });

  it('a version of four parts throws', () => {
    expect(() => openTheirs('2.0.0.45')).toThrow('not a valid semver version');
    expect(openOurs().currentVersion.format()).toBe('2.0.0-45');
  });

  it('a fourth part after a plus sign never updates, and nobody says so', async () => {
    offer('2.0.0.46');
    const url = `${world.host.origin}/x/Nexy.dmg`;
    setYaml(updateYaml('2.0.0+46', url, bytes));
    expect(await openTheirs('2.0.0+45').checkForUpdates()).toMatchObject({ isUpdateAvailable: false });

    expect(await openOurs().checkForUpdates()).toMatchObject({ isUpdateAvailable: true });
    world.offer({ version: '2.0.0+46', url, bytes });
    expect(await openOurs().checkForUpdates()).toMatchObject({
      isUpdateAvailable: false,
      decision: { action: 'reject', message: expect.stringContaining('2.0.0+46') },
    });
  });

  it('a minimum system version of two parts is offered to every system', async () => {
    offer('2.0.0.46', { yaml: "minimumSystemVersion: '99.0'\n", artifact: { min_os: '99.0' } });
    expect(await openTheirs().checkForUpdates()).toMatchObject({ isUpdateAvailable: true });

    expect(await openOurs().checkForUpdates()).toMatchObject({
      isUpdateAvailable: false,
      decision: { action: 'held', reason: 'os-too-old' },
    });
  });

  it("it is compared with the kernel's version, not with that of macOS", async () => {
    const above = `${Number.parseInt(release(), 10) + 1}.0.0`;
    offer('2.0.0.46', { yaml: `minimumSystemVersion: ${above}\n`, artifact: { min_os: '15.0' } });
    expect(await openTheirs().checkForUpdates()).toMatchObject({ isUpdateAvailable: false });

    const ours = await openOurs().checkForUpdates();
    expect(ours?.machine.systemVersion).toMatch(/^15\./);
    expect(ours?.isUpdateAvailable).toBe(true);
  });

  it('a rollout that is not a number is offered to everybody', async () => {
    offer('2.0.0.46', {
      yaml: 'stagingPercentage: none\n',
      top: { rollout: { percentage: 'none', salt: 's' } },
    });
    expect(await openTheirs().checkForUpdates()).toMatchObject({ isUpdateAvailable: true });

    expect(await openOurs().checkForUpdates()).toMatchObject({
      isUpdateAvailable: false,
      decision: { action: 'reject' },
    });
  });

  it('a channel that is set turns on downgrades', async () => {
    const theirs = openTheirs();
    theirs.channel = 'beta';
    expect(theirs.allowDowngrade).toBe(true);

    offer('2.0.0.44');
    const ours = openOurs();
    ours.channel = 'beta';
    expect(ours.allowDowngrade).toBe(false);
    expect(await ours.checkForUpdates()).toMatchObject({ decision: { action: 'none', reason: 'older' } });
    expect(() => {
      ours.channel = 'nightly';
    }).toThrow('"nightly" is no channel');
  });

  it('importing it loads much that a start may never need', async () => {
    const count = async (specifier: string): Promise<number> => {
      const script = `
        import { registerHooks } from 'node:module';
        let count = 0;
        registerHooks({ load: (url, context, next) => {
          if (url.includes('/node_modules/')) count += 1;
          return next(url, context);
        } });
        await import(${JSON.stringify(specifier)});
        console.log(count);`;
      const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], {
        cwd: REPOSITORY,
      });
      return Number(stdout);
    };
    expect(await count('electron-updater/out/AppUpdater.js')).toBeGreaterThan(50);
    expect(await count('./src/updater.ts')).toBe(0);
  });

  it('what is told of an offer has the keys of its UpdateInfo', async () => {
    offer('2.0.0.46', { top: { rollout: { percentage: 100, salt: 's' } } });
    const result = await openOurs().checkForUpdates();
    const info: UpdateInfo | undefined = result?.updateInfo;
    expect(info).toMatchObject({
      version: '2.0.0.46',
      releaseDate: '2026-03-12T00:00:00Z',
      stagingPercentage: 100,
      files: [{ size: bytes.length }],
    });
  });
});
