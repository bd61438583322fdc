import type { UpdateError } from '../../errors.ts';

/**
 * How a writing call ended. Such calls are never just repeated: after `unknown` the caller reads what is there and
 * goes on from that.
 */
export type WriteResult<Value> =
  | { readonly kind: 'done'; readonly value: Value }
  /** GitHub said no (4xx); nothing was changed. */
  | { readonly kind: 'refused'; readonly status: number; readonly error: UpdateError }
  /** No answer, or a 5xx, or an answer that makes no sense: it may or may not have happened. */
  | { readonly kind: 'unknown'; readonly error: UpdateError };
