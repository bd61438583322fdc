/**
 * Builds the update window: src/renderer/ to dist/renderer/, which is index.html, window.js, window.css, and the
 * licences of the libraries that are in them.
 *
 *   node scripts/build-renderer.ts [--output <folder>]
 */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { collectLicenses } from '../src/lab/report/collect-licenses.ts';

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
await writeFile(join(output, 'LICENSES.txt'), await collectLicenses(ROOT, Object.keys(metafile.inputs)));
