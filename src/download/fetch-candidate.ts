import type { Got } from 'got';
import { type ErrorCode, UpdateError } from '../errors.ts';
import { describeHttpFailure } from '../http-failure.ts';
import type { Candidate } from '../manifest/candidate.ts';
import { retryDelay } from '../retry-delay.ts';
import { addRefused, readRefused } from './download-record.ts';
import { type Answer, type CandidateFailure, judgeAnswer } from './judge-answer.ts';
import { openResponse } from './open-response.ts';
import type { Origin, PartialFile } from './partial-file.ts';
import type { PendingPaths } from './pending-folder.ts';
import type { DownloadSeams } from './seams.ts';
import type { Digest } from './verified-file.ts';
import { cancelled } from './verify-file.ts';

/** All that the attempts on one artifact share. */
export interface DownloadJob {
  readonly client: Got;
  readonly partial: PartialFile;
  readonly paths: PendingPaths;
  readonly expected: Digest;
  readonly seams: DownloadSeams;
  readonly signal: AbortSignal | undefined;
  readonly onBytes: (bytes: number, position: number) => void;
}

/** One request and its body. */
type AttemptEnd =
  | { readonly kind: 'complete' }
  | { readonly kind: 'ask-again' }
  | {
      readonly kind: 'retry';
      readonly code: ErrorCode;
      readonly message: string;
      readonly retryAfter: number | null;
    }
  | CandidateFailure;

/** Attempts in a row that bring nothing new before a candidate is given up. */
const MAXIMUM_RETRIES = 5;

/** Less than this between two stalls is no progress. */
const STEP_BETWEEN_STALLS = 64 * 1024;

/**
 * Fetches one candidate until the partial file is complete and has the right sha256; null says it is.
 *
 * @throws UpdateError `cancelled`; the system's error when the file cannot be written
 */
export async function fetchCandidate(
  job: DownloadJob,
  candidate: Candidate,
): Promise<CandidateFailure | null> {
  const { partial, seams, signal } = job;
  let furthest = resumeOffset(partial, candidate.url);
  let retries = 0;
  for (;;) {
    if (signal?.aborted) throw cancelled();
    const end = await attempt(job, candidate);
    if (end.kind === 'failed') return end;
    if (end.kind === 'ask-again') continue;
    if (end.kind === 'complete') {
      const verdict = await judgeBytes(job, candidate);
      if (verdict !== 'torn') return verdict;
      furthest = 0;
      continue;
    }
    // What counts is new ground: a server that always cuts at the same byte must not keep us for ever, nor one
    // that hands out a few bytes between two silences.
    const step = end.code === 'download-stalled' ? STEP_BETWEEN_STALLS : 1;
    if (partial.length - furthest >= step) {
      furthest = partial.length;
      retries = 0;
    }
    retries += 1;
    if (retries > MAXIMUM_RETRIES) {
      return { kind: 'failed', code: end.code, message: end.message, mayWalkOn: false };
    }
    await sleep(job, retryDelay(retries, end.retryAfter, seams.random));
  }
}

/**
 * Null: the bytes are right. 'torn': some are of an earlier process, which a crash of the machine may have
 * torn, so they say nothing about the server; it is asked once more for all of them.
 */
async function judgeBytes(job: DownloadJob, { url }: Candidate): Promise<CandidateFailure | 'torn' | null> {
  const { partial, expected } = job;
  if (partial.digest().sha256 === expected.sha256) return null;
  const { includesOlderBytes, origin } = partial;
  await partial.restart(null);
  if (includesOlderBytes) return 'torn';
  const etag = origin?.etag ?? null;
  if (etag !== null) await addRefused(job.paths, { url, etag });
  return wrongSha256();
}

