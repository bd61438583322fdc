import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { LabReport } from '../src/lab/report/lab-report.ts';
import { table } from './statistics.ts';

// How long a developer waits for the whole migration lab, its plan included: node bench/lab.ts [--json]
// The budget is 60 s on two cores.

const program = fileURLToPath(new URL('../src/cli/nexy-updater.ts', import.meta.url));
const startedAt = performance.now();
const { status, stdout } = spawnSync(process.execPath, [program, 'lab', '--json'], {
  encoding: 'utf8',
  maxBuffer: 256 * 1024 * 1024,
  stdio: ['ignore', 'pipe', 'inherit'],
});
const seconds = (performance.now() - startedAt) / 1000;
const report = JSON.parse(stdout) as LabReport;
if (status !== 0 || report.failures.length > 0)
  throw new Error(`The lab ended with ${status}: ${stdout.slice(0, 2000)}`);
const { cells } = report;
const checks = cells.reduce((sum, cell) => sum + cell.checks.length, 0);
const result = {
  cells: cells.length,
  checks,
  cores: availableParallelism(),
  seconds: Number(seconds.toFixed(1)),
};

if (process.argv.includes('--json')) {
  console.log(JSON.stringify(result, null, 2));
} else {
  console.log('### The migration lab\n');
  console.log(
    table(['', ...Object.keys(result)], [['whole matrix and plan', ...Object.values(result).map(String)]]),
  );
}
