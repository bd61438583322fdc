import { systemErrorCode, UpdateError } from './errors.ts';

type HttpFailureReason =
  | 'cancelled'
  | 'url-refused'
  | 'too-many-redirects'
  | 'name-not-found'
  | 'connection-refused'
  | 'unreachable'
  | 'connection-lost'
  | 'timeout'
  | 'certificate'
  | 'not-http'
  | 'other';

export interface HttpFailure {
  readonly reason: HttpFailureReason;
  /** Node's or got's own code, for the log. */
  readonly systemCode: string | null;
  /** A sentence without the address, e.g. "The server refused the connection." */
  readonly message: string;
  /** Whether the same request may succeed in a moment. */
  readonly isTransient: boolean;
}

const REASON_OF_CODE: Readonly<Record<string, HttpFailureReason>> = {
  ABORT_ERR: 'cancelled',
  ERR_ABORTED: 'cancelled',
  ERR_TOO_MANY_REDIRECTS: 'too-many-redirects',
  ERR_UNSUPPORTED_PROTOCOL: 'url-refused',
  ERR_INVALID_URL: 'url-refused',
  ENOTFOUND: 'name-not-found',
  EAI_AGAIN: 'name-not-found',
  ECONNREFUSED: 'connection-refused',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ECONNRESET: 'connection-lost',
  ECONNABORTED: 'connection-lost',
  EPIPE: 'connection-lost',
  ERR_STREAM_PREMATURE_CLOSE: 'connection-lost',
  ERR_READING_RESPONSE_STREAM: 'connection-lost',
  UND_ERR_SOCKET: 'connection-lost',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate',
  EPROTO: 'certificate',
};

/** The rest of X509_V_ERR_* as Node spells them, and the TLS errors of Node and OpenSSL. */
const CERTIFICATE_CODE =
  /^(?:CERT_|CRL_|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH|ERR_TLS_|ERR_SSL_)/;

const SENTENCES: Readonly<Record<HttpFailureReason, string>> = {
  cancelled: 'The request was cancelled.',
  'url-refused': 'The address is not one that may be fetched.',
  'too-many-redirects': 'The server redirects too often.',
  'name-not-found': "The server's name could not be found.",
  'connection-refused': 'The server refused the connection.',
  unreachable: 'The network is not reachable.',
  'connection-lost': 'The connection broke.',
  timeout: 'The server did not answer in time.',
  certificate: "The server's certificate is not trusted, or the encrypted connection failed.",
  'not-http': 'The answer is not HTTP.',
  other: 'The request failed.',
};

/** What a wrong clock looks like more often than a wrong certificate. */
const OUT_OF_TIME: ReadonlySet<string> = new Set(['CERT_NOT_YET_VALID', 'CERT_HAS_EXPIRED']);
const CLOCK_SENTENCE = "The server's certificate is not valid at the date and time of this Mac.";

const PERMANENT: ReadonlySet<HttpFailureReason> = new Set([
  'cancelled',
  'url-refused',
  'too-many-redirects',
  'certificate',
]);

/**
 * Turns what a request of `createHttpClient` threw into one of a few reasons. The message carries no
 * address: after a redirect it would be a signed one.
 */
export function describeHttpFailure(error: unknown): HttpFailure {
  const systemCode = systemErrorCode(error);
  const reason = findReason(error, systemCode);
  const isOutOfTime = OUT_OF_TIME.has(systemCode ?? '');
  const message = isOutOfTime ? CLOCK_SENTENCE : SENTENCES[reason];
  return { reason, systemCode, message, isTransient: !PERMANENT.has(reason) };
}

function findReason(error: unknown, code: string | null): HttpFailureReason {
  if (error instanceof UpdateError) return error.code === 'cancelled' ? 'cancelled' : 'url-refused';
  if (error instanceof Error && error.name === 'AbortError') return 'cancelled';
  if (error instanceof Error && error.name === 'TimeoutError') return 'timeout';
  if (code === null) return 'other';
  const known = REASON_OF_CODE[code];
  if (known !== undefined) return known;
  if (CERTIFICATE_CODE.test(code)) return 'certificate';
  if (code.startsWith('HPE_')) return 'not-http';
  return 'other';
}
