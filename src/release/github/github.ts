import { setTimeout as wait } from 'node:timers/promises';
import { UpdateError } from '../../errors.ts';
import { MAXIMUM_ARTIFACT_BYTES } from '../../manifest/limits.ts';
import { retryDelay } from '../../retry-delay.ts';
import type { AssetSource } from '../asset.ts';
import type { HashedStream } from '../download/hash-stream.ts';
import {
  type GitHubAsset,
  type GitHubRelease,
  readAssetAnswer,
  readAssetsAnswer,
  readImmutabilityAnswer,
  readReleaseAnswer,
  readReleasesAnswer,
} from './answers.ts';
import type { ApiUrl } from './api-url.ts';
import type { Calls } from './calls.ts';
import { hashAnswer } from './hash-answer.ts';
import { OCTET_STREAM, type Transport } from './transport.ts';
import { UploadBody } from './upload-body.ts';
import { uploadUrlOf } from './upload-url.ts';
import type { WriteResult } from './write-result.ts';

export interface GitHubParts {
  readonly api: ApiUrl;
  readonly owner: string;
  readonly transport: Transport;
  readonly calls: Calls;
  readonly signal: AbortSignal | null;
  readonly second: number;
  readonly connect: (signal: AbortSignal) => GitHub;
}

/** Whether the repository's releases become immutable when they are published. */
export type Immutability = 'on' | 'off' | 'unknown';

const PER_PAGE = 100;
const HASH_ATTEMPTS = 4;
const nothing = (): true => true;

/**
 * The releases of one repository, each operation by its name; made by `openGitHub`. Reads are repeated by themselves
 * and throw when they fail for good (`github-auth`, `github-rate-limited`, `github-failed`, `cancelled`); writing
 * operations give a WriteResult. Whatever GitHub answers is validated.
 */
export class GitHub {
  readonly #parts: GitHubParts;
  readonly #calls: Calls;
  readonly #repository: { readonly owner: string; readonly repo: string };

  constructor(parts: GitHubParts) {
    const [owner = '', repo = ''] = parts.owner.split('/');
    this.#parts = parts;
    this.#calls = parts.calls;
    this.#repository = { owner, repo };
  }

  /** Calls other than reads that were sent, those under another signal included. */
  get writes(): number {
    return this.#parts.transport.writes;
  }

  /** GitHub's clock, milliseconds since the epoch. */
  get serverTime(): number {
    return this.#parts.transport.serverTime;
  }

  /** The same under another signal: for what has to be tidied after an interruption. */
  withSignal(signal: AbortSignal): GitHub {
    return this.#parts.connect(signal);
  }

  /** Ends its connections. */
  async close(): Promise<void> {
    await this.#parts.transport.close();
  }

