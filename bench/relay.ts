import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

export interface Relay {
  readonly origin: string;
  readonly count: { received: number };
  close(): void;
}

/** Passes everything on and counts the bytes that come back. */
export async function startRelay(origin: string): Promise<Relay> {
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
  const { port } = relay.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, count, close: () => relay.close() };
}
