import { statSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readLastInstall } from '../../src/install/last-install.ts';
import { recover } from '../../src/install/recover.ts';
import { SHELLS } from '../support/authorized-world.ts';
import { ALICE, CAN_BE_OTHERS, NEEDS_OTHERS } from '../support/other-user.ts';
import { RootInstall } from '../support/root-install.ts';
import { type Behaviour, isAlive } from '../support/running-app.ts';
import { until } from '../support/watched-install.ts';

async function make(kind: 'dmg' | 'pkg', behaviour?: Behaviour): Promise<RootInstall> {
  const install = await RootInstall.make(kind, behaviour);
  onTestFinished(() => install.close());
  return install;
}

const KINDS = ['dmg', 'pkg'] as const;
const STEPS = {
  dmg: ['begin', 'staged', 'exchanging', 'exchanged'],
  pkg: ['begin', 'aside', 'installing', 'exchanged'],
} as const;

for (const [name, shell] of Object.entries(SHELLS)) {
  describe.skipIf(!CAN_BE_OTHERS).each(KINDS)(
    `the root script under ${name}, with a %s, after it has answered${NEEDS_OTHERS}`,
    (kind) => {
      it('waits for the app to end, installs, opens it as its user, and goes when that confirms', async () => {
        const install = await make(kind);
        const old = await install.startOldProcess();
        const script = await install.start({ old, relaunches: true, shell });
        expect((await script.ended).answer).toBe('waiting\n');
        expect(install.version()).toBe('1.0');
        await old.end();
        await until(() => install.starts().length === 1, 'the new version starts');
        const [started] = install.starts();
        expect(started?.version).toBe('2.0');
        expect(statSync(`/proc/${started?.pid}`).uid).toBe(ALICE.uid);
        install.leaveNote(`${script.id}.confirmed`);
        await until(() => install.beside().length === 1, 'the old version goes');
        expect(install.steps(script.id)).toEqual([...STEPS[kind], 'confirmed']);
        expect(install.version()).toBe('2.0');
        expect(isAlive(started?.pid ?? 0)).toBe(true);
      });

      it('takes back what dies twice, without a second password, and opens the old version', async () => {
        const install = await make(kind, 'die');
        const script = await install.start({ relaunches: true, shell });
        expect((await script.ended).answer).toBe('exchanged\n');
        await until(() => install.starts().at(-1)?.version === '1.0', 'the old version is opened');
        expect(install.starts().map(({ version }) => version)).toEqual(['2.0', '2.0', '1.0']);
        expect(install.version()).toBe('1.0');
        const taken = ['died', 'died', 'undone: failed-starts'];
        expect(install.steps(script.id)).toEqual([...STEPS[kind], ...taken]);
        await until(() => install.beside().length === 1, 'the new version goes');
        expect(await readLastInstall(install.layout, install.notes)).toMatchObject({
          outcome: 'rolled-back',
          reason: 'failed-starts',
        });
      });

      it('changes nothing and leaves nothing when the quit was refused', async () => {
        const install = await make(kind);
        const old = await install.startOldProcess();
        const script = await install.start({ old, relaunches: true, shell });
        await script.ended;
        install.leaveNote(`${script.id}.abandoned`);
        await until(() => install.beside().length === 0, 'everything goes');
        expect(install.version()).toBe('1.0');
        expect(install.starts()).toEqual([]);
      });
    },
  );
}

describe.skipIf(!CAN_BE_OTHERS).each(KINDS)(`the root script with a %s${NEEDS_OTHERS}`, (kind) => {
  it('gives up when the app does not quit, and says so at the next start', async () => {
    const install = await make(kind);
    const old = await install.startOldProcess();
    const script = await install.start({ old, relaunches: true, oldTicks: 6 });
    await script.ended;
    await until(() => install.steps(script.id).includes('failed: target-in-use'), 'it gives up');
    expect(install.version()).toBe('1.0');
    expect(await readLastInstall(install.layout, install.notes)).toMatchObject({
      outcome: 'failed',
      code: 'target-in-use',
    });
  });

  it('gives up when somebody else runs the app, and leaves it as it is', async () => {
    const install = await make(kind);
    const old = await install.startOldProcess();
    const script = await install.start({ old, relaunches: false });
    await script.ended;
    await install.tools.run('open', [install.layout.target]);
    await until(() => install.starts().length === 1, 'somebody opens it');
    await old.end();
    await until(() => install.steps(script.id).includes('failed: target-in-use'), 'it gives up');
    expect(install.version()).toBe('1.0');
  });

  it('keeps others from repairing what it is at work on', async () => {
    const install = await make(kind);
    const old = await install.startOldProcess();
    const script = await install.start({ old, relaunches: false });
    await script.ended;
    const { tools, layout } = install;
    const repair = () =>
      recover(layout, { tools, cacheFolder: null, now: () => new Date(), warn: () => undefined });
    await expect(repair()).rejects.toMatchObject({ code: 'install-busy' });
    const second = await install.start();
    expect((await second.ended).answer).toContain('install-busy');
    install.leaveNote(`${script.id}.abandoned`);
    await until(() => install.beside().length === 0, 'it goes');
    expect(await repair()).toBe('none');
  });

  it('is not disturbed by one that was killed before it', async () => {
    const install = await make(kind);
    const old = await install.startOldProcess();
    const first = await install.start({ old, relaunches: false });
    await first.ended;
    process.kill(-first.pid, 'SIGKILL');
    await old.end();
    const second = await install.start();
    expect((await second.ended).answer).toBe('exchanged\n');
    expect(install.version()).toBe('2.0');
    expect(install.beside().toSorted()).toEqual(['.Nexy-update-*', '.Nexy-update-*.journal']);
  });
});
