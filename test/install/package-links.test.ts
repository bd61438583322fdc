import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linkLeadsOut } from '../../src/install/package-links.ts';

const APP = '/Applications/Nexy.app';

/** Whether the first of these links (below the app) leads out of it. */
function leadsOut(links: Readonly<Record<string, string>>): boolean {
  const map = new Map(Object.entries(links).map(([path, target]) => [`${APP}/${path}`, target]));
  return linkLeadsOut(`${APP}/${Object.keys(links)[0]}`, APP, (path) => map.get(path) ?? null);
}

describe('a link in an app stays in it', () => {
  it.each([
    { Current: 'A' },
    { 'F.framework/Resources': 'Versions/Current/Resources', 'F.framework/Versions/Current': 'A' },
    { 'a/b/link': '../../Contents' },
    { 'a/link': './b/../c/.' },
    { 'a/link': 'nowhere' },
  ])('%j', (links) => {
    expect(leadsOut(links)).toBe(false);
  });
});

describe('a link in an app leads out of it', () => {
  it.each([
    ['by an absolute path', { link: '/etc' }],
    ['to the folder that the app lies in', { link: '..' }],
    ['to a neighbour whose name begins alike', { link: '../Nexy.app 2' }],
    ['and comes back', { link: '../Nexy.app/Contents' }],
    ['behind another link, although its text does not', { 'd/e/out': 'up/../../x', 'd/e/up': '../../a' }],
    ['in the third step', { one: 'two', two: 'three', three: '../..' }],
    ['never, for it goes in a circle', { one: 'two', two: 'one' }],
    ['with nothing in it', { link: '' }],
  ])('%s', (_how, links) => {
    expect(leadsOut(links)).toBe(true);
  });

  it('whatever way it goes up once more than down', () => {
    const step = fc.constantFrom('a', '.', 'a/..', 'b/./..', '');
    fc.assert(
      fc.property(fc.array(step), fc.array(step), fc.nat(4), (before, after, depth) => {
        const down = Array.from({ length: depth }, (_, index) => `d${index}`);
        const inside = before
          .flatMap((one) => one.split('/'))
          .filter((one) => one === 'a' || one === 'b').length;
        const back = before.flatMap((one) => one.split('/')).filter((one) => one === '..').length;
        const ups = Array.from({ length: depth + inside - back + 1 }, () => '..');
        return leadsOut({ [[...down, 'link'].join('/')]: [...before, ...ups, ...after].join('/') || '.' });
      }),
    );
  });
});
