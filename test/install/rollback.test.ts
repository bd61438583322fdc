import { describe, expect, it } from 'vitest';
import { confirmUpdate } from '../../src/install/confirm.ts';
import { takeLock } from '../../src/install/lock.ts';
import { rollBack } from '../../src/install/rollback.ts';
import { versionAt } from '../support/running-app.ts';
import { WatchedInstall } from '../support/watched-install.ts';

const now = (): Date => new Date('2026-11-24T12:00:00Z');

describe('rolling back', () => {
  it('goes back to the version before, because somebody asked', async (context) => {
    const install = await WatchedInstall.make(context);
    await install.exchange();
    const { layout, tools } = install;
    expect(await rollBack(layout, { tools, now })).toEqual({ from: '2.0', to: '1.0' });
    expect(install.version()).toBe('1.0');
    expect(install.steps().at(-1)).toBe('undone: requested');
    expect(await install.state()).toBe('rolled-back');
    expect(await rollBack(layout, { tools, now })).toBeNull();
  });

  it('is refused while the new version runs, and changes nothing', async (context) => {
    const install = await WatchedInstall.make(context);
    await install.exchange();
    await install.openByHand();
    await install.nextStart(0);
    const { layout, tools } = install;
    await expect(rollBack(layout, { tools, now })).rejects.toMatchObject({ code: 'target-in-use' });
    expect(install.version()).toBe('2.0');
    expect(versionAt(install.paths.oldApp)).toBe('1.0');
    // The lock was given back.
    await (await takeLock(layout)).release();
  });

  it('has nothing to go back to before an update and once the new version has confirmed', async (context) => {
    const install = await WatchedInstall.make(context);
    const { layout, tools } = install;
    expect(await rollBack(layout, { tools, now })).toBeNull();
    await install.exchange();
    await confirmUpdate(layout, now);
    expect(await rollBack(layout, { tools, now })).toBeNull();
    expect(install.version()).toBe('2.0');
  });
});
