/** One call of the API or one upload, as tests that kill the caller want to know of it. */
export interface ApiCall {
  /** Counts all calls of the host, in the order in which they arrived. */
  readonly number: number;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly status: number;
  /** `effect`: the state has changed, the answer is not sent yet. `answered`: the answer was handed to the system. */
  readonly when: 'effect' | 'answered';
}

export type ApiCallListener = (call: ApiCall) => void;

export class ApiCalls {
  readonly #listeners = new Set<ApiCallListener>();
  #count = 0;

  nextNumber(): number {
    this.#count += 1;
    return this.#count;
  }

  /** The returned function takes the listener away. */
  listen(listener: ApiCallListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls the listeners at once, so that they can act before the answer leaves. */
  tell(call: ApiCall): void {
    for (const listener of this.#listeners) listener(call);
  }
}
