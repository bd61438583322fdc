import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { REPOSITORY } from './support/fixtures.ts';
import { listFiles, openPacking } from './support/packed-files.ts';
import { closureOf, findReach, productionPlaces } from './support/shipped-modules.ts';

const config = parse(readFileSync(join(REPOSITORY, 'electron-builder.yml'), 'utf8'));
const { pkg, mac, electronFuses } = config;

it('is of the form that electron-builder asks for', () => {
  const load = createRequire(createRequire(import.meta.url).resolve('electron-builder'));
  const validate = new Ajv({ strict: false, allErrors: true }).compile(load('app-builder-lib/scheme.json'));
  validate(config);
  expect(validate.errors).toBeNull();
});

it('packages go to /Applications and nowhere else: a relocatable one follows older copies, and is refused', () => {
  expect(pkg.installLocation).toBe('/Applications');
  expect(pkg.isRelocatable).toBe(false);
});

it('packages replace what is there: one with checked versions leaves a newer app alone, and is called a success', () => {
  expect(pkg.isVersionChecked).toBe(false);
});

it('packages are for all users of a Mac: one for a home folder alone is refused', () => {
  expect(pkg.allowRootDirectory ?? true).toBe(true);
});

it('is signed with the hardened runtime, without which nothing is notarized, and loosens it for V8 alone', () => {
  expect(mac.hardenedRuntime).toBe(true);
  for (const path of [mac.entitlements, mac.entitlementsInherit]) {
    const keys = [...readFileSync(join(REPOSITORY, path), 'utf8').matchAll(/<key>([^<]*)<\/key>/g)];
    expect(keys.map(([, key]) => key)).toEqual(['com.apple.security.cs.allow-jit']);
  }
});

it('has its fuses blown: nobody makes a Node of it, or runs code from beside its archive', () => {
  expect(electronFuses).toEqual({
    runAsNode: false,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    grantFileProtocolExtraPrivileges: false,
    enableCookieEncryption: false,
  });
  expect(config.asar).toBe(true);
});

it('lives in the menu bar, and is what nexy:// opens', () => {
  expect(mac.extendInfo.LSUIElement).toBe(true);
  expect(config.protocols).toMatchObject([{ schemes: ['nexy'] }]);
});

describe('what would ship', () => {
  const packing = openPacking(config);
  const reach = findReach('src/electron/main.ts');
  const packages = reach.packages.filter((name) => name !== 'electron');
  /** Built files keep their place: src/a/b.ts is dist/a/b.js. */
  const built = (path: string) => path.replace(/^src\//, 'dist/').replace(/\.tsx?$/, '.js');
  const sources = listFiles('src').map(({ path }) => path);

  it('is every file that main can reach, the window, the preload script and the resources', () => {
    expect(reach.files.length).toBeGreaterThan(100);
    expect(reach.files.map(built).filter((path) => !packing.takes(path))).toEqual([]);
    for (const path of [
      'package.json',
      'dist/electron/preload.cjs',
      'dist/renderer/index.html',
      'dist/renderer/window.js',
      'dist/renderer/window.css',
      'resources/updater.yml',
      'resources/watchdog.sh',
      'resources/authorized-install.sh',
      'resources/install-functions.sh',
      'resources/trayTemplate.png',
      'resources/trayTemplate@2x.png',
    ]) {
      expect(packing.takes(path), path).toBe(true);
    }
  });

  it('is nothing of the command line, the lab, the publish flow and the update server', () => {
    const tools = sources.filter((path) => /^src\/(cli|lab|release|server)\//.test(path)).map(built);
    expect(tools.length).toBeGreaterThan(30);
    expect(tools.filter((path) => packing.takes(path))).toEqual([]);
    for (const path of [
      'src/electron/main.ts',
      'test/electron/stand-in.ts',
      'bench/check.ts',
      'docs/SECURITY.md',
      'scripts/build-preload.ts',
      'electron-builder.yml',
      'package-lock.json',
      'dist/electron/main.js.map',
      'dist/electron/preload.js',
      'dist/electron/main.d.ts',
      'resources/demo/README.md',
      'resources/lab/Nexy.img.gz',
      'resources/entitlements.mac.plist',
      '.github/workflows/release.yml',
    ]) {
      expect(packing.takes(path), path).toBe(false);
    }
  });

  it('is of the packages what main can reach, with all that they need, and nothing of any other', () => {
    const needed = new Set(closureOf(packages));
    const isShipped = (place: string) => packing.takesOfPackages(`${place}/index.js`);
    const missing = [...needed].filter((place) => !isShipped(place));
    // Types, which nothing loads, and koffi for other systems.
    const isSpared = /^node_modules\/(@types\/|type-fest$|tagged-tag$|@koromix\/koffi-(?!darwin))/;
    expect(missing.filter((place) => !isSpared.test(place))).toEqual([]);
    const superfluous = productionPlaces().filter((place) => isShipped(place) && !needed.has(place));
    expect(superfluous).toEqual([]);
  });

  it.each([
    'fastify',
    '@octokit/core',
    'pino',
    'simple-git',
    'undici',
    'commander',
    'chokidar',
    'cli-progress',
    'preact',
  ])('is nothing of %s', (name) =>
    expect(packing.takesOfPackages(`node_modules/${name}/index.js`)).toBe(false),
  );

  it('is code, and neither its types nor its maps', () => {
    expect(packing.takesOfPackages('node_modules/got/dist/source/index.js')).toBe(true);
    expect(packing.takesOfPackages('node_modules/got/dist/source/index.d.ts.map')).toBe(false);
    expect(packing.takesOfPackages('node_modules/valibot/dist/index.d.mts')).toBe(false);
  });

  it('weighs little beside Electron', () => {
    const shipped = closureOf(packages)
      .filter((place) => existsSync(join(REPOSITORY, place)))
      .flatMap((place) => listFiles(place))
      .filter(({ path }) => packing.takesOfPackages(path) && !/\.d\.ts$/.test(path));
    const megabytes = shipped.reduce((sum, { size }) => sum + size, 0) / 1e6;
    console.log(
      `Packages in the app: ${shipped.length} files, ${megabytes.toFixed(1)} MB (without koffi's of macOS)`,
    );
    expect(megabytes).toBeLessThan(12);
  });
});
