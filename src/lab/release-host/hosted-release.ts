import { type MakeLatest, type StoredRepository, sortReleases } from './store.ts';

/** An asset as it was when the snapshot was taken. */
export interface HostedAsset {
  readonly id: number;
  readonly name: string;
  readonly label: string;
  readonly state: 'starter' | 'uploaded';
  readonly size: number;
  /** Of the bytes that are there; null while there are none. */
  readonly sha256: string | null;
  /** As the API tells it. */
  readonly digest: string | null;
  readonly contentType: string;
  readonly updatedAt: Date;
}

/** A release as it was when the snapshot was taken. */
export interface HostedRelease {
  readonly id: number;
  readonly tag: string;
  readonly name: string | null;
  readonly body: string | null;
  readonly isDraft: boolean;
  readonly isPrerelease: boolean;
  readonly isImmutable: boolean;
  readonly makeLatest: MakeLatest;
  readonly createdAt: Date;
  readonly publishedAt: Date | null;
  readonly assets: readonly HostedAsset[];
}

export function snapshot(repository: StoredRepository | null): readonly HostedRelease[] {
  return sortReleases(repository?.releases ?? []).map((release) => ({
    id: release.id,
    tag: release.tag,
    name: release.name,
    body: release.body,
    isDraft: release.isDraft,
    isPrerelease: release.isPrerelease,
    isImmutable: release.isImmutable,
    makeLatest: release.makeLatest,
    createdAt: release.createdAt,
    publishedAt: release.publishedAt,
    assets: release.assets.map(({ blob, hasDigest, ...asset }) => {
      const sha256 = blob?.sha256() ?? null;
      return {
        id: asset.id,
        name: asset.name,
        label: asset.label,
        state: asset.state,
        size: asset.size,
        sha256,
        digest: sha256 === null || !hasDigest ? null : `sha256:${sha256}`,
        contentType: asset.contentType,
        updatedAt: asset.updatedAt,
      };
    }),
  }));
}
