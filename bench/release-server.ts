import { createHash, randomFillSync } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { startReleaseHost } from '../src/lab/release-host/release-host.ts';

export interface ServedFile {
  readonly url: string;
  readonly size: number;
  readonly sha256: string;
  /** In PEM form, or null for plain http. */
  readonly certificate: string | null;
}

// The host of the benchmarks, in a process of its own: node bench/release-server.ts <megabytes> <http|tls>.
// Prints one line of JSON when it is ready and ends when its standard input does.
const [megabytes = '300', scheme = 'http'] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'nexy-bench-server-'));
const path = join(folder, 'Nexy.dmg');
const { size, sha256 } = writeRandomFile(path, Number(megabytes) * 1_000_000);

const certificate =
  scheme === 'tls'
    ? await generate([{ name: 'commonName', value: 'localhost' }], {
        keySize: 2048,
        algorithm: 'sha256',
        extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
      })
    : null;
const host = await startReleaseHost({
  ...(certificate === null ? {} : { tls: { key: certificate.private, cert: certificate.cert } }),
});
const url = host.publish('v2.0.0.46', 'Nexy.dmg', path);
const served: ServedFile = { url, size, sha256, certificate: certificate?.cert ?? null };
console.log(JSON.stringify(served));

process.stdin.on('end', () => {
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
});
process.stdin.resume();

function writeRandomFile(file: string, bytes: number): { size: number; sha256: string } {
  const hash = createHash('sha256');
  const block = new Uint8Array(1_000_000);
  const descriptor = openSync(file, 'wx', 0o600);
  for (let left = bytes; left > 0; left -= block.byteLength) {
    const piece = randomFillSync(block).subarray(0, Math.min(left, block.byteLength));
    hash.update(piece);
    writeSync(descriptor, piece);
  }
  closeSync(descriptor);
  return { size: bytes, sha256: hash.digest('hex') };
}
