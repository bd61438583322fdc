import { EventEmitter } from 'node:events';
import type { CancellationToken } from 'electron-updater';

/** What can be seen of builder-util-runtime's CancellationToken, which electron-updater's users hand over. */
export interface TokenLike {
  readonly cancelled: boolean;
  once(event: 'cancel', listener: () => void): unknown;
  removeListener(event: 'cancel', listener: () => void): unknown;
}

export type Cancellation = AbortSignal | TokenLike;

/** Lets a cancellation abort the controller. The returned function takes that back. */
export function follow(cancellation: Cancellation, controller: AbortController): () => void {
  const abort = (): void => controller.abort();
  if (cancellation instanceof AbortSignal) {
    if (cancellation.aborted) abort();
    cancellation.addEventListener('abort', abort, { once: true });
    return () => cancellation.removeEventListener('abort', abort);
  }
  if (cancellation.cancelled) abort();
  cancellation.once('cancel', abort);
  return () => void cancellation.removeListener('cancel', abort);
}

type Resolve<Result> = (value: Result | PromiseLike<Result>) => void;
type Work<Result> = (
  resolve: Resolve<Result>,
  reject: (error: Error) => void,
  onCancel: (listener: () => void) => void,
) => void;

/** A token as electron-updater's users know it, without its package. */
class UpdateCancellationToken extends EventEmitter {
  #cancelled = false;
  #parent: TokenLike | null = null;
  readonly #cancel = (): void => this.cancel();

  get cancelled(): boolean {
    return this.#cancelled || (this.#parent?.cancelled ?? false);
  }

  set parent(value: TokenLike) {
    this.#parent?.removeListener('cancel', this.#cancel);
    this.#parent = value;
    this.onCancel(this.#cancel, value);
  }

  cancel(): void {
    this.#cancelled = true;
    this.emit('cancel');
  }

  /** Called by electron-updater's own tokens on their parent. */
  onCancel(listener: () => void, token: TokenLike = this): void {
    if (token.cancelled) listener();
    else token.once('cancel', listener);
  }

  createPromise<Result>(work: Work<Result>): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    let stop = (): void => undefined;
    const cancel = (): void => {
      stop();
      reject(new Error('cancelled'));
    };
    this.onCancel(cancel);
    if (!this.cancelled) work(resolve, reject, (listener) => (stop = listener));
    return promise.finally(() => this.removeListener('cancel', cancel));
  }

  dispose(): void {
    this.#parent?.removeListener('cancel', this.#cancel);
    this.#parent = null;
    this.removeAllListeners();
  }
}

/**
 * A token that every method which is public on electron-updater's own works on. The cast is about private members:
 * TypeScript takes no class for another that has some.
 */
export function makeCancellationToken(): CancellationToken {
  return new UpdateCancellationToken() as unknown as CancellationToken;
}
