import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readBundle } from '../../src/bundle/bundle.ts';
import { versionOfBundle } from '../../src/bundle/bundle-version.ts';
import { type StateKind, TRANSITIONS, type UpdaterState } from '../../src/state.ts';
import type { NexyUpdater, UpdaterOptions } from '../../src/updater.ts';
import { type AuthorizedWorld, openAuthorizedWorld } from '../support/authorized-world.ts';
import { canMakeImages } from '../support/make-image.ts';
import { ALICE, CAN_BE_OTHERS, NEEDS_OTHERS, type OtherUser } from '../support/other-user.ts';
import { makeDmg, makeNexy, type UpdateWorld } from '../support/update-world.ts';
import { endWatchdogs } from './end-watchdogs.ts';
import { observeUpdater, updaterOptions } from './observed-updater.ts';
import { RunningApplication } from './run-application.ts';
import { TestApplication } from './test-application.ts';

const canRun = canMakeImages() && CAN_BE_OTHERS;
const skipped = canMakeImages() ? NEEDS_OTHERS : ' (skipped: xorriso is not installed)';

/** Every step that a real updater took in the tests below, as `from > to`. */
const taken = new Set<string>();

describe.skipIf(!canRun)(`every state of an update, and every step between them${skipped}`, () => {
  const made = mkdtempSync(join(tmpdir(), 'nexy-transitions-'));
  let image: string;
  let newer: string;
  let authorized: AuthorizedWorld;
  let world: UpdateWorld;
  let application: TestApplication;
  const processes: RunningApplication[] = [];

  beforeAll(async () => {
    for (const version of ['2.0.0.45', '2.0.0.46', '2.0.0.47']) {
      await makeNexy(join(made, version), version);
    }
    image = await makeDmg(join(made, '2.0.0.46'), join(made, 'Nexy.dmg'));
    newer = await makeDmg(join(made, '2.0.0.47'), join(made, 'newer.dmg'));
  });
  afterAll(() => rmSync(made, { recursive: true, force: true }));
  beforeEach(async () => {
    authorized = await openAuthorizedWorld();
    world = authorized.world;
    world.install(join(made, '2.0.0.45', 'Nexy.app'));
    application = new TestApplication();
    world.publish('2.0.0.46', image);
  });
  afterEach(async () => {
    for (const running of processes.splice(0)) await running.end();
    endWatchdogs(world.folder);
    await authorized.close();
  });

  /** Folders of whoever runs the tests; the world's own are Alice's. */
  const ownFolders = () => ({
    cacheFolder: join(world.folder, 'own', 'cache'),
    stateFolder: join(world.folder, 'own', 'state'),
  });

  function open(more: Partial<UpdaterOptions> = {}): NexyUpdater {
    const { updater } = observeUpdater(world, { ...ownFolders(), ...more });
    let last: StateKind = updater.state.kind;
    updater.on('state', ({ kind }: UpdaterState) => {
      taken.add(`${last} > ${kind}`);
      last = kind;
    });
    return updater;
  }

  /** The last step of a quit is not told; it can be seen afterwards. */
  function finishQuit(updater: NexyUpdater): void {
    application.finishQuit();
    const { kind } = updater.state;
    if (kind === 'installed') taken.add('installing > installed');
    if (kind === 'rolled-back') taken.add('rolling-back > rolled-back');
  }

  async function openReady(more: Partial<UpdaterOptions> = {}): Promise<NexyUpdater> {
    const updater = open(more);
    await updater.check();
    await updater.downloadUpdate();
    expect(updater.state.kind).toBe('ready');
    return updater;
  }

  async function cancelCheck(updater: NexyUpdater): Promise<void> {
    const before = updater.state;
    const withdraw = world.host.fault({ on: 'manifest', fault: { kind: 'silent' } });
    const controller = new AbortController();
    const check = updater.check({ signal: controller.signal });
    controller.abort();
    await expect(check).rejects.toMatchObject({ code: 'cancelled' });
    withdraw();
    expect(updater.state).toBe(before);
  }

  async function failCheck(updater: NexyUpdater): Promise<void> {
    const restore = world.host.fault({ on: 'manifest', fault: { kind: 'status', status: 404 } });
    await expect(updater.check()).rejects.toMatchObject({ code: 'manifest-unreachable' });
    restore();
  }

  /** Nobody has anything to say of it any more. */
  const nothingNew = () => world.publish('2.0.0.45', image);

  /** An application in a process of its own, run by Alice, who may not change it, or by whoever runs this. */
  function run(user: OtherUser | null, isApplication = true): RunningApplication {
    const folders = user === null ? ownFolders() : {};
    const running = new RunningApplication({ ...updaterOptions(world), ...folders, isApplication }, user);
    processes.push(running);
    return running;
  }

  function take(running: RunningApplication): void {
    for (const [index, state] of running.states.entries()) {
      taken.add(`${running.states[index - 1] ?? 'idle'} > ${state}`);
    }
  }

  const installed = async () => versionOfBundle(await readBundle(world.app));

  it('a check that is cancelled comes back to where it was', async () => {
    const updater = open();
    await cancelCheck(updater);
    expect(updater.state.kind).toBe('idle');
    await updater.check();
    await cancelCheck(updater);
    expect(updater.state.kind).toBe('available');
    await failCheck(updater);
    await cancelCheck(updater);
    expect(updater.state.kind).toBe('failed');
    nothingNew();
    await updater.check();
    await cancelCheck(updater);
    expect(updater.state.kind).toBe('not-available');
  });

  it('what is ready stays so through a check that fails, is cancelled, or finds the same', async () => {
    const updater = await openReady();
    await failCheck(updater);
    expect(updater.state.kind).toBe('ready');
    await cancelCheck(updater);
    expect(updater.state.kind).toBe('ready');
    await updater.check();
    expect(updater.state.kind).toBe('ready');
    await updater.discardUpdate();
    expect(updater.state.kind).toBe('available');
  });

  it('a download that is cancelled, early or late, can be begun again; so can one that failed', async () => {
    const updater = open();
    await updater.check();
    const early = new AbortController();
    const download = updater.downloadUpdate(early.signal);
    early.abort();
    await expect(download).rejects.toMatchObject({ code: 'cancelled' });
    expect(updater.state.kind).toBe('available');
    const late = new AbortController();
    updater.on('state', ({ kind }) => {
      if (kind === 'preparing') late.abort();
    });
    await expect(updater.downloadUpdate(late.signal)).rejects.toMatchObject({ code: 'cancelled' });
    expect(updater.state.kind).toBe('available');
    updater.removeAllListeners('state');

    const other = open({ cacheFolder: join(world.folder, 'other-cache') });
    await other.check();
    const restore = world.host.fault({ on: 'release', fault: { kind: 'status', status: 404 } });
    await expect(other.downloadUpdate()).rejects.toMatchObject({ code: 'not-published' });
    expect(other.state.kind).toBe('failed');
    restore();
    await other.downloadUpdate();
    expect(other.state.kind).toBe('ready');
  });

  it('a payload that lies fails while it is prepared', async () => {
    world.publish('2.0.0.48', image);
    const updater = open();
    await updater.check();
    await expect(updater.downloadUpdate()).rejects.toMatchObject({ code: 'payload-version-mismatch' });
    expect(updater.state.kind).toBe('failed');
  });

  it('an update is installed by a process that is not the application, and taken back', async () => {
    const updater = await openReady();
    await updater.installUpdate();
    expect(updater.state.kind).toBe('installed');
    await cancelCheck(updater);
    expect(updater.state.kind).toBe('installed');
    expect(await updater.rollback()).toEqual({ from: '2.0.0.46', to: '2.0.0.45' });
    expect(updater.state).toEqual({ kind: 'rolled-back', from: '2.0.0.46', to: '2.0.0.45' });
    expect(versionOfBundle(await readBundle(world.app))).toBe('2.0.0.45');
    await cancelCheck(updater);
    expect(updater.state.kind).toBe('rolled-back');
    expect((await updater.check()).decision).toMatchObject({ reason: 'artifact-refused-before' });
    expect((await updater.check({ isManual: true })).decision).toMatchObject({ action: 'update' });
  });

  it('there may be nothing to go back to', async () => {
    const updater = open();
    expect(await updater.rollback()).toBeNull();
    expect(updater.state.kind).toBe('idle');
    await updater.check();
    expect(await updater.rollback()).toBeNull();
    nothingNew();
    await updater.check();
    expect(await updater.rollback()).toBeNull();
    await failCheck(updater);
    expect(await updater.rollback()).toBeNull();
    expect(updater.state.kind).toBe('idle');
  });

  it('the exchange may fail', async () => {
    const updater = await openReady();
    renameSync(world.app, join(world.folder, 'moved.app'));
    world.install(join(made, '2.0.0.45', 'Nexy.app'));
    await expect(updater.installUpdate()).rejects.toMatchObject({ code: 'swap-failed' });
    expect(updater.state.kind).toBe('failed');
  });

  it('the application is quit for an update, which may be refused', async () => {
    const updater = await openReady({ application });
    updater.quitAndInstall();
    await application.quitAsked();
    application.refuseQuit();
    expect(updater.state.kind).toBe('ready');
    updater.quitAndInstall();
    await application.quitAsked();
    finishQuit(updater);
    expect(updater.state.kind).toBe('installed');
  });

  it('it is quit for going back, which may be refused, and tells what became of it at the next start', async () => {
    const first = run(null);
    await first.call('check');
    await first.call('download');
    await first.call('quitAndInstall');
    await first.quitAsked(1);
    expect(await first.finishQuit()).toBe(0);
    expect(await installed()).toBe('2.0.0.46');

    const second = run(null);
    expect(await second.call('lastInstall')).toMatchObject({ outcome: 'installed', to: '2.0.0.46' });
    expect(await second.call('rollback')).toEqual({ from: '2.0.0.46', to: '2.0.0.45' });
    await second.quitAsked(1);
    await expect(second.call('check')).rejects.toThrow('usage');
    await second.call('refuseQuit');
    expect(second.states).toEqual(['rolling-back', 'idle']);
    expect(await installed()).toBe('2.0.0.46');
    expect(await second.call('rollback')).toEqual({ from: '2.0.0.46', to: '2.0.0.45' });
    await second.quitAsked(2);
    expect(await second.finishQuit()).toBe(0);
    expect(await installed()).toBe('2.0.0.45');

    const third = run(null);
    expect(await third.call('lastInstall')).toMatchObject({ outcome: 'rolled-back', reason: 'requested' });
    expect(await third.call('recover')).toBe('none');
    const kept = world.beside().filter((name) => !name.endsWith('.journal') && !name.endsWith('.lock'));
    expect(kept).toEqual([]);
    expect(await third.call('check')).toMatchObject({ reason: 'artifact-refused-before' });
  });

  it('going back may fail, in the last moments, and before them', async () => {
    const updater = await openReady();
    await updater.installUpdate();
    const next = open({ application });
    await next.rollback();
    // Somebody has installed the app anew meanwhile.
    renameSync(world.app, join(world.folder, 'moved.app'));
    world.install(join(made, '2.0.0.46', 'Nexy.app'));
    finishQuit(next);
    expect(next.state.kind).toBe('failed');
    expect(application.calls).toEqual(['quit']);
  });

  it('a newer release replaces one that is ready, and is installed on quit', async () => {
    const updater = await openReady({ application });
    world.publish('2.0.0.47', newer);
    await updater.check();
    expect(updater.state).toMatchObject({ kind: 'available', version: '2.0.0.47' });
    await updater.downloadUpdate();
    finishQuit(updater);
    expect(versionOfBundle(await readBundle(world.app))).toBe('2.0.0.47');
  });

  it('an administrator is asked before the quit, and may say no; nothing is installed by itself', async () => {
    const running = run(ALICE);
    await running.call('check');
    await running.call('download');
    authorized.agent.answer = 'cancelled';
    await running.call('quitAndInstall');
    await expect.poll(() => running.errors).toEqual(['authorization-denied']);
    authorized.agent.answer = 'allows';
    await running.call('quitAndInstall');
    await running.quitAsked(1);
    await running.call('refuseQuit');
    expect(running.states.slice(-6)).toEqual([
      'ready',
      'authorizing',
      'ready',
      'authorizing',
      'quitting',
      'ready',
    ]);
    take(running);
    expect(await running.finishQuit()).toBe(0);
    expect(await installed()).toBe('2.0.0.45');
  });

  it('root installs once the application has quit', async () => {
    const running = run(ALICE);
    await running.call('check');
    await running.call('download');
    await running.call('quitAndInstall');
    await running.quitAsked(1);
    expect(await installed()).toBe('2.0.0.45');
    expect(await running.finishQuit()).toBe(0);
    await expect.poll(installed, { timeout: 30_000 }).toBe('2.0.0.46');
  });

  it('an administrator who says no to another process leaves an update ready, too', async () => {
    const running = run(ALICE, false);
    await running.call('check');
    await running.call('download');
    authorized.agent.answer = 'cancelled';
    await expect(running.call('install')).rejects.toThrow('authorization-denied');
    authorized.agent.answer = 'allows';
    await running.call('install');
    expect(running.states.slice(-5)).toEqual(['ready', 'installing', 'ready', 'installing', 'installed']);
    take(running);
    expect(await installed()).toBe('2.0.0.46');
  });

  it('are all reached and taken, and no others', () => {
    const table = Object.entries(TRANSITIONS).flatMap(([from, next]) => next.map((to) => `${from} > ${to}`));
    expect([...taken].toSorted()).toEqual(table.toSorted());
  });
});
