import type { AssetSource } from '../asset.ts';

/**
 * The body of an upload. Each time that it is iterated it reads the asset anew, so that a call that GitHub put off can
 * be made again; fetch streams any iterable. (A class, since Octokit would send a plain object as JSON.)
 */
export class UploadBody implements AsyncIterable<Uint8Array> {
  readonly #source: AssetSource;
  readonly #onPosition: (position: number) => void;
  #failure: { readonly error: unknown } | null = null;

  /** @param onPosition is told how many bytes have been handed over */
  constructor(source: AssetSource, onPosition: (position: number) => void) {
    this.#source = source;
    this.#onPosition = onPosition;
  }

  /** What reading the file failed with: fetch would hide it in an error of its own. */
  get failure(): { readonly error: unknown } | null {
    return this.#failure;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    let position = 0;
    this.#failure = null;
    try {
      for await (const chunk of this.#source.openStream()) {
        yield chunk;
        position += chunk.byteLength;
        this.#onPosition(position);
      }
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }
}
