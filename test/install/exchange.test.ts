import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBundle } from '../../src/bundle/bundle.ts';
import { identityAt, isSame, prepareExchange } from '../../src/install/exchange.ts';
import { readJournal } from '../../src/install/journal.ts';
import { layoutOf } from '../../src/install/layout.ts';
import { recover } from '../../src/install/recover.ts';
import { type StagedApp, stageApp } from '../../src/install/stage.ts';
import { Tools } from '../../src/install/tools.ts';
import { verifyPayload } from '../../src/install/verify-payload.ts';
import { loadNativeCalls, type NativeCalls } from '../../src/native-calls.ts';
import { parseVersion } from '../../src/version.ts';
import { MACOS_TOOLS } from '../support/fixtures.ts';
import { makeApp } from '../support/make-app.ts';
import { openDescriptorsOf } from '../support/open-descriptors.ts';
import { describeTree } from '../support/tree.ts';

const made = mkdtempSync(join(tmpdir(), 'nexy-exchange-'));
const now = () => new Date('2026-11-23T12:00:00Z');
const MACHINE = { systemVersion: null, architecture: null, hasRosetta: null };

/** How many installs this file has staged; each has a folder of its own. */
let staged = 0;
let payload: string;
let newTree: readonly string[];

function makeSmallApp(folder: string, version: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  return makeApp({
    folder,
    bundleId: 'com.nexy.assistant',
    shortVersion: version,
    executable: { kind: 'script', text: '#!/bin/sh\n' },
    sign: false,
    tools: MACOS_TOOLS,
  });
}

beforeAll(async () => {
  payload = await makeSmallApp(join(made, 'payload'), '2.0');
  newTree = describeTree(payload);
});
afterAll(() => rmSync(made, { recursive: true, force: true }));

async function stage(): Promise<{ readonly app: StagedApp; readonly oldTree: readonly string[] }> {
  staged += 1;
  const target = await makeSmallApp(join(made, `applications-${staged}`), '1.0');
  const offered = parseVersion('2.0');
  const expectation = { offered, current: parseVersion('1.0'), allowDowngrade: false, machine: MACHINE };
  const app = await stageApp(await verifyPayload(await readBundle(payload), expectation), {
    tools: new Tools(MACOS_TOOLS),
    layout: await layoutOf(target),
    from: '1.0',
    sha256: 'a'.repeat(64),
    bundleId: 'com.nexy.assistant',
    verifiesSignature: false,
    warn: () => undefined,
    now,
    closeImage: async () => undefined,
  });
  return { app, oldTree: describeTree(target) };
}

/** Native calls whose exchange does something else. */
async function callsThat(exchange: NativeCalls['exchange']): Promise<NativeCalls> {
  return { ...(await loadNativeCalls()), exchange };
}

async function exchangeWith(app: StagedApp, calls?: NativeCalls) {
  const prepared = await prepareExchange(app, now, async () => calls ?? loadNativeCalls());
  return prepared.exchangeNow();
}

describe('the identity of a directory', () => {
  it('is none of a file, a link or nothing', () => {
    symlinkSync(made, join(made, 'link'));
    writeFileSync(join(made, 'file'), '');
    for (const name of ['link', 'file', 'absent']) expect(identityAt(join(made, name))).toBeNull();
    expect(() => identityAt(join(made, 'file', 'below'))).toThrow(/ENOTDIR/);
    expect(identityAt(made)).toEqual({ device: expect.any(String), inode: expect.any(String) });
  });

  it('is the same where device and inode are', () => {
    const identity = { device: '1', inode: '2' };
    expect(isSame({ ...identity }, identity)).toBe(true);
    expect(isSame({ device: '1', inode: '3' }, identity)).toBe(false);
    expect(isSame({ device: '2', inode: '2' }, identity)).toBe(false);
    expect(isSame(null, identity)).toBe(false);
  });
});

describe('staging', () => {
  it('puts a whole copy beside the target, which stays as it is', async () => {
    const { app, oldTree } = await stage();
    expect(describeTree(app.paths.newApp)).toEqual(newTree);
    expect(describeTree(app.layout.target)).toEqual(oldTree);
    expect(await readJournal(app.paths)).toMatchObject({
      lastStep: 'staged',
      begin: { from: '1.0', to: '2.0' },
    });
    await app.discard();
    expect(readdirSync(app.layout.parent)).toEqual(['Nexy.app']);
  });
});

