import { chmodSync, cpSync, mkdirSync, readdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { confirmUpdate } from '../../src/install/confirm.ts';
import { takeLock } from '../../src/install/lock.ts';
import { notesFolder } from '../../src/install/notes.ts';
import { recover } from '../../src/install/recover.ts';
import { ALICE, CAN_BE_OTHERS, NEEDS_OTHERS } from '../support/other-user.ts';
import { isAlive, versionAt } from '../support/running-app.ts';
import { endProcess, SHELLS, until, WatchedInstall } from '../support/watched-install.ts';

const now = (): Date => new Date();
const UNDONE = 'undone: failed-starts';
const ended = ({ pid }: { readonly pid: number }): Promise<void> =>
  until(() => !isAlive(pid), 'the end of the watchdog');
const versions = (install: WatchedInstall): readonly string[] =>
  install.starts().map(({ version }) => version);

for (const { name, shell } of SHELLS) {
  const title = `the watchdog under ${name}${shell === null ? ' (skipped: not installed)' : ''}`;
  // They wait for processes most of the time, so they do it side by side.
  describe.skipIf(shell === null).concurrent(title, () => {
    const options = shell === null ? {} : { shell };

    it('opens the new version once the old process has ended, and goes when that confirms', async (context) => {
      const install = await WatchedInstall.make(context);
      const old = install.startOldProcess();
      const watchdog = await install.watch(old, options);
      await install.exchange();
      await install.wasSeen();
      expect(install.starts()).toEqual([]);
      await endProcess(old);
      const started = await install.nextStart(0);
      expect(started.version).toBe('2.0');
      expect(await confirmUpdate(install.layout, now)).toMatchObject({ from: '1.0', to: '2.0' });
      await ended(watchdog);
      expect(isAlive(started.pid)).toBe(true);
      expect(await install.state()).toBe('confirmed');
      expect(readdirSync(notesFolder(install.stateFolder))).toEqual([]);
    });

    it('does nothing while the old process does not quit', async (context) => {
      const install = await WatchedInstall.make(context);
      const old = install.startOldProcess();
      const watchdog = await install.watch(old, { ...options, limits: { oldProcess: 3 } });
      await install.exchange();
      await ended(watchdog);
      expect(install.starts()).toEqual([]);
      expect(install.version()).toBe('2.0');
      expect(await install.state()).toBe('swapped');
    });

    it('waits without a limit where the old process may run for days yet', async (context) => {
      const install = await WatchedInstall.make(context);
      const old = install.startOldProcess();
      const patient = { pace: 0.05, relaunches: false, limits: { oldProcess: 1 } };
      const watchdog = await install.watch(old, { ...options, ...patient });
      await install.wasSeen(6);
      expect(isAlive(watchdog.pid)).toBe(true);
      await install.exchange();
      await endProcess(old);
      await install.openByHand();
      expect((await install.nextStart(0)).version).toBe('2.0');
      await confirmUpdate(install.layout, now);
      await ended(watchdog);
    });

    it('opens what is in place, and watches nothing, when the exchange did not happen', async (context) => {
      const install = await WatchedInstall.make(context);
      const old = install.startOldProcess();
      const watchdog = await install.watch(old, options);
      await endProcess(old);
      expect((await install.nextStart(0)).version).toBe('1.0');
      await ended(watchdog);
      expect(install.steps()).toEqual(['begin', 'staged']);
    });

    it('puts the new version in place when the exchange was cut off between two renames', async (context) => {
      const install = await WatchedInstall.make(context);
      const old = install.startOldProcess();
      const watchdog = await install.watch(old, options);
      install.exchangeHalf();
      await endProcess(old);
      expect((await install.nextStart(0)).version).toBe('2.0');
      await confirmUpdate(install.layout, now);
      await ended(watchdog);
    });

    it('is stopped before the exchange without a trace', async (context) => {
      const install = await WatchedInstall.make(context);
      const old = install.startOldProcess();
      const watchdog = await install.watch(old, options);
      await watchdog.stop();
      expect(isAlive(watchdog.pid)).toBe(false);
      expect(install.starts()).toEqual([]);
      expect(readdirSync(notesFolder(install.stateFolder))).toEqual([]);
    });

    it.for(['die', 'die later'] as const)(
      'puts the old version back when the new one does %j twice',
      async (behaviour, context) => {
        const install = await WatchedInstall.make(context, { new: behaviour });
        const watchdog = await install.install(options);
        await ended(watchdog);
        const { version, pid } = await install.nextStart(2);
        expect(version).toBe('1.0');
        expect(versions(install)).toEqual(['2.0', '2.0', '1.0']);
        expect(isAlive(pid)).toBe(true);
        expect(install.steps().slice(2)).toEqual(['exchanging', 'exchanged', 'died', 'died', UNDONE]);
        expect(await install.state()).toBe('rolled-back');
        expect(install.version()).toBe('1.0');
        // The displaced app's own program did it, and cleared away what failed.
        expect(versionAt(install.paths.oldApp)).toBeNull();
        expect(versionAt(install.paths.newApp)).toBeNull();
      },
    );

    it('puts the old version back by osascript where that has no program that could', async (context) => {
      const install = await WatchedInstall.make(context, { new: 'die later' });
      const watchdog = await install.install({ ...options, exchanger: null });
      await ended(watchdog);
      await install.nextStart(2);
      expect(versions(install)).toEqual(['2.0', '2.0', '1.0']);
      expect(install.steps().slice(-3)).toEqual(['died', 'died', UNDONE]);
      expect(await install.state()).toBe('rolled-back');
      await recover(install.layout, { tools: install.tools, cacheFolder: null, now, warn: () => undefined });
      expect(install.version()).toBe('1.0');
      expect(versionAt(install.paths.oldApp)).toBeNull();
      expect(await install.state()).toBe('rolled-back');
    });

    it('puts the old version back by osascript where its program hangs', async (context) => {
      const install = await WatchedInstall.make(context, { new: 'die later' });
      install.makeExchangerHang();
      const watchdog = await install.install({ ...options, limits: { undo: 4 } });
      await ended(watchdog);
      expect((await install.nextStart(2)).version).toBe('1.0');
      expect(install.steps().at(-1)).toBe(UNDONE);
    });

    it('counts one kill, opens it again, and is content when it then confirms', async (context) => {
      const install = await WatchedInstall.make(context);
      const watchdog = await install.install(options);
      const first = await install.nextStart(0);
      await install.wasSeen();
      process.kill(first.pid, 'SIGKILL');
      expect((await install.nextStart(1)).version).toBe('2.0');
      await confirmUpdate(install.layout, now);
      await ended(watchdog);
      expect(install.version()).toBe('2.0');
      expect(install.steps().slice(4)).toEqual(['died', 'confirmed']);
    });

    it('takes it back when it is killed twice', async (context) => {
      const install = await WatchedInstall.make(context);
      const watchdog = await install.install(options);
      for (const count of [0, 1]) {
        const { pid } = await install.nextStart(count);
        await install.wasSeen();
        process.kill(pid, 'SIGKILL');
      }
      await ended(watchdog);
      expect((await install.nextStart(2)).version).toBe('1.0');
      expect(await install.state()).toBe('rolled-back');
    });

    it('leaves one alone that is alive but silent', async (context) => {
      const install = await WatchedInstall.make(context);
      const watchdog = await install.install({ ...options, limits: { watch: 8 } });
      const { pid } = await install.nextStart(0);
      process.kill(pid, 'SIGSTOP');
      await ended(watchdog);
      process.kill(pid, 'SIGCONT');
      expect(isAlive(pid)).toBe(true);
      expect(install.steps()).not.toContain('died');
      expect(versionAt(install.paths.oldApp)).toBe('1.0');
      expect(await install.state()).toBe('swapped');
    });

    it('counts no log-out, where it is ended with the app', async (context) => {
      const install = await WatchedInstall.make(context);
      const watchdog = await install.install(options);
      const { pid } = await install.nextStart(0);
      await install.wasSeen();
      process.kill(pid, 'SIGTERM');
      process.kill(watchdog.pid, 'SIGTERM');
      await ended(watchdog);
      expect(install.starts()).toHaveLength(1);
      expect(install.steps()).not.toContain('died');
      expect(await install.state()).toBe('swapped');
    });

    it('counts no sleep: both are stopped for longer than it would wait, and go on', async (context) => {
      const install = await WatchedInstall.make(context);
      const watchdog = await install.install({ ...options, limits: { watch: 40 } });
      const { pid } = await install.nextStart(0);
      await install.wasSeen();
      process.kill(-watchdog.pid, 'SIGSTOP');
      process.kill(pid, 'SIGSTOP');
      // 40 ticks of 0.05 seconds are over by then.
      await wait(2500);
      process.kill(pid, 'SIGCONT');
      process.kill(-watchdog.pid, 'SIGCONT');
      await install.wasSeen();
      expect(install.steps()).not.toContain('died');
      // It still watches.
      process.kill(pid, 'SIGKILL');
      expect((await install.nextStart(1)).version).toBe('2.0');
      expect(install.steps()).toContain('died');
    });

    it('opens no second one when somebody was faster', async (context) => {
      const install = await WatchedInstall.make(context);
      const old = install.startOldProcess();
      const watchdog = await install.watch(old, options);
      await install.exchange();
      await install.openByHand();
      const first = await install.nextStart(0);
      await endProcess(old);
      await install.wasSeen(6);
      expect(install.starts()).toEqual([first]);
      await confirmUpdate(install.layout, now);
      await ended(watchdog);
    });

    it('counts a kill, and opens no second one, when somebody was faster again', async (context) => {
      const install = await WatchedInstall.make(context);
      await install.install({ ...options, limits: { grace: 40 } });
      const { pid } = await install.nextStart(0);
      await install.wasSeen();
      process.kill(pid, 'SIGKILL');
      await install.sawTheEnd();
      await install.openByHand();
      await until(() => install.steps().includes('died'), 'the death is counted');
      await install.wasSeen(4);
      expect(install.starts()).toHaveLength(2);
    });

    it('waits until nobody else is busy with the app before it takes it back', async (context) => {
      const install = await WatchedInstall.make(context, { new: 'die later' });
      const watchdog = await install.install(options);
      const lock = await takeLock(install.layout);
      await until(() => install.steps().filter((step) => step === 'died').length === 2, 'two deaths');
      await wait(500);
      expect(install.version()).toBe('2.0');
      await lock.release();
      await ended(watchdog);
      expect((await install.nextStart(2)).version).toBe('1.0');
    });

    it('blames no app for a session in which nothing can be opened', async (context) => {
      const openFails = '_LSOpenURLsWithCompletionHandler() failed with error -1712.';
      const install = await WatchedInstall.make(context, { openFails });
      const watchdog = await install.install({ ...options, limits: { watch: 8 } });
      await ended(watchdog);
      expect(install.steps()).not.toContain('died');
      expect(await install.state()).toBe('swapped');
    });

    it('takes back what cannot be opened', async (context) => {
      const openFails = 'The application cannot be opened for an unexpected reason, Code=-10827';
      const install = await WatchedInstall.make(context, { openFails });
      await ended(await install.install(options));
      expect(install.steps().slice(-3)).toEqual(['died', 'died', UNDONE]);
      expect(install.version()).toBe('1.0');
    });

    it('counts no end of a second process while the first is up', async (context) => {
      const install = await WatchedInstall.make(context);
      const watchdog = await install.install(options);
      await install.nextStart(0);
      const second = install.startSecond();
      await install.wasSeen();
      await endProcess(second);
      await install.wasSeen(4);
      expect(install.steps()).not.toContain('died');
      await confirmUpdate(install.layout, now);
      await ended(watchdog);
    });

    it('has nothing to say any more when a further update takes the place', async (context) => {
      const install = await WatchedInstall.make(context);
      const watchdog = await install.install(options);
      const { pid } = await install.nextStart(0);
      await install.wasSeen();
      renameSync(install.layout.target, join(install.layout.parent, 'Trash'));
      cpSync(install.paths.oldApp, install.layout.target, { recursive: true });
      process.kill(pid, 'SIGKILL');
      await ended(watchdog);
      expect(install.steps()).not.toContain('died');
      expect(install.starts()).toHaveLength(1);
    });

    it.skipIf(!CAN_BE_OTHERS)(
      `exchanges nothing under another user\u2019s hands${NEEDS_OTHERS}`,
      async (context) => {
        const install = await WatchedInstall.make(context);
        chmodSync(dirname(install.layout.parent), 0o755);
        const watchdog = await install.install({ ...options, limits: { watch: 60 } });
        for (const count of [0, 1]) {
          const { pid } = await install.nextStart(count);
          await install.wasSeen();
          if (count === 1) install.startSecond({ uid: ALICE.uid, gid: ALICE.gid });
          process.kill(pid, 'SIGKILL');
        }
        await ended(watchdog);
        expect(install.steps().filter((step) => step === 'died')).toHaveLength(2);
        expect(install.version()).toBe('2.0');
        expect(await install.state()).toBe('swapped');
      },
    );

    it('counts no clean quit, and watches the next start by hand', async (context) => {
      const install = await WatchedInstall.make(context);
      const watchdog = await install.install(options);
      for (const count of [0, 1, 2]) {
        const started = await install.nextStart(count);
        await install.wasSeen();
        install.leaveQuitNote(started);
        process.kill(started.pid, 'SIGKILL');
        await install.wasSeen(3);
        expect(install.starts()).toHaveLength(count + 1);
        await install.openByHand();
      }
      await install.nextStart(3);
      expect(install.steps()).not.toContain('died');
      await confirmUpdate(install.layout, now);
      await ended(watchdog);
    });

    it('opens nothing after an install on quit, but watches what somebody starts', async (context) => {
      const install = await WatchedInstall.make(context, { new: 'die later' });
      const watchdog = await install.install({ ...options, relaunches: false });
      await install.wasSeen(3);
      expect(install.starts()).toEqual([]);
      await install.openByHand();
      await until(() => install.steps().includes('died'), 'the first death');
      expect(install.starts()).toHaveLength(1);
      await install.openByHand();
      await ended(watchdog);
      expect((await install.nextStart(2)).version).toBe('1.0');
      expect(await install.state()).toBe('rolled-back');
    });

    it.for([
      ['spaces, quotes and a dollar', `Nexy "2" 'beta' $HOME * \\n %s.app`],
      ['emoji and letters that are not ASCII', 'Nexy 🎧 é.app'],
      ['a newline', 'Nexy\nbeta.app'],
    ] as const)('works in a path with %s', async ([, appName], context) => {
      const install = await WatchedInstall.make(context, { name: appName, new: 'die later' });
      const watchdog = await install.install(options);
      await ended(watchdog);
      await install.nextStart(2);
      expect(versions(install)).toEqual(['2.0', '2.0', '1.0']);
      expect(await install.state()).toBe('rolled-back');
    });
  });
}

describe('starting the watchdog', () => {
  it('fails, and leaves nothing, where there is no shell or no process to wait for', async (context) => {
    const install = await WatchedInstall.make(context);
    const old = install.startOldProcess();
    for (const shell of [['/no/such/shell'], ['/bin/false']] as const) {
      await expect(install.watch(old, { shell })).rejects.toMatchObject({ code: 'swap-failed' });
    }
    expect(readdirSync(notesFolder(install.stateFolder))).toEqual([]);
    await endProcess(old);
    await expect(install.watch(old)).rejects.toMatchObject({ code: 'swap-failed' });
  });

  it('clears away what watchdogs left that were killed long ago', async (context) => {
    const install = await WatchedInstall.make(context);
    const folder = notesFolder(install.stateFolder);
    mkdirSync(folder, { recursive: true });
    const young = join(folder, 'young.confirmed');
    const old = join(folder, 'old.sh');
    for (const path of [young, old]) writeFileSync(path, '');
    const longAgo = Date.now() / 1000 - 31 * 24 * 60 * 60;
    utimesSync(old, longAgo, longAgo);
    const watchdog = await install.watch(install.startOldProcess());
    expect(readdirSync(folder).toSorted()).toEqual([`${install.paths.id}.sh`, 'young.confirmed']);
    await watchdog.stop();
    expect(readdirSync(folder)).toEqual(['young.confirmed']);
  });
});
