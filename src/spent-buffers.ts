import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';

/** `ArrayBuffer.prototype.transfer` (ES2024, Node 22) is not in the type library that we compile against. */
type TransferableBuffer = ArrayBufferLike & { transfer?: (length: number) => ArrayBuffer };

/**
 * Gives memory back as soon as its bytes are in the file, instead of at the next garbage collection.
 *
 * Node reads every 64 KiB from a socket into a new ArrayBuffer and copies the body out of it into another.
 * They lie outside the JavaScript heap, which barely grows, so V8 sees little reason to collect: 300 MB of
 * them made the process 75 to 90 MiB larger at its peak and cost a third of the CPU time (page faults), with
 * this it is 25 MiB (bench/download.ts). `transfer(0)` detaches an ArrayBuffer and frees its memory at once.
 *
 * Detaching is only sound while nobody else reads those bytes, hence: only a chunk that fills its ArrayBuffer
 * (Node's pool is shared by many), only after the parser is done with it (our listener on the socket runs
 * after the parser's, which is synchronous), and only where the body's chunks are copies, which is seen
 * from the first one before anything is freed.
 */
export class SpentBuffers {
  readonly #socket: Socket | null;
  #latestBody: ArrayBufferLike | null = null;
  #sharesMemory = false;

  readonly #onSocketData = (chunk: Uint8Array): void => {
    if (this.#latestBody === chunk.buffer) this.#sharesMemory = true;
    if (this.#latestBody !== null && !this.#sharesMemory) freeWhole(chunk);
  };

  constructor(response: IncomingMessage) {
    // Any other duplex may deal out its chunks as it likes. Kept here, because Node takes the socket away
    // from a response that has ended, for the next request on it.
    this.#socket = response.socket instanceof Socket ? response.socket : null;
    this.#socket?.on('data', this.#onSocketData);
  }

  /** To be told of every chunk of the body when it arrives. */
  notice(chunk: Uint8Array): void {
    this.#latestBody = chunk.buffer;
  }

  /** Chunks of the body that are written and hashed. */
  free(chunks: readonly Uint8Array[]): void {
    if (this.#sharesMemory) return;
    for (const chunk of chunks) freeWhole(chunk);
  }

  /**
   * To be called when the response ends, in the same turn: on the next request of a kept socket our listener
   * would run before the parser's.
   */
  close(): void {
    this.#socket?.off('data', this.#onSocketData);
  }
}

function freeWhole(chunk: Uint8Array): void {
  const buffer: TransferableBuffer = chunk.buffer;
  if (chunk.byteOffset === 0 && chunk.byteLength === buffer.byteLength) buffer.transfer?.(0);
}
