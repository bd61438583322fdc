import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { readInstallationStatus } from '../../src/install/installation.ts';
import { recover } from '../../src/install/recover.ts';
import { CAN_BE_OTHERS, NEEDS_OTHERS } from '../support/other-user.ts';
import { RootInstall } from '../support/root-install.ts';
import { startCli } from '../support/run-cli.ts';
import { describeTree } from '../support/tree.ts';
import { until } from '../support/watched-install.ts';

/** Half as many again as updates that are killed (kill.test.ts), shared among three ways. */
const KILLS_EACH = Math.ceil((Number(process.env['CHAOS_KILLS'] ?? 200) * 1.5) / 3);

type Tree = readonly string[];

/** A target that is killed at, again and again, and what it may be afterwards. */
class Arena {
  readonly install: RootInstall;
  readonly #whole: { readonly old: Tree; readonly new: Tree };

  static async open(kind: 'dmg' | 'pkg'): Promise<Arena> {
    const install = await RootInstall.make(kind);
    const old = describeTree(install.layout.target);
    expect((await (await install.start()).ended).answer).toBe('exchanged\n');
    return new Arena(install, { old, new: describeTree(install.layout.target) });
  }

  private constructor(install: RootInstall, whole: { readonly old: Tree; readonly new: Tree }) {
    this.install = install;
    this.#whole = whole;
  }

  /** Repairs what was cut off, and tells which version is whole. */
  async recover(): Promise<'old' | 'new'> {
    const { layout, tools } = this.install;
    await recover(layout, {
      tools,
      cacheFolder: null,
      now: () => new Date(),
      warn: (text) => expect.fail(text),
    });
    return this.version();
  }

  version(): 'old' | 'new' {
    const tree = describeTree(this.install.layout.target);
    if (tree.join('\n') === this.#whole.new.join('\n')) return 'new';
    expect(tree).toEqual(this.#whole.old);
    return 'old';
  }

  /** The new version, unconfirmed, with the old one kept beside it. */
  async installNew(): Promise<void> {
    expect((await (await this.install.start()).ended).answer).toBe('exchanged\n');
    expect(this.version()).toBe('new');
  }
}

/** What root left in the folder for temporary files when it was killed: only the next start of the Mac clears it. */
function clearCopies(): void {
  for (const name of readdirSync('/tmp')) {
    if (name.startsWith('nexy-updater.')) rmSync(join('/tmp', name), { recursive: true, force: true });
  }
}

function report(what: string, outcomes: readonly string[]): void {
  const count = (text: string): number => outcomes.filter((outcome) => outcome === text).length;
  process.stdout.write(
    `${what}: ${count('old') + count('new')} kills: ${count('old')} left the old app, ${count('new')} the new one; ${count('late')} more came too late\n`,
  );
}

async function killGroup(pid: number): Promise<void> {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}

describe.skipIf(!CAN_BE_OTHERS)(`what root does, killed at any moment${NEEDS_OTHERS}`, () => {
  it.each(['dmg', 'pkg'] as const)(
    `leaves a whole app ${KILLS_EACH} times, and the next install succeeds: %s`,
    async (kind) => {
      const arena = await Arena.open(kind);
      const { install } = arena;
      const outcomes: string[] = [];
      install.installOld();
      const startedAt = performance.now();
      await arena.installNew();
      const duration = performance.now() - startedAt;
      try {
        while (outcomes.filter((outcome) => outcome !== 'late').length < KILLS_EACH) {
          install.installOld();
          const script = await install.start();
          // Half of them at any moment, half at the exchange or the Installer.
          const moment =
            outcomes.length % 2 === 0
              ? wait(Math.random() * duration)
              : until(() => /ing$/.test(install.steps(script.id).at(-1) ?? ''), 'the exchange').then(() =>
                  wait(Math.random() * 300),
                );
          const ended = await Promise.race([script.ended, moment]);
          await killGroup(script.pid);
          await script.ended;
          const version = await arena.recover();
          outcomes.push(ended === undefined ? version : 'late');
          if (version === 'old') await arena.installNew();
        }
      } finally {
        await install.close();
        clearCopies();
      }
      report(kind, outcomes);
      expect(outcomes).toContain('old');
    },
  );

  it(`leaves a whole app ${KILLS_EACH} times, and the way back succeeds: rollback`, async () => {
    const arena = await Arena.open('dmg');
    const { install } = arena;
    const rollback = () =>
      startCli(
        [
          ...['rollback', '--json', '--app', install.layout.target, '--tools', install.tools.folder ?? ''],
          ...['--cache', join(install.folder, 'cache'), '--state', join(install.folder, 'state')],
        ],
        { detached: true },
      );
    const outcomes: string[] = [];
    const startedAt = performance.now();
    expect(await rollback().result).toMatchObject({ status: 0, json: { state: 'rolled-back' } });
    const duration = performance.now() - startedAt;
    try {
      while (outcomes.filter((outcome) => outcome !== 'late').length < KILLS_EACH) {
        if (arena.version() === 'old') await arena.installNew();
        const running = rollback();
        // Most of it is the start of the program; what is of interest comes at the end.
        const moment = duration * (0.4 + 0.7 * Math.random());
        const ended = await Promise.race([running.result, wait(moment)]);
        await killGroup(running.child.pid ?? 0);
        await running.result;
        const version = await arena.recover();
        outcomes.push(ended === undefined ? version : 'late');
        const { state } = await readInstallationStatus(install.layout);
        expect(state).toBe(version === 'old' ? 'rolled-back' : 'swapped');
        if (version === 'new') {
          expect(await rollback().result).toMatchObject({ status: 0, json: { state: 'rolled-back' } });
        }
        expect(arena.version()).toBe('old');
      }
    } finally {
      await install.close();
    }
    report('rollback', outcomes);
    expect(outcomes).toContain('new');
  });
});
