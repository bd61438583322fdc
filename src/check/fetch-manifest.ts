import type { IncomingHttpHeaders } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { Got, PlainResponse } from 'got';
import { systemErrorCode, UpdateError } from '../errors.ts';
import { assertUrlAllowed, createHttpClient, type HttpSettings } from '../http.ts';
import { describeHttpFailure } from '../http-failure.ts';
import { MAXIMUM_MANIFEST_BYTES } from '../manifest/limits.ts';
import { keepAnswer, readKnownAnswer } from './manifest-cache.ts';
import { ManifestTooLargeError, manifestUnreachable } from './manifest-unreachable.ts';
import type { StateWarning } from './state-file.ts';

export { readManifestFile } from './read-manifest-file.ts';

export interface ManifestRequest {
  readonly url: string;
  /** Keeps the last answer, so that an unchanged manifest costs one small exchange; null keeps nothing. */
  readonly stateFolder: string | null;
  readonly http: HttpSettings;
  readonly signal?: AbortSignal;
  /** For everything from the first byte sent to the last received, in milliseconds. Default 30 seconds. */
  readonly deadline?: number;
}

export interface FetchedManifest {
  /** Exactly as the server sent them, also after a 304. */
  readonly bytes: Uint8Array;
  readonly notModified: boolean;
  readonly etag: string | null;
  /** Status lines, headers and bodies of all answers, in bytes; TLS is not counted. */
  readonly bytesReceived: number;
  /** About state that could not be read or kept. The check itself went well. */
  readonly warnings: readonly StateWarning[];
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly bytesReceived: number;
}

const DEFAULT_DEADLINE = 30_000;

type Decoder = (body: Buffer, limits: { readonly maxOutputLength: number }) => Promise<Buffer>;

const DECODERS: ReadonlyMap<string, Decoder> = new Map([
  ['gzip', promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip)],
  ['x-gzip', promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip)],
  ['deflate', promisify<Buffer, { maxOutputLength: number }, Buffer>(inflate)],
  ['br', promisify<Buffer, { maxOutputLength: number }, Buffer>(brotliDecompress)],
]);

/**
 * Fetches a manifest, conditionally where the last answer is known. What is kept is what the server said:
 * whether the manifest is any good is somebody else's question, asked anew each time.
 *
 * @throws UpdateError `manifest-unreachable` with the reason in its sentence, `cancelled`, or `usage` (the proxy)
 */
export async function fetchManifest(request: ManifestRequest): Promise<FetchedManifest> {
  const { url, stateFolder, http, signal, deadline = DEFAULT_DEADLINE } = request;
  const overdue = AbortSignal.timeout(deadline);
  const until = signal === undefined ? overdue : AbortSignal.any([signal, overdue]);
  try {
    assertUrlAllowed(url, http);
    const { known, warnings } =
      stateFolder === null ? { known: null, warnings: [] } : await readKnownAnswer(stateFolder, url);
    const client = await createHttpClient(http);
    const condition = known === null ? {} : { 'if-none-match': known.etag };
    let answer = await ask(client, url, condition, until);
    let { bytesReceived } = answer;
    if (answer.status === 304 && known !== null) {
      return { bytes: known.bytes, notModified: true, etag: known.etag, bytesReceived, warnings };
    }
    if (answer.status === 304) {
      // Not asked for: a cache on the way answers for another client. It is told to ask the server.
      answer = await ask(client, url, { 'cache-control': 'no-cache' }, until);
      bytesReceived += answer.bytesReceived;
    }
    if (answer.status !== 200) throw manifestUnreachable(url, { status: answer.status });
    const bytes = await decode(answer);
    const etag = answer.headers.etag ?? null;
    const further =
      etag === null || stateFolder === null ? [] : await keep(stateFolder, url, { etag, bytes });
    return { bytes, notModified: false, etag, bytesReceived, warnings: [...warnings, ...further] };
  } catch (error) {
    throw explain(error, request, overdue);
  }
}

async function ask(
  client: Got,
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Answer> {
  const stream = client.stream(url, { headers, signal });
  const answers: PlainResponse[] = [];
  stream.on('redirect', (_options, response) => answers.push(response));
  stream.on('response', (response) => answers.push(response));
  const chunks: Buffer[] = [];
  let length = 0;
  // Leaving the loop destroys the stream, and with it the connection.
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    length += bytes.byteLength;
    if (length > MAXIMUM_MANIFEST_BYTES) throw new ManifestTooLargeError();
    chunks.push(bytes);
  }
  const last = answers.at(-1);
  if (last === undefined) throw new Error('The exchange ended without an answer');
  const bytesReceived = answers.reduce((sum, answer) => sum + headLength(answer), length);
  return { status: last.statusCode, headers: last.headers, body: Buffer.concat(chunks), bytesReceived };
}

/** The client asks for no encoding; a server that encodes regardless is understood, up to the same limit. */
async function decode({ headers, body }: Answer): Promise<Buffer> {
  const encoding = (headers['content-encoding'] ?? '').toLowerCase();
  if (encoding === 'identity' || encoding === '') return body;
  const decoder = DECODERS.get(encoding);
  if (decoder === undefined) throw new Error(`The content encoding ${encoding} is not known`);
  try {
    return await decoder(body, { maxOutputLength: MAXIMUM_MANIFEST_BYTES });
  } catch (error) {
    if (systemErrorCode(error) === 'ERR_BUFFER_TOO_LARGE') throw new ManifestTooLargeError();
    throw error;
  }
}

async function keep(
  stateFolder: string,
  url: string,
  answer: { readonly etag: string; readonly bytes: Uint8Array },
): Promise<readonly StateWarning[]> {
  try {
    await keepAnswer(stateFolder, url, answer);
    return [];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [`The manifest could not be kept, so the next check fetches it again: ${reason}`];
  }
}

/** HTTP/1.1: the status line, each header line and the empty line. */
function headLength({ httpVersion, statusCode, statusMessage, rawHeaders }: PlainResponse): number {
  const statusLine = `HTTP/${httpVersion} ${statusCode} ${statusMessage ?? ''}\r\n`;
  // Names and values alternate: `name: value` and `\r\n` add two bytes to each.
  return rawHeaders.reduce((sum, text) => sum + text.length + 2, statusLine.length + 2);
}

function explain(
  error: unknown,
  { url, signal, deadline = DEFAULT_DEADLINE }: ManifestRequest,
  overdue: AbortSignal,
): UpdateError {
  // `usage`: the proxy of the environment, which the person who set it can correct.
  const isOurs = error instanceof UpdateError && ['manifest-unreachable', 'usage'].includes(error.code);
  if (isOurs) return error;
  if (signal?.aborted) {
    return new UpdateError('cancelled', 'The check was cancelled. Nothing was changed.', { cause: error });
  }
  if (overdue.aborted) return manifestUnreachable(url, { deadline });
  if (error instanceof ManifestTooLargeError) return manifestUnreachable(url, { cause: error });
  return manifestUnreachable(url, { failure: describeHttpFailure(error), cause: error });
}
