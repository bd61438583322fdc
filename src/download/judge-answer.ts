import type { IncomingHttpHeaders } from 'node:http';
import type { ErrorCode } from '../errors.ts';
import { readRetryAfter } from '../retry-delay.ts';

/** What was asked for. */
export interface Question {
  /** 0 asks for the whole file. */
  readonly offset: number;
  /** The strong ETag that the first `offset` bytes had. */
  readonly etag: string | null;
  readonly size: number;
  /** Whether a 404 means "announced but not there yet". */
  readonly isVersionTag: boolean;
  /** Milliseconds since the epoch, for a Retry-After with a date. */
  readonly now: number;
}

export type Answer =
  /** The rest of the file follows. */
  | { readonly kind: 'continue' }
  /** The whole file follows. */
  | { readonly kind: 'start-over'; readonly etag: string | null }
  /** The partial file is worth nothing to this server: ask for the whole. */
  | { readonly kind: 'ask-again' }
  | { readonly kind: 'retry'; readonly message: string; readonly retryAfter: number | null }
  | CandidateFailure;

export interface CandidateFailure {
  readonly kind: 'failed';
  readonly code: ErrorCode;
  readonly message: string;
  /** Whether the next candidate may be tried (DESIGN.md section 3). */
  readonly mayWalkOn: boolean;
}

const TRANSIENT_REFUSALS = new Set([408, 429]);

/** Decides from status and headers alone what to do with an answer. */
export function judgeAnswer(status: number, headers: IncomingHttpHeaders, question: Question): Answer {
  if (status === 200) return judgeWhole(headers, question);
  if (status === 206) return judgePart(headers, question);
  if (status === 416 && question.offset > 0) return { kind: 'ask-again' };
  if (status === 404 || status === 410) return missing(status, question);
  if (TRANSIENT_REFUSALS.has(status) || status >= 500) {
    const retryAfter = readRetryAfter(headers['retry-after'], question.now);
    return { kind: 'retry', message: `The server is busy or disturbed (status ${status}).`, retryAfter };
  }
  return failed('download-failed', `The server refuses the download (status ${status}).`);
}

function judgeWhole(headers: IncomingHttpHeaders, { size }: Question): Answer {
  const encoded = judgeEncoding(headers);
  if (encoded !== null) return encoded;
  const length = readLength(headers['content-length']);
  if (length !== null && length !== size) return wrongSize(length, size);
  return { kind: 'start-over', etag: readStrongEtag(headers) };
}

function judgePart(headers: IncomingHttpHeaders, { offset, etag, size }: Question): Answer {
  if (offset === 0)
    return failed('download-failed', 'The server sent a part of the file unasked (status 206).');
  const encoded = judgeEncoding(headers);
  if (encoded !== null) return encoded;
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers['content-range'] ?? '');
  if (range === null) return { kind: 'ask-again' };
  const [start, last, total] = range.slice(1).map(Number);
  if (total !== undefined && !Number.isNaN(total) && total !== size) return wrongSize(total, size);
  // If-Range makes a sound server send 200 for another file; the ETag catches one that does not look at it.
  if (start !== offset || last !== size - 1 || readStrongEtag(headers) !== etag) return { kind: 'ask-again' };
  const length = readLength(headers['content-length']);
  if (length !== null && length !== size - offset) return wrongSize(offset + length, size);
  return { kind: 'continue' };
}

/**
 * The sha256 is that of the file as published, and `identity` was asked for: an encoded body has another
 * length and other bytes, so it counts as one of the wrong size.
 */
function judgeEncoding(headers: IncomingHttpHeaders): CandidateFailure | null {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (encoding === '' || encoding === 'identity') return null;
  return failed('size-mismatch', 'The server sends the file compressed although it was asked not to.', true);
}

function missing(status: number, { isVersionTag }: Question): CandidateFailure {
  if (isVersionTag && status === 404) {
    return failed('not-published', 'The version is announced, but its file is not there yet (404).', true);
  }
  return failed('download-failed', `The file is not there (status ${status}).`, true);
}

function wrongSize(actual: number, expected: number): CandidateFailure {
  const message = `The file has ${actual} bytes, the manifest promises ${expected}.`;
  return failed('size-mismatch', message, true);
}

function failed(code: ErrorCode, message: string, mayWalkOn = false): CandidateFailure {
  return { kind: 'failed', code, message, mayWalkOn };
}

/** A weak ETag does not promise the same bytes (RFC 9110 section 8.8.1). */
export function readStrongEtag(headers: IncomingHttpHeaders): string | null {
  const { etag } = headers;
  return etag !== undefined && /^"[\x21\x23-\x7e\x80-\xff]*"$/.test(etag) ? etag : null;
}

function readLength(header: string | undefined): number | null {
  return header !== undefined && /^\d+$/.test(header) ? Number(header) : null;
}
