import { createHash, randomBytes } from 'node:crypto';
import type { Blob } from './blob.ts';

export type MakeLatest = 'true' | 'false' | 'legacy';

export interface StoredAsset {
  readonly id: number;
  readonly release: StoredRelease;
  name: string;
  label: string;
  state: 'starter' | 'uploaded';
  readonly contentType: string;
  /** What was announced, as long as there are no bytes. */
  size: number;
  blob: Blob | null;
  /** False makes GitHub's answers say `digest: null`, as they do for assets of before June 2025. */
  hasDigest: boolean;
  downloads: number;
  readonly createdAt: Date;
  updatedAt: Date;
}

export interface StoredRelease {
  readonly id: number;
  readonly repository: StoredRepository;
  tag: string;
  targetCommitish: string;
  name: string | null;
  body: string | null;
  isDraft: boolean;
  isPrerelease: boolean;
  isImmutable: boolean;
  makeLatest: MakeLatest;
  createdAt: Date;
  publishedAt: Date | null;
  updatedAt: Date;
  /** What stands for the tag in a draft's addresses. */
  readonly untagged: string;
  readonly assets: StoredAsset[];
}

export interface StoredRepository {
  readonly id: number;
  /** `owner/repository`, as it was created. */
  readonly name: string;
  readonly createdAt: Date;
  readonly releases: StoredRelease[];
  /** Commit by tag. */
  readonly tags: Map<string, string>;
  /** Tags of immutable releases, also of deleted ones: they cannot be used again. */
  readonly usedTags: Set<string>;
  /** The only commit, that of the default branch. */
  readonly commit: { readonly sha: string; readonly date: Date };
  hasImmutableReleases: boolean;
  /** The release that was last told to be the latest. */
  latest: StoredRelease | null;
}

/** A month, in milliseconds: a repository that holds nothing but releases seldom gets a commit. */
const COMMIT_AGE = 30 * 24 * 3_600_000;

/** Everything that the host knows of repositories, releases and assets. What GitHub allows is decided elsewhere. */
export class Store {
  readonly #repositories = new Map<string, StoredRepository>();
  readonly #served = new Map<string, StoredAsset>();
  readonly #now: () => number;
  readonly #datesDraftsByCommit: boolean;
  #lastId = 1000;

  /** @param now milliseconds since 1970 */
  constructor(now: () => number, { datesDraftsByCommit }: { readonly datesDraftsByCommit: boolean }) {
    this.#now = now;
    this.#datesDraftsByCommit = datesDraftsByCommit;
  }

  /** GitHub shows whole seconds. */
  now(): Date {
    return new Date(Math.floor(this.#now() / 1000) * 1000);
  }

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** GitHub compares owner and repository without regard to case. */
  find(name: string): StoredRepository | null {
    return this.#repositories.get(name.toLowerCase()) ?? null;
  }

  open(name: string): StoredRepository {
    const known = this.find(name);
    if (known !== null) return known;
    const date = new Date(this.now().getTime() - COMMIT_AGE);
    const repository: StoredRepository = {
      id: this.nextId(),
      name,
      createdAt: date,
      releases: [],
      tags: new Map(),
      usedTags: new Set(),
      commit: { sha: createHash('sha1').update(name).digest('hex'), date },
      hasImmutableReleases: false,
      latest: null,
    };
    this.#repositories.set(name.toLowerCase(), repository);
    return repository;
  }

  addRelease(
    repository: StoredRepository,
    fields: Pick<StoredRelease, 'tag' | 'targetCommitish' | 'name' | 'body' | 'isPrerelease' | 'makeLatest'>,
  ): StoredRelease {
    const now = this.now();
    const release: StoredRelease = {
      ...fields,
      id: this.nextId(),
      repository,
      isDraft: true,
      isImmutable: false,
      createdAt: this.#datesDraftsByCommit ? repository.commit.date : now,
      publishedAt: null,
      updatedAt: now,
      untagged: `untagged-${randomBytes(10).toString('hex')}`,
      assets: [],
    };
    repository.releases.push(release);
    return release;
  }

  addAsset(
    release: StoredRelease,
    fields: Pick<StoredAsset, 'name' | 'label' | 'contentType' | 'size'>,
  ): StoredAsset {
    const now = this.now();
    const asset: StoredAsset = {
      ...fields,
      id: this.nextId(),
      release,
      state: 'starter',
      blob: null,
      hasDigest: true,
      downloads: 0,
      createdAt: now,
      updatedAt: now,
    };
    release.assets.push(asset);
    return asset;
  }

  /** Gives an asset its bytes. Their signed address goes on working until `forget`. */
  fill(asset: StoredAsset, blob: Blob): void {
    asset.blob = blob;
    asset.size = blob.size;
    asset.state = 'uploaded';
    asset.updatedAt = this.now();
    asset.release.updatedAt = asset.updatedAt;
    this.#served.set(blob.id, asset);
  }

  served(blobId: string): StoredAsset | null {
    return this.#served.get(blobId) ?? null;
  }

  /** What repositories hold goes, for good; their settings stay. */
  empty(): void {
    for (const repository of this.#repositories.values()) {
      repository.releases.length = 0;
      repository.tags.clear();
      repository.usedTags.clear();
      repository.latest = null;
    }
    for (const { blob } of this.#served.values()) blob?.discard();
    this.#served.clear();
  }

  forget(blob: Blob): void {
    this.#served.delete(blob.id);
    blob.discard();
  }
}

/** Newest first, as GitHub lists them. */
export function sortReleases(releases: readonly StoredRelease[]): StoredRelease[] {
  return releases.toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || b.id - a.id);
}

export function findPublished(repository: StoredRepository, tag: string): StoredRelease | null {
  return repository.releases.find((release) => !release.isDraft && release.tag === tag) ?? null;
}

/** Downloads do not regard the case of a file's name; that names are taken in the same sense is a guess. */
export function findAsset(release: StoredRelease, name: string): StoredAsset | null {
  return release.assets.find((asset) => asset.name.toLowerCase() === name.toLowerCase()) ?? null;
}
