import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startReleaseHost } from '../src/lab/release-host/release-host.ts';
import { compilePublisher, publishLargeFile } from '../test/support/large-upload.ts';
import { table } from './statistics.ts';

// What publishing costs in memory: files of several sizes are hashed, uploaded to a double of GitHub on loopback and
// read back, each by a process of its own (Linux): node bench/upload-memory.ts [--json]

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const MEBIBYTE = 1024 ** 2;
const SIZES = [1, 256, 1024];

const folder = await mkdtemp(join(tmpdir(), 'nexy-bench-upload-'));
const inbox = await mkdtemp(join(tmpdir(), 'nexy-bench-inbox-'));
const host = await startReleaseHost();
const rows = [];
try {
  const program = await compilePublisher(folder);
  for (const size of SIZES) {
    const startedAt = performance.now();
    const version = `1.0.0.${size}`;
    const report = await publishLargeFile(host, program, { version, size: size * MEBIBYTE, folder: inbox });
    if (report === null || !('peakBytes' in report)) throw new Error(JSON.stringify(report));
    const seconds = (performance.now() - startedAt) / 1000;
    rows.push({ megabytes: size, seconds, peakMiB: report.peakBytes / MEBIBYTE });
  }
} finally {
  await host.close();
  await rm(folder, { recursive: true, force: true });
  await rm(inbox, { recursive: true, force: true });
}

if (values.json) {
  console.log(JSON.stringify(rows, null, 2));
} else {
  console.log('### Publishing one file: hash, upload, read back\n');
  const cells = rows.map((row) => [`${row.megabytes}`, row.seconds.toFixed(1), row.peakMiB.toFixed(0)]);
  console.log(table(['MiB', 'seconds', 'peak memory of the process, MiB'], cells));
}
