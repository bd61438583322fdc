import { afterEach, expect, it, vi } from 'vitest';
import { createHttpClient } from '../src/http.ts';
import type { HttpExchange } from '../src/http-exchange.ts';
import { startServer } from './support/http-server.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

it('every hop is told of when it has ended, without what stands in its query', async () => {
  const host = await startServer((request, response) => {
    if (request.url?.startsWith('/start'))
      return response.writeHead(302, { location: '/end?signature=s3cret' }).end();
    return response.end('x'.repeat(1000));
  });
  closers.push(host.close);
  const told: HttpExchange[] = [];
  const client = await createHttpClient({
    allowLoopback: true,
    onExchange: (exchange) => told.push(exchange),
  });
  await client(`${host.origin}/start`);
  await vi.waitFor(() => expect(told).toHaveLength(2));
  expect(told).toMatchObject([
    { method: 'GET', url: `${host.origin}/start`, status: 302, error: null },
    { method: 'GET', url: `${host.origin}/end?…`, status: 200, error: null },
  ]);
  expect(told[1]?.bytes).toBeGreaterThan(1000);
  expect(JSON.stringify(told)).not.toContain('s3cret');
});

it('a failure has no status, and its reason', async () => {
  const host = await startServer((request) => request.socket.destroy());
  closers.push(host.close);
  const told: HttpExchange[] = [];
  const client = await createHttpClient({
    allowLoopback: true,
    onExchange: (exchange) => told.push(exchange),
  });
  await expect(client(host.origin)).rejects.toThrow();
  await vi.waitFor(() => expect(told).toHaveLength(1));
  expect(told).toMatchObject([{ status: null, error: expect.any(String) }]);
});
