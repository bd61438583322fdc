import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { LIMITS } from './limits.ts';

export interface Connections {
  /**
   * Ends those that no answer is under way on, now and as soon as one becomes so. Node's own `closeIdleConnections`
   * passes over connections on which nothing was ever asked, and would wait for them.
   */
  endIdle(): void;
}

/**
 * Watches a server's connections. Turns away those of an address that holds too many, so that one client cannot use up
 * all of them.
 *
 * @param isTrustedProxy tells of an address that all the world comes from
 */
export function watchConnections(server: Server, isTrustedProxy: (address: string) => boolean): Connections {
  server.maxConnections = LIMITS.connections;
  /** Answers under way, by connection. */
  const underWay = new Map<Socket, number>();
  const byAddress = new Map<string, number>();
  let isEnding = false;

  const countAnswers = (socket: Socket, change: 1 | -1): void => {
    const count = underWay.get(socket);
    if (count === undefined) return;
    underWay.set(socket, count + change);
    if (isEnding && count + change === 0) socket.end();
  };

  server.on('connection', (socket) => {
    underWay.set(socket, 0);
    const address = socket.remoteAddress ?? '';
    const count = (byAddress.get(address) ?? 0) + 1;
    byAddress.set(address, count);
    socket.once('close', () => {
      underWay.delete(socket);
      const left = (byAddress.get(address) ?? 1) - 1;
      if (left === 0) byAddress.delete(address);
      else byAddress.set(address, left);
    });
    if (count > LIMITS.connectionsPerAddress && !isTrustedProxy(address)) socket.destroy();
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    countAnswers(socket, 1);
    response.once('close', () => countAnswers(socket, -1));
  });
  return {
    endIdle: () => {
      isEnding = true;
      for (const [socket, count] of underWay) if (count === 0) socket.destroy();
    },
  };
}
