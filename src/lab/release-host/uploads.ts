import { createHash } from 'node:crypto';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { TLSSocket } from 'node:tls';
import { waitFor } from './answer.ts';
import { beginUpload } from './asset-rules.ts';
import { describeUpload } from './blob.ts';
import { assetDocument, type Origins } from './documents.ts';
import type { FaultTarget } from './fault.ts';
import type { Call, Outcome } from './front.ts';
import { ApiProblem, notFound } from './problem.ts';
import type { Replica } from './replica.ts';
import type { Store, StoredAsset, StoredRelease } from './store.ts';

const UPLOAD_PATH = /^\/repos\/([^/]+\/[^/]+)\/releases\/(\d+)\/assets$/;

/** Takes uploads into files of a temporary folder, which is made for the first one and goes with `close`. */
export class Uploads {
  readonly #store: Store;
  readonly #replica: Replica;
  readonly #origins: () => Origins;
  #folder: string | null = null;

  constructor(store: Store, replica: Replica, origins: () => Origins) {
    this.#store = store;
    this.#replica = replica;
    this.#origins = origins;
  }

  describe(url: URL): Pick<FaultTarget, 'tag' | 'file'> {
    return { tag: this.#find(url)?.tag ?? null, file: url.searchParams.get('name') };
  }

  async answer(call: Call): Promise<Outcome | null> {
    const { request, url, canPush, met } = call;
    await waitFor(met);
    const release = this.#find(url);
    if (request.method !== 'POST' || release === null) throw notFound();
    if (!canPush) throw new ApiProblem(401, 'Requires authentication');
    const settle = this.#replica.watch(release.repository);
    const asset = beginUpload(this.#store, release, {
      name: url.searchParams.get('name'),
      label: url.searchParams.get('label'),
      contentType: request.headers['content-type'],
      length: request.headers['content-length'],
    });
    const path = join(this.#openFolder(), String(asset.id));
    const received = await receive(call, path);
    if (received === null) {
      rmSync(path, { force: true });
      return null;
    }
    const problem = problemOf(asset);
    if (problem !== null) {
      rmSync(path, { force: true });
      throw problem;
    }
    asset.hasDigest = !met.has('null-digest');
    this.#store.fill(asset, describeUpload(path, { ...received, modified: this.#store.now() }));
    settle();
    return { status: 201, document: assetDocument(this.#origins(), asset), hasEffect: true };
  }

  close(): void {
    if (this.#folder !== null) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = null;
  }

  #find(url: URL): StoredRelease | null {
    const [, name = '', id = ''] = UPLOAD_PATH.exec(url.pathname) ?? [];
    const repository = this.#store.find(name);
    return repository?.releases.find((release) => release.id === Number(id)) ?? null;
  }

  #openFolder(): string {
    this.#folder ??= mkdtempSync(join(tmpdir(), 'nexy-release-host-'));
    return this.#folder;
  }
}

/** What may have happened to the asset while its bytes came. What GitHub says then is not known: a guess. */
function problemOf(asset: StoredAsset): ApiProblem | null {
  const { release } = asset;
  const isThere = release.assets.includes(asset) && release.repository.releases.includes(release);
  if (!isThere) return notFound();
  return release.isImmutable ? new ApiProblem(422, 'Cannot upload assets to an immutable release.') : null;
}

/** Streams the body into a file. Null when the connection went away, by the client's doing or by a fault. */
async function receive(
  { request, met, entry }: Call,
  path: string,
): Promise<{ readonly size: number; readonly sha256: string } | null> {
  const hash = createHash('sha256');
  const limit = met.get('reset')?.after ?? Number.POSITIVE_INFINITY;
  let size = 0;
  try {
    await pipeline(
      request,
      async function* count(chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          size += chunk.byteLength;
          entry.received = size;
          if (size > limit) {
            reset(request.socket);
            return;
          }
          hash.update(chunk);
          yield chunk;
        }
      },
      createWriteStream(path, { flags: 'wx', mode: 0o600 }),
    );
  } catch (error) {
    if (request.destroyed && !request.complete) return null;
    throw error;
  }
  return request.complete && size <= limit ? { size, sha256: hash.digest('hex') } : null;
}

/** Only a plain connection can be reset (net.Socket.resetAndDestroy); one under TLS is cut. */
function reset(socket: Socket): void {
  if (socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}
