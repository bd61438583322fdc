import { describe, expect, it } from 'vitest';
import type { BomEntry } from '../../src/image/bill-of-materials.ts';
import { compareBomAndPayload } from '../../src/image/package-comparison.ts';
import type { PackageComponent } from '../../src/image/package-contents.ts';

const FILE: BomEntry = { path: 'a', kind: 'file', mode: 0o644, size: 7, linkTarget: null };

function compare(bom: readonly BomEntry[] | null, payload: readonly BomEntry[] | null) {
  const data = { path: '', offset: 0, length: 0 };
  const component: PackageComponent = {
    member: '',
    identifier: null,
    version: null,
    installLocation: '/',
    isRelocatable: false,
    relocates: [],
    versionChecked: [],
    bundles: [],
    postinstallAction: null,
    scripts: [],
    hasScripts: false,
    scriptFiles: [],
    bom,
    payload: payload?.map((entry) => ({ ...entry, data })) ?? null,
  };
  return compareBomAndPayload(component).map(({ path, what }) => `${path} ${what}`);
}

const link = (linkTarget: string): BomEntry => ({
  ...FILE,
  kind: 'link',
  size: linkTarget.length,
  linkTarget,
});

describe('bill of materials and payload', () => {
  it('agree in everything that counts', () => {
    expect(compare([FILE, { ...link('a'), path: 'l' }], [FILE, { ...link('a'), path: 'l' }])).toEqual([]);
  });

  it.each([
    ['a path that is only listed', [FILE], [], ['a missing']],
    ['a path that is only there', [], [FILE], ['a unlisted']],
    ['its kind', [FILE], [{ ...FILE, kind: 'folder', size: 0 }], ['a kind']],
    ['its size', [FILE], [{ ...FILE, size: 8 }], ['a size']],
    ['where a link leads', [link('x')], [link('y')], ['a link']],
  ] as const)('disagree about %s', (_what, bom, payload, expected) => {
    expect(compare(bom, payload)).toEqual(expected);
  });

  it('count sizes from 4 GiB on by their low 32 bits', () => {
    expect(compare([FILE], [{ ...FILE, size: 2 ** 32 + 7 }])).toEqual([]);
    expect(compare([FILE], [{ ...FILE, size: 2 ** 32 + 8 }])).toEqual(['a size']);
  });

  it('are not compared where one of them is not known', () => {
    expect(compare(null, [FILE])).toEqual([]);
    expect(compare([FILE], null)).toEqual([]);
  });
});
