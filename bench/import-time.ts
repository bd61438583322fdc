import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { median, table } from './statistics.ts';

// What importing the client costs at the start of an app: node bench/import-time.ts [--json] [--runs 15]
// Each import is the first thing in a process of its own; the built output is measured.

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, runs: { type: 'string', default: '15' } },
});

const run = promisify(execFile);
const CLIENT = new URL('../dist/updater.js', import.meta.url);
const ROOT = fileURLToPath(new URL('..', import.meta.url));

if (!existsSync(CLIENT)) {
  console.error('dist/updater.js is not there: npm run build comes first.');
  process.exit(2);
}

const TARGETS: Readonly<Record<string, string>> = {
  'an empty module': 'data:text/javascript,export {}',
  'nexy-updater': CLIENT.href,
  "Nexy's main, up to its tray": new URL('../dist/electron/nexy-app.js', import.meta.url).href,
  'electron-updater': 'electron-updater',
  got: 'got',
};

async function measure(specifier: string): Promise<number> {
  const script = `const before = performance.now(); await import(${JSON.stringify(specifier)}); console.log(performance.now() - before); process.exit(0)`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: ROOT });
  return Number(stdout);
}

const all = new Map<string, number[]>(Object.keys(TARGETS).map((name) => [name, []]));
for (let round = 0; round < Number(values.runs); round += 1) {
  for (const [name, specifier] of Object.entries(TARGETS)) all.get(name)?.push(await measure(specifier));
}

const medians = [...all].map(([name, times]) => ({ name, milliseconds: median(times) }));
const empty = medians[0]?.milliseconds ?? 0;
if (values.json) {
  console.log(JSON.stringify(medians, null, 2));
} else {
  console.log(`### Import time, medians of ${values.runs} processes\n`);
  const rows = medians.map(({ name, milliseconds }) => [
    name,
    milliseconds.toFixed(1),
    (milliseconds - empty).toFixed(1),
  ]);
  console.log(table(['module', 'ms', 'above the empty one'], rows));
  console.log();
}
