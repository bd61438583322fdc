import { readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative, resolve } from 'node:path';
import { REPOSITORY } from './fixtures.ts';

// electron-builder's own matching, which its documentation leaves half said: `files` are tried in their order.
const load = createRequire(createRequire(import.meta.url).resolve('electron-builder'));

/** As electron-builder writes it, without a slash at its end. */
const PROJECT = resolve(REPOSITORY);

interface Matcher {
  createFilter(): (file: string, stat: object) => boolean;
}
interface FileMatcherModule {
  getMainFileMatchers(
    appDir: string,
    destination: string,
    expand: (text: string) => string,
    platformOptions: object,
    packager: object,
    outDir: string,
    isElectronCompile: boolean,
  ): Matcher[];
  getNodeModuleFileMatcher(
    appDir: string,
    destination: string,
    expand: (text: string) => string,
    platformOptions: object,
    packager: object,
  ): Matcher;
}

/** How electron-builder would choose, with this configuration. */
export interface Packing {
  /** Whether a file of the repository goes into the app, named relative to it; it need not be there. */
  takes(path: string): boolean;
  /** The same for a file below node_modules. */
  takesOfPackages(path: string): boolean;
}

export function openPacking(config: object): Packing {
  const { getMainFileMatchers, getNodeModuleFileMatcher } = load(
    'app-builder-lib/out/fileMatcher.js',
  ) as FileMatcherModule;
  const expand = (text: string): string => text;
  const packager = {
    config,
    projectDir: PROJECT,
    buildResourcesDir: 'resources',
    isPrepackedAppAsar: false,
    debugLogger: { isEnabled: false },
  };
  const outDir = join(PROJECT, 'release');
  const main = getMainFileMatchers(PROJECT, '/app', expand, {}, { info: packager }, outDir, false).map(
    (each) => each.createFilter(),
  );
  const packages = getNodeModuleFileMatcher(PROJECT, '/app', expand, {}, packager).createFilter();
  const file = { isDirectory: () => false };
  return {
    takes: (path) => main.some((filter) => filter(join(PROJECT, path), file)),
    // As NodeModuleCopyHelper asks: by the place in the app.
    takesOfPackages: (path) => packages(join(PROJECT, path), { ...file, moduleFullFilePath: path }),
  };
}

/** All files below a folder of the repository, relative to it, with their sizes in bytes. */
export function listFiles(folder: string): readonly { readonly path: string; readonly size: number }[] {
  return readdirSync(join(PROJECT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: relative(PROJECT, path), size: statSync(path).size }));
}
