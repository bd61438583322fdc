import { appendFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JournalEntry, JournalWriter, parseJournal, readJournals } from '../../src/install/journal.ts';
import { layoutOf, makeStagingId, stagingIdOf, stagingPaths } from '../../src/install/layout.ts';
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
    const ids = [1, 2, 3].map((day) => makeStagingId(new Date(2026, 0, day)));
    for (const id of ids) JournalWriter.create(stagingPaths(layout, id)).close();
    expect((await readJournals(layout)).map(({ paths }) => paths.id)).toEqual(ids.toReversed());
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
