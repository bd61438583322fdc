import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fetchManifest } from '../src/check/fetch-manifest.ts';
import { startReleaseHost } from '../src/lab/release-host/release-host.ts';
import { table } from './statistics.ts';

// What a check costs on the network, counted by a relay in front of the server: node bench/check.ts [--json]

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });

/** Passes everything on and counts what comes back. */
async function startRelay(origin: string) {
  const count = { received: 0 };
  const relay = createServer((client) => {
    const upstream = connect(Number(new URL(origin).port), '127.0.0.1');
    upstream.on('data', (chunk) => {
      count.received += chunk.byteLength;
    });
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) socket.on('error', () => socket.destroy());
  }).listen(0, '127.0.0.1');
  await once(relay, 'listening');
  return { origin: `http://127.0.0.1:${(relay.address() as AddressInfo).port}`, count };
}

const RELEASES = 'https://github.com/Seregawpn/Nexy_production/releases/download';

/** As long as a real one. */
const MANIFEST = {
  version: '2.0.0.46',
  build: '2.0.0.46',
  release_date: '2026-03-12T00:00:00Z',
  artifact: {
    type: 'dmg',
    url: `${RELEASES}/v2.0.0.46/Nexy.dmg`,
    size: 308_005_520,
    sha256: '0'.repeat(64),
    arch: 'universal2',
    min_os: '11.0',
    ed25519: '',
  },
  critical: false,
  auto_install: true,
  notes_url: `${RELEASES}/v2.0.0.46/LATEST_CHANGES.md`,
};

const manifest = Buffer.from(JSON.stringify(MANIFEST, null, 2));
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
