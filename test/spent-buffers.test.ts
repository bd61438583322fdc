import { Agent, get, type IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SpentBuffers } from '../src/spent-buffers.ts';
import { startServer } from './support/http-server.ts';
import { randomBody } from './support/random-body.ts';

/** As much of a response as SpentBuffers looks at. */
function fakeResponse(): IncomingMessage {
  return Object.assign(Object.create(null), { socket: new Socket() });
}

const whole = (size = 64): Uint8Array => new Uint8Array(new ArrayBuffer(size));

describe('SpentBuffers', () => {
  it('frees a chunk that fills its memory, and only such a one', () => {
    const buffers = new SpentBuffers(fakeResponse());
    const alone = whole();
    const pooled = whole(128).subarray(64);
    buffers.notice(whole());
    buffers.free([alone, pooled]);
    expect(alone.byteLength).toBe(0);
    expect(pooled.byteLength).toBe(64);
  });

  it("frees the socket's chunks once it has seen that the body is a copy of them", () => {
    const response = fakeResponse();
    const buffers = new SpentBuffers(response);
    const [first, second] = [whole(), whole()];
    response.socket.emit('data', first);
    expect(first.byteLength).toBe(64);
    buffers.notice(whole());
    response.socket.emit('data', second);
    expect(second.byteLength).toBe(0);
  });

  it('frees nothing where the body is a view of them', () => {
    const response = fakeResponse();
    const buffers = new SpentBuffers(response);
    const [first, second] = [whole(), whole()];
    buffers.notice(first.subarray(0, 32));
    response.socket.emit('data', first);
    buffers.notice(whole());
    response.socket.emit('data', second);
    buffers.free([first]);
    expect([first.byteLength, second.byteLength]).toEqual([64, 64]);
  });

  it('leaves the socket alone when the response has ended', async () => {
    const body = randomBody(300_000);
    const server = await startServer((_, response) => response.end(body));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(async () => {
      agent.destroy();
      await server.close();
    });
    const sockets = new Set<Socket>();
    for (let round = 0; round < 5; round += 1) {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        get(server.origin, { agent }, resolve).once('error', reject);
      });
      sockets.add(response.socket);
      const buffers = new SpentBuffers(response);
      const received: Uint8Array[] = [];
      const chunks: Uint8Array[] = [];
      response.on('data', (chunk: Uint8Array) => {
        buffers.notice(chunk);
        received.push(Uint8Array.from(chunk));
        chunks.push(chunk);
      });
      await new Promise<void>((resolve) => {
        response.once('end', () => {
          buffers.close();
          resolve();
        });
      });
      buffers.free(chunks);
      expect(Buffer.concat(received).equals(body)).toBe(true);
      expect(chunks.every(({ byteLength }) => byteLength === 0)).toBe(true);
    }
    expect(sockets.size).toBe(1);
  });
});
