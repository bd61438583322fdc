/**
 * Builds the update window: src/renderer/ to dist/renderer/, which is index.html, window.js, window.css, and the
 * licences of the libraries that are in them.
 *
 *   node scripts/build-renderer.ts [--output <folder>]
 */
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');
const SOURCE = join(ROOT, 'src', 'renderer');

const { values } = parseArgs({
  options: { output: { type: 'string', default: join(ROOT, 'dist', 'renderer') } },
});
const output = resolve(values.output);

await mkdir(output, { recursive: true });
const { metafile } = await build({
  absWorkingDir: ROOT,
  entryPoints: [join(SOURCE, 'window.tsx'), join(SOURCE, 'window.css')],
  outdir: output,
  bundle: true,
  // A module would not be loaded from a file: URL.
  format: 'iife',
  // Of the oldest Electron that is supported, 42.
  target: 'chrome148',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  minify: true,
  charset: 'utf8',
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
});
await copyFile(join(SOURCE, 'index.html'), join(output, 'index.html'));
await writeFile(join(output, 'LICENSES.txt'), await collectLicenses(Object.keys(metafile.inputs)));

/** @param inputs paths of everything that went into the bundle, relative to the repository */
async function collectLicenses(inputs: readonly string[]): Promise<string> {
  const folders = new Set(
    inputs.flatMap((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []),
  );
  const licenses = [...folders].toSorted().map((folder) => readLicense(resolve(ROOT, folder)));
  return `${(await Promise.all(licenses)).join('\n\n')}\n`;
}

async function readLicense(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
    readonly license: string;
  };
  const files = (await readdir(folder)).filter((file) => /^licen[cs]e/i.test(file)).toSorted();
  if (files.length === 0) throw new Error(`${name} is bundled, and there is no licence in ${folder}.`);
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return [`${name} ${version} (${license})`, ...texts.map((text) => text.trim())].join('\n\n');
}
