import { randomBytes } from 'node:crypto';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Content, LoggedRequest } from './answer.ts';
import { answerApi, apiDocumentation } from './api.ts';
import { describeContent } from './blob.ts';
import { type ApiCallListener, ApiCalls } from './calls.ts';
import { downloadAddress, type Origins } from './documents.ts';
import { Downloads } from './downloads.ts';
import { type Fault, FaultBook } from './fault.ts';
import { Front } from './front.ts';
import { type HostedRelease, snapshot } from './hosted-release.ts';
import { RateLimit } from './rate-limit.ts';
import { Replica } from './replica.ts';
import { putAsset, withdrawAsset } from './shortcuts.ts';
import { Store } from './store.ts';
import { Uploads } from './uploads.ts';

interface ReleaseFile {
  /** `owner/repository`; the production owner of DESIGN.md unless given. */
  readonly owner?: string;
  readonly tag: string;
  readonly file: string;
  readonly content: Content;
}

export interface ReleaseHostOptions {
  /** Key and certificate in PEM form; without them the host speaks plain http. */
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly releases?: readonly ReleaseFile[];
  /** Bodies by path, e.g. `{'/manifest.json': ...}`. */
  readonly manifests?: Readonly<Record<string, Uint8Array | string>>;
  readonly faults?: readonly Fault[];
  /** Milliseconds for which a signed address is good. */
  readonly signedUrlLifetime?: number;
  /** Repositories beside the production owner's that the API knows; those of `releases` are known too. */
  readonly repositories?: readonly string[];
  /** The token with push access; a random one unless given. */
  readonly token?: string;
  /** Requests an hour; 15,000 with the token (GitHub Enterprise Cloud's) and 60 without unless given. */
  readonly rateLimit?: { readonly token?: number; readonly anonymous?: number };
  /** The host's clock, in milliseconds since 1970: dates of releases and assets, Date header, rate limit. */
  readonly now?: () => number;
  /**
   * A draft's `created_at`: when it was made (the default), or when its commit was. GitHub's documentation says the
   * second of releases in general; which of the two holds for drafts is not known, so a client must bear both.
   */
  readonly datesDraftsByCommit?: boolean;
}

export interface ReleaseHost {
  /** Stands for https://github.com; also serves the manifests. */
  readonly origin: string;
  /** Stands for the host behind the signed redirect. */
  readonly assetOrigin: string;
  /** Stands for https://api.github.com. */
  readonly apiOrigin: string;
  /** Stands for https://uploads.github.com; a release's `upload_url` names it. */
  readonly uploadOrigin: string;
  /** The token with push access; any other is refused. */
  readonly token: string;
  readonly github: {
    /** What is there now, drafts too, the newest first. */
    releases(owner?: string): readonly HostedRelease[];
    /** The repository's setting: what is published while it is on stays as it is. */
    setImmutableReleases(isOn: boolean, owner?: string): void;
    /** Tells of calls of the API and uploads; the returned function ends that. */
    onApiCall(listener: ApiCallListener): () => void;
  };
  readonly log: LoggedRequest[];
  /**
   * Tells of each answer of the download side (releases, signed addresses, manifests) before another request can be
   * answered; the returned function ends that.
   */
  onDownload(listener: (request: LoggedRequest) => void): () => void;
  /** Puts a file into the published release of that tag, which is made if need be; no rule of GitHub's is asked. */
  publish(tag: string, file: string, content: Content, owner?: string): string;
  /** Same as publish: what a fixed tag allows and a version tag should not. */
  replace(tag: string, file: string, content: Content, owner?: string): string;
  withdraw(tag: string, file: string, owner?: string): void;
  /** Takes away all releases with their tags and bytes: of every repository, signed addresses too. */
  empty(): void;
  setManifest(path: string, body: Uint8Array | string | null): string;
  /** Adds a fault; the returned function takes it away. */
  fault(fault: Fault): () => void;
  clearFaults(): void;
  /** Sockets that are open at this moment. */
  openConnections(): Promise<{ readonly origin: number; readonly asset: number }>;
  close(): Promise<void>;
}

/** The repository that releases come from, as resources/updater.yml names it. */
export const PRODUCTION_OWNER = 'Seregawpn/Nexy_production';
const DEFAULT_LIFETIME = 300_000;

/**
 * Starts a host on 127.0.0.1 that behaves like GitHub, as far as releases go: a release address answers 302 to a
 * short-lived signed address on a second origin, which serves ranges with a strong ETag and answers an
 * `Authorization` header with 400 (ANCHORS.md section 5); the API and its host for uploads are two more origins.
 * For the demo, the tests and the lab. Nothing leaves the machine, and uploads go with `close`.
 */
