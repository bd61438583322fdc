import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  layoutOf,
  makeStagingId,
  nextStagingId,
  stagingIdOf,
  stagingPaths,
} from '../../src/install/layout.ts';
import { CAN_SERVE_VOLUMES, NEEDS_VOLUMES, serveVolume } from '../support/fuse/volume.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const NOW = new Date('2026-11-24T12:00:00Z');

/** The longest names that an install puts beside a target. */
async function namesBeside(name: string): Promise<readonly string[]> {
  const layout = await layoutOf(join('/Applications', name));
  const { folder, journal } = stagingPaths(layout, makeStagingId(NOW));
  return [layout.lock, folder, journal].map((path) => basename(path));
}

describe('the names beside an app', () => {
  it('start with a dot and its name, and are none of an app', async () => {
    for (const name of await namesBeside('Nexy 2.app'))
      expect(name).toMatch(/^\.Nexy 2-update[-.](?!.*\.app$)/);
  });

  it.each([
    ['Nexy.app', 'Nexy'],
    ['Nexy.app', 'nexy.APP'],
    ['Nexy.app', 'Nexy.app.app'],
    ['Nexy.app', 'Nexy-update.app'],
    ['Nexy.app', 'Nexy-update-0mgw3k2zq1a2b3c4d.app'],
    ['Nexy', 'nexy.APP'],
    ['é.app', 'e\u0301.app'],
  ])('of %j and of %j are never taken for each other', async (first, second) => {
    const layouts = await Promise.all([first, second].map((name) => layoutOf(join('/Applications', name))));
    const [one, other] = layouts;
    if (one === undefined || other === undefined) throw new Error('Both were made.');
    expect(one.lock).not.toBe(other.lock);
    for (const [mine, theirs] of [
      [one, other],
      [other, one],
    ] as const) {
      const { folder, journal } = stagingPaths(mine, makeStagingId(NOW));
      for (const path of [folder, journal, mine.lock, mine.target]) {
        expect(stagingIdOf(theirs, basename(path))).toBeNull();
      }
    }
  });

  it.each([
    ['of 255 bytes', `${'n'.repeat(251)}.app`],
    ['of 255 bytes that are no ASCII', `${'é'.repeat(125)}n.app`],
    ['of 255 bytes that are four to a character', `${'🎧'.repeat(62)}nnn.app`],
    ['of 255 bytes without .app', 'n'.repeat(255)],
    ['just too long to be kept whole', `${'n'.repeat(221)}.app`],
  ])('fit also where its own is %s', async (_, name) => {
    const folder = await temporaryFolder();
    mkdirSync(join(folder, name));
    for (const beside of await namesBeside(name)) {
      expect(Buffer.byteLength(beside)).toBeLessThanOrEqual(255);
      expect(beside).not.toContain('\ufffd');
      writeFileSync(join(folder, beside), '');
    }
  });

  it('of two long names that begin alike are different', async () => {
    const [one, other] = await Promise.all(
      ['a', 'b'].map((end) => namesBeside(`${'n'.repeat(240)}${end}.app`)),
    );
    expect(one?.[0]).not.toBe(other?.[0]);
  });
});

describe('the ids of installs', () => {
  it('sort after all others, also when the clock was set back', async () => {
    const folder = await temporaryFolder();
    const layout = await layoutOf(join(folder, 'Nexy.app'));
    const first = await nextStagingId(layout, NOW);
    mkdirSync(stagingPaths(layout, first).folder);
    const second = await nextStagingId(layout, new Date('2001-01-01T00:00:00Z'));
    writeFileSync(stagingPaths(layout, second).journal, '');
    const third = await nextStagingId(layout, new Date('1970-01-01T00:00:00Z'));
    expect([third, second, first].toSorted()).toEqual([first, second, third]);
  });

  it.each([
    ['far in the future', '+275760-09-13T00:00:00.000Z'],
    ['before 1970', '1904-01-01T00:00:00Z'],
    ['that is none', 'never'],
  ])('keep their form with a clock %s', async (_, text) => {
    const layout = await layoutOf(join(await temporaryFolder(), 'Nexy.app'));
    for (const id of [makeStagingId(new Date(text)), await nextStagingId(layout, new Date(text))]) {
      expect(stagingIdOf(layout, basename(stagingPaths(layout, id).journal))).toBe(id);
    }
  });

  it('keep their form after one that pretends to be the last of all', async () => {
    const layout = await layoutOf(join(await temporaryFolder(), 'Nexy.app'));
    writeFileSync(stagingPaths(layout, 'zzzzzzzzzzzzzzzzz').journal, '');
    const id = await nextStagingId(layout, NOW);
    expect(stagingIdOf(layout, basename(stagingPaths(layout, id).folder))).toBe(id);
  });
});

describe.skipIf(!CAN_SERVE_VOLUMES)(
  `on a volume that takes several spellings for one${NEEDS_VOLUMES}`,
  () => {
    it.for([
      ['folded', 'Nexy.app', 'nexy.APP'],
      ['folded', 'Ne\u0301xy.app', 'N\u00e9xy.app'],
      ['decomposed', 'Ne\u0301xy.app', 'n\u00c9xy.app'],
    ] as const)('%s: %j is found, and named so, as %j', async ([spelling, stored, given], context) => {
      const volume = (await serveVolume({ spelling })) ?? context.skip('mount is not allowed here');
      const { folder } = volume;
      mkdirSync(join(folder, stored));
      const own = await layoutOf(join(folder, stored));
      expect(await layoutOf(join(folder, given))).toEqual(own);
      // Between two renames there is no app, only what tells of it.
      writeFileSync(stagingPaths(own, makeStagingId(NOW)).journal, '');
      rmSync(join(folder, stored), { recursive: true });
      expect(await layoutOf(join(folder, given))).toEqual(own);
    });

    it('names the app as given where it cannot be found', async () => {
      const folder = await temporaryFolder();
      mkdirSync(join(folder, 'Nexy.app'));
      expect((await layoutOf(join(folder, 'nexy.app'))).target).toBe(join(folder, 'nexy.app'));
    });
  },
);