describe('the exchange', () => {
  it('puts the new app in place and keeps the old one', async () => {
    const { app, oldTree } = await stage();
    await exchangeWith(app);
    expect(describeTree(app.layout.target)).toEqual(newTree);
    expect(describeTree(app.paths.oldApp)).toEqual(oldTree);
    expect(readdirSync(app.paths.folder)).toEqual(['old']);
    expect((await readJournal(app.paths)).lastStep).toBe('exchanged');
  });

  it('says before and after what it does, and closes the journal', async () => {
    const { app } = await stage();
    await exchangeWith(app);
    const lines = readFileSync(app.paths.journal, 'utf8').trimEnd().split('\n').slice(2);
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { step: 'exchanging', at: now().toISOString() },
      { step: 'exchanged', at: now().toISOString() },
    ]);
    expect(await openDescriptorsOf(app.paths.journal)).toEqual([]);
  });

  it('may be given up, with the target as it was', async () => {
    const { app, oldTree } = await stage();
    (await prepareExchange(app, now)).abandon();
    expect(await openDescriptorsOf(app.paths.journal)).toEqual([]);
    expect(describeTree(app.layout.target)).toEqual(oldTree);
    expect((await readJournal(app.paths)).lastStep).toBe('staged');
  });

  it.each(['ENOTSUP', 'EOPNOTSUPP', 'EINVAL', 'ENOSYS'])(
    'renames twice where the volume cannot exchange (%s)',
    async (errno) => {
      const { app, oldTree } = await stage();
      await exchangeWith(app, await callsThat(() => ({ done: false, errno })));
      expect(describeTree(app.layout.target)).toEqual(newTree);
      expect(describeTree(app.paths.oldApp)).toEqual(oldTree);
      expect((await readJournal(app.paths)).lastStep).toBe('exchanged');
    },
  );

  it('is refused when the first of two renames fails', async () => {
    const { app, oldTree } = await stage();
    mkdirSync(join(app.paths.oldApp, 'in the way'), { recursive: true });
    const calls = await callsThat(() => ({ done: false, errno: 'ENOTSUP' }));
    await expect(exchangeWith(app, calls)).rejects.toMatchObject({
      code: 'swap-failed',
      message: `${app.layout.target} could not be exchanged for the new version (ENOTEMPTY). Nothing was changed.`,
      details: { target: app.layout.target, errno: 'ENOTEMPTY' },
      cause: { code: 'ENOTEMPTY' },
    });
    expect(describeTree(app.layout.target)).toEqual(oldTree);
  });

  it('puts the old app back when the second of two renames fails', async () => {
    const { app, oldTree } = await stage();
    const calls = await callsThat((_, newApp) => {
      renameSync(newApp, `${newApp}-taken-away`);
      return { done: false, errno: 'ENOTSUP' };
    });
    await expect(exchangeWith(app, calls)).rejects.toMatchObject({
      code: 'swap-failed',
      details: { errno: 'ENOENT' },
      cause: { code: 'ENOENT' },
    });
    expect(describeTree(app.layout.target)).toEqual(oldTree);
    expect(await openDescriptorsOf(app.paths.journal)).toEqual([]);
  });

  it.each([
    ['EPERM', 'app-management-denied'],
    ['EACCES', 'not-writable'],
    ['EIO', 'swap-failed'],
    ['EXDEV', 'swap-failed'],
  ])('is refused on %s, with the target as it was', async (errno, code) => {
    const { app, oldTree } = await stage();
    const calls = await callsThat(() => ({ done: false, errno }));
    const advice =
      code === 'app-management-denied'
        ? `macOS did not let the updater replace ${app.layout.target}. Nothing was changed. Allow it in System Settings, Privacy & Security, App Management, and try again.`
        : `${app.layout.target} could not be exchanged for the new version (${errno}). Nothing was changed.`;
    await expect(exchangeWith(app, calls)).rejects.toMatchObject({
      code,
      message: advice,
      details: { target: app.layout.target, errno },
    });
    expect(describeTree(app.layout.target)).toEqual(oldTree);
    expect(describeTree(app.paths.newApp)).toEqual(newTree);
  });

  it('is done, and keeps the old app, when what follows it fails', async () => {
    const { app, oldTree } = await stage();
    const native = await loadNativeCalls();
    const calls = await callsThat((target, newApp) => {
      writeFileSync(app.paths.oldApp, 'in the way');
      return native.exchange(target, newApp);
    });
    await exchangeWith(app, calls);
    expect(describeTree(app.layout.target)).toEqual(newTree);
    expect(describeTree(app.paths.newApp)).toEqual(oldTree);
    rmSync(app.paths.oldApp);
    const repair = { tools: new Tools(MACOS_TOOLS), cacheFolder: null, now, warn: () => undefined };
    expect(await recover(app.layout, repair)).toBe('finished');
    expect(describeTree(app.layout.target)).toEqual(newTree);
    expect(describeTree(app.paths.oldApp)).toEqual(oldTree);
  });

  it.each([
    ['ENOSPC', 'disk-full', 'There is not enough free space on the volume of TARGET to install the update.'],
    ['EIO', 'swap-failed', 'TARGET could not be exchanged for the new version (EIO).'],
    [null, 'swap-failed', 'TARGET could not be exchanged for the new version (unknown).'],
  ])('is not begun when it cannot be written down (%s)', async (errno, code, message) => {
    const { app, oldTree } = await stage();
    const failure = Object.assign(new Error('no line'), errno === null ? {} : { code: errno });
    const failing = (): Date => {
      throw failure;
    };
    const { exchangeNow } = await prepareExchange(app, failing, loadNativeCalls);
    expect(exchangeNow).toThrow(
      expect.objectContaining({
        code,
        message: expect.stringContaining(message.replace('TARGET', app.layout.target)),
        cause: failure,
      }),
    );
    expect(describeTree(app.layout.target)).toEqual(oldTree);
    expect(describeTree(app.paths.newApp)).toEqual(newTree);
  });

  it('is refused when the target or the copy was put aside for another meanwhile', async () => {
    for (const choose of [(app: StagedApp) => app.layout.target, (app: StagedApp) => app.paths.newApp]) {
      const { app } = await stage();
      const path = choose(app);
      renameSync(path, `${path}-before`);
      mkdirSync(path);
      await expect(exchangeWith(app)).rejects.toMatchObject({
        code: 'swap-failed',
        message: `${path} is not what it was when the update was prepared: something else changed it meanwhile. Nothing was changed. Check for updates again.`,
        details: { path, found: identityAt(path) },
      });
      expect(readdirSync(path)).toEqual([]);
      rmdirSync(path);
      await expect(exchangeWith(app)).rejects.toMatchObject({ details: { path, found: null } });
    }
  });

  it('is refused when the system call cannot be loaded, without a quiet fallback', async () => {
    const { app, oldTree } = await stage();
    const load = (): Promise<never> => Promise.reject(new Error('no such library'));
    await expect(prepareExchange(app, now, load)).rejects.toThrow('no such library');
    expect(describeTree(app.layout.target)).toEqual(oldTree);
  });
});
