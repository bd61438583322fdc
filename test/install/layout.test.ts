import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
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
