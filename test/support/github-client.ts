import type { ReleaseHost } from '../../src/lab/release-host/release-host.ts';
import { checkAnswer } from './github-schema.ts';

export interface GitHubAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Null where there was no body. */
  readonly document: unknown;
}

interface CallOptions {
  /** Without one the host's own is sent; null sends none. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export const OWNER = 'Seregawpn/Nexy_production';

/** Calls the GitHub double, and checks each of its answers against GitHub's published schema. */
export class GitHubClient {
  readonly #host: ReleaseHost;
  readonly #owner: string;

  constructor(host: ReleaseHost, owner = OWNER) {
    this.#host = host;
    this.#owner = owner;
  }

  /** @param path below the repository, e.g. `/releases` */
  call(method: string, path: string, options: CallOptions = {}): Promise<GitHubAnswer> {
    const url = `${this.#host.apiOrigin}/repos/${this.#owner}${path}`;
    const body = options.body === undefined ? {} : { body: JSON.stringify(options.body) };
    return this.send(method, url, { ...options, ...body });
  }

  /** Uploads to a release's own `upload_url`. */
  upload(
    release: { readonly uploadUrl: string },
    name: string,
    body: string | Uint8Array,
    { label, headers, token }: CallOptions & { readonly label?: string } = {},
  ): Promise<GitHubAnswer> {
    const url = new URL(release.uploadUrl.replace(/\{.*\}$/, ''));
    url.searchParams.set('name', name);
    if (label !== undefined) url.searchParams.set('label', label);
    return this.send('POST', url.href, {
      ...(token === undefined ? {} : { token }),
      headers: { 'content-type': 'application/octet-stream', ...headers },
      body,
    });
  }

  async create(fields: Readonly<Record<string, unknown>>): Promise<{ id: number; uploadUrl: string }> {
    const { status, document } = await this.call('POST', '/releases', { body: fields });
    if (status !== 201) throw new Error(JSON.stringify(document));
    return { id: numberIn(document, 'id'), uploadUrl: textIn(document, 'upload_url') };
  }

  draft(tag: string): Promise<{ id: number; uploadUrl: string }> {
    return this.create({ tag_name: tag, draft: true });
  }

  publish({ id }: { readonly id: number }): Promise<GitHubAnswer> {
    return this.call('PATCH', `/releases/${id}`, { body: { draft: false, make_latest: 'false' } });
  }

  async send(method: string, url: string, { token, headers, body }: CallOptions): Promise<GitHubAnswer> {
    const authorization = token === undefined ? this.#host.token : token;
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      headers: {
        ...(authorization === null ? {} : { authorization: `Bearer ${authorization}` }),
        ...headers,
      },
      ...(typeof body === 'string' || body instanceof Uint8Array ? { body: Buffer.from(body) } : {}),
    });
    const text = await response.text();
    const document: unknown = text === '' ? null : JSON.parse(text);
    checkAnswer(method, new URL(url).pathname, response.status, document);
    return { status: response.status, headers: response.headers, document };
  }
}

export function fieldOf(document: unknown, key: string): unknown {
  return typeof document === 'object' && document !== null ? Reflect.get(document, key) : undefined;
}

export function numberIn(document: unknown, key: string): number {
  return Number(fieldOf(document, key));
}

export function textIn(document: unknown, key: string): string {
  return String(fieldOf(document, key));
}

/** The tag names in a list of releases. */
export function tagsIn(document: unknown): readonly string[] {
  return Array.isArray(document) ? document.map((release) => textIn(release, 'tag_name')) : [];
}
