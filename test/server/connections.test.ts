import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LIMITS } from '../../src/server/limits.ts';
import { ask, askRaw } from '../support/ask.ts';
import { offerText, type ServerProcess, ServerWorld, until } from '../support/server-world.ts';

const SIZE = 40 * 1024 * 1024;

async function start(...args: readonly string[]): Promise<ServerProcess> {
  const world = await ServerWorld.open();
  world.put('manifest.json', offerText('1.0'));
  world.putDownload('Nexy.dmg', Buffer.alloc(SIZE, 7));
  const server = await world.start(args);
  await until(
    async () => (await ask(server.origin, '/downloads/Nexy.dmg', { method: 'HEAD' })).status === 200,
  );
  return server;
}

async function open(origin: string): Promise<Socket> {
  const socket = connect(Number(new URL(origin).port), '127.0.0.1');
  // The server may end it at any time.
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

describe('connections that do nothing, or little', () => {
  it('500 idle ones, and 200 that send a byte at a time, do not stop a health check', async () => {
    const { origin } = await start();
    await Promise.all(Array.from({ length: 500 }, () => open(origin)));
    const slow = await Promise.all(Array.from({ length: 200 }, () => open(origin)));
    const request = 'GET /health HTTP/1.1\r\nHost: updates\r\nX-Slow: ';
    for (const byte of request) for (const socket of slow) socket.write(byte);
    for (let round = 0; round < 20; round += 1) {
      for (const socket of slow) socket.write('x');
      expect((await ask(origin, '/health')).status).toBe(200);
    }
  });

  it('a request whose headers never end is cut off, with the reason', async () => {
    const { origin } = await start();
    const answer = askRaw(origin, 'GET /health HTTP/1.1\r\nHost: updates\r\n');
    expect((await answer).toString()).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('a connection that never says anything is closed', async () => {
    const { origin } = await start();
    const socket = await open(origin);
    socket.resume();
    await once(socket, 'close');
  });

  it('one address cannot take all connections', async () => {
    const { origin } = await start();
    const sockets = await Promise.all(
      Array.from({ length: LIMITS.connectionsPerAddress + 50 }, () => open(origin)),
    );
    let closed = 0;
    for (const socket of sockets) socket.resume().on('close', () => (closed += 1));
    await until(() => closed >= 50);
    for (const socket of sockets) socket.destroy();
    await until(async () => (await ask(origin, '/health').catch(() => null))?.status === 200);
  });
});

describe('ends on request', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s: what is under way is finished, then the exit status is 0',
    async (signal) => {
      const { origin, stop } = await start();
      const socket = await open(origin);
      let received = 0;
      socket.pause();
      socket.write('GET /downloads/Nexy.dmg HTTP/1.1\r\nHost: updates\r\nConnection: close\r\n\r\n');
      await once(socket, 'readable');
      const idle = await open(origin);
      const ended = stop(signal);
      idle.resume();
      await once(idle, 'close');
      // No new connection is taken, while the download goes on.
      await expect(ask(origin, '/health')).rejects.toThrow();
      socket.on('data', (chunk) => {
        received += chunk.length;
      });
      await once(socket, 'close');
      expect(received).toBeGreaterThan(SIZE);
      expect((await ended).status).toBe(0);
    },
  );

  it('the second signal ends it at once', async () => {
    const { origin, pid, stop, result } = await start();
    const socket = await open(origin);
    socket.write('GET /downloads/Nexy.dmg HTTP/1.1\r\nHost: updates\r\n\r\n');
    await once(socket, 'readable');
    void stop('SIGTERM');
    await until(async () => (await ask(origin, '/health').catch(() => null)) === null);
    process.kill(pid, 'SIGTERM');
    expect((await result).status).toBe(1);
  });
});
