import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

// All benchmarks, one after the other: node bench/run.ts. Options go to the download's: node bench/run.ts --runs 3
const download = process.argv.slice(2);

for (const [file, ...options] of [
  ['import-time.ts'],
  ['check.ts'],
  ['polling-simulation.ts'],
  ['update-server.ts'],
  ['upload-memory.ts'],
  ['lab.ts'],
  ['download.ts', ...download],
]) {
  const path = fileURLToPath(new URL(file ?? '', import.meta.url));
  const { status } = spawnSync(process.execPath, [path, ...options], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
