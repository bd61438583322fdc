import { describe, expect, it, type TestContext } from 'vitest';
import { recover } from '../../src/install/recover.ts';
import { isAlive, versionAt } from '../support/running-app.ts';
import { SHELLS, until, WatchedInstall, type WatchedInstallOptions } from '../support/watched-install.ts';

const SHELLS_HERE = SHELLS.flatMap(({ shell }) => (shell === null ? [] : [shell]));
/** How many installs run at once: they wait most of the time. */
const AT_ONCE = 5;

/** An install whose new version dies twice, under a watchdog that may be killed on the way. */
async function play(
  context: TestContext,
  round: number,
  options: WatchedInstallOptions,
): Promise<WatchedInstall> {
  const install = await WatchedInstall.make(context, { ...options, new: 'die later' });
  const shell = SHELLS_HERE[round % SHELLS_HERE.length] ?? ['/bin/sh'];
  const limits = { grace: 1, appearance: 8 };
  const watchdog = await install.install({ shell, limits, exchanger: null });
  await until(() => !isAlive(watchdog.pid), 'the end of the watchdog');
  return install;
}

async function expectWhole(install: WatchedInstall): Promise<string> {
  const options = { tools: install.tools, cacheFolder: null, now: () => new Date(), warn: () => undefined };
  await recover(install.layout, options);
  expect(await recover(install.layout, options)).toBe('none');
  const state = await install.state();
  const version = install.version();
  if (state === 'swapped') {
    expect(version).toBe('2.0');
    expect(versionAt(install.paths.oldApp)).toBe('1.0');
  } else {
    expect({ state, version }).toEqual({ state: 'rolled-back', version: '1.0' });
    expect(install.steps().at(-1)).toBe('undone: failed-starts');
    expect(versionAt(install.paths.oldApp)).toBeNull();
  }
  expect(versionAt(install.paths.newApp)).toBeNull();
  return state;
}

describe('a watchdog that is killed at any of its steps', { timeout: 600_000 }, () => {
  it.for([
    ['a volume that exchanges in one step', {}],
    ['a volume that cannot exchange', { osascriptSays: '45' }],
  ] as const)('leaves one whole app, and the truth, on %s', async ([, options], context) => {
    const whole = await play(context, 0, options);
    const calls = whole.calls();
    expect(await expectWhole(whole)).toBe('rolled-back');
    expect(calls).toEqual(expect.arrayContaining(['open', 'date', 'sync', 'osascript', 'rm']));
    const states: string[] = [];
    let next = 1;
    const work = async (): Promise<void> => {
      for (let call = next++; call <= calls.length; call = next++) {
        const install = await play(context, call, { ...options, killAtCall: call });
        expect(install.calls().length, `killed at call ${call}`).toBe(call);
        states.push(await expectWhole(install));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    expect(states.length).toBe(calls.length);
    expect(new Set(states)).toEqual(new Set(['swapped', 'rolled-back']));
  });
});
