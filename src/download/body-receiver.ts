import type { IncomingMessage } from 'node:http';
import { SpentBuffers } from '../spent-buffers.ts';
import type { PartialFile } from './partial-file.ts';

export interface ReceiveOptions {
  /** Bytes that the whole file has; one more stops everything. */
  readonly size: number;
  /** Milliseconds without a byte. */
  readonly stallTimeout: number;
  readonly signal: AbortSignal | undefined;
  /** Called for every chunk with its length and the position in the file behind it. */
  readonly onBytes: (bytes: number, position: number) => void;
}

/**
 * How a body ended: `ended` as its framing says, `cut` before that, `stalled`, `too-long` (more than `size`),
 * or `cancelled`. In every case all that was received before is in the file.
 */
export type BodyEnd = 'ended' | 'cut' | 'stalled' | 'too-long' | 'cancelled';

/**
 * The response pauses while this much is not yet in the file. One more chunk (64 KiB at most) may cross the
 * line, which makes the 256 KiB of DESIGN.md section 5. A smaller window costs throughput: 128 KiB a tenth.
 */
const WINDOW = 192 * 1024;

/**
 * Takes the body from the raw response, past got's stream (which costs a third of the throughput), and appends
 * it to a partial file. There is one write at a time, begun as soon as the last one is done, so a slow
 * network's bytes are written as they come and a fast one's in large pieces.
 *
 * It takes what comes from the first moment on, before it is known where to: a connection that breaks while
 * the record is made durable would otherwise break unheard, and take its bytes along.
 */
export class BodyReceiver {
  readonly #response: IncomingMessage;
  readonly #buffers: SpentBuffers;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #writingBytes = 0;
  #received = 0;
  #limit = Number.POSITIVE_INFINITY;
  #lastArrival = performance.now();
  #end: BodyEnd | null = null;
  #listenerError: { readonly error: unknown } | null = null;
  #report: (bytes: number) => void = () => {};
  #wake: () => void = () => {};

  constructor(response: IncomingMessage) {
    this.#response = response;
    this.#buffers = new SpentBuffers(response);
    response.on('data', (chunk: Uint8Array) => this.#take(chunk));
    response.once('end', () => this.#finish(response.complete ? 'ended' : 'cut'));
    response.once('error', () => this.#finish('cut'));
    response.once('close', () => this.#finish('cut'));
    response.resume();
  }

  /**
   * Pours the whole body into the file, from its present end on.
   *
   * @throws the system's error when the file cannot be written; what `onBytes` throws
   */
  async pour(
    partial: PartialFile,
    { size, stallTimeout, signal, onBytes }: ReceiveOptions,
  ): Promise<BodyEnd> {
    const start = partial.length;
    const onAbort = (): void => this.#finish('cancelled');
    let timer: NodeJS.Timeout | undefined;
    const watch = (): void => {
      // While we are the ones who hold back, the server owes nothing.
      const silence = this.#response.isPaused() ? 0 : performance.now() - this.#lastArrival;
      if (silence >= stallTimeout) this.#finish('stalled');
      else timer = setTimeout(watch, stallTimeout - silence);
    };

    this.#limit = size - start;
    this.#report = (bytes) => onBytes(bytes, start + this.#received);
    if (this.#received > this.#limit) this.#finish('too-long');
    else if (this.#received > 0) this.#report(this.#received);
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
    if (this.#end === null) watch();
    try {
      return await this.#drain(partial);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      this.#finish('cut');
    }
  }

  async #drain(partial: PartialFile): Promise<BodyEnd> {
    for (;;) {
      if (this.#listenerError !== null) throw this.#listenerError.error;
      // The file will not be kept.
      if (this.#end === 'too-long') return this.#end;
      if (this.#waitingBytes > 0) await this.#write(partial);
      else if (this.#end !== null) return this.#end;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  async #write(partial: PartialFile): Promise<void> {
    const chunks = this.#waiting;
    this.#writingBytes = this.#waitingBytes;
    this.#waiting = [];
    this.#waitingBytes = 0;
    await partial.append(chunks, this.#writingBytes);
    this.#writingBytes = 0;
    this.#buffers.free(chunks);
    if (this.#end === null && this.#waitingBytes < WINDOW && this.#response.isPaused()) {
      this.#lastArrival = performance.now();
      this.#response.resume();
    }
  }

  #take(chunk: Uint8Array): void {
    if (this.#end !== null) return;
    this.#buffers.notice(chunk);
    this.#lastArrival = performance.now();
    this.#received += chunk.byteLength;
    if (this.#received > this.#limit) {
      this.#finish('too-long');
      return;
    }
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.byteLength;
    try {
      this.#report(chunk.byteLength);
    } catch (error) {
      // Thrown here, in the socket's event, it would end the process.
      this.#listenerError = { error };
      this.#finish('cut');
      return;
    }
    if (this.#waitingBytes + this.#writingBytes >= WINDOW) this.#response.pause();
    this.#wake();
  }

  #finish(end: BodyEnd): void {
    if (this.#end !== null) return;
    this.#end = end;
    this.#buffers.close();
    if (end !== 'ended') this.#response.destroy();
    this.#wake();
  }
}