export async function startReleaseHost(options: ReleaseHostOptions = {}): Promise<ReleaseHost> {
  const now = options.now ?? Date.now;
  const store = new Store(now, { datesDraftsByCommit: options.datesDraftsByCommit ?? false });
  const manifests = new Map<string, Uint8Array>();
  const faults = new FaultBook();
  const log: LoggedRequest[] = [];
  const calls = new ApiCalls();
  const token = options.token ?? `ghp_${randomBytes(18).toString('hex')}`;
  const rateLimit = {
    token: new RateLimit(options.rateLimit?.token ?? 15_000, now),
    anonymous: new RateLimit(options.rateLimit?.anonymous ?? 60, now),
  };
  const origins = (): Origins => ({ download: origin, api: apiOrigin, upload: uploadOrigin });
  const downloads = new Downloads({
    store,
    manifests,
    faults,
    log,
    lifetime: options.signedUrlLifetime ?? DEFAULT_LIFETIME,
    assetOrigin: () => assetOrigin,
  });
  const replica = new Replica();
  const uploads = new Uploads(store, replica, origins);
  const common = { token, faults, log, calls, now };
  const api = new Front({
    ...common,
    on: 'api',
    rateLimit,
    describe: () => ({ tag: null, file: null }),
    work: (call) =>
      answerApi({ store, replica, origins, rateLimit, sign: (asset) => downloads.sign(asset) }, call),
    documentation: apiDocumentation,
  });
  const upload = new Front({
    ...common,
    on: 'upload',
    rateLimit: null,
    describe: (url) => uploads.describe(url),
    work: (call) => uploads.answer(call),
    documentation: () => 'https://docs.github.com/rest',
  });

  const servers = await Promise.all([
    listen(options, (request, response) => downloads.answerOrigin(request, response)),
    listen(options, (request, response) => downloads.answerAsset(request, response)),
    listen(options, (request, response) => api.answer(request, response)),
    listen(options, (request, response) => upload.answer(request, response)),
  ]);
  const scheme = options.tls === undefined ? 'http' : 'https';
  const [origin, assetOrigin, apiOrigin, uploadOrigin] = servers.map(
    (server) => `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`,
  ) as [string, string, string, string];

  const publish: ReleaseHost['publish'] = (tag, file, content, owner = PRODUCTION_OWNER) => {
    const repository = store.open(owner);
    putAsset(store, repository, tag, file, describeContent(tag, file, content));
    return downloadAddress(origin, { ...repository, name: owner }, tag, file);
  };
  const setManifest: ReleaseHost['setManifest'] = (path, body) => {
    if (body === null) manifests.delete(path);
    else manifests.set(path, typeof body === 'string' ? Buffer.from(body) : body);
    return origin + path;
  };

  for (const name of [PRODUCTION_OWNER, ...(options.repositories ?? [])]) store.open(name);
  for (const { tag, file, content, owner } of options.releases ?? []) publish(tag, file, content, owner);
  for (const [path, body] of Object.entries(options.manifests ?? {})) setManifest(path, body);
  for (const fault of options.faults ?? []) faults.add(fault);

  return {
    origin,
    assetOrigin,
    apiOrigin,
    uploadOrigin,
    token,
    github: {
      releases: (owner = PRODUCTION_OWNER) => snapshot(store.find(owner)),
      setImmutableReleases: (isOn, owner = PRODUCTION_OWNER) => {
        store.open(owner).hasImmutableReleases = isOn;
      },
      onApiCall: (listener) => calls.listen(listener),
    },
    log,
    onDownload: (listener) => downloads.listen(listener),
    publish,
    replace: publish,
    withdraw: (tag, file, owner = PRODUCTION_OWNER) => withdrawAsset(store.find(owner), tag, file),
    empty: () => store.empty(),
    setManifest,
    fault: (fault) => faults.add(fault),
    clearFaults: () => faults.clear(),
    openConnections: async () => {
      const [origin = 0, asset = 0] = await Promise.all(servers.map(countConnections));
      return { origin, asset };
    },
    close: async () => {
      await Promise.all(
        servers.map((server) => {
          const closed = new Promise<void>((resolve) => server.close(() => resolve()));
          server.closeAllConnections();
          return closed;
        }),
      );
      uploads.close();
    },
  };
}

async function listen(
  { tls }: ReleaseHostOptions,
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<Server> {
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    response.on('error', () => {});
    handle(request, response).catch(() => response.destroy());
  };
  const server = tls === undefined ? createHttpServer(listener) : createHttpsServer(tls, listener);
  // An upload of 2 GiB may take its time, and a connection that idles is no fault of the client's.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return server;
}

function countConnections(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}
