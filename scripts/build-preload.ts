/**
 * Builds the preload script: src/electron/preload.ts to one CommonJS file, since a sandboxed preload script can neither
 * be an ES module nor load files of its own.
 *
 *   node scripts/build-preload.ts [--output <file>]
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');

const { values } = parseArgs({
  options: { output: { type: 'string', default: join(ROOT, 'dist', 'electron', 'preload.cjs') } },
});

await build({
  entryPoints: [join(ROOT, 'src', 'electron', 'preload.ts')],
  outfile: values.output,
  bundle: true,
  format: 'cjs',
  // Of the oldest Electron that is supported, 42.
  target: 'chrome148',
  // The sandbox has a `require` for this and for nothing of Node's own; what else is asked for fails here.
  platform: 'browser',
  external: ['electron'],
  logLevel: 'warning',
});