async function attempt(job: DownloadJob, candidate: Candidate): Promise<AttemptEnd> {
  const { client, partial, expected, seams, signal } = job;
  const { url, kind } = candidate;
  const offset = resumeOffset(partial, url);
  const etag = offset > 0 ? (partial.origin?.etag ?? null) : null;
  const headers = etag === null ? {} : { range: `bytes=${offset}-`, 'if-range': etag };

  const opened = await openResponse(client, url, headers, seams.stallTimeout, signal).catch(
    (error: unknown) => judgeRequestError(error, signal),
  );
  if ('kind' in opened) return opened;
  try {
    const { response, body } = opened;
    const answer = judgeAnswer(response.statusCode ?? 0, response.headers, {
      offset,
      etag,
      size: expected.size,
      isVersionTag: kind === 'version-tag',
      now: seams.now(),
    });
    const refusal = await prepare(job, url, answer);
    if (refusal !== null) return refusal;
    const end = await body.pour(partial, {
      size: expected.size,
      stallTimeout: seams.stallTimeout,
      signal,
      onBytes: job.onBytes,
    });
    if (end === 'cancelled') throw cancelled();
    if (end === 'too-long') {
      await partial.restart(null);
      return wrongSize(`more than the ${expected.size} bytes that the manifest promises`);
    }
    // Without any framing an end is no different from a cut.
    const isFramed =
      response.headers['content-length'] !== undefined || response.headers['transfer-encoding'] !== undefined;
    if (partial.isComplete) return { kind: 'complete' };
    if (end === 'ended' && isFramed) {
      const { length } = partial;
      await partial.restart(null);
      return wrongSize(`${length} bytes, the manifest promises ${expected.size}`);
    }
    if (end === 'stalled') return stalled();
    return transient('download-failed', 'The connection broke.');
  } finally {
    opened.close();
  }
}

/** Readies the partial file for the body; what it returns ends the attempt. */
async function prepare(job: DownloadJob, url: string, answer: Answer): Promise<AttemptEnd | null> {
  const { partial, paths } = job;
  if (answer.kind === 'continue') return null;
  if (answer.kind === 'ask-again') {
    await partial.restart(null);
    return answer;
  }
  if (answer.kind === 'retry') return { ...answer, code: 'download-failed' };
  if (answer.kind === 'failed') return answer;
  const origin: Origin = { url, etag: answer.etag };
  const refused = await readRefused(paths);
  if (refused.some((known) => known.url === url && known.etag === answer.etag)) return wrongSha256();
  await partial.restart(origin);
  return null;
}

/** How many bytes of this address are here and may be continued. */
function resumeOffset({ origin, length }: PartialFile, url: string): number {
  return origin?.url === url && origin.etag !== null ? length : 0;
}

async function sleep({ seams, signal }: DownloadJob, milliseconds: number): Promise<void> {
  try {
    await seams.sleep(milliseconds, signal);
  } catch (error) {
    if (signal?.aborted) throw cancelled();
    throw error;
  }
}

function judgeRequestError(error: unknown, signal: AbortSignal | undefined): AttemptEnd {
  if (signal?.aborted) throw cancelled();
  const failure = describeHttpFailure(error);
  if (failure.reason === 'timeout') return stalled();
  if (failure.isTransient) return transient('download-failed', failure.message);
  const isOurs = error instanceof UpdateError;
  return {
    kind: 'failed',
    code: isOurs ? error.code : 'download-failed',
    message: isOurs ? error.message : failure.message,
    mayWalkOn: false,
  };
}

function transient(code: ErrorCode, message: string): AttemptEnd {
  return { kind: 'retry', code, message, retryAfter: null };
}

function stalled(): AttemptEnd {
  return transient('download-stalled', 'The server sent nothing any more.');
}

function wrongSize(what: string): CandidateFailure {
  return { kind: 'failed', code: 'size-mismatch', message: `The file has ${what}.`, mayWalkOn: true };
}

function wrongSha256(): CandidateFailure {
  const message = 'The file is not the one that the manifest promises (its sha256 differs).';
  return { kind: 'failed', code: 'sha256-mismatch', message, mayWalkOn: true };
}
