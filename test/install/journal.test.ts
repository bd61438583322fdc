import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  appendToJournal,
  type JournalEntry,
  JournalWriter,
  parseJournal,
  readJournal,
  readJournals,
} from '../../src/install/journal.ts';
import { layoutOf, makeStagingId, stagingIdOf, stagingPaths } from '../../src/install/layout.ts';
import { openDescriptorsOf } from '../support/open-descriptors.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const AT = '2026-11-23T12:00:00.000Z';
const IDENTITY = { device: '1', inode: '2' };
const ENTRIES: readonly JournalEntry[] = [
  { step: 'begin', at: AT, target: '/a', bundleId: 'b', from: '1', to: '2', sha256: 'c' },
  { step: 'staged', at: AT, newApp: IDENTITY, oldApp: IDENTITY },
  { step: 'exchanging', at: AT },
  { step: 'exchanged', at: AT },
  { step: 'confirmed', at: AT },
];
const TEXT = ENTRIES.map((entry) => `${JSON.stringify(entry)}\n`).join('');

async function newLayout() {
  return layoutOf(join(await temporaryFolder(), 'Nexy.app'));
}

describe('journal', () => {
  it('reads what was written', async () => {
    const layout = await newLayout();
    const paths = stagingPaths(layout, makeStagingId(new Date()));
    const writer = JournalWriter.create(paths);
    for (const entry of ENTRIES) writer.append(entry);
    writer.close();
    const [journal] = await readJournals(layout);
    expect(journal).toMatchObject({ begin: ENTRIES[0], staged: ENTRIES[1], lastStep: 'confirmed' });
    expect(statSync(paths.journal).mode & 0o777).toBe(0o644);
  });

  it('is closed when it is closed, and after one added line', async () => {
    const paths = stagingPaths(await newLayout(), makeStagingId(new Date()));
    JournalWriter.create(paths).close();
    appendToJournal(paths, { step: 'exchanging', at: AT });
    appendToJournal(paths, { step: 'exchanged', at: AT });
    expect(readFileSync(paths.journal, 'utf8')).toBe(
      `{"step":"exchanging","at":"${AT}"}\n{"step":"exchanged","at":"${AT}"}\n`,
    );
    expect(await openDescriptorsOf(paths.journal)).toEqual([]);
  });

  it('is not continued through a link, nor where there is none', async () => {
    const paths = stagingPaths(await newLayout(), makeStagingId(new Date()));
    expect(() => JournalWriter.reopen(paths)).toThrow(/ENOENT/);
    writeFileSync(`${paths.journal}.elsewhere`, '');
    symlinkSync(`${paths.journal}.elsewhere`, paths.journal);
    expect(() => JournalWriter.reopen(paths)).toThrow(/ELOOP/);
  });

  it('is never written over', async () => {
    const paths = stagingPaths(await newLayout(), makeStagingId(new Date()));
    JournalWriter.create(paths).close();
    expect(() => JournalWriter.create(paths)).toThrow(/EEXIST/);
  });

  it('counts whole lines only, wherever a crash cut it', () => {
    fc.assert(
      fc.property(fc.nat(TEXT.length), (length) => {
        const cut = TEXT.slice(0, length);
        expect(parseJournal(cut)).toEqual(ENTRIES.slice(0, cut.split('\n').length - 1));
      }),
    );
  });

  it('goes on behind a line that a crash cut short', async () => {
    const layout = await newLayout();
    const paths = stagingPaths(layout, makeStagingId(new Date()));
    JournalWriter.create(paths).close();
    appendFileSync(paths.journal, `${JSON.stringify(ENTRIES[0])}\n{"step":"exch`);
    const writer = JournalWriter.reopen(paths);
    writer.append({ step: 'undone', at: AT });
    writer.close();
    expect(await readJournals(layout)).toMatchObject([{ begin: ENTRIES[0], lastStep: 'undone' }]);
    JournalWriter.reopen(paths).close();
    expect(readFileSync(paths.journal, 'utf8')).toBe(
      `${JSON.stringify(ENTRIES[0])}\n{"step":"exch~\n{"step":"undone","at":"${AT}"}\n`,
    );
  });

  it('is not torn where it is empty', async () => {
    const paths = stagingPaths(await newLayout(), makeStagingId(new Date()));
    JournalWriter.create(paths).close();
    JournalWriter.reopen(paths).close();
    expect(statSync(paths.journal).size).toBe(0);
  });

  it('tells each kind of line, how far it got, and when it was written to', async () => {
    const later = '2026-11-23T12:00:01.000Z';
    const lines: readonly JournalEntry[] = [
      { step: 'begin', at: AT, target: '/a', bundleId: 'b', from: '1', to: '2', sha256: 'c' },
      { step: 'aside', at: AT, oldApp: IDENTITY },
      { step: 'installing', at: AT },
      { step: 'exchanged', at: later },
      { step: 'failed', at: AT, code: 'pkg-install-failed' },
      { step: 'undone', at: AT, reason: 'package-failed' },
      { step: 'died', at: later },
      { step: 'died', at: later },
    ];
    const paths = stagingPaths(await newLayout(), makeStagingId(new Date()));
    expect(await readJournal(paths)).toEqual({
      paths,
      begin: null,
      staged: null,
      aside: null,
      undone: null,
      failed: null,
      exchangedAt: null,
      deaths: 0,
      lastStep: null,
      lastAt: null,
    });
    writeFileSync(paths.journal, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    expect(await readJournal(paths)).toEqual({
      paths,
      begin: lines[0],
      staged: null,
      aside: lines[1],
      undone: lines[5],
      failed: lines[4],
      exchangedAt: later,
      deaths: 2,
      lastStep: 'undone',
      lastAt: later,
    });
  });

  it.each<[string, unknown]>([
    ['a begin', { step: 'begin', at: AT, target: '/a', bundleId: 'b', from: '1', to: '2', sha256: 'c' }],
    ['a staged', { step: 'staged', at: AT, newApp: IDENTITY, oldApp: IDENTITY }],
    ['an aside', { step: 'aside', at: AT, oldApp: IDENTITY }],
    ['an exchanging', { step: 'exchanging', at: AT }],
    ['an installing', { step: 'installing', at: AT }],
    ['an exchanged', { step: 'exchanged', at: AT }],
    ['a confirmed', { step: 'confirmed', at: AT }],
    ['a died', { step: 'died', at: AT }],
    ['an undone', { step: 'undone', at: AT }],
    ['an undone that was asked for', { step: 'undone', at: AT, reason: 'requested' }],
    ['a failed', { step: 'failed', at: AT, code: 'disk-full' }],
  ])('takes %s with all that belongs to it, and with more', (_name, entry) => {
    expect(parseJournal(`${JSON.stringify(entry)}\n`)).toEqual([entry]);
    const more = { ...(entry as object), more: 1 };
    expect(parseJournal(`${JSON.stringify(more)}\n`)).toEqual([more]);
  });

  it.each<[string, unknown]>([
    ['without a time', { step: 'exchanging' }],
    ['with a time that is a number', { step: 'exchanging', at: 1 }],
    ['without a step', { at: AT }],
    ['of a step that nobody knows', { step: 'other', at: AT }],
    ...['target', 'bundleId', 'from', 'to', 'sha256'].map((key): [string, unknown] => [
      `that begins without its ${key}`,
      { step: 'begin', at: AT, target: '/a', bundleId: 'b', from: '1', to: '2', sha256: 'c', [key]: 1 },
    ]),
    ['staged without the new app', { step: 'staged', at: AT, oldApp: IDENTITY }],
    ['staged without the old app', { step: 'staged', at: AT, newApp: IDENTITY }],
    ['staged with half an identity', { step: 'staged', at: AT, newApp: IDENTITY, oldApp: { device: '1' } }],
    ['staged with the other half', { step: 'staged', at: AT, newApp: { inode: '1' }, oldApp: IDENTITY }],
    ['aside without the old app', { step: 'aside', at: AT }],
    ['aside with half an identity', { step: 'aside', at: AT, oldApp: { inode: '1' } }],
    ['aside with the other half', { step: 'aside', at: AT, oldApp: { device: '1' } }],
    ['aside with null', { step: 'aside', at: AT, oldApp: null }],
    ['undone for a reason that nobody knows', { step: 'undone', at: AT, reason: 'other' }],
    ['failed without a code', { step: 'failed', at: AT }],
    ['that is null', null],
    ['that is a text', 'exchanging'],
  ])('takes no line %s', (_name, entry) => {
    expect(parseJournal(`${JSON.stringify(entry)}\n`)).toEqual([]);
  });

  it('reads any text without an error, and nothing that is no entry', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.json())), (lines) => {
        for (const entry of parseJournal(`${lines.join('\n')}\n`)) expect(typeof entry.at).toBe('string');
      }),
    );
  });

  it('lists the newest first', async () => {
    const layout = await newLayout();
    const ids = Array.from({ length: 12 }, (_each, day) => makeStagingId(new Date(2026, 0, day + 1)));
    // In the order in which they are made, and against it: a folder may be listed in any.
    for (const id of [...ids.slice(6), ...ids.slice(0, 6).reverse()])
      JournalWriter.create(stagingPaths(layout, id)).close();
    mkdirSync(stagingPaths(layout, makeStagingId(new Date(2026, 0, 4))).folder);
    writeFileSync(join(layout.parent, 'Nexy.journal'), '');
    expect((await readJournals(layout)).map(({ paths }) => paths.id)).toEqual(ids.toReversed());
  });

  it('is none where the folder cannot be listed', async () => {
    const layout = await newLayout();
    expect(await readJournals({ ...layout, parent: join(layout.parent, 'absent') })).toEqual([]);
  });
});

describe('names beside the target', () => {
  it('start with a dot and never end in .app', async () => {
    const layout = await newLayout();
    const paths = stagingPaths(layout, makeStagingId(new Date()));
    for (const path of [layout.lock, paths.folder, paths.journal, paths.newApp, paths.oldApp]) {
      expect(path.slice(layout.parent.length + 1)).toMatch(/^\.Nexy-update/);
      expect(path).not.toMatch(/\.app$/);
    }
    expect(readdirSync(layout.parent)).toEqual([]);
  });

  it('are told from those of another app whose name starts alike', async () => {
    const layout = await newLayout();
    const other = await layoutOf(join(layout.parent, 'Nexy-update-helper.app'));
    const id = makeStagingId(new Date());
    expect(stagingIdOf(layout, `.Nexy-update-${id}`)).toBe(id);
    expect(stagingIdOf(layout, `.Nexy-update-${id}.journal`)).toBe(id);
    expect(stagingIdOf(layout, stagingPaths(other, id).folder.slice(layout.parent.length + 1))).toBeNull();
    expect(stagingIdOf(layout, '.Nexy-update-../../etc')).toBeNull();
  });
});
