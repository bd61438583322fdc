import type { IncomingMessage } from 'node:http';
import { waitFor } from './answer.ts';
import type { Origins } from './documents.ts';
import type { Call, Outcome } from './front.ts';
import { ApiProblem, notFound } from './problem.ts';
import type { RateLimit } from './rate-limit.ts';
import type { JsonObject } from './release-fields.ts';
import type { Replica } from './replica.ts';
import { type Route, routes } from './routes.ts';
import type { Store, StoredAsset } from './store.ts';

export interface ApiOptions {
  readonly store: Store;
  readonly origins: () => Origins;
  readonly rateLimit: { readonly token: RateLimit; readonly anonymous: RateLimit };
  readonly replica: Replica;
  sign(asset: StoredAsset): string | null;
}

const DOCUMENTATION = 'https://docs.github.com/rest';
const REPOSITORY_PATH = /^\/repos\/([^/]+\/[^/]+)(.*)$/;
/** A release's notes may have 125,000 characters of up to 12 bytes each in JSON. */
const BODY_LIMIT = 2_000_000;

/** Answers a call of the API; in one turn of the event loop once its body is there, so that calls never mix. */
export async function answerApi(options: ApiOptions, call: Call): Promise<Outcome> {
  const { request, url, canPush, met } = call;
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
  // The whole request first: after a delay its client may be gone, and it takes effect all the same.
  const body = await readBody(request);
  await waitFor(met);
  if (url.pathname === '/rate_limit' && method === 'GET') {
    const rate = (canPush ? options.rateLimit.token : options.rateLimit.anonymous).document();
    return { status: 200, document: { resources: { core: rate, search: rate }, rate } };
  }
  const [, name = '', rest = ''] = REPOSITORY_PATH.exec(url.pathname) ?? [];
  const repository = options.store.find(decode(name));
  const found = findRoute(method, rest);
  if (repository === null || found === null) throw notFound();
  if (found.route.access === 'push' && !canPush) throw new ApiProblem(401, 'Requires authentication');
  const isReading = method === 'GET';
  const settle = isReading ? null : options.replica.watch(repository);
  const outcome = found.route.handle({
    store: options.store,
    origins: options.origins(),
    repository: isReading && met.has('stale') ? options.replica.before(repository) : repository,
    parts: found.parts,
    url,
    body: body === '' ? {} : parse(body),
    canPush,
    accept: request.headers.accept ?? '',
    isGuarded: !met.has('unguarded'),
    sign: options.sign,
  });
  if (outcome.hasEffect === true) settle?.();
  return outcome;
}

export function apiDocumentation(method: string, url: URL): string {
  const rest = REPOSITORY_PATH.exec(url.pathname)?.[2];
  const found = rest === undefined ? null : findRoute(method, rest);
  return found === null ? DOCUMENTATION : `${DOCUMENTATION}/${found.route.documentation}`;
}

function findRoute(method: string, path: string): { route: Route; parts: readonly string[] } | null {
  for (const route of routes) {
    const match = route.method === method ? route.path.exec(path) : null;
    if (match !== null) return { route, parts: match.slice(1).map(decode) };
  }
  return null;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw notFound();
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!(chunk instanceof Uint8Array)) continue;
    size += chunk.byteLength;
    if (size > BODY_LIMIT) throw new ApiProblem(413, 'Payload Too Large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ApiProblem(400, 'Problems parsing JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ApiProblem(400, 'Body should be a JSON object');
  }
  return { ...value };
}
