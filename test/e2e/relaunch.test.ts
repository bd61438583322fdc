import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readLastInstall } from '../../src/install/last-install.ts';
import { layoutOf } from '../../src/install/layout.ts';
import { notesFolder } from '../../src/install/notes.ts';
import { REPOSITORY } from '../support/fixtures.ts';
import { canMakeImages } from '../support/make-image.ts';
import type { QuitPlan } from '../support/quit-child.ts';
import { runCli } from '../support/run-cli.ts';
import { addRunningProgram, endStarted, isAlive, startsOf } from '../support/running-app.ts';
import { describeTree } from '../support/tree.ts';
import { makeDmg, makeNexy, UpdateWorld } from '../support/update-world.ts';
import { until } from '../support/watched-install.ts';

const skipped = canMakeImages() ? '' : ' (skipped: xorriso, which makes disk images, is not installed)';

describe.skipIf(!canMakeImages())(`an updated app is opened and looked after${skipped}`, () => {
  const made = mkdtempSync(join(tmpdir(), 'nexy-made-'));
  let oldApp: string;
  let newApp: string;
  let image: string;
  let world: UpdateWorld;
  let stateFolder: string;

  const make = async (folder: string, version: string): Promise<string> => {
    const app = await makeNexy(join(made, folder), version, { sign: false });
    addRunningProgram(app, version, 'stay');
    return app;
  };
  const versions = (): readonly string[] => startsOf(world.folder).map(({ version }) => version);
  const opened = (version: string): Promise<void> =>
    until(() => versions().at(-1) === version, `${version} is opened`);
  /** The watchdog's own copy goes with it. */
  const watchEnded = (): Promise<void> =>
    until(() => readdirSync(notesFolder(stateFolder)).length === 0, 'the end of the watchdog');
  const update = (...more: readonly string[]) =>
    runCli([...world.updateArguments('--no-codesign', ...more).filter((word) => word !== '--no-relaunch')]);
  const lastInstall = async () => readLastInstall(await layoutOf(world.app), stateFolder);

  beforeAll(async () => {
    oldApp = await make('old', '2.0.0.45');
    newApp = await make('new', '2.0.0.46');
    image = await makeDmg(join(made, 'new'), join(made, 'Nexy.dmg'));
  });
  afterAll(() => rmSync(made, { recursive: true, force: true }));
  beforeEach(async () => {
    world = await UpdateWorld.open();
    world.install(oldApp);
    stateFolder = join(world.folder, 'state');
  });
  afterEach(async () => {
    endStarted(world.folder);
    await world.close();
  });

  it('by the command, until it confirms', async () => {
    world.publish('2.0.0.46', image);
    expect((await update()).json).toMatchObject({ installed: true });
    await opened('2.0.0.46');
    expect(isAlive(startsOf(world.folder)[0]?.pid ?? 0)).toBe(true);
    expect((await world.installation('status')).json).toMatchObject({ state: 'swapped' });
    expect((await world.installation('confirm')).json).toMatchObject({ state: 'confirmed' });
    await watchEnded();
    expect(versions()).toEqual(['2.0.0.46']);
    expect(await lastInstall()).toMatchObject({ outcome: 'installed', from: '2.0.0.45', to: '2.0.0.46' });
  });

  it('not with --no-relaunch', async () => {
    world.publish('2.0.0.46', image);
    expect((await world.update('--no-codesign')).json).toMatchObject({ installed: true });
    expect(existsSync(notesFolder(stateFolder))).toBe(false);
  });

  it('is gone back from on request, and then held back by itself, not when somebody asks', async () => {
    world.publish('2.0.0.46', image);
    await world.update('--no-codesign');
    const { status, json } = await world.installation('rollback');
    expect({ status, json }).toMatchObject({
      status: 0,
      json: { state: 'rolled-back', from: '2.0.0.45', to: '2.0.0.46', action: 'undone' },
    });
    expect(json).toMatchObject({ message: `${world.app} went back from 2.0.0.46 to 2.0.0.45.` });
    expect(world.installedTree()).toEqual(describeTree(oldApp));
    expect(await lastInstall()).toMatchObject({ outcome: 'rolled-back', reason: 'requested' });
    const held = { action: 'held', reason: 'artifact-refused-before' };
    expect((await world.check()).json).toMatchObject(held);
    expect((await world.check('--manual')).json).toMatchObject({ action: 'update' });
    // Also when the journal is gone.
    await world.installation('recover');
    for (const name of world.beside()) rmSync(join(world.app, '..', name), { recursive: true });
    expect((await world.check()).json).toMatchObject(held);
    const inAWeek = new Date(Date.now() + 7 * 24 * 60 * 60_000 + 60_000).toISOString();
    expect((await world.check('--now', inAWeek)).json).toMatchObject({ action: 'update' });
  });

  it('has nothing to go back to once it has confirmed, and says so', async () => {
    expect((await world.installation('rollback')).json).toMatchObject({ state: 'idle', action: 'none' });
    world.publish('2.0.0.46', image);
    await world.update('--no-codesign');
    await world.installation('confirm');
    const { status, json } = await world.installation('rollback');
    expect({ status, json }).toMatchObject({
      status: 0,
      json: {
        state: 'confirmed',
        action: 'none',
        message: expect.stringMatching(/confirmed that it works\. There is nothing to go back to\.$/),
      },
    });
    expect(world.installedTree()).toEqual(describeTree(newApp));
  });

  describe('by the app itself while it quits', () => {
    const quit = (plan: Pick<QuitPlan, 'does' | 'relaunches'>): unknown => {
      const { app, tools, folder } = world;
      const whole: QuitPlan = { app, image, tools, cacheFolder: join(folder, 'cache'), stateFolder, ...plan };
      const script = join(REPOSITORY, 'test', 'support', 'quit-child.ts');
      const words = [script, JSON.stringify(whole)];
      return JSON.parse(
        execFileSync(process.execPath, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }),
      );
    };

    it('once it is gone', async () => {
      expect(quit({ does: 'exchange', relaunches: true })).toBe('exchanged');
      expect(world.installedTree()).toEqual(describeTree(newApp));
      await opened('2.0.0.46');
      await world.installation('confirm');
      await watchEnded();
    });

    it('not after an install on quit: it is only watched', async () => {
      expect(quit({ does: 'exchange', relaunches: false })).toBe('exchanged');
      expect(readdirSync(notesFolder(stateFolder))).toHaveLength(1);
      await world.installation('confirm');
      await watchEnded();
      expect(versions()).toEqual([]);
    });

    it('not when the quit is refused: the update stays ready, and no watchdog stays', async () => {
      expect(quit({ does: 'abandon', relaunches: true })).toEqual({ from: '2.0.0.45', to: '2.0.0.46' });
      expect(readdirSync(notesFolder(stateFolder))).toEqual([]);
      expect(world.installedTree()).toEqual(describeTree(newApp));
    });

    it.each([true, false])(
      'when the exchange fails, and relaunches is %s: the reason is told at the next start',
      async (relaunches) => {
        expect(quit({ does: 'fail', relaunches })).toBe('swap-failed');
        await watchEnded();
        expect(versions()).toEqual([]);
        cpSync(oldApp, world.app, { recursive: true });
        await world.installation('recover');
        expect(await lastInstall()).toMatchObject({
          outcome: 'failed',
          code: 'swap-failed',
          from: '2.0.0.45',
          to: '2.0.0.46',
          message: expect.stringContaining('is not what it was when the update was prepared'),
        });
      },
    );
  });
});
