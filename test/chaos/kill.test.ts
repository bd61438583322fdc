import type { ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadNativeCalls } from '../../src/native-calls.ts';
import { canMakeImages } from '../support/make-image.ts';
import { type RunningCli, startCli } from '../support/run-cli.ts';
import { describeTree } from '../support/tree.ts';
import { makeDmg, makeNexy, UpdateWorld } from '../support/update-world.ts';
import { watchTarget } from '../support/watch-target.ts';

/** How many updates are killed in all; `CHAOS_KILLS=25 npm run test:chaos` for a short run. */
const KILLS = Number(process.env['CHAOS_KILLS'] ?? 200);
/** As many updates at once as there are cores on a small machine, each in a world of its own. */
const WORLDS = 2;

const skipped = canMakeImages() ? '' : ' (skipped: xorriso, which makes disk images, is not installed)';

describe.skipIf(!canMakeImages())(`updates whose whole process group is killed${skipped}`, () => {
  const made = mkdtempSync(join(tmpdir(), 'nexy-chaos-'));
  let image: string;
  let whole: { readonly old: readonly string[]; readonly new: readonly string[] };

  beforeAll(async () => {
    const old = await makeNexy(join(made, 'old'), '2.0.0.45');
    const next = await makeNexy(join(made, 'new'), '2.0.0.46');
    image = await makeDmg(join(made, 'new'), join(made, 'Nexy.dmg'));
    whole = { old: describeTree(old), new: describeTree(next) };
  });
  afterAll(() => rmSync(made, { recursive: true, force: true }));

  it(`leave a whole app ${KILLS} times, and the next update succeeds`, async () => {
    const rounds = Array.from({ length: WORLDS }, (_, index) => Math.floor((KILLS + index) / WORLDS));
    const outcomes = (await Promise.all(rounds.map((count, index) => killManyTimes(count, index)))).flat();
    const count = (text: string): number => outcomes.filter((outcome) => outcome === text).length;
    process.stdout.write(
      `${KILLS} kills: ${count('old')} left the old app, ${count('new')} the new one; ${count('ended')} more came too late\n`,
    );
    expect(count('old') + count('new')).toBe(KILLS);
    expect(count('old')).toBeGreaterThan(0);
  });

  async function killManyTimes(count: number, index: number): Promise<readonly string[]> {
    const world = await UpdateWorld.open();
    world.install(join(made, 'old', 'Nexy.app'));
    world.publish('2.0.0.46', image);
    const startedAt = performance.now();
    expect(await startCli(world.updateArguments()).result).toMatchObject({ status: 0 });
    const duration = performance.now() - startedAt;
    const watcher = await watchTarget(world.app);
    const outcomes: string[] = [];
    try {
      for (let round = index; outcomes.filter((outcome) => outcome !== 'ended').length < count; round += 1) {
        await putOldAppBack(world);
        outcomes.push(await killOnce(world, duration, round % 2 === 0));
      }
    } finally {
      expect(await watcher.end()).toMatchObject({ missed: 0, polls: expect.any(Number) });
      await world.close();
    }
    return outcomes;
  }

  /** Lowers the installed app again in one exchange, so that the watcher sees no gap of the test's own making. */
  async function putOldAppBack(world: UpdateWorld): Promise<void> {
    const spare = join(world.folder, 'spare.app');
    cpSync(join(made, 'old', 'Nexy.app'), spare, {
      recursive: true,
      verbatimSymlinks: true,
      preserveTimestamps: true,
    });
    const calls = await loadNativeCalls();
    expect(calls.exchange(spare, world.app)).toEqual({ done: true });
    rmSync(spare, { recursive: true });
    for (const name of world.beside()) rmSync(join(dirname(world.app), name), { recursive: true });
  }

  async function killOnce(world: UpdateWorld, duration: number, nearExchange: boolean): Promise<string> {
    const running = startCli(world.updateArguments(), { detached: true });
    await waitForMoment(running, duration, nearExchange);
    const isOver = running.child.exitCode !== null;
    if (!isOver) killGroup(running.child);
    await running.result;
    const recovered = await world.installation('recover');
    expect(recovered, JSON.stringify(recovered)).toMatchObject({ status: 0 });
    const tree = world.installedTree();
    const isNew = tree.join('\n') === whole.new.join('\n');
    if (!isNew) expect(tree).toEqual(whole.old);
    expect(world.mounted()).toEqual([]);
    expectTidy(world, isNew);
    if (isNew) return isOver ? 'ended' : 'new';
    const next = await startCli(world.updateArguments()).result;
    expect(next, next.stdout + next.stderr).toMatchObject({ status: 0, json: { installed: true } });
    expect(world.installedTree()).toEqual(whole.new);
    return 'old';
  }

  /** Half of the kills hit any moment of an update, half the moment of the exchange. */
  async function waitForMoment(running: RunningCli, duration: number, nearExchange: boolean): Promise<void> {
    if (nearExchange) {
      await Promise.race([sawStep(running.child, 'installing'), running.result]);
      await wait(Math.random() * 80);
    } else {
      await Promise.race([wait(Math.random() * duration), running.result]);
    }
  }
});

/** After an exchange the displaced app is kept with its journal; otherwise nothing is. */
function expectTidy(world: UpdateWorld, isNew: boolean): void {
  const names = world.beside().map((name) => name.replace(/-[0-9a-z]{17}/, '-*'));
  expect(names.toSorted()).toEqual(isNew ? ['.Nexy-update-*', '.Nexy-update-*.journal'] : []);
}

function sawStep(child: ChildProcess, step: string): Promise<void> {
  return new Promise((fulfil) => {
    child.stderr?.on('data', (text: Buffer) => {
      if (String(text).includes(`"step":"${step}"`)) fulfil();
    });
  });
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) throw new Error('The update did not start.');
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
