import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerEarly, type Exchange, finish, type LoggedRequest, readRange, serve } from './answer.ts';
import type { Blob } from './blob.ts';
import type { FaultBook, FaultTarget, MetFaults } from './fault.ts';
import { findAsset, findPublished, type Store, type StoredAsset } from './store.ts';

export interface DownloadOptions {
  readonly store: Store;
  readonly manifests: ReadonlyMap<string, Uint8Array>;
  readonly faults: FaultBook;
  readonly log: LoggedRequest[];
  /** Milliseconds for which a signed address is good. */
  readonly lifetime: number;
  readonly assetOrigin: () => string;
}

const RELEASE_PATH = /^\/([^/]+\/[^/]+)\/releases\/download\/([^/]+)\/([^/]+)$/;

/** GitHub's download side: release addresses, the signed ones behind them, and manifests. */
export class Downloads {
  readonly #options: DownloadOptions;
  readonly #secret = randomBytes(32);
  #requests = 0;
  readonly #listeners = new Set<(request: LoggedRequest) => void>();

  constructor(options: DownloadOptions) {
    this.#options = options;
  }

  /** Tells of each answer when it has been handed to the system; the returned function ends that. */
  listen(listener: (request: LoggedRequest) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The short-lived address of an asset's bytes; null while it has none. */
  sign({ blob }: StoredAsset): string | null {
    if (blob === null) return null;
    const { lifetime, assetOrigin } = this.#options;
    const expiry = Date.now() + lifetime;
    const signature = this.#signatureOf(blob.id, expiry);
    return `${assetOrigin()}/github-production-release-asset/${blob.id}?se=${expiry}&sig=${signature}`;
  }

  async answerOrigin(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://host');
    const release = RELEASE_PATH.exec(url.pathname);
    if (release === null) return this.#answerManifest(request, response, url.pathname);
    const [owner = '', tag = '', file = ''] = release.slice(1).map(decodeURIComponent);
    const exchange = this.#open(request, response, { on: 'release', tag, file });
    if (answerEarly(exchange)) return;
    const asset = this.#findPublic(owner, tag, file);
    const location = asset === null ? null : this.sign(asset);
    if (asset === null || location === null) return finish(response, exchange.entry, 404, {}, 'Not Found');
    asset.downloads += 1;
    finish(response, exchange.entry, 302, { location, 'cache-control': 'no-cache' }, '');
  }

  async answerAsset(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://host');
    const id = url.pathname.split('/').at(-1) ?? '';
    const asset = this.#options.store.served(id);
    const target = { on: 'asset', tag: asset?.release.tag ?? null, file: asset?.name ?? '' } as const;
    const exchange = this.#open(request, response, target);
    const { entry } = exchange;
    // Azure's answer to two kinds of authentication at once (ANCHORS.md section 5).
    if (request.headers.authorization !== undefined) return finish(response, entry, 400, {}, 'InvalidAuth');
    const expiry = Number(url.searchParams.get('se'));
    const isSigned = isSame(url.searchParams.get('sig') ?? '', this.#signatureOf(id, expiry));
    if (!isSigned || expiry < Date.now()) return finish(response, entry, 403, {}, 'AuthenticationFailed');
    if (answerEarly(exchange)) return;
    const blob = asset?.blob ?? null;
    if (asset === null || blob === null) return finish(response, entry, 404, {}, 'BlobNotFound');
    await this.#serve(exchange, asset.name, blob);
  }

  async #answerManifest(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const exchange = this.#open(request, response, { on: 'manifest', tag: null, file: path });
    if (answerEarly(exchange)) return;
    const body = this.#options.manifests.get(path);
    if (body === undefined) return finish(response, exchange.entry, 404, {}, 'Not Found');
    const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 32)}"`;
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      etag: this.#chooseEtag(etag, exchange.met),
    };
    if (request.headers['if-none-match'] === headers.etag) {
      return finish(response, exchange.entry, 304, headers, '');
    }
    await serve(exchange, 200, headers, { content: body, start: 0, end: body.byteLength });
  }

  async #serve(exchange: Exchange, file: string, { content, size, ...blob }: Blob): Promise<void> {
    const { request, response, met, entry } = exchange;
    const etag = this.#chooseEtag(blob.etag, met);
    const headers = {
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename=${file}`,
      'last-modified': blob.modified.toUTCString(),
      'accept-ranges': 'bytes',
      etag,
    };
    const asked = met.has('ignore-range') ? null : readRange(request, size, etag);
    const other = met.get('other-range');
    if (asked === 'unsatisfiable' && other === undefined) {
      return finish(response, entry, 416, { 'content-range': `bytes */${size}` }, '');
    }
    const range = other === undefined ? asked : { start: other.start, end: size };
    if (range === null || range === 'unsatisfiable') {
      return serve(exchange, 200, headers, { content, start: 0, end: size });
    }
    const total = met.get('other-total')?.total ?? size;
    const contentRange = `bytes ${range.start}-${range.end - 1}/${total}`;
    await serve(exchange, 206, { ...headers, 'content-range': contentRange }, { content, ...range });
  }

  /** Drafts have no public address: what their documents name is there for browsers that are logged in. */
  #findPublic(owner: string, tag: string, file: string): StoredAsset | null {
    const repository = this.#options.store.find(owner);
    const release = repository === null ? null : findPublished(repository, tag);
    return release === null ? null : findAsset(release, file);
  }

  #open(
    request: IncomingMessage,
    response: ServerResponse,
    target: Pick<FaultTarget, 'tag' | 'file'> & { readonly on: 'release' | 'asset' | 'manifest' },
  ): Exchange {
    const { headers, method = 'GET', url: path = '/' } = request;
    const range = headers.range ?? null;
    const entry: LoggedRequest = { on: target.on, method, path, headers, range, status: 0, bytes: 0 };
    this.#options.log.push(entry);
    response.once('finish', () => {
      for (const listener of this.#listeners) listener(entry);
    });
    const met = this.#options.faults.meet({ ...target, method, path: path.replace(/\?.*$/, '') });
    return { request, response, met, entry };
  }

  #chooseEtag(etag: string, met: MetFaults): string | undefined {
    const fault = met.get('etag');
    if (fault === undefined) return etag;
    this.#requests += 1;
    return (typeof fault.etag === 'function' ? fault.etag(this.#requests) : fault.etag) ?? undefined;
  }

  #signatureOf(id: string, expiry: number): string {
    return createHmac('sha256', this.#secret).update(`${id}:${expiry}`).digest('hex');
  }
}

function isSame(left: string, right: string): boolean {
  return left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));
}
