import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** How long and how much a client may take. In milliseconds where nothing else is said. */
export const LIMITS = {
  /** For all headers of a request: who sends them a byte at a time is cut off. */
  headers: 10_000,
  /** For a whole request; it has no body worth waiting for. */
  request: 15_000,
  /** For the next request on a connection that is kept. */
  keepAlive: 10_000,
  /** Without a byte in either direction, also in the middle of a download. */
  idle: 60_000,
  /** How often the two first are looked after. */
  check: 1_000,
  /** Bytes of a request's line and headers. */
  headerBytes: 8 * 1024,
  /** Bytes of a request's body, which nothing here reads. */
  bodyBytes: 1024,
  /** Connections at a time, of all clients. */
  connections: 10_000,
  /** Connections at a time of one address; proxies that are trusted have no limit of their own. */
  connectionsPerAddress: 1_000,
} as const;

/** Turns away connections of an address that holds too many, so that one client cannot use up all of them. */
export function limitConnections(server: Server, isTrustedProxy: (address: string) => boolean): void {
  server.maxConnections = LIMITS.connections;
  const open = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress;
    if (address === undefined || isTrustedProxy(address)) return;
    const count = (open.get(address) ?? 0) + 1;
    open.set(address, count);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left === 0) open.delete(address);
      else open.set(address, left);
    });
    if (count > LIMITS.connectionsPerAddress) socket.destroy();
  });
}
