import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { REPOSITORY } from './fixtures.ts';

/** What a program is made of: its own files, relative to the repository, and the packages that they name. */
export interface Reach {
  readonly files: readonly string[];
  readonly packages: readonly string[];
}

/** Static and dynamic imports, and what createRequire's function loads; types are gone at run time. */
const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s+(?!type\b)(?:[^;'"]*?\bfrom\s*)?['"]([^'"]+)['"]|(?<![.\w])(?:import|load)\(\s*['"]([^'"]+)['"]\s*\)/g;

/** Everything that can be loaded from a file of src/. */
export function findReach(entry: string): Reach {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (path: string): void => {
    if (files.has(path)) return;
    files.add(path);
    // `typeof import('x')` is a type.
    const text = readFileSync(join(REPOSITORY, path), 'utf8').replaceAll(/typeof import\([^)]*\)/g, '');
    for (const [, first, second] of text.matchAll(IMPORT)) {
      const specifier = first ?? second ?? '';
      if (specifier.startsWith('.')) visit(relative(REPOSITORY, join(REPOSITORY, dirname(path), specifier)));
      else if (!isBuiltin(specifier)) packages.add(packageOf(specifier));
    }
  };
  visit(entry);
  return { files: [...files].sort(), packages: [...packages].sort() };
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

interface LockedPackage {
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const LOCK = JSON.parse(readFileSync(join(REPOSITORY, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, LockedPackage>>;
};

/** Places in node_modules of all packages that are installed for production, e.g. `node_modules/got`. */
export function productionPlaces(): readonly string[] {
  return Object.entries(LOCK.packages)
    .filter(([place, { dev = false }]) => place.startsWith('node_modules/') && !dev)
    .map(([place]) => place);
}

/** Places of these packages and of all that they depend on. */
export function closureOf(names: readonly string[]): readonly string[] {
  const places = new Set<string>();
  const visit = (name: string, from: string): void => {
    const place = findPlace(name, from);
    // An optional one for another system.
    if (place === null || places.has(place)) return;
    places.add(place);
    const { dependencies = {}, optionalDependencies = {} } = LOCK.packages[place] ?? {};
    for (const each of Object.keys({ ...dependencies, ...optionalDependencies })) visit(each, place);
  };
  for (const name of names) visit(name, '');
  return [...places].sort();
}

/** Node looks in the nearest node_modules first. */
function findPlace(name: string, from: string): string | null {
  for (let around = from; ; around = around.slice(0, Math.max(0, around.lastIndexOf('/node_modules/')))) {
    const place = `${around === '' ? '' : `${around}/`}node_modules/${name}`;
    if (place in LOCK.packages) return place;
    if (around === '') return null;
    if (!around.includes('/node_modules/')) around = '/node_modules/';
  }
}
