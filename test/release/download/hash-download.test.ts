import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createHttpClient } from '../../../src/http.ts';
import { hashDownload } from '../../../src/release/download/hash-download.ts';
import { startServer } from '../../support/http-server.ts';

const BODY = Buffer.alloc(300_000, 'published ');
const SHA256 = createHash('sha256').update(BODY).digest('hex');

async function download(
  answer: (response: ServerResponse) => void,
  limit = BODY.byteLength,
  signal: AbortSignal | null = null,
) {
  const { origin, close } = await startServer((_, response) => answer(response));
  onTestFinished(close);
  return hashDownload(await createHttpClient({ allowLoopback: true }), `${origin}/file`, limit, signal);
}

describe('downloading to hash', () => {
  it('gives size and digest, with and without a length', async () => {
    const expected = { kind: 'hashed', size: BODY.byteLength, sha256: SHA256 };
    expect(
      await download((response) => void response.setHeader('content-length', BODY.byteLength).end(BODY)),
    ).toEqual(expected);
    expect(
      await download((response) => {
        response.write(BODY.subarray(0, 1000));
        response.end(BODY.subarray(1000));
      }),
    ).toEqual(expected);
    expect(await download((response) => void response.end())).toEqual({
      kind: 'hashed',
      size: 0,
      sha256: createHash('sha256').digest('hex'),
    });
  });

  it('stops at a byte too many', async () => {
    const result = await download((response) => {
      const send = (): void => {
        while (!response.destroyed && response.write(BODY));
      };
      response.on('drain', send);
      send();
    }, 1000);
    expect(result).toMatchObject({ kind: 'hashed' });
    expect(result.kind === 'hashed' ? result.size : 0).toBeGreaterThan(1000);
  });

  it('does not take what breaks off for another file', async () => {
    const result = await download((response) => {
      response.writeHead(200, { 'content-length': BODY.byteLength });
      response.write(BODY.subarray(0, 1000), () => response.destroy());
    });
    expect(result).toMatchObject({ kind: 'failed', isTransient: true });
  });

  it.each([
    [404, {}, false, null],
    [403, {}, false, null],
    [429, { 'retry-after': '7' }, true, 7000],
    [503, {}, true, null],
  ])('tells of status %i', async (status, headers, isTransient, retryAfter) => {
    expect(await download((response) => void response.writeHead(status, headers).end('no'))).toMatchObject({
      kind: 'failed',
      status,
      isTransient,
      retryAfter,
    });
  });

  it('ends as cancelled when the signal fires, before and while it loads', async () => {
    await expect(
      download((response) => void response.end(BODY), 1, AbortSignal.abort()),
    ).rejects.toMatchObject({ code: 'cancelled' });
    const controller = new AbortController();
    const loading = download(
      (response) => void response.write(BODY.subarray(0, 1000), () => controller.abort()),
      BODY.byteLength,
      controller.signal,
    );
    await expect(loading).rejects.toMatchObject({ code: 'cancelled' });
  });
});
