import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { identityAt } from '../../src/install/exchange.ts';
import { gatherEvidence, readInstallationStatus } from '../../src/install/installation.ts';
import { type JournalEntry, JournalWriter, readJournal } from '../../src/install/journal.ts';
import {
  type Layout,
  layoutOf,
  makeStagingId,
  type StagingPaths,
  stagingPaths,
} from '../../src/install/layout.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const AT = '2026-11-23T12:00:00.000Z';

let layout: Layout;
let paths: StagingPaths;
beforeEach(async () => {
  layout = await layoutOf(join(await temporaryFolder(), 'Nexy.app'));
  paths = stagingPaths(layout, makeStagingId(new Date(AT)));
  mkdirSync(layout.target);
  mkdirSync(paths.newApp, { recursive: true });
});

function identify(path: string) {
  const identity = identityAt(path);
  if (identity === null) throw new Error(`${path} is no directory`);
  return identity;
}

/** A journal that got as far as these lines. */
function write(...entries: readonly JournalEntry[]): void {
  const journal = JournalWriter.create(paths);
  for (const entry of entries) journal.append(entry);
  journal.close();
}

const begin = (): JournalEntry => ({
  step: 'begin',
  at: AT,
  target: layout.target,
  bundleId: 'b',
  from: '1.0',
  to: '2.0',
  sha256: 'c',
});
const staged = (): JournalEntry => ({
  step: 'staged',
  at: AT,
  newApp: identify(paths.newApp),
  oldApp: identify(layout.target),
});
const aside = (): JournalEntry => ({ step: 'aside', at: AT, oldApp: identify(paths.newApp) });

function exchange(): void {
  renameSync(layout.target, paths.oldApp);
  renameSync(paths.newApp, layout.target);
}

const evidence = async () => gatherEvidence(layout, await readJournal(paths));
const state = async () => (await readInstallationStatus(layout)).state;

describe('what lies on disk of an exchange', () => {
  it('is the old app before anything was staged', async () => {
    write(begin());
    const nothingAside = { newAppAside: null, oldAppAside: null, isNewAtTarget: false };
    expect(await evidence()).toEqual({ ...nothingAside, isOldAtTarget: true, isTargetMissing: false });
    renameSync(layout.target, `${layout.target}-away`);
    expect(await evidence()).toEqual({ ...nothingAside, isOldAtTarget: false, isTargetMissing: true });
  });

  it('is told by the directories themselves, at every moment of two renames', async () => {
    write(begin(), staged());
    expect(await evidence()).toEqual({
      isNewAtTarget: false,
      isOldAtTarget: true,
      isTargetMissing: false,
      newAppAside: paths.newApp,
      oldAppAside: null,
    });
    renameSync(layout.target, paths.oldApp);
    expect(await evidence()).toEqual({
      isNewAtTarget: false,
      isOldAtTarget: false,
      isTargetMissing: true,
      newAppAside: paths.newApp,
      oldAppAside: paths.oldApp,
    });
    renameSync(paths.newApp, layout.target);
    expect(await evidence()).toEqual({
      isNewAtTarget: true,
      isOldAtTarget: false,
      isTargetMissing: false,
      newAppAside: null,
      oldAppAside: paths.oldApp,
    });
  });

  it('finds the old app where an exchange in one step leaves it', async () => {
    write(begin(), staged());
    exchange();
    renameSync(paths.oldApp, paths.newApp);
    expect(await evidence()).toMatchObject({ isNewAtTarget: true, oldAppAside: paths.newApp });
  });

  it('is neither where somebody put another app in place', async () => {
    write(begin(), staged());
    renameSync(layout.target, `${layout.target}-away`);
    mkdirSync(layout.target);
    expect(await evidence()).toMatchObject({
      isNewAtTarget: false,
      isOldAtTarget: false,
      isTargetMissing: false,
    });
  });
});

describe('what lies on disk of a package', () => {
  beforeEach(() => {
    // The copy that was made of the target.
    renameSync(paths.newApp, paths.oldApp);
  });
  const copied = (): JournalEntry => ({ step: 'aside', at: AT, oldApp: identify(paths.oldApp) });

  it('is the old app as long as the Installer has not begun', async () => {
    write(begin(), copied());
    expect(await evidence()).toEqual({
      isNewAtTarget: false,
      isOldAtTarget: true,
      isTargetMissing: false,
      newAppAside: null,
      oldAppAside: paths.oldApp,
    });
    renameSync(layout.target, `${layout.target}-away`);
    expect(await evidence()).toMatchObject({ isOldAtTarget: false, isTargetMissing: true });
  });

  it('is nobody knows what while it works', async () => {
    write(begin(), copied(), { step: 'installing', at: AT });
    expect(await evidence()).toMatchObject({ isNewAtTarget: false, isOldAtTarget: false });
  });

  it.each(['exchanged', 'confirmed'] as const)('is the new app once it is %s', async (step) => {
    write(begin(), copied(), { step: 'installing', at: AT }, { step, at: AT });
    expect(await evidence()).toMatchObject({ isNewAtTarget: true, isOldAtTarget: false });
    renameSync(layout.target, `${layout.target}-away`);
    expect(await evidence()).toMatchObject({ isNewAtTarget: false, isTargetMissing: true });
    renameSync(paths.oldApp, layout.target);
    expect(await evidence()).toMatchObject({
      isNewAtTarget: false,
      isOldAtTarget: true,
      oldAppAside: null,
    });
  });
});

describe('the state of a target', () => {
  it('is idle where nothing was begun', async () => {
    expect(await readInstallationStatus(layout)).toEqual({ state: 'idle', journal: null });
  });

  it.each<[string, readonly (() => JournalEntry)[], string, string]>([
    ['an install that has only begun', [begin], 'idle', 'idle'],
    ['a staged app', [begin, staged], 'staged', 'swapped'],
    [
      'an exchange that was announced',
      [begin, staged, () => ({ step: 'exchanging', at: AT })],
      'staged',
      'swapped',
    ],
    ['an exchange', [begin, staged, () => ({ step: 'exchanged', at: AT })], 'staged', 'swapped'],
    ['a copy of what a package replaces', [begin, aside], 'staged', 'staged'],
    ['a confirmed version', [begin, staged, () => ({ step: 'confirmed', at: AT })], 'confirmed', 'confirmed'],
    [
      'a version that was taken back',
      [begin, staged, () => ({ step: 'undone', at: AT })],
      'rolled-back',
      'rolled-back',
    ],
    [
      'an install that was given up',
      [begin, staged, () => ({ step: 'failed', at: AT, code: 'x' })],
      'idle',
      'idle',
    ],
  ])('of %s', async (_name, entries, before, after) => {
    write(...entries.map((entry) => entry()));
    expect(await state()).toBe(before);
    exchange();
    expect(await state()).toBe(after);
    expect((await readInstallationStatus(layout)).journal?.paths).toEqual(paths);
  });
});
