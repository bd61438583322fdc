import { createHash, randomBytes } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { type Exchange, type LoggedRequest, serve, waitFor } from './answer.ts';
import type { ApiCalls } from './calls.ts';
import type { FaultBook, FaultTarget } from './fault.ts';
import { ApiProblem } from './problem.ts';
import type { RateLimit } from './rate-limit.ts';

/** A call whose token has been looked at. */
export interface Call extends Exchange {
  readonly url: URL;
  readonly canPush: boolean;
}

export interface Outcome {
  readonly status: number;
  /** The JSON document; without it, no body. */
  readonly document?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether something has changed. */
  readonly hasEffect?: boolean;
}

export interface FrontOptions {
  readonly on: 'api' | 'upload';
  readonly token: string;
  readonly faults: FaultBook;
  readonly log: LoggedRequest[];
  readonly calls: ApiCalls;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** None for uploads: GitHub's answers to those do not tell it (recorded in @octokit/fixtures). */
  readonly rateLimit: { readonly token: RateLimit; readonly anonymous: RateLimit } | null;
  describe(url: URL): Pick<FaultTarget, 'tag' | 'file'>;
  /** Null when the connection went away before the request was whole. */
  work(call: Call): Promise<Outcome | null>;
  /** The page of GitHub's documentation that an answer of refusal names. */
  documentation(method: string, url: URL): string;
}

const GENERAL_DOCUMENTATION = 'https://docs.github.com/rest';

/** What the API and the host for uploads have in common: log, faults, token, problems, headers, who is told. */
export class Front {
  readonly #options: FrontOptions;

  constructor(options: FrontOptions) {
    this.#options = options;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { on, faults, calls, now } = this.#options;
    const { method = 'GET', url: path = '/' } = request;
    const url = new URL(path, 'http://host');
    const entry = this.#note(request);
    const number = calls.nextNumber();
    const met = faults.meet({ on, method, path: url.pathname, ...this.#options.describe(url) });
    if (met.has('silent')) return;
    const exchange: Exchange = { request, response, met, entry };
    const call = { number, method, path };
    response.once('finish', () => calls.tell({ ...call, status: response.statusCode, when: 'answered' }));
    response.setHeader('date', new Date(now()).toUTCString());
    const outcome = await this.#outcomeOf(exchange, url);
    if (outcome === null) return;
    if (outcome.hasEffect === true) calls.tell({ ...call, status: outcome.status, when: 'effect' });
    if (met.has('lost')) {
      request.socket.destroy();
      return;
    }
    const forced = met.get('after-effect');
    const answer =
      forced === undefined ? outcome : this.#refusal(exchange, url, fakeProblem(forced.status, {}));
    await this.#send(exchange, answer);
  }

  async #outcomeOf(exchange: Exchange, url: URL): Promise<Outcome | null> {
    const { request, met, entry } = exchange;
    const status = met.get('status');
    const credentials = this.#credentialsOf(request);
    entry.credentials = credentials;
    try {
      if (status !== undefined) {
        await waitFor(met);
        throw fakeProblem(status.status, status.headers ?? {});
      }
      if (credentials === 'refused') throw new ApiProblem(401, 'Bad credentials');
      if (url.pathname !== '/rate_limit' && this.#limitFor(entry)?.take() === false) {
        throw new ApiProblem(403, 'API rate limit exceeded for user ID 1000.');
      }
      return await this.#options.work({ ...exchange, url, canPush: credentials === 'accepted' });
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      return { ...this.#refusal(exchange, url, error), headers: lowerCase(status?.headers ?? {}) };
    }
  }

  #limitFor({ credentials }: LoggedRequest): RateLimit | null {
    const { rateLimit } = this.#options;
    if (rateLimit === null) return null;
    return credentials === 'accepted' ? rateLimit.token : rateLimit.anonymous;
  }

  #refusal({ request, response }: Exchange, url: URL, { status, message, errors }: ApiProblem): Outcome {
    const documentation =
      status === 401 ? GENERAL_DOCUMENTATION : this.#options.documentation(request.method ?? 'GET', url);
    const told = errors === null ? {} : { errors };
    const document =
      this.#options.on === 'api'
        ? { message, ...told, documentation_url: documentation, status: String(status) }
        : { message, request_id: requestId(response), documentation_url: documentation, ...told };
    return { status, document };
  }

