import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { confirmUpdate } from '../../src/install/confirm.ts';
import { appendToJournal } from '../../src/install/journal.ts';
import { takeLock } from '../../src/install/lock.ts';
import { recover } from '../../src/install/recover.ts';
import { undoInstall } from '../../src/install/undo.ts';
import { loadNativeCalls, type NativeCalls } from '../../src/native-calls.ts';
import { runUpdaterArguments } from '../../src/updater-arguments.ts';
import { REPOSITORY } from '../support/fixtures.ts';
import { versionAt } from '../support/running-app.ts';
import { MOMENTS, type Moment } from '../support/undo-child.ts';
import { WatchedInstall } from '../support/watched-install.ts';

const now = (): Date => new Date('2026-11-24T12:00:00Z');

async function undo(install: WatchedInstall, load?: () => Promise<NativeCalls>) {
  const options = load === undefined ? { now } : { now, load };
  return undoInstall(install.paths.journal, 'failed-starts', options);
}

function answering(errno: string): () => Promise<NativeCalls> {
  return async () => ({ ...(await loadNativeCalls()), exchange: () => ({ done: false, errno }) });
}

/** What lies beside the target, without the random part of names. */
function beside({ layout }: WatchedInstall): readonly string[] {
  return readdirSync(layout.parent).map((name) => name.replace(/-[0-9a-z]{17}/, '-*'));
}

function expectTakenBack(install: WatchedInstall): void {
  expect(install.version()).toBe('1.0');
  expect(beside(install).toSorted()).toEqual(['.Nexy-update-*.journal', 'Nexy.app']);
  expect(install.steps().filter((step) => step.startsWith('undone'))).toEqual(['undone: failed-starts']);
}

describe('undoing an install', () => {
  it('puts the displaced app back in one exchange, removes the new one, and says so', async (context) => {
    const install = await WatchedInstall.make(context);
    await install.exchange();
    expect(await undo(install)).toEqual({ from: '2.0', to: '1.0' });
    expectTakenBack(install);
    expect(await install.state()).toBe('rolled-back');
  });

  it('is the same when it runs again', async (context) => {
    const install = await WatchedInstall.make(context);
    await install.exchange();
    await undo(install);
    const journal = readFileSync(install.paths.journal, 'utf8');
    expect(await undo(install)).toEqual({ from: '2.0', to: '1.0' });
    expect(readFileSync(install.paths.journal, 'utf8')).toBe(journal);
  });

  it('also before the displaced app was put in its place', async (context) => {
    const install = await WatchedInstall.make(context);
    await install.exchange();
    renameSync(install.paths.oldApp, install.paths.newApp);
    await undo(install);
    expectTakenBack(install);
  });

  it('by two renames on a volume that cannot exchange', async (context) => {
    const install = await WatchedInstall.make(context);
    await install.exchange();
    await undo(install, answering('ENOTSUP'));
    expectTakenBack(install);
  });

  it('changes nothing when macOS does not allow it, and can be tried again', async (context) => {
    const install = await WatchedInstall.make(context);
    await install.exchange();
    const steps = install.steps();
    await expect(undo(install, answering('EPERM'))).rejects.toMatchObject({ code: 'app-management-denied' });
    expect(install.version()).toBe('2.0');
    expect(versionAt(install.paths.oldApp)).toBe('1.0');
    expect(install.steps()).toEqual(steps);
    await undo(install);
    expectTakenBack(install);
  });

  describe.each(MOMENTS)('that was killed %s', (moment) => {
    it('succeeds when it is tried again', async (context) => {
      const install = await killedUndo(context, moment);
      await undo(install);
      expectTakenBack(install);
    });

    it('leaves one whole app after recovering', async (context) => {
      const install = await killedUndo(context, moment);
      const options = { tools: install.tools, cacheFolder: null, now, warn: () => undefined };
      await recover(install.layout, options);
      if (moment === 'before the exchange') {
        expect(install.version()).toBe('2.0');
        expect(versionAt(install.paths.oldApp)).toBe('1.0');
        expect(await install.state()).toBe('swapped');
      } else {
        expectTakenBack(install);
      }
    });
  });

  it('is refused once the new version has confirmed', async (context) => {
    const install = await WatchedInstall.make(context);
    await install.exchange();
    await confirmUpdate(install.layout, now);
    await expect(undo(install)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('2.0 has confirmed that it works, and 1.0 is no longer kept'),
    });
    expect(install.version()).toBe('2.0');
  });

  it('is refused before the exchange, and where somebody put another copy in place', async (context) => {
    const install = await WatchedInstall.make(context);
    await expect(undo(install)).rejects.toMatchObject({ code: 'usage' });
    await install.exchange();
    renameSync(install.layout.target, join(install.layout.parent, 'Trash'));
    mkdirSync(install.layout.target);
    await expect(undo(install)).rejects.toMatchObject({ code: 'usage' });
    expect(versionAt(install.paths.oldApp)).toBe('1.0');
  });

  it('takes no file for a journal that lies elsewhere than its own install would have put it', async (context) => {
    const install = await WatchedInstall.make(context);
    await install.exchange();
    const folder = join(install.stateFolder, 'elsewhere');
    mkdirSync(folder, { recursive: true });
    const copy = join(folder, `.Nexy-update-${install.paths.id}.journal`);
    writeFileSync(copy, readFileSync(install.paths.journal));
    for (const path of [copy, join(folder, 'none.journal'), folder]) {
      await expect(undoInstall(path, 'failed-starts', { now })).rejects.toMatchObject({ code: 'usage' });
    }
    expect(install.version()).toBe('2.0');
  });
});

async function killedUndo(
  context: Parameters<typeof WatchedInstall.make>[0],
  moment: Moment,
): Promise<WatchedInstall> {
  const install = await WatchedInstall.make(context);
  await install.exchange();
  for (let count = 0; count < 2; count += 1) {
    appendToJournal(install.paths, { step: 'died', at: now().toISOString() });
  }
  const script = join(REPOSITORY, 'test', 'support', 'undo-child.ts');
  const child = spawn(process.execPath, [script, install.paths.journal, moment], { stdio: 'ignore' });
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
  expect(install.steps().at(-1)).toBe('died');
  return install;
}

describe('arguments of the updater', () => {
  it('are none at an ordinary start', async () => {
    expect(await runUpdaterArguments(['/Applications/Nexy.app/Contents/MacOS/Nexy', '--hidden'])).toBeNull();
  });

  it('take an install back, once', async (context) => {
    const install = await WatchedInstall.make(context);
    await install.exchange();
    const argv = ['Nexy', '--updater-exchange', install.paths.journal];
    const lock = await takeLock(install.layout);
    // Somebody else is busy with it: the watchdog tries again.
    expect(await runUpdaterArguments(argv)).toBe(75);
    await lock.release();
    expect(await runUpdaterArguments(argv)).toBe(0);
    expectTakenBack(install);
  });

  it('tell what must not be tried in another way from what may', async (context) => {
    const install = await WatchedInstall.make(context);
    expect(await runUpdaterArguments(['Nexy', '--updater-exchange'])).toBe(2);
    expect(await runUpdaterArguments(['Nexy', '--updater-exchange', '/no/journal'])).toBe(3);
    await install.exchange();
    await confirmUpdate(install.layout, now);
    expect(await runUpdaterArguments(['Nexy', '--updater-exchange', install.paths.journal])).toBe(3);
    expect(existsSync(install.layout.target)).toBe(true);
  });
});
