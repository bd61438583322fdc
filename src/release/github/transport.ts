import { Readable } from 'node:stream';
import { Agent, type Dispatcher, EnvHttpProxyAgent, request, fetch as undiciFetch } from 'undici';
import { UpdateError } from '../../errors.ts';
import { type ApiUrl, isApiUrl, isUploadUrl } from './api-url.ts';
import { UploadBody } from './upload-body.ts';

/** The part of fetch that Octokit calls. */
export type Fetch = (url: string, init: FetchInit) => Promise<Response>;

export interface FetchInit {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal | null;
  readonly redirect?: 'manual';
  readonly duplex?: 'half';
}

/** In milliseconds. */
export interface TransportLimits {
  /** For a whole call, its answer included; uploads and downloads of files have none. */
  readonly call: number;
  /**
   * Without a byte of the answer. undici counts anew whenever a piece of the body was sent, so that an upload may take
   * as long as it needs; GitHub needs a while for a large file after its last byte.
   */
  readonly stall: number;
}

const LIMITS: TransportLimits = { call: 60_000, stall: 180_000 };
/** A hundred releases with the longest texts that GitHub takes are below 40 MB. */
const MAXIMUM_ANSWER = 64 * 1024 * 1024;

export interface TransportOptions {
  readonly api: ApiUrl;
  /** Takes the place of undici's fetch: recorded traffic is replayed to the global one. */
  readonly fetch?: Fetch | undefined;
  readonly limits?: TransportLimits | undefined;
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * The one way to GitHub, below Octokit: the token goes to the API and to its uploads' host and nowhere else, no
 * redirect is followed, no answer is endless, every call has a time limit. Counts the calls that may write.
 */
export class Transport {
  readonly #api: ApiUrl;
  readonly #fetch: Fetch;
  readonly #callLimit: number;
  readonly #dispatcher: Dispatcher;
  #writes = 0;
  #clock: { readonly server: number; readonly seenAt: number } | null = null;

  /** @throws UpdateError `usage` for a proxy of the environment that is none */
  constructor({ api, fetch, limits = LIMITS, environment = process.env }: TransportOptions) {
    this.#api = api;
    this.#callLimit = limits.call;
    this.#dispatcher = makeDispatcher(api, limits.stall, environment);
    this.#fetch = fetch ?? fetchThrough(this.#dispatcher);
  }

  /** Calls other than GET and HEAD that were sent. */
  get writes(): number {
    return this.#writes;
  }

  /** GitHub's clock in milliseconds since the epoch, by its last answer; before the first, this machine's. */
  get serverTime(): number {
    if (this.#clock === null) return Date.now();
    return this.#clock.server + (performance.now() - this.#clock.seenAt);
  }

  /** For Octokit. */
  readonly fetch: Fetch = async (url, init) => {
    this.#assertTokenMayGo(url, init.body instanceof UploadBody);
    const isStreamed = init.body instanceof UploadBody || init.headers['accept'] === OCTET_STREAM;
    const limits = [init.signal ?? null, isStreamed ? null : AbortSignal.timeout(this.#callLimit)];
    const signal = AbortSignal.any(limits.filter((limit) => limit !== null));
    signal.throwIfAborted();
    if (init.method !== 'GET' && init.method !== 'HEAD') this.#writes += 1;
    const response = await this.#fetch(url, { ...init, redirect: 'manual', signal });
    this.#readClock(response);
    const isFile = init.headers['accept'] === OCTET_STREAM && response.status === 200;
    return isFile ? response : await receiveWhole(response);
  };

  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  #assertTokenMayGo(text: string, isUpload: boolean): void {
    const url = URL.parse(text);
    const mayGo = isUpload ? isUploadUrl : isApiUrl;
    if (url !== null && mayGo(this.#api, url)) return;
    throw new UpdateError(
      'github-failed',
      `GitHub's answer names an address at ${url?.origin ?? 'no host'} that the token must not go to. ` +
        'Nothing was sent there. Check --api-url.',
    );
  }

  #readClock(response: Response): void {
    const server = Date.parse(response.headers.get('date') ?? '');
    if (!Number.isNaN(server)) this.#clock = { server, seenAt: performance.now() };
  }
}

export const OCTET_STREAM = 'application/octet-stream';

function makeDispatcher(api: ApiUrl, stallLimit: number, environment: NodeJS.ProcessEnv): Dispatcher {
  const limits = { headersTimeout: stallLimit, bodyTimeout: stallLimit, connect: { timeout: 30_000 } };
  if (api.isLoopback) return new Agent(limits);
  const read = (name: string): string | undefined => environment[name] || environment[name.toUpperCase()];
  const proxy = read('https_proxy') ?? read('all_proxy');
  if (proxy === undefined) return new Agent(limits);
  try {
    return new EnvHttpProxyAgent({
      ...limits,
      httpProxy: '',
      httpsProxy: proxy,
      noProxy: read('no_proxy') ?? '',
    });
  } catch {
    // Neither the value nor the error is shown: they may hold a password.
    throw new UpdateError(
      'usage',
      'The proxy in HTTPS_PROXY or ALL_PROXY is not an http or https address. Nothing was sent. Correct the variable, or unset it.',
    );
  }
}

/** undici's own fetch, since the one of Node takes no dispatcher of another undici. */
function fetchThrough(dispatcher: Dispatcher): Fetch {
  return async (url, init) => {
    if (init.body instanceof UploadBody) return upload(dispatcher, url, init, init.body);
    return (await undiciFetch(url, { ...init, dispatcher } as Parameters<
      typeof undiciFetch
    >[1])) as unknown as Response;
  };
}

/**
 * An upload, past fetch: that keeps a copy of the whole body, in memory, for a redirect or a question for credentials
 * (Fetch standard, "HTTP-network-or-cache fetch": the request is cloned), and copies each piece of it once more.
 */
async function upload(
  dispatcher: Dispatcher,
  url: string,
  init: FetchInit,
  body: UploadBody,
): Promise<Response> {
  const { method, headers, signal = null } = init;
  const answer = await request(url, {
    dispatcher,
    method: method as 'POST',
    headers: { ...headers },
    // undici takes any iterable and sends it under the length that the headers name; its types know streams alone.
    body: body as unknown as Readable,
    signal,
  });
  const { statusCode: status, headers: received } = answer;
  const pairs = Object.entries(received).flatMap(([name, value]) =>
    [value ?? []].flat().map((each): [string, string] => [name, each]),
  );
  return new Response(Readable.toWeb(answer.body) as ReadableStream, { status, headers: pairs });
}

/**
 * The answer with its whole body: Octokit would take a body that breaks off for an empty one, and any length.
 *
 * @throws what fetch throws for a connection that breaks
 */
async function receiveWhole(response: Response): Promise<Response> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    if (length > MAXIMUM_ANSWER) throw new Error('The answer is longer than any of GitHub.');
    chunks.push(chunk);
  }
  if (response.status === 200 && length === 0) throw new Error('The answer is empty.');
  const { status, statusText } = response;
  const hasBody = ![204, 205, 304].includes(status);
  const headers = [...response.headers];
  return new Response(hasBody ? new Blob(chunks as Uint8Array<ArrayBuffer>[]) : null, {
    status,
    statusText,
    headers,
  });
}
