import { UpdateError } from '../../errors.ts';
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
        if (position + chunk.byteLength > this.#source.size) throw changed(this.#source);
        yield chunk;
        position += chunk.byteLength;
        this.#onPosition(position);
      }
      // The server would wait for the rest that was announced.
      if (position < this.#source.size) throw changed(this.#source);
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }
}

function changed({ name }: AssetSource): UpdateError {
  return new UpdateError(
    'inbox-incomplete',
    `${name} has another size than when it was hashed, so it was not published. Leave the inbox alone while it is ` +
      'being published, and run it again.',
    { details: { name } },
  );
}
