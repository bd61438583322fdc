import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { confirmUpdate } from '../../src/install/confirm.ts';
import { identityAt } from '../../src/install/exchange.ts';
import { readInstallationStatus } from '../../src/install/installation.ts';
import { JournalWriter } from '../../src/install/journal.ts';
import {
  type Layout,
  layoutOf,
  makeStagingId,
  type StagingPaths,
  stagingPaths,
} from '../../src/install/layout.ts';
import { recover } from '../../src/install/recover.ts';
import { Tools } from '../../src/install/tools.ts';
import { loadNativeCalls } from '../../src/native-calls.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const AT = '2026-11-23T12:00:00.000Z';
const now = (): Date => new Date(AT);
const tools = new Tools('/bin');

/** An app whose one file tells its version. */
function makeApp(path: string, version: string): void {
  mkdirSync(join(path, 'Contents'), { recursive: true });
  writeFileSync(join(path, 'Contents', 'version'), version);
}

function versionAt(path: string): string | null {
  return existsSync(path) ? readFileSync(join(path, 'Contents', 'version'), 'utf8') : null;
}

interface Install {
  readonly layout: Layout;
  readonly paths: StagingPaths;
  readonly journal: JournalWriter;
}

/** The state right after step 5: 1.0 is installed, 2.0 is staged. */
async function makeStagedInstall(from = '1.0', to = '2.0', before?: Layout): Promise<Install> {
  const layout = before ?? (await layoutOf(join(await temporaryFolder(), 'Nexy.app')));
  if (before === undefined) makeApp(layout.target, from);
  const paths = stagingPaths(layout, makeStagingId(new Date()));
  const journal = JournalWriter.create(paths);
  journal.append({ step: 'begin', at: AT, target: layout.target, bundleId: 'b', from, to, sha256: 'c' });
  makeApp(paths.newApp, to);
  journal.append({ step: 'staged', at: AT, newApp: identify(paths.newApp), oldApp: identify(layout.target) });
  return { layout, paths, journal };
}

function identify(path: string) {
  const identity = identityAt(path);
  if (identity === null) throw new Error(`${path} is no directory`);
  return identity;
}

async function exchange({ layout, paths, journal }: Install): Promise<void> {
  journal.append({ step: 'exchanging', at: AT });
  const calls = await loadNativeCalls();
  expect(calls.exchange(layout.target, paths.newApp)).toEqual({ done: true });
}

async function repair(layout: Layout) {
  const warnings: string[] = [];
  const action = await recover(layout, {
    tools,
    cacheFolder: null,
    now,
    warn: (text) => warnings.push(text),
  });
  expect(warnings).toEqual([]);
  return action;
}

/** What is left beside the target, without the random part of names. */
function leftBeside({ parent }: Layout): readonly string[] {
  return readdirSync(parent).map((name) => name.replace(/-[0-9a-z]{17}/, '-*'));
}

const SWAPPED = ['.Nexy-update-*', '.Nexy-update-*.journal', 'Nexy.app'];

