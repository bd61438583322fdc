import type { StoredRepository } from './store.ts';

/** What a reader sees who is answered from a copy that lags behind: things as they were before the last change. */
export class Replica {
  readonly #before = new Map<number, StoredRepository>();

  /** To be called ahead of a change; the returned function is for when it has come about. */
  watch(repository: StoredRepository): () => void {
    const copy = copyOf(repository);
    return () => this.#before.set(repository.id, copy);
  }

  before(repository: StoredRepository): StoredRepository {
    return this.#before.get(repository.id) ?? repository;
  }
}

function copyOf(repository: StoredRepository): StoredRepository {
  const copy: StoredRepository = { ...repository, releases: [], tags: new Map(repository.tags) };
  for (const release of repository.releases) {
    const copied = { ...release, repository: copy, assets: [...release.assets] };
    for (const [index, asset] of release.assets.entries())
      copied.assets[index] = { ...asset, release: copied };
    copy.releases.push(copied);
    if (repository.latest === release) copy.latest = copied;
  }
  return copy;
}
