import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UpdateError } from '../../src/errors.ts';
import { confirmUpdate } from '../../src/install/confirm.ts';
import { appendToJournal, UNDO_REASONS } from '../../src/install/journal.ts';
import { forgetFailedInstall, readLastInstall, recordFailedInstall } from '../../src/install/last-install.ts';
import { layoutOf, stagingPaths } from '../../src/install/layout.ts';
import { recover } from '../../src/install/recover.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { WatchedInstall } from '../support/watched-install.ts';

const AT = '2026-11-24T12:00:00.000Z';
const now = (): Date => new Date(AT);
const DENIED = new UpdateError('app-management-denied', 'macOS did not let the updater replace it.');

const tell = ({ layout, stateFolder }: WatchedInstall) => readLastInstall(layout, stateFolder);
const repair = ({ layout, tools }: WatchedInstall) =>
  recover(layout, { tools, cacheFolder: null, now, warn: () => undefined });
const fail = ({ layout, paths, stateFolder }: WatchedInstall) =>
  recordFailedInstall(stateFolder, { layout, paths, from: '1.0', to: '2.0' }, DENIED, now());

describe('the last install', () => {
  it('is none where nothing was ever exchanged', async (context) => {
    const folder = await temporaryFolder();
    expect(await readLastInstall(await layoutOf(join(folder, 'Nexy.app')), folder)).toBeNull();
    const staged = await WatchedInstall.make(context);
    expect(await tell(staged)).toBeNull();
  });

  it('is none where the journal does not say what it was about', async (context) => {
    const install = await WatchedInstall.make(context);
    await install.exchange();
    const lines = readFileSync(install.paths.journal, 'utf8').split('\n');
    writeFileSync(install.paths.journal, lines.slice(1).join('\n'));
    expect(await tell(install)).toBeNull();
  });

  it('was taken back by the repair, where nobody wrote down why', async (context) => {
    const install = await WatchedInstall.make(context);
    appendToJournal(install.paths, { step: 'undone', at: AT });
    expect(await tell(install)).toMatchObject({ from: '1.0', to: '2.0', at: AT });
  });

  it('was installed when it was last written to, where nobody wrote down the exchange itself', async (context) => {
    const install = await WatchedInstall.make(context);
    await install.exchange();
    const lines = readFileSync(install.paths.journal, 'utf8').split('\n');
    writeFileSync(install.paths.journal, lines.filter((text) => !text.includes('"exchanged"')).join('\n'));
    appendToJournal(install.paths, { step: 'confirmed', at: AT });
    expect(await tell(install)).toMatchObject({ outcome: 'installed', to: '2.0', at: AT });
  });

  it('was installed, before it has confirmed and afterwards', async (context) => {
    const install = await WatchedInstall.make(context);
    await install.exchange();
    const before = await tell(install);
    expect(before).toEqual({
      outcome: 'installed',
      from: '1.0',
      to: '2.0',
      at: expect.stringMatching(/^20\d\d-/),
      message: 'Nexy was updated from 1.0 to 2.0.',
    });
    await confirmUpdate(install.layout, now);
    expect(await tell(install)).toEqual(before);
  });

  it.for([
    [
      'failed-starts',
      { outcome: 'rolled-back', reason: 'failed-starts' },
      'ended unexpectedly twice, so 1.0 was put back',
    ],
    ['requested', { outcome: 'rolled-back', reason: 'requested' }, 'went back from 2.0 to 1.0, as you asked'],
    [
      'package-failed',
      { outcome: 'failed', code: 'pkg-install-failed' },
      'could not be installed, so 1.0 was put back',
    ],
    ['interrupted', { outcome: 'failed', code: 'swap-failed' }, 'was interrupted, so 1.0 was put back'],
  ] as const)('was taken back: %s', async ([reason, expected, words], context) => {
    expect(UNDO_REASONS).toContain(reason);
    const install = await WatchedInstall.make(context);
    appendToJournal(install.paths, { step: 'undone', at: AT, reason });
    const told = await tell(install);
    expect(told).toMatchObject({ ...expected, from: '1.0', to: '2.0', at: AT });
    expect(told?.message).toContain(words);
    // It stays told after repairing.
    await repair(install);
    expect(await tell(install)).toEqual(told);
  });

  it('failed after the app had quit, as the root script says', async (context) => {
    const install = await WatchedInstall.make(context);
    appendToJournal(install.paths, { step: 'failed', at: AT, code: 'target-in-use' });
    expect(await install.state()).toBe('idle');
    expect(await repair(install)).toBe('none');
    expect(install.version()).toBe('1.0');
    expect(readdirSync(install.layout.parent)).toHaveLength(2);
    expect(await tell(install)).toMatchObject({ outcome: 'failed', code: 'target-in-use', at: AT });
  });

  it('failed while the app quit, and is told when nothing else is left of it', async (context) => {
    const install = await WatchedInstall.make(context);
    appendToJournal(install.paths, { step: 'exchanging', at: AT });
    fail(install);
    const expected = {
      outcome: 'failed',
      from: '1.0',
      to: '2.0',
      at: AT,
      code: DENIED.code,
      message: DENIED.message,
    };
    expect(await tell(install)).toEqual(expected);
    expect(await repair(install)).toBe('undone');
    expect(await tell(install)).toEqual(expected);
  });

  it('is the later of the two, whatever the clock says', async (context) => {
    const install = await WatchedInstall.make(context);
    await install.exchange();
    const earlier = stagingPaths(install.layout, `000000000${install.paths.id.slice(9)}`);
    recordFailedInstall(
      install.stateFolder,
      { layout: install.layout, paths: earlier, from: '0.9', to: '1.0' },
      DENIED,
      new Date('2040-01-01T00:00:00Z'),
    );
    expect(await tell(install)).toMatchObject({ outcome: 'installed', to: '2.0' });
    fail(install);
    expect(await tell(install)).toMatchObject({ outcome: 'failed' });
    forgetFailedInstall(install.stateFolder);
    expect(await tell(install)).toMatchObject({ outcome: 'installed' });
  });

  it('is nobody else\u2019s, and nothing where the record is damaged', async (context) => {
    const install = await WatchedInstall.make(context);
    const record = join(install.stateFolder, 'last-install.json');
    fail(install);
    const other = await layoutOf(join(install.layout.parent, 'Other.app'));
    expect(await readLastInstall(other, install.stateFolder)).toBeNull();
    for (const text of ['', '{"id":', '[]', 'null', '{"id":"x"}']) {
      writeFileSync(record, text);
      expect(await tell(install)).toBeNull();
    }
  });

  it('is not told where another copy was put in place by hand since', async (context) => {
    const install = await WatchedInstall.make(context);
    await install.exchange();
    renameSync(install.layout.target, join(install.layout.parent, 'Trash'));
    expect(await tell(install)).toBeNull();
  });

  it('stops no quit where it cannot be recorded', async (context) => {
    const install = await WatchedInstall.make(context);
    writeFileSync(install.stateFolder, 'in the way');
    fail(install);
    forgetFailedInstall(install.stateFolder);
    rmSync(install.stateFolder);
    forgetFailedInstall(install.stateFolder);
    expect(await tell(install)).toBeNull();
  });
});
