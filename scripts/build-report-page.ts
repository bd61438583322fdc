/**
 * Builds the page of the lab's report: src/lab/report/page/ to dist/lab/report/page/, which is page.js with the licences
 * of the libraries in it, and page.css.
 *
 *   node scripts/build-report-page.ts [--output <folder>]
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { bundlePage } from '../src/lab/report/bundle-page.ts';

const ROOT = join(import.meta.dirname, '..');

const { values } = parseArgs({
  options: { output: { type: 'string', default: join(ROOT, 'dist', 'lab', 'report', 'page') } },
});
const output = resolve(values.output);
const { script, style } = await bundlePage();

await mkdir(output, { recursive: true });
await writeFile(join(output, 'page.js'), script);
await writeFile(join(output, 'page.css'), style);
