import { execFile } from 'node:child_process';
import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TestPlan } from './app/test-plan.ts';
import { reportFolder } from './support/contract-report.ts';
import { appleKit } from './support/mac-kit.ts';
import { MacWorld } from './support/mac-world.ts';
import { makeVersion, packageNexy } from './support/package-nexy.ts';
import { endStarted, startedVersions } from './support/started-apps.ts';
import { IS_MAC, NEEDS_MAC } from './support/where.ts';

const [OLD, NEW] = ['2.0.0.45', '2.0.0.46'];
/** For what a slow machine does, in milliseconds. No test fails for being slow before. */
const PATIENT = { timeout: 300_000, interval: 500 };

describe.skipIf(!IS_MAC)(`the packaged app, by Electron itself${NEEDS_MAC}`, () => {
  const kit = appleKit();
  let made: string;
  let packaged: string;
  let world: MacWorld;
  let app: ElectronApplication | null = null;

  beforeAll(async () => {
    made = await realpath(await mkdtemp(join(tmpdir(), 'nexy-electron-')));
    packaged = await packageNexy(made, OLD);
  });
  afterAll(() => rm(made, { recursive: true, force: true }));
  beforeEach(async () => {
    world = await MacWorld.open(kit);
    await world.install(await make(OLD));
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') process.stdout.write(await readLog());
    await endStarted(world.folder, kit.tools);
    // Its end is seen by itself; nothing waits for one that hangs.
    await Promise.race([app?.close().catch(() => undefined), wait(10_000)]);
    app = null;
    await world.close();
  });

  const make = (version: string, more: Partial<TestPlan> = {}): Promise<string> => {
    const { folder, host } = world;
    const plan = { version, folder, origin: host.origin, dies: false, ...more };
    return makeVersion(packaged, join(folder, `made ${version}`), plan);
  };
  const offer = async (version: string, more: Partial<TestPlan> = {}): Promise<void> => {
    await make(version, more);
    const source = join(world.folder, `made ${version}`);
    await world.publish(version, await kit.makeImage(source, join(world.folder, 'Nexy.dmg')), 'dmg');
    await rm(source, { recursive: true });
  };
  const program = (): string => join(world.app, 'Contents', 'MacOS', 'Nexy');
  const readLog = () => readFile(join(world.folder, 'log'), 'utf8').catch(() => 'The app wrote no log.\n');
  const status = async () => (await world.installation('status')).json;

  /** Starts the app and does what *Check for Updates…* of its menu does. @returns the window */
  const checkForUpdates = async (): Promise<Page> => {
    app = await _electron.launch({ executablePath: program(), timeout: PATIENT.timeout });
    await vi.waitFor(() => expect(startedVersions(world.folder)).toEqual([OLD]), PATIENT);
    const opened = app.firstWindow({ timeout: PATIENT.timeout });
    // What macOS tells an app that was opened with such an address.
    await app.evaluate(({ app: main }) => {
      main.emit('open-url', { preventDefault: () => undefined }, 'nexy://check-updates');
    });
    return opened;
  };
  /** The update is downloaded by itself; then the person restarts. */
  const restart = async (page: Page, name: string): Promise<void> => {
    const button = page.locator('[data-action="restart"]');
    await button.waitFor({ state: 'visible', timeout: PATIENT.timeout });
    await page.screenshot({ path: join(reportFolder(), `${name}.png`) }).catch(() => undefined);
    const closed = app?.waitForEvent('close', { timeout: PATIENT.timeout });
    // The window goes while it is clicked.
    await button.click({ noWaitAfter: true }).catch(() => undefined);
    await closed;
  };

  it('checks in a terminal', async () => {
    await offer(NEW);
    const { code, stdout } = await new Promise<{ code: unknown; stdout: string }>((fulfil) => {
      execFile(program(), ['--check-updates', '--json', '--manual'], (error, output) => {
        fulfil({ code: error === null ? 0 : error.code, stdout: output });
      });
    });
    expect(JSON.parse(stdout)).toMatchObject({ action: 'update', current: OLD, offered: NEW });
    expect(code).toBe(3);
  });

  it('updates itself from a click, is opened again as the new version, and confirms', async () => {
    await offer(NEW);
    await restart(await checkForUpdates(), 'ready');
    await vi.waitFor(() => expect(startedVersions(world.folder)).toEqual([OLD, NEW]), PATIENT);
    expect(await world.installedVersion()).toBe(NEW);
    expect(await world.isIntact()).toBe(true);
    await vi.waitFor(async () => expect(await status()).toMatchObject({ state: 'confirmed' }), PATIENT);
    expect(await world.attached()).toEqual([]);
    expect(await world.beside()).toEqual([expect.stringMatching(/\.journal$/)]);
  });

  it('goes back by itself from a version that dies at each start', async () => {
    await offer(NEW, { dies: true });
    await restart(await checkForUpdates(), 'ready before a version that dies');
    const starts = () => startedVersions(world.folder);
    await vi.waitFor(() => expect(starts().slice(1)).toContain(OLD), PATIENT);
    // Twice; macOS may refuse a start that comes right after a death, and it is tried again then.
    expect(starts().filter((version) => version === NEW).length).toBeGreaterThanOrEqual(2);
    expect(starts().at(-1)).toBe(OLD);
    expect(await world.installedVersion()).toBe(OLD);
    expect(await world.isIntact()).toBe(true);
    expect(await status()).toMatchObject({ state: 'rolled-back' });
  });
});