describe('the names beside a target', () => {
  it('hang on its own name, without .app, in the real folder that it lies in', async () => {
    const folder = await temporaryFolder();
    mkdirSync(join(folder, 'Applications'));
    symlinkSync('Applications', join(folder, 'link'));
    const given = join(relative(process.cwd(), folder), 'link', 'Nexy.app', '.');
    expect(await layoutOf(given)).toEqual({
      target: join(folder, 'Applications', 'Nexy.app'),
      parent: join(folder, 'Applications'),
      lock: join(folder, 'Applications', '.Nexy-update.lock'),
      prefix: '.Nexy-update-',
    });
    expect(stagingPaths(await layoutOf(given), 'id')).toEqual({
      id: 'id',
      folder: join(folder, 'Applications', '.Nexy-update-id'),
      newApp: join(folder, 'Applications', '.Nexy-update-id', 'new'),
      oldApp: join(folder, 'Applications', '.Nexy-update-id', 'old'),
      journal: join(folder, 'Applications', '.Nexy-update-id.journal'),
    });
  });

  it('lose one .app, and are told apart by a digest where there is none to lose', async () => {
    const folder = await temporaryFolder();
    // printf %s Nexy.application | sha256sum
    expect(await layoutOf(join(folder, 'Nexy.application'))).toMatchObject({
      prefix: '.Nexy.application-9d9177de80230c43-update-',
    });
    expect(await layoutOf(join(folder, 'a.app.app'))).toMatchObject({ prefix: '.a.app-update-' });
  });

  it('keep as much of a long name as there is room for', async () => {
    const prefixOf = async (name: string) => (await layoutOf(join('/Applications', name))).prefix;
    expect(await prefixOf(`${'n'.repeat(220)}.app`)).toBe(`.${'n'.repeat(220)}-update-`);
    expect(await prefixOf(`${'n'.repeat(221)}.app`)).toMatch(/^\.n{203}-[0-9a-f]{16}-update-$/);
  });

  it('need no folder that exists', async () => {
    const parent = join(await temporaryFolder(), 'absent');
    expect(await layoutOf(join(parent, 'Nexy.app'))).toMatchObject({
      parent,
      target: join(parent, 'Nexy.app'),
    });
  });

  it.each([
    ['.Nexy-update-0mibz9erk01234567', '0mibz9erk01234567'],
    ['.Nexy-update-0mibz9erk01234567.journal', '0mibz9erk01234567'],
    ['.Nexy-update-0mibz9erk01234567.journal.journal', null],
    ['.Nexy-update-0mibz9erk0123456', null],
    ['.Nexy-update-0mibz9erk012345678', null],
    ['.Nexy-update-0MIBZ9ERK01234567', null],
    ['.Nexy-update.lock', null],
    ['.Other-update-0mibz9erk01234567', null],
    ['xNexy-update-0mibz9erk01234567', null],
  ])('%s is of the install %j', async (name, id) => {
    expect(stagingIdOf(await layoutOf('/Applications/Nexy.app'), name)).toBe(id);
  });
});

describe('the id of an install', () => {
  it('begins with its time, in nine digits, and is another one each time', () => {
    const ids = Array.from({ length: 50 }, () => makeStagingId(NOW));
    expect(new Set(ids).size).toBe(50);
    for (const id of ids) {
      expect(id).toMatch(/^[0-9a-z]{9}[0-9a-f]{8}$/);
      expect(Number.parseInt(id.slice(0, 9), 36)).toBe(NOW.getTime());
    }
  });

  it('sorts by time, also across the next digit', () => {
    const days = [new Date(1), new Date('2001-01-01'), NOW, new Date('2059-05-25'), new Date('2100-01-01')];
    const ids = days.map(makeStagingId);
    expect([...ids].sort()).toEqual(ids);
  });

  it('comes after all that lie there, also when the clock was set back', async () => {
    const layout = await layoutOf(join(await temporaryFolder(), 'Nexy.app'));
    const earlier = new Date(NOW.getTime() - 3_600_000);
    expect(Number.parseInt((await nextStagingId(layout, earlier)).slice(0, 9), 36)).toBe(earlier.getTime());
    for (const time of [NOW, new Date(NOW.getTime() - 60_000)]) {
      mkdirSync(stagingPaths(layout, makeStagingId(time)).folder);
    }
    mkdirSync(join(layout.parent, '.Other-update-zzzzzzzzz01234567'));
    const id = await nextStagingId(layout, earlier);
    expect(Number.parseInt(id.slice(0, 9), 36)).toBe(NOW.getTime() + 1);
    const later = new Date(NOW.getTime() + 60_000);
    expect(Number.parseInt((await nextStagingId(layout, later)).slice(0, 9), 36)).toBe(later.getTime());
  });

  it('is the time where the folder cannot be listed', async () => {
    const layout = await layoutOf(join(await temporaryFolder(), 'absent', 'Nexy.app'));
    expect(Number.parseInt((await nextStagingId(layout, NOW)).slice(0, 9), 36)).toBe(NOW.getTime());
  });
});
