import * as v from 'valibot';

/** An asset as GitHub tells of it. */
export interface GitHubAsset {
  readonly id: number;
  readonly name: string;
  /** `uploaded` when it is whole; anything else is broken (ANCHORS.md section 5). */
  readonly state: string;
  /** Bytes. */
  readonly size: number;
  /** 64 hex digits in lower case; null where GitHub gives none, or one of another kind. */
  readonly sha256: string | null;
  /** Milliseconds since the epoch. */
  readonly updatedAt: number;
  /** How often it was downloaded; null where the server does not tell. */
  readonly downloads: number | null;
}

/** A release, draft or published, as GitHub tells of it. */
export interface GitHubRelease {
  readonly id: number;
  readonly tag: string;
  readonly body: string;
  readonly isDraft: boolean;
  readonly isPrerelease: boolean;
  /** Null where the server does not know immutable releases. */
  readonly isImmutable: boolean | null;
  /** Milliseconds since the epoch: of the draft, or of the published release's commit. */
  readonly createdAt: number;
  /** As GitHub writes it; null for a draft. */
  readonly publishedAt: string | null;
  /** A URI template (RFC 6570); checked before anything is sent there. */
  readonly uploadUrl: string;
  readonly assets: readonly GitHubAsset[];
}

// All that is relied on, and nothing else: GitHub adds keys as it likes.
const id = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const time = v.pipe(v.string(), v.maxLength(40), v.isoTimestamp());
const moment = v.pipe(
  time,
  v.transform((text) => Date.parse(text)),
);
const DIGEST = /^sha256:([0-9a-f]{64})$/i;

const assetAnswer = v.pipe(
  v.object({
    id,
    name: v.pipe(v.string(), v.minLength(1), v.maxLength(1024)),
    state: v.string(),
    size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
    digest: v.nullish(v.string()),
    updated_at: moment,
    download_count: v.nullish(v.pipe(v.number(), v.safeInteger())),
  }),
  v.transform(
    ({ digest, updated_at: updatedAt, download_count: downloads, ...asset }): GitHubAsset => ({
      ...asset,
      downloads: downloads ?? null,
      sha256: DIGEST.exec(digest ?? '')?.[1]?.toLowerCase() ?? null,
      updatedAt,
    }),
  ),
);

const releaseAnswer = v.pipe(
  v.object({
    id,
    tag_name: v.string(),
    body: v.nullish(v.string()),
    draft: v.boolean(),
    prerelease: v.boolean(),
    immutable: v.nullish(v.boolean()),
    created_at: moment,
    published_at: v.nullable(time),
    upload_url: v.string(),
    assets: v.array(assetAnswer),
  }),
  v.check((release) => release.draft || release.published_at !== null, 'published, but without a date'),
  v.transform(
    (release): GitHubRelease => ({
      id: release.id,
      tag: release.tag_name,
      body: release.body ?? '',
      isDraft: release.draft,
      isPrerelease: release.prerelease,
      isImmutable: release.immutable ?? null,
      createdAt: release.created_at,
      publishedAt: release.draft ? null : release.published_at,
      uploadUrl: release.upload_url,
      assets: release.assets,
    }),
  ),
);

const immutabilityAnswer = v.object({ enabled: v.boolean() });

/** Each gives null for an answer that is not of its form. */
export const readAssetAnswer = (data: unknown): GitHubAsset | null => read(assetAnswer, data);
export const readAssetsAnswer = (data: unknown): readonly GitHubAsset[] | null =>
  read(v.array(assetAnswer), data);
export const readReleaseAnswer = (data: unknown): GitHubRelease | null => read(releaseAnswer, data);
export const readReleasesAnswer = (data: unknown): readonly GitHubRelease[] | null =>
  read(v.array(releaseAnswer), data);
export const readImmutabilityAnswer = (data: unknown): { readonly enabled: boolean } | null =>
  read(immutabilityAnswer, data);

function read<Output>(schema: v.GenericSchema<unknown, Output>, data: unknown): Output | null {
  const result = v.safeParse(schema, data);
  return result.success ? result.output : null;
}
