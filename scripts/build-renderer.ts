/**
 * Builds the update window: src/renderer/ to dist/renderer/{index.html,window.js,window.css}.
 *
 *   node scripts/build-renderer.ts [--output <folder>]
 */
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');
const SOURCE = join(ROOT, 'src', 'renderer');

const { values } = parseArgs({
  options: { output: { type: 'string', default: join(ROOT, 'dist', 'renderer') } },
});

await mkdir(values.output, { recursive: true });
await build({
  entryPoints: [join(SOURCE, 'window.tsx'), join(SOURCE, 'window.css')],
  outdir: values.output,
  bundle: true,
  // A module would not be loaded from a file: URL.
  format: 'iife',
  // Of the oldest Electron that is supported, 42.
  target: 'chrome148',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  minify: true,
  charset: 'utf8',
  legalComments: 'eof',
  logLevel: 'warning',
});
await copyFile(join(SOURCE, 'index.html'), join(values.output, 'index.html'));