describe('recover after a crash', () => {
  it('has nothing to do where no update was begun', async () => {
    const layout = await layoutOf(join(await temporaryFolder(), 'Nexy.app'));
    makeApp(layout.target, '1.0');
    expect(await repair(layout)).toBe('none');
    expect(leftBeside(layout)).toEqual(['Nexy.app']);
  });

  it('while staging: the old app stays, the copy goes', async () => {
    const { layout, paths, journal } = await makeStagedInstall();
    journal.close();
    writeFileSync(paths.journal, `${readFileSync(paths.journal, 'utf8').split('\n')[0]}\n`);
    expect(await repair(layout)).toBe('undone');
    expect(versionAt(layout.target)).toBe('1.0');
    expect(leftBeside(layout)).toEqual(['Nexy.app']);
  });

  it('before the first line of the journal was written', async () => {
    const { layout, paths } = await makeStagedInstall();
    writeFileSync(paths.journal, '');
    expect(await repair(layout)).toBe('undone');
    expect(versionAt(layout.target)).toBe('1.0');
    expect(leftBeside(layout)).toEqual(['Nexy.app']);
  });

  it('between announcing the exchange and doing it: the old app stays', async () => {
    const { layout, journal } = await makeStagedInstall();
    journal.append({ step: 'exchanging', at: AT });
    expect(await repair(layout)).toBe('undone');
    expect(versionAt(layout.target)).toBe('1.0');
    expect(leftBeside(layout)).toEqual(['Nexy.app']);
  });

  it('right after the exchange: the new app stays, the old one is kept', async () => {
    const install = await makeStagedInstall();
    await exchange(install);
    expect(await repair(install.layout)).toBe('finished');
    expect(versionAt(install.layout.target)).toBe('2.0');
    expect(versionAt(install.paths.oldApp)).toBe('1.0');
    expect((await readInstallationStatus(install.layout)).state).toBe('swapped');
  });

  it('after the exchange, before its last line', async () => {
    const install = await makeStagedInstall();
    await exchange(install);
    renameSync(install.paths.newApp, install.paths.oldApp);
    expect(await repair(install.layout)).toBe('finished');
    expect(versionAt(install.layout.target)).toBe('2.0');
    expect(leftBeside(install.layout)).toEqual(SWAPPED);
  });

  it('between two renames, on a volume that cannot exchange: the new app takes its place', async () => {
    const { layout, paths, journal } = await makeStagedInstall();
    journal.append({ step: 'exchanging', at: AT });
    renameSync(layout.target, paths.oldApp);
    expect(await repair(layout)).toBe('finished');
    expect(versionAt(layout.target)).toBe('2.0');
    expect(versionAt(paths.oldApp)).toBe('1.0');
  });

  it('between two renames, when the new app is gone: the old one goes back', async () => {
    const { layout, paths, journal } = await makeStagedInstall();
    journal.append({ step: 'exchanging', at: AT });
    renameSync(layout.target, paths.oldApp);
    renameSync(paths.newApp, join(layout.parent, 'taken away'));
    expect(await repair(layout)).toBe('undone');
    expect(versionAt(layout.target)).toBe('1.0');
  });

  it('is the same when it runs again', async () => {
    const install = await makeStagedInstall();
    await exchange(install);
    await repair(install.layout);
    const journal = readFileSync(install.paths.journal, 'utf8');
    expect(await repair(install.layout)).toBe('none');
    expect(readFileSync(install.paths.journal, 'utf8')).toBe(journal);
  });

  it('never deletes what may be the last copy', async () => {
    const { layout, paths, journal } = await makeStagedInstall();
    journal.append({ step: 'exchanging', at: AT });
    renameSync(layout.target, join(layout.parent, 'elsewhere'));
    renameSync(paths.newApp, join(paths.folder, 'renamed by somebody'));
    expect(await repair(layout)).toBe('none');
    expect(existsSync(join(paths.folder, 'renamed by somebody'))).toBe(true);
  });

  it('does not bring back an app that its user has thrown away', async () => {
    const { layout } = await makeStagedInstall();
    renameSync(layout.target, join(layout.parent, 'Trash'));
    expect(await repair(layout)).toBe('undone');
    expect(leftBeside(layout)).toEqual(['Trash']);
  });

  it('leaves a copy alone that somebody installed by hand since', async () => {
    const install = await makeStagedInstall();
    await exchange(install);
    await repair(install.layout);
    renameSync(install.layout.target, join(install.layout.parent, 'Trash'));
    makeApp(install.layout.target, '3.0');
    expect(await repair(install.layout)).toBe('none');
    expect(versionAt(install.layout.target)).toBe('3.0');
    expect(leftBeside(install.layout)).toEqual(['Nexy.app', 'Trash']);
  });
});

describe('an unconfirmed update', () => {
  it('keeps the last confirmed version while a further update comes and goes', async () => {
    const first = await makeStagedInstall();
    await exchange(first);
    await repair(first.layout);
    const second = await makeStagedInstall('2.0', '3.0', first.layout);
    await exchange(second);
    expect(await repair(first.layout)).toBe('finished');
    expect(versionAt(first.layout.target)).toBe('3.0');
    expect(versionAt(first.paths.oldApp)).toBe('1.0');
    expect(await confirmUpdate(first.layout, now)).toMatchObject({ from: '2.0', to: '3.0' });
    expect(leftBeside(first.layout)).toEqual(['.Nexy-update-*.journal', 'Nexy.app']);
    expect((await readInstallationStatus(first.layout)).state).toBe('confirmed');
  });

  it('survives a further update that was cut off before its exchange', async () => {
    const first = await makeStagedInstall();
    await exchange(first);
    await repair(first.layout);
    await makeStagedInstall('2.0', '3.0', first.layout);
    expect(await repair(first.layout)).toBe('undone');
    expect(versionAt(first.layout.target)).toBe('2.0');
    expect(versionAt(first.paths.oldApp)).toBe('1.0');
    expect((await readInstallationStatus(first.layout)).state).toBe('swapped');
  });

  it('is confirmed once, and its predecessor then goes', async () => {
    const install = await makeStagedInstall();
    await exchange(install);
    await repair(install.layout);
    expect(await confirmUpdate(install.layout, now)).toMatchObject({ from: '1.0', to: '2.0' });
    expect(existsSync(install.paths.folder)).toBe(false);
    expect(await confirmUpdate(install.layout, now)).toBeNull();
  });

  it('has its predecessor cleared away also when the clean-up was cut off', async () => {
    const install = await makeStagedInstall();
    await exchange(install);
    install.journal.append({ step: 'exchanged', at: AT });
    install.journal.append({ step: 'confirmed', at: AT });
    expect(await repair(install.layout)).toBe('none');
    expect(leftBeside(install.layout)).toEqual(['.Nexy-update-*.journal', 'Nexy.app']);
  });
});
