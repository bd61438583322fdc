import { RequestError } from '@octokit/request-error';
import { UpdateError } from '../../errors.ts';
import { describeHttpFailure } from '../../http-failure.ts';
import { quote } from '../../quote.ts';
import { readRateLimit } from './rate-limit.ts';

/** Why one call failed. */
export type CallFailure =
  /** The answer says no; nothing was changed. */
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly words: string;
      readonly codes: readonly string[];
    }
  /** Nothing was changed; the same call may be made after so many milliseconds. */
  | { readonly kind: 'rate-limited'; readonly wait: number }
  /** The token is not accepted, or may not do this. */
  | { readonly kind: 'forbidden'; readonly status: 401 | 403; readonly words: string }
  | { readonly kind: 'cancelled' }
  /** Our own refusal to make the call. */
  | { readonly kind: 'ours'; readonly error: UpdateError }
  /** No answer, or that of a disturbed server: it may or may not have happened. */
  | { readonly kind: 'unknown'; readonly words: string };

/**
 * Reads what Octokit threw. The words are GitHub's or the network's, in quotes where they come from outside, and hold
 * neither the token nor an address.
 *
 * @param now GitHub's clock, milliseconds since the epoch
 */
export function readCallFailure(error: unknown, token: string, now: number): CallFailure {
  const cause = originOf(error);
  if (cause instanceof UpdateError) return { kind: 'ours', error: cause };
  if (!(error instanceof RequestError) || error.response === undefined) return readNetworkFailure(cause);
  const { status, headers, data } = error.response;
  const problem = readProblem(data);
  const message = withoutToken(problem.message, token);
  const codes = problem.codes.map((code) => withoutToken(code, token));
  const words = `status ${status}${message === '' ? '' : `: ${quote(message)}`}`;
  const wait = readRateLimit(status, headers, message, now);
  if (wait !== null) return { kind: 'rate-limited', wait };
  if (status === 401 || status === 403) return { kind: 'forbidden', status, words };
  // 408 and every 5xx say nothing of what was done.
  if (status >= 500 || status === 408) return { kind: 'unknown', words };
  return { kind: 'refused', status, words, codes };
}

/** Octokit and fetch each wrap what was thrown below them. */
function originOf(error: unknown): unknown {
  let origin = error;
  while (origin instanceof Error && origin.cause instanceof Error) origin = origin.cause;
  return origin;
}

function readNetworkFailure(cause: unknown): CallFailure {
  const failure = describeHttpFailure(cause);
  if (failure.reason === 'cancelled') return { kind: 'cancelled' };
  const code = failure.systemCode === null ? '' : ` (${failure.systemCode})`;
  return { kind: 'unknown', words: `${failure.message.replace(/\.$/, '')}${code}` };
}

/** `{message, errors: [{resource, code, field, message}]}`, or anything. */
function readProblem(data: unknown): { readonly message: string; readonly codes: readonly string[] } {
  if (typeof data !== 'object' || data === null) return { message: '', codes: [] };
  const { message, errors } = data as { readonly message?: unknown; readonly errors?: unknown };
  const details = Array.isArray(errors)
    ? errors.filter((each) => typeof each === 'object' && each !== null)
    : [];
  const texts = details.map(
    ({ field, code, message: text }) => text ?? [field, code].filter(Boolean).join(' '),
  );
  return {
    message: [message, ...texts].filter((text) => typeof text === 'string' && text !== '').join('; '),
    codes: details.map(({ code }) => code).filter((code) => typeof code === 'string'),
  };
}

function withoutToken(text: string, token: string): string {
  return text.replaceAll(token, '[token]');
}
