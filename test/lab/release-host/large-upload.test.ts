import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { textIn } from '../../support/github-client.ts';
import { randomBody } from '../../support/random-body.ts';
import type { HostAddresses } from '../../support/release-host-child.ts';

const MEBIBYTE = 1024 * 1024;
const SIZE = 600 * MEBIBYTE;
const block = randomBody(MEBIBYTE);

describe('an upload of hundreds of megabytes', () => {
  it('arrives whole, and is never held in memory', { timeout: 60_000 }, async () => {
    const script = fileURLToPath(new URL('../../support/release-host-child.ts', import.meta.url));
    const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
    onTestFinished(() => {
      child.kill();
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { apiOrigin, token }: HostAddresses = JSON.parse((await lines.next()).value ?? '');
    const headers = { authorization: `Bearer ${token}` };

    const created = await fetch(`${apiOrigin}/repos/Seregawpn/Nexy_production/releases`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ tag_name: 'v1', draft: true }),
    });
    const uploadUrl = textIn(await created.json(), 'upload_url').replace(/\{.*\}$/, '');
    const hash = createHash('sha256');
    async function* body() {
      for (let sent = 0; sent < SIZE; sent += block.byteLength) {
        hash.update(block);
        yield block;
      }
    }
    const uploaded = await fetch(`${uploadUrl}?name=Nexy.dmg`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/octet-stream', 'content-length': String(SIZE) },
      body: body(),
      duplex: 'half',
    });
    const document: unknown = await uploaded.json();
    expect(document).toMatchObject({ state: 'uploaded', size: SIZE });
    expect(textIn(document, 'digest')).toBe(`sha256:${hash.digest('hex')}`);

    child.stdin.end();
    const peak = Number((await lines.next()).value);
    expect(peak).toBeLessThan(300 * MEBIBYTE);
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