  async #send(exchange: Exchange, { status, document, headers }: Outcome): Promise<void> {
    const { request, response, met, entry } = exchange;
    const limit = this.#limitFor(entry);
    const common = () => ({
      'x-github-request-id': requestId(response),
      'x-github-media-type': 'github.v3; format=json',
      'x-content-type-options': 'nosniff',
      vary: 'Accept, Authorization, Cookie, X-GitHub-OTP',
      ...limit?.headers(),
      ...headers,
    });
    if (document === undefined) return finishEmpty(exchange, status, common());
    const text = JSON.stringify(document, (key, value: unknown) =>
      key === 'digest' && met.has('null-digest') ? null : value,
    );
    const etag = `W/"${createHash('sha256').update(text).digest('hex')}"`;
    if (status === 200 && request.method === 'GET' && request.headers['if-none-match'] === etag) {
      limit?.giveBack();
      return finishEmpty(exchange, 304, { ...common(), etag });
    }
    const content = Buffer.from(text);
    const cacheControl = this.#options.on === 'api' ? 'private, max-age=60, s-maxage=60' : 'no-cache';
    const body = { content, start: 0, end: content.byteLength };
    const plain = { 'content-type': 'application/json; charset=utf-8', 'cache-control': cacheControl };
    await serve(exchange, status, { ...plain, ...(status < 300 ? { etag } : {}), ...common() }, body);
  }

  /** Notes the request; a token that counts stays out of it. */
  #note(request: IncomingMessage): LoggedRequest {
    const { method = 'GET', url: path = '/' } = request;
    const { authorization: _, ...headers } = request.headers;
    const { on, log } = this.#options;
    const entry: LoggedRequest = { on, method, path, headers, range: null, status: 0, bytes: 0 };
    log.push(entry);
    return entry;
  }

  #credentialsOf({ headers }: IncomingMessage): 'none' | 'accepted' | 'refused' {
    if (headers.authorization === undefined) return 'none';
    const match = /^(?:token|bearer) +(\S+)$/i.exec(headers.authorization);
    return match?.[1] === this.#options.token ? 'accepted' : 'refused';
  }
}

function finishEmpty(
  { response, entry }: Exchange,
  status: number,
  headers: Readonly<Record<string, string>>,
): void {
  entry.status = status;
  response.writeHead(status, headers);
  response.end();
}

/** What GitHub says beside a status that no rule of its own led to. */
function fakeProblem(status: number, headers: Readonly<Record<string, string>>): ApiProblem {
  const names = lowerCase(headers);
  if (names['x-ratelimit-remaining'] === '0') {
    return new ApiProblem(status, 'API rate limit exceeded for user ID 1000.');
  }
  if (names['retry-after'] !== undefined && status < 500) {
    const text = 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.';
    return new ApiProblem(status, text);
  }
  if (status === 401) return new ApiProblem(status, 'Bad credentials');
  if (status === 403) return new ApiProblem(status, 'Resource not accessible by integration');
  return new ApiProblem(status, status >= 500 ? 'Server Error' : (STATUS_CODES[status] ?? 'Unknown'));
}

function requestId(response: ServerResponse): string {
  const known = response.getHeader('x-github-request-id');
  if (typeof known === 'string') return known;
  const groups = [2, 3, 4, 4, 4].map((bytes) => randomBytes(bytes).toString('hex').toUpperCase());
  const id = groups.join(':');
  response.setHeader('x-github-request-id', id);
  return id;
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
