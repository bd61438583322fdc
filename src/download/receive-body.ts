import type { IncomingMessage } from 'node:http';
import type { PartialFile } from './partial-file.ts';
import { SpentBuffers } from './spent-buffers.ts';

export interface ReceiveOptions {
  /** Bytes that the whole file has; one more stops everything. */
  readonly size: number;
  /** Milliseconds without a byte. */
  readonly stallTimeout: number;
  readonly signal?: AbortSignal | undefined;
  /** Called for every chunk with its length and the position in the file behind it. */
  readonly onBytes: (bytes: number, position: number) => void;
}

/**
 * How a body ended: `ended` as its framing says, `cut` before that, `stalled`, `too-long` (more than `size`),
 * or `cancelled`. In every case all that was received before is in the file.
 */
export type BodyEnd =
  | { readonly kind: 'ended' | 'stalled' | 'too-long' | 'cancelled' }
  | { readonly kind: 'cut'; readonly cause: unknown };

/**
 * The reader pauses while this much is neither in the file nor being hashed: with what Node itself may
 * still hold then (64 KiB) it is the 256 KiB of DESIGN.md section 5.
 */
const WINDOW = 192 * 1024;

/**
 * Takes the body from the raw response, past got's stream (which costs a third of the throughput), and
 * appends it to the partial file. There is one write at a time, begun as soon as the last one is done, so a
 * slow network's bytes are written as they come and a fast one's in large pieces.
 *
 * @throws the system's error when the file cannot be written
 */
export function receiveBody(
  response: IncomingMessage,
  partial: PartialFile,
  options: ReceiveOptions,
): Promise<BodyEnd> {
  const { size, stallTimeout, signal, onBytes } = options;
  const buffers = new SpentBuffers(response);
  let position = partial.length;
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let writingBytes = 0;
  let lastArrival = performance.now();
  let end: BodyEnd | null = null;
  let writeError: { readonly error: unknown } | null = null;
  let timer: NodeJS.Timeout | undefined;

  return new Promise((resolve, reject) => {
    const finish = (result: BodyEnd): void => {
      if (end !== null) return;
      end = result;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      buffers.close();
      if (result.kind !== 'ended') response.destroy();
      settle();
    };
    const settle = (): void => {
      if (end === null || writingBytes > 0) return;
      if (writeError !== null) reject(writeError.error);
      else if (waitingBytes > 0) void write();
      else resolve(end);
    };
    const write = async (): Promise<void> => {
      const chunks = waiting;
      writingBytes = waitingBytes;
      waiting = [];
      waitingBytes = 0;
      try {
        await partial.append(chunks, writingBytes);
      } catch (error) {
        writeError = { error };
      }
      writingBytes = 0;
      buffers.free(chunks);
      if (writeError !== null) finish({ kind: 'cut', cause: writeError.error });
      if (end !== null) settle();
      else if (waitingBytes > 0) void write();
      if (end === null && response.isPaused() && waitingBytes + writingBytes < WINDOW) {
        lastArrival = performance.now();
        response.resume();
      }
    };
    const onAbort = (): void => finish({ kind: 'cancelled' });
    const watch = (): void => {
      // While we are the ones who hold back, the server owes nothing.
      const silence = response.isPaused() ? 0 : performance.now() - lastArrival;
      if (silence >= stallTimeout) finish({ kind: 'stalled' });
      else timer = setTimeout(watch, stallTimeout - silence);
    };

    response.on('data', (chunk: Uint8Array) => {
      if (end !== null) return;
      if (position + chunk.byteLength > size) return finish({ kind: 'too-long' });
      buffers.notice(chunk);
      lastArrival = performance.now();
      position += chunk.byteLength;
      waiting.push(chunk);
      waitingBytes += chunk.byteLength;
      onBytes(chunk.byteLength, position);
      if (writingBytes === 0) void write();
      if (waitingBytes + writingBytes >= WINDOW) response.pause();
    });
    response.once('end', () => finish(response.complete ? { kind: 'ended' } : { kind: 'cut', cause: null }));
    response.once('error', (cause) => finish({ kind: 'cut', cause }));
    response.once('close', () => finish({ kind: 'cut', cause: null }));
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) return onAbort();
    watch();
    response.resume();
  });
}
