import type { Blob } from './blob.ts';
import { findAsset, findPublished, type Store, type StoredRelease, type StoredRepository } from './store.ts';

/** What a test does with its own hand, whatever GitHub would say: a file in a published release. */
export function putAsset(
  store: Store,
  repository: StoredRepository,
  tag: string,
  file: string,
  blob: Blob,
): void {
  const release = findPublished(repository, tag) ?? publishEmpty(store, repository, tag);
  const before = findAsset(release, file);
  if (before !== null) release.assets.splice(release.assets.indexOf(before), 1);
  const contentType = 'application/octet-stream';
  store.fill(store.addAsset(release, { name: file, label: '', contentType, size: blob.size }), blob);
}

/** The signed address of a withdrawn file goes on working, as one does that was handed out before. */
export function withdrawAsset(repository: StoredRepository | null, tag: string, file: string): void {
  const release = repository === null ? null : findPublished(repository, tag);
  const asset = release === null ? null : findAsset(release, file);
  if (asset !== null) asset.release.assets.splice(asset.release.assets.indexOf(asset), 1);
}

function publishEmpty(store: Store, repository: StoredRepository, tag: string): StoredRelease {
  const fields = { tag, targetCommitish: 'main', name: tag, body: '', isPrerelease: false } as const;
  const release = store.addRelease(repository, { ...fields, makeLatest: 'false' });
  release.isDraft = false;
  release.publishedAt = store.now();
  release.createdAt = repository.commit.date;
  repository.tags.set(tag, repository.commit.sha);
  return release;
}
