import { createReadStream } from 'node:fs';
import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MetFaults } from './fault.ts';

export interface BodySource {
  /** The bytes, or the path of a file that is streamed and never read as a whole. */
  readonly content: Uint8Array | string;
  readonly start: number;
  /** The byte after the last one. */
  readonly end: number;
}

const READ_SIZE = 512 * 1024;
const ENDLESS_CHUNK = new Uint8Array(64 * 1024);

/** Sends a body with its faults; resolves once the last byte was handed to the system or the socket is gone. */
export async function sendBody(
  response: ServerResponse,
  source: BodySource,
  faults: MetFaults,
  onSent: (bytes: number) => void,
): Promise<void> {
  const limit = Math.min(faults.get('cut')?.after ?? Infinity, faults.get('stall')?.after ?? Infinity);
  const bytesPerSecond = faults.get('trickle')?.bytesPerSecond;
  const flipAt = faults.get('flip')?.at;
  let position = source.start;
  let sent = 0;

  const send = async (chunk: Uint8Array): Promise<boolean> => {
    if (response.destroyed) return false;
    const piece = chunk.subarray(0, Math.min(chunk.byteLength, limit - sent));
    if (piece.byteLength > 0) {
      const isWritten = await write(response, flip(piece, position, flipAt));
      if (!isWritten) return false;
      sent += piece.byteLength;
      position += piece.byteLength;
      onSent(piece.byteLength);
    }
    return sent < limit;
  };

  if (limit > 0) {
    for await (const chunk of readSlices(source, bytesPerSecond)) {
      if (!(await send(chunk))) break;
      if (bytesPerSecond !== undefined) await sleep((chunk.byteLength / bytesPerSecond) * 1000);
    }
    while (faults.has('endless') && (await send(ENDLESS_CHUNK)));
  } else {
    response.flushHeaders();
  }
  if (response.destroyed) return;
  if (sent >= limit && faults.has('cut')) {
    // Lets what was written leave first: destroying at once would take back bytes the log has counted.
    response.socket?.destroySoon();
    return;
  }
  if (sent >= limit && faults.has('stall')) return;
  // A length that promises more than was sent must end as a broken connection, not as a wait.
  const promised = response.getHeader('content-length');
  if (promised !== undefined && Number(promised) > sent) response.socket?.destroySoon();
  else response.end();
}

async function* readSlices(source: BodySource, bytesPerSecond?: number): AsyncGenerator<Uint8Array> {
  const { content, start, end } = source;
  if (start >= end) return;
  const size = bytesPerSecond === undefined ? READ_SIZE : Math.max(1, Math.floor(bytesPerSecond / 20));
  if (typeof content === 'string') {
    const stream: Readable = createReadStream(content, { start, end: end - 1, highWaterMark: size });
    yield* stream;
    return;
  }
  for (let offset = start; offset < end; offset += size) {
    yield content.subarray(offset, Math.min(end, offset + size));
  }
}

function flip(chunk: Uint8Array, position: number, at: number | undefined): Uint8Array {
  const index = (at ?? -1) - position;
  const byte = chunk[index];
  if (byte === undefined) return chunk;
  const changed = Uint8Array.from(chunk);
  changed[index] = byte ^ 0xff;
  return changed;
}

/** Resolves false when the connection went away. */
function write(response: ServerResponse, bytes: Uint8Array): Promise<boolean> {
  return new Promise((resolve) => {
    const onClose = (): void => resolve(false);
    response.once('close', onClose);
    response.write(bytes, (error) => {
      response.off('close', onClose);
      resolve(error === null || error === undefined);
    });
  });
}