  /** All releases, drafts too if the token may see them. One that moved between two pages comes once. */
  async listReleases(): Promise<readonly GitHubRelease[]> {
    const { rest, paginate } = this.#calls.client;
    const pages = paginate.iterator(rest.repos.listReleases, { ...this.#repository, per_page: PER_PAGE });
    const found = await this.#calls.readPages('reading the releases', pages, readReleasesAnswer);
    if (found === null) throw this.#calls.invisible();
    return [...new Map(found.map((release) => [release.id, release])).values()];
  }

  /** The published release of a tag; GitHub gives no draft here. Null where there is none. */
  async findPublished(tag: string): Promise<GitHubRelease | null> {
    const what = `reading the release of ${tag}`;
    const { repos } = this.#calls.client.rest;
    const answer = await this.#calls.read(what, () => repos.getReleaseByTag({ ...this.#repository, tag }));
    return answer === null ? null : this.#calls.understand(what, answer.data, readReleaseAnswer);
  }

  /** Null where it is gone. */
  async readRelease(id: number): Promise<GitHubRelease | null> {
    const what = `reading release ${id}`;
    const { repos } = this.#calls.client.rest;
    const answer = await this.#calls.read(what, () =>
      repos.getRelease({ ...this.#repository, release_id: id }),
    );
    return answer === null ? null : this.#calls.understand(what, answer.data, readReleaseAnswer);
  }

  /** All assets of a release, broken ones too. Null where the release is gone. */
  async listAssets(releaseId: number): Promise<readonly GitHubAsset[] | null> {
    const { rest, paginate } = this.#calls.client;
    const pages = paginate.iterator(rest.repos.listReleaseAssets, {
      ...this.#repository,
      release_id: releaseId,
      per_page: PER_PAGE,
    });
    return this.#calls.readPages(`reading the assets of release ${releaseId}`, pages, readAssetsAnswer);
  }

  /**
   * Whether what is published becomes immutable. 404 means off, and other refusals that the token may not ask: it
   * takes one with administrator rights (GitHub's schema, repos/check-immutable-releases).
   */
  async readImmutability(): Promise<Immutability> {
    const { repos } = this.#calls.client.rest;
    const what = 'reading whether releases are immutable';
    try {
      const answer = await this.#calls.read(what, () => repos.checkImmutableReleases(this.#repository));
      if (answer === null) return 'off';
      return this.#calls.understand(what, answer.data, readImmutabilityAnswer).enabled ? 'on' : 'off';
    } catch (error) {
      if (this.#parts.signal?.aborted) throw error;
      return 'unknown';
    }
  }

  /**
   * Downloads an asset with the token and hashes it: for one without a digest, and for drafts, which nobody else sees.
   *
   * @throws UpdateError `github-failed` where it cannot be downloaded whole
   */
  async hashAsset({ id, name, size }: GitHubAsset): Promise<HashedStream> {
    const what = `downloading ${name} to hash it`;
    const limit = Math.min(size, MAXIMUM_ARTIFACT_BYTES);
    const { api, signal } = this.#parts;
    const { repos } = this.#calls.client.rest;
    for (let attempt = 1; ; attempt += 1) {
      const ask = () =>
        repos.getReleaseAsset({
          ...this.#repository,
          asset_id: id,
          headers: { accept: OCTET_STREAM },
          request: { parseSuccessResponseBody: false },
        });
      const answer = await this.#calls.read(what, ask, true);
      if (answer === null) throw this.#calls.failed(what, 'it is gone');
      const hashed = await hashAnswer(answer, { limit, allowLoopback: api.isLoopback, signal });
      if (typeof hashed !== 'string') return hashed;
      if (attempt === HASH_ATTEMPTS) throw this.#calls.failed(what, hashed);
      await this.pause(attempt);
    }
  }

  /** A draft, which nobody but those with push access sees. */
  createDraft(draft: { readonly tag: string; readonly body: string }): Promise<WriteResult<GitHubRelease>> {
    const { repos } = this.#calls.client.rest;
    const { tag, body } = draft;
    return this.#calls.write(
      `making a draft for ${tag}`,
      () =>
        repos.createRelease({
          ...this.#repository,
          tag_name: tag,
          name: tag,
          body,
          draft: true,
          prerelease: false,
          make_latest: 'false',
        }),
      readReleaseAnswer,
    );
  }

  /**
   * Publishes a draft under its final name and text. It is GitHub that lets only one draft of a tag through: the
   * others are refused with 422 (ANCHORS.md section 5).
   */
  publishDraft(
    id: number,
    release: { readonly tag: string; readonly notes: string },
  ): Promise<WriteResult<GitHubRelease>> {
    const { repos } = this.#calls.client.rest;
    const { tag, notes } = release;
    return this.#calls.write(
      `publishing ${tag}`,
      () =>
        repos.updateRelease({
          ...this.#repository,
          release_id: id,
          tag_name: tag,
          name: tag,
          body: notes,
          draft: false,
          prerelease: false,
          make_latest: 'false',
        }),
      readReleaseAnswer,
    );
  }

  deleteRelease(id: number): Promise<WriteResult<true>> {
    const { repos } = this.#calls.client.rest;
    return this.#calls.write(
      `deleting draft ${id}`,
      () => repos.deleteRelease({ ...this.#repository, release_id: id }),
      nothing,
    );
  }

  /**
   * Uploads one asset to the address that the release itself names, as a stream of exactly `size` bytes.
   *
   * @param onPosition is told how many bytes have been handed over
   * @param name the asset's name there, if not its own
   * @throws what reading the file throws; UpdateError `github-failed` for an address that the token must not go to
   */
  async uploadAsset(
    release: Pick<GitHubRelease, 'id' | 'uploadUrl'>,
    source: AssetSource,
    onPosition: (position: number) => void,
    name: string = source.name,
  ): Promise<WriteResult<GitHubAsset>> {
    const { repos } = this.#calls.client.rest;
    const url = uploadUrlOf(this.#parts.api, release, name);
    if (url === null)
      throw this.#calls.failed(`uploading ${name}`, "the address for uploads is not GitHub's");
    const body = new UploadBody(source, onPosition);
    const { signal } = this.#parts;
    const result = this.#calls.write(
      `uploading ${name}`,
      () =>
        repos.uploadReleaseAsset({
          ...this.#repository,
          release_id: release.id,
          url,
          name,
          // Octokit's types know texts only; whatever fetch takes is passed on.
          data: body as unknown as string,
          headers: { 'content-type': source.contentType, 'content-length': source.size },
          request: signal === null ? {} : { signal },
        }),
      readAssetAnswer,
      true,
    );
    const outcome = await result;
    if (body.failure !== null && outcome.kind === 'unknown') throw body.failure.error;
    return outcome;
  }

  /** Gives an asset another name: what is uploaded under a temporary one takes its place in one call. */
  renameAsset(id: number, name: string): Promise<WriteResult<GitHubAsset>> {
    const { repos } = this.#calls.client.rest;
    return this.#calls.write(
      `renaming an asset to ${name}`,
      () => repos.updateReleaseAsset({ ...this.#repository, asset_id: id, name }),
      readAssetAnswer,
    );
  }

  deleteAsset(id: number): Promise<WriteResult<true>> {
    const { repos } = this.#calls.client.rest;
    return this.#calls.write(
      `deleting asset ${id}`,
      () => repos.deleteReleaseAsset({ ...this.#repository, asset_id: id }),
      nothing,
    );
  }

  /**
   * Backs off after attempt number `attempt` at anything.
   *
   * @throws UpdateError `cancelled` when the signal fires
   */
  async pause(attempt: number): Promise<void> {
    await this.wait(retryDelay(attempt, null, Math.random));
  }

  /**
   * @param milliseconds of real seconds; tests shorten them all
   * @throws UpdateError `cancelled` when the signal fires
   */
  async wait(milliseconds: number): Promise<void> {
    const { signal, second } = this.#parts;
    const options = signal === null ? {} : { signal };
    await wait((milliseconds * second) / 1000, undefined, options).catch((cause: unknown) => {
      throw new UpdateError('cancelled', 'Cancelled while waiting for GitHub. Run it again to finish.', {
        cause,
      });
    });
  }
}
