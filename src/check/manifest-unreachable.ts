import { UpdateError } from '../errors.ts';
import type { HttpFailure } from '../http-failure.ts';
import { MAXIMUM_MANIFEST_BYTES } from '../manifest/limits.ts';
import { quote } from '../quote.ts';

/** More bytes came, on the network or out of their encoding, than a manifest may have. */
export class ManifestTooLargeError extends Error {
  override readonly name = 'ManifestTooLargeError';

  constructor() {
    super(`More than ${MAXIMUM_MANIFEST_BYTES / 1024} KiB`);
  }
}

export interface Unreachability {
  /** An HTTP status other than the expected. */
  readonly status?: number;
  /** The milliseconds that were not enough. */
  readonly deadline?: number;
  readonly failure?: HttpFailure;
  readonly cause?: unknown;
}

/** `manifest-unreachable` with the reason in its sentence. Shows neither query nor credentials of the URL. */
export function manifestUnreachable(url: string, why: Unreachability): UpdateError {
  const place = showPlace(url);
  const message = `The manifest could not be fetched from ${place}. ${describe(why)} Whether there is an update is not known; nothing was changed.`;
  const { status = null, failure, cause } = why;
  return new UpdateError('manifest-unreachable', message, {
    details: { url: place, status, reason: failure?.reason ?? null, systemCode: failure?.systemCode ?? null },
    cause,
  });
}

function describe({ status, deadline, failure, cause }: Unreachability): string {
  if (status !== undefined) return describeStatus(status);
  if (deadline !== undefined) {
    return `It did not arrive within ${deadline / 1000} seconds. Check the connection, or try again later.`;
  }
  if (cause instanceof ManifestTooLargeError) {
    return `The answer is larger than ${MAXIMUM_MANIFEST_BYTES / 1024} KiB, which no manifest is. The address has to be corrected.`;
  }
  // Our own refusal of an address says more than its kind.
  if (cause instanceof UpdateError) return cause.message;
  if (failure === undefined) return 'The request failed. Try again later.';
  return `${failure.message} ${ADVICE[failure.reason] ?? 'Try again later.'}`;
}

const ADVICE: Partial<Readonly<Record<HttpFailure['reason'], string>>> = {
  'name-not-found': 'Check that this computer is online and that the address is right.',
  unreachable: 'Check that this computer is online.',
  certificate:
    'Check the clock of this computer; behind a proxy that reads along, its certificate has to be trusted.',
  'too-many-redirects': 'The address has to be corrected.',
  'not-http': 'The address has to be corrected.',
};

function describeStatus(status: number): string {
  if (status === 304) return 'The server says that it is unchanged (status 304) without having been asked.';
  if (status === 404 || status === 410) {
    return `There is none (status ${status}). Check the address, or ask the publisher.`;
  }
  if (status === 401 || status === 403) return `The server does not give it out (status ${status}).`;
  if (status === 429) return 'The server is asked too often (status 429). Try again later.';
  if (status >= 500) return `The server has a fault (status ${status}). Try again later.`;
  return `The server answered with status ${status} instead of a manifest. Check the address.`;
}

function showPlace(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null || parsed.host === ''
    ? quote(url)
    : `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
}
