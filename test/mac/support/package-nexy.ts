import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build, type Plugin } from 'esbuild';
import { parse } from 'yaml';
import { REPOSITORY } from '../../support/fixtures.ts';
import { BUNDLE_ID } from '../../support/update-world.ts';
import { PLAN_FILE, type TestPlan } from '../app/test-plan.ts';
import { type BuilderConfiguration, builderArguments, testConfiguration } from './builder-configuration.ts';
import { signArguments } from './tool-arguments.ts';

const run = promisify(execFile);
const MAIN = 'test-main.js';
/** What a long tool may print. */
const LARGE = 64 * 1024 * 1024;

/**
 * Packages the test app with electron-builder, not signed yet. Electron itself is downloaded where it is not cached.
 *
 * @param folder an existing one, which everything is made in
 * @returns path of Nexy.app
 */
export async function packageNexy(folder: string, version: string): Promise<string> {
  await runNode('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json');
  await runNode('scripts/build-preload.ts');
  await runNode('scripts/build-renderer.ts');
  const [output, mainFolder] = [join(folder, 'built'), join(folder, 'main')];
  await bundleMain(join(mainFolder, MAIN));
  const shipped: BuilderConfiguration = parse(
    await readFile(join(REPOSITORY, 'electron-builder.yml'), 'utf8'),
  );
  const configuration = join(folder, 'electron-builder.json');
  const build = { output, mainFolder, main: MAIN, version };
  await writeFile(configuration, JSON.stringify(testConfiguration(shipped, build), null, 2));
  await runNode('node_modules/electron-builder/cli.js', ...builderArguments(configuration, process.arch));
  for (const name of await readdir(output)) {
    if (/^mac(?:-|$)/.test(name)) return join(output, name, 'Nexy.app');
  }
  throw new Error(`electron-builder has left no app in ${output}.`);
}

/** The sources that main imports are those that are packaged, in dist/, so that nothing is tested but what ships. */
export async function bundleMain(output: string): Promise<void> {
  const shipped: Plugin = {
    name: 'shipped',
    setup({ onResolve }) {
      onResolve({ filter: /\/src\/.*\.ts$/ }, ({ path }) => ({
        path: path.replace(/^.*\/src\//, './dist/').replace(/\.ts$/, '.js'),
        external: true,
      }));
    },
  };
  await build({
    entryPoints: [fileURLToPath(import.meta.resolve('../app/main.ts'))],
    outfile: output,
    bundle: true,
    format: 'esm',
    platform: 'node',
    external: ['electron'],
    plugins: [shipped],
    logLevel: 'warning',
  });
}

/**
 * A version of the packaged app, signed ad hoc: a copy with its own numbers, told what to do.
 *
 * @param folder is made, and holds nothing else, so that a disk image can be made of it
 * @returns path of the app
 */
export async function makeVersion(packaged: string, folder: string, plan: TestPlan): Promise<string> {
  const app = join(folder, 'Nexy.app');
  await mkdir(folder, { recursive: true });
  await run('/usr/bin/ditto', [packaged, app]);
  for (const key of ['CFBundleShortVersionString', 'CFBundleVersion']) {
    const list = join(app, 'Contents', 'Info.plist');
    await run('/usr/bin/plutil', ['-replace', key, '-string', plan.version, list]);
  }
  await writeFile(join(app, 'Contents', 'Resources', PLAN_FILE), JSON.stringify(plan, null, 2));
  for (const words of signArguments(app, BUNDLE_ID)) {
    await run('/usr/bin/codesign', [...words], { maxBuffer: LARGE });
  }
  return app;
}

async function runNode(script: string, ...words: readonly string[]): Promise<void> {
  const options = {
    cwd: REPOSITORY,
    maxBuffer: LARGE,
    env: { ...process.env, CSC_IDENTITY_AUTO_DISCOVERY: 'false' },
  };
  await run(process.execPath, [join(REPOSITORY, script), ...words], options);
}
