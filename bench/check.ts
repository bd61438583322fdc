import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fetchManifest } from '../src/check/fetch-manifest.ts';
import { startReleaseHost } from '../src/lab/release-host/release-host.ts';
import { startRelay } from './relay.ts';
import { SAMPLE_MANIFEST as manifest } from './sample-manifest.ts';
import { table } from './statistics.ts';

// What a check costs on the network, counted by a relay in front of the server: node bench/check.ts [--json]

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });

const stateFolder = await mkdtemp(join(tmpdir(), 'nexy-bench-check-'));
const host = await startReleaseHost({ manifests: { '/manifest.json': manifest } });
const relay = await startRelay(host.origin);

const checks = [];
for (const name of ['first check, full manifest', 'nothing new (304)']) {
  const before = { requests: host.log.length, received: relay.count.received };
  const url = `${relay.origin}/manifest.json`;
  const { notModified } = await fetchManifest({ url, stateFolder, http: { allowLoopback: true } });
  checks.push({
    name,
    notModified,
    requests: host.log.length - before.requests,
    bytesReceived: relay.count.received - before.received,
  });
}
await rm(stateFolder, { recursive: true, force: true });

if (values.json) {
  console.log(JSON.stringify(checks, null, 2));
} else {
  console.log(`### A check of a manifest of ${manifest.byteLength} bytes\n`);
  const rows = checks.map(({ name, requests, bytesReceived }) => [name, `${requests}`, `${bytesReceived}`]);
  console.log(table(['check', 'requests', 'bytes received'], rows));
}
process.exit(0);
