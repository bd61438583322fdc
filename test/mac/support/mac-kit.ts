import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { serialize } from '@plist/plist';
import { readBundle } from '../../../src/bundle/bundle.ts';
import { Tools } from '../../../src/install/tools.ts';
import { makeImage } from '../../support/make-image.ts';
import { makePackage } from '../../support/make-package.ts';
import { componentsOf, pkgbuildArguments, productbuildArguments } from './tool-arguments.ts';
import { rootWords } from './where.ts';

const run = promisify(execFile);

/** Of the packages' receipts: another one than Nexy's own, which an ordinary Mac may have. */
export const RECEIPT = 'com.nexy.updater-test';

/** The tools of a Mac, and what has to be made with them. */
export interface MacKit {
  /** For `--tools`; null for Apple's own. */
  readonly toolsFolder: string | null;
  readonly tools: Tools;
  /** Where apps are installed, each in a folder of its own. */
  readonly base: string;
  /** Words that let a command run as root; null where that is not allowed. */
  readonly root: readonly string[] | null;
  /** A disk image of a folder. @returns its path */
  makeImage(sourceFolder: string, output: string): Promise<string>;
  /** An installer package, unsigned, that puts an app into a folder. @returns its path */
  makePackage(app: string, output: string, installLocation: string): Promise<string>;
}

/** Apple's tools. */
export function appleKit(): MacKit {
  return {
    toolsFolder: null,
    tools: new Tools(),
    // Writable for everybody, and a place like any other to the Installer, which a temporary folder may not be.
    base: '/Users/Shared',
    root: rootWords(),
    makeImage: (sourceFolder, output) => makeImagePatiently(sourceFolder, output, '/usr/bin'),
    makePackage: buildPackage,
  };
}

/** The doubles: with them these tests run on any system, and have run before a Mac sees them. */
export function doublesKit(toolsFolder: string): MacKit {
  return {
    toolsFolder,
    tools: new Tools(toolsFolder),
    base: tmpdir(),
    root: process.getuid?.() === 0 ? [] : null,
    makeImage: (sourceFolder, output) => makeImagePatiently(sourceFolder, output, toolsFolder),
    makePackage: (app, output, installLocation) =>
      makePackage({ app, output, installLocation, identifier: RECEIPT }),
  };
}

/**
 * On hosted runners hdiutil is busy now and then (recorded in hdiutil__create-resource-busy.txt); being quiet, it does
 * not say so.
 */
async function makeImagePatiently(sourceFolder: string, output: string, tools: string): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return makeImage({ sourceFolder, volumeName: 'Nexy', output, tools });
    } catch (error) {
      if (attempt === 3) throw error;
      await wait(5_000 * attempt);
    }
  }
}

/** With pkgbuild and productbuild, as electron-builder does. The folder of the app holds nothing else. */
async function buildPackage(app: string, output: string, installLocation: string): Promise<string> {
  const { shortVersion } = await readBundle(app);
  const folder = await mkdtemp(join(tmpdir(), 'nexy-package-'));
  try {
    const [list, component] = [join(folder, 'components.plist'), join(folder, 'component.pkg')];
    // The number is PlistFormat.XML of @plist/common, which @plist/plist does not export.
    await writeFile(list, serialize([...componentsOf(basename(app))], 1));
    const parts = {
      folder: dirname(app),
      identifier: RECEIPT,
      version: shortVersion ?? '0',
      installLocation,
      componentList: list,
    };
    await run('/usr/bin/pkgbuild', [...pkgbuildArguments(parts, component)]);
    await run('/usr/bin/productbuild', [...productbuildArguments(component, output)]);
    return output;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
