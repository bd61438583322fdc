import { ApiProblem, missing } from './problem.ts';
import { findPublished, type StoredRepository } from './store.ts';

/**
 * Makes a tag as `POST /git/refs` does, and gives its name. Branches are not of interest here.
 *
 * @throws ApiProblem 422, and nothing has changed
 */
export function createTag(
  repository: StoredRepository,
  ref: string | undefined,
  sha: string | undefined,
): string {
  if (ref === undefined) throw missing('ref');
  if (sha === undefined) throw missing('sha');
  const tag = /^refs\/tags\/(.+)$/.exec(ref)?.[1] ?? '';
  if (!isWellFormedTag(tag)) throw new ApiProblem(422, `${ref} is not a valid ref name.`);
  if (!isSha(sha)) {
    const text = 'The sha parameter must be exactly 40 characters and contain only [0-9a-f].';
    throw new ApiProblem(422, text);
  }
  if (repository.tags.has(tag)) throw new ApiProblem(422, 'Reference already exists');
  // "You cannot reuse the same tag name" (GitHub's "Immutable releases"); the words are those of a refused push.
  if (repository.usedTags.has(tag)) {
    throw new ApiProblem(422, 'Cannot create ref due to creations being restricted.');
  }
  repository.tags.set(tag, sha);
  return tag;
}

/** @throws ApiProblem 422 for a tag of an immutable release, or one that does not exist */
export function deleteTag(repository: StoredRepository, tag: string): void {
  if (!repository.tags.has(tag)) throw new ApiProblem(422, 'Reference does not exist');
  if (findPublished(repository, tag)?.isImmutable === true) {
    throw new ApiProblem(422, 'Cannot delete this tag');
  }
  repository.tags.delete(tag);
  // A published release that loses its tag becomes a draft.
  for (const release of repository.releases) if (release.tag === tag) release.isDraft = true;
}

export function isSha(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text);
}

/** The rules of git-check-ref-format(1), as far as a tag may break them. */
export function isWellFormedTag(tag: string): boolean {
  const hasForbidden = [...tag].some((sign) => sign <= ' ' || sign === '\x7f' || '~^:?*[\\'.includes(sign));
  return tag !== '' && !hasForbidden && !/\.\.|@\{|^[-/.]|\/[/.]|[/.]$|\.lock(\/|$)/.test(tag);
}
