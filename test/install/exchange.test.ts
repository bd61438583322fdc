import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBundle } from '../../src/bundle/bundle.ts';
import { prepareExchange } from '../../src/install/exchange.ts';
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

  it.each(['ENOTSUP', 'EINVAL', 'ENOSYS'])(
    'renames twice where the volume cannot exchange (%s)',
    async (errno) => {
      const { app, oldTree } = await stage();
      await exchangeWith(app, await callsThat(() => ({ done: false, errno })));
      expect(describeTree(app.layout.target)).toEqual(newTree);
      expect(describeTree(app.paths.oldApp)).toEqual(oldTree);
    },
  );

  it('puts the old app back when the second of two renames fails', async () => {
    const { app, oldTree } = await stage();
    const calls = await callsThat((_, newApp) => {
      renameSync(newApp, `${newApp}-taken-away`);
      return { done: false, errno: 'ENOTSUP' };
    });
    await expect(exchangeWith(app, calls)).rejects.toMatchObject({ code: 'swap-failed' });
    expect(describeTree(app.layout.target)).toEqual(oldTree);
  });

  it.each([
    ['EPERM', 'app-management-denied'],
    ['EACCES', 'not-writable'],
    ['EIO', 'swap-failed'],
    ['EXDEV', 'swap-failed'],
  ])('is refused on %s, with the target as it was', async (errno, code) => {
    const { app, oldTree } = await stage();
    const calls = await callsThat(() => ({ done: false, errno }));
    await expect(exchangeWith(app, calls)).rejects.toMatchObject({
      code,
      message: expect.stringContaining('Nothing'),
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

  it('is refused when the target or the copy was put aside for another meanwhile', async () => {
    for (const choose of [(app: StagedApp) => app.layout.target, (app: StagedApp) => app.paths.newApp]) {
      const { app } = await stage();
      const path = choose(app);
      renameSync(path, `${path}-before`);
      mkdirSync(path);
      await expect(exchangeWith(app)).rejects.toMatchObject({ code: 'swap-failed' });
      expect(readdirSync(path)).toEqual([]);
    }
  });

  it('is refused when the system call cannot be loaded, without a quiet fallback', async () => {
    const { app, oldTree } = await stage();
    const load = (): Promise<never> => Promise.reject(new Error('no such library'));
    await expect(prepareExchange(app, now, load)).rejects.toThrow('no such library');
    expect(describeTree(app.layout.target)).toEqual(oldTree);
  });
});
