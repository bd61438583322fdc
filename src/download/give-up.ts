import { type ErrorCode, UpdateError } from '../errors.ts';
import type { Candidate } from '../manifest/candidate.ts';

/** Why one candidate gave nothing; the list is `details.failures` of the error. */
export interface ListedFailure {
  readonly url: string;
  readonly kind: Candidate['kind'];
  readonly code: ErrorCode;
  readonly message: string;
}

/**
 * Codes after which the walk goes on, the most telling first: wrong bytes are a fault in what was published,
 * a missing file may only be a matter of time.
 */
const BY_WEIGHT: readonly ErrorCode[] = ['sha256-mismatch', 'size-mismatch', 'not-published'];

const DRIFT =
  'The download is not what the manifest promises. Nothing was changed. The release team has to publish it again.';
const NETWORK =
  'What has arrived is kept, and the next attempt goes on from there. Check the network, then try again.';

const ADVICE: Partial<Record<ErrorCode, string>> = {
  'sha256-mismatch': DRIFT,
  'size-mismatch': DRIFT,
  'not-published': 'Nothing was changed. It is tried again at the next check.',
  'download-stalled': NETWORK,
  // These say themselves what to do.
  'artifact-url-insecure': '',
  usage: '',
};

/** The code for a walk in which every candidate failed. */
export function mostTelling(failures: readonly ListedFailure[]): ErrorCode {
  return BY_WEIGHT.find((code) => failures.some((failure) => failure.code === code)) ?? 'download-failed';
}

export function giveUp(code: ErrorCode, failures: readonly ListedFailure[]): UpdateError {
  const telling = failures.find((failure) => failure.code === code) ?? failures.at(-1);
  const others = failures.length > 1 ? ` (${failures.length} addresses were tried)` : '';
  const advice = ADVICE[code] ?? 'Nothing was changed. Try again later.';
  const sentences = [`The update could not be downloaded${others}: ${telling?.message ?? ''}`, advice];
  return new UpdateError(code, sentences.join(' ').trim(), { details: { failures } });
}
