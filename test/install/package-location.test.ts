import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PackageComponent, PackageContents } from '../../src/image/package-contents.ts';
import type { PayloadEntry } from '../../src/image/package-payload.ts';
import { assertInstallsOnlyAt, findPackagedApp } from '../../src/install/package-location.ts';

const TARGET = '/Applications/Nexy.app';

type Entry = Pick<PayloadEntry, 'path' | 'kind'> & { readonly linkTarget?: string };

function entryOf({
  linkTarget = null,
  ...rest
}: { linkTarget?: string | null } & Omit<Entry, 'linkTarget'>): PayloadEntry {
  return { ...rest, linkTarget, mode: 0o755, size: 0, data: { path: '', offset: 0, length: 0 } };
}

function component(entries: readonly Entry[], more: Partial<PackageComponent> = {}): PackageComponent {
  return {
    member: 'Nexy.pkg',
    identifier: 'com.nexy.pkg',
    version: '1',
    installLocation: '/Applications',
    isRelocatable: false,
    relocates: [],
    versionChecked: [],
    bundles: [],
    postinstallAction: 'none',
    scripts: [],
    hasScripts: false,
    scriptFiles: [],
    payload: entries.map(entryOf),
    bom: [],
    ...more,
  };
}

function contents(...components: readonly PackageComponent[]): PackageContents {
  const checksum = { style: 'sha1', offset: 0, size: 20 };
  const table = { packed: Buffer.alloc(0), heapOffset: 0, checksum, members: [], signatures: [] };
  return { title: null, table, distribution: null, components };
}

const folder = (path: string): Entry => ({ path, kind: 'folder' });
const file = (path: string): Entry => ({ path, kind: 'file' });
const link = (path: string, linkTarget: string): Entry => ({ path, kind: 'link', linkTarget });

/** The code with which these contents are refused, or null. */
function refusal(found: PackageContents, target = TARGET): unknown {
  try {
    assertInstallsOnlyAt(target, found);
    return null;
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
}

describe('the app in a package', () => {
  it('is the outermost bundle, wherever it lies', () => {
    const inner = file('Nexy.app/Contents/Frameworks/Nexy Helper.app/Contents/Info.plist');
    expect(findPackagedApp(contents(component([inner]))).path).toBe('Nexy.app');
    const deep = findPackagedApp(
      contents(component([folder('Applications/Nexy.app')], { installLocation: '/' })),
    );
    expect(deep).toMatchObject({ path: 'Applications/Nexy.app', place: TARGET });
  });

  it('is not one that has only the ending', () => {
    expect(() => findPackagedApp(contents(component([folder('.app'), file('Nexy.application/x')])))).toThrow(
      expect.objectContaining({ code: 'payload-not-found' }),
    );
  });

  it('is ambiguous when there are two, in one component or in two', () => {
    const [one, two] = [folder('Nexy.app'), folder('Other.app')];
    for (const found of [contents(component([one, two])), contents(component([one]), component([one]))])
      expect(() => findPackagedApp(found)).toThrow(expect.objectContaining({ code: 'payload-ambiguous' }));
  });
});

describe('what a package installs', () => {
  it.each([
    ['the app with its contents', component([folder('Nexy.app'), file('Nexy.app/a/b/c')])],
    [
      'the folders on the way to it',
      component([folder('Applications'), folder('Applications/Nexy.app')], { installLocation: '/' }),
    ],
    [
      'from a location that ends with a slash',
      component([folder('Nexy.app')], { installLocation: '/Applications/' }),
    ],
    ['from the app itself', component([folder('Contents'), file('Contents/x')], { installLocation: TARGET })],
    ['nothing, from anywhere', component([], { installLocation: '/Library', isRelocatable: true })],
    ['links that stay inside', component([folder('Nexy.app'), link('Nexy.app/l', 'Contents/x')])],
  ])('may be %s', (_what, one) => {
    expect(refusal(contents(one))).toBeNull();
  });

  it.each([
    [
      'the folder that the app lies in, as a file',
      component([file('Applications')], { installLocation: '/' }),
    ],
    [
      'the folder that the app lies in, as a link',
      component([link('Applications', 'Library')], { installLocation: '/' }),
    ],
    ['a neighbour with the same beginning', component([folder('Nexy.app2')])],
    ['what only the second component holds', component([file('x')])],
    ['what only the bill of materials lists', component([], { bom: [entryOf(file('x'))] })],
    [
      'a bundle that goes up',
      component([], { bundles: [{ id: null, path: '../x', shortVersion: null, bundleVersion: null }] }),
    ],
    ['the app in other letters', component([folder('nexy.app')])],
  ])('may not be %s', (_what, one) => {
    expect(refusal(contents(component([folder('Nexy.app')]), one))).toBe('pkg-wrong-location');
  });

  it.each([
    ['the app as a file', file('Nexy.app')],
    ['a device', { path: 'Nexy.app/device', kind: 'other' } as const],
  ])('may not be %s', (_what, entry) => {
    expect(refusal(contents(component([entry])))).toBe('payload-incompatible');
  });

  it('may not be one name in two spellings', () => {
    const entries = [folder('Nexy.app'), file('Nexy.app/\u00fc'), file('Nexy.app/u\u0308')];
    expect(refusal(contents(component(entries)))).toBe('payload-ambiguous');
  });

  it('is accepted only where every path, taken as a path, ends up in the app or above it', () => {
    const part = fc.constantFrom('Nexy.app', 'Applications', 'x', '..', '.', '', 'Nexy.app2');
    const path = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
    fc.assert(
      fc.property(
        fc.array(path, { maxLength: 4 }),
        fc.constantFrom('/', '/Applications', TARGET, '/x/..'),
        (paths, place) => {
          const code = refusal(contents(component(paths.map(file), { installLocation: place })));
          if (code !== null) return true;
          // Read as a naive installer would.
          return paths.every((one) => {
            const parts: string[] = [];
            for (const piece of `${one.startsWith('/') ? '' : place}/${one}`.split('/')) {
              if (piece === '..') parts.pop();
              else if (piece !== '' && piece !== '.') parts.push(piece);
            }
            return `/${parts.join('/')}/`.startsWith(`${TARGET}/`);
          });
        },
      ),
      { numRuns: 2000 },
    );
  });
});
