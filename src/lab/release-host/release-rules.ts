import { type ValidationItem, validationFailed } from './problem.ts';
import {
  findPublished,
  type MakeLatest,
  type Store,
  type StoredRelease,
  type StoredRepository,
  sortReleases,
} from './store.ts';
import { isSha, isWellFormedTag } from './tag-rules.ts';

/** What a request may say about a release; undefined leaves it as it is. */
export interface ReleaseFields {
  readonly tag?: string | undefined;
  readonly targetCommitish?: string | undefined;
  readonly name?: string | null | undefined;
  readonly body?: string | null | undefined;
  readonly isDraft?: boolean | undefined;
  readonly isPrerelease?: boolean | undefined;
  readonly makeLatest?: MakeLatest | undefined;
}

const DEFAULT_BRANCH = 'main';
const BODY_LIMIT = 125_000;

/**
 * @param isGuarded whether another published release of the tag stands in the way
 * @throws ApiProblem 422, and nothing has changed
 */
export function createRelease(
  store: Store,
  repository: StoredRepository,
  fields: ReleaseFields & { readonly tag: string },
  isGuarded: boolean,
): StoredRelease {
  const { tag, targetCommitish = DEFAULT_BRANCH, name = null, body = null } = fields;
  const { isDraft = false, isPrerelease = false, makeLatest } = fields;
  checkFields(fields, isDraft, isPrerelease);
  if (!isDraft) checkPublishable(repository, null, { tag, targetCommitish, isGuarded });
  const release = store.addRelease(repository, {
    tag,
    targetCommitish,
    name,
    body,
    isPrerelease,
    makeLatest: makeLatest ?? 'true',
  });
  if (!isDraft) publish(store, release, makeLatest ?? 'true');
  return release;
}

/**
 * @param isGuarded whether another published release of the tag stands in the way
 * @throws ApiProblem 422, and nothing has changed
 */
export function updateRelease(
  store: Store,
  release: StoredRelease,
  fields: ReleaseFields,
  isGuarded: boolean,
): void {
  const { repository } = release;
  const isDraft = fields.isDraft ?? release.isDraft;
  const tag = fields.tag ?? release.tag;
  const targetCommitish = fields.targetCommitish ?? release.targetCommitish;
  const isPrerelease = fields.isPrerelease ?? release.isPrerelease;
  checkFields(fields, isDraft, isPrerelease);
  if (release.isImmutable) checkImmutable(release, { tag, targetCommitish, isDraft });
  if (!isDraft) checkPublishable(repository, release, { tag, targetCommitish, isGuarded });

  const isPublishing = release.isDraft && !isDraft;
  release.tag = tag;
  release.targetCommitish = targetCommitish;
  release.isPrerelease = isPrerelease;
  if (fields.name !== undefined) release.name = fields.name;
  if (fields.body !== undefined) release.body = fields.body;
  release.updatedAt = store.now();
  if (isPublishing) publish(store, release, fields.makeLatest ?? 'true');
  else if (isDraft) release.isDraft = true;
  else settle(release, fields.makeLatest);
}

/** An immutable release may be deleted too; its tag stays used for ever. */
export function deleteRelease(store: Store, release: StoredRelease): void {
  const { repository } = release;
  repository.releases.splice(repository.releases.indexOf(release), 1);
  if (repository.latest === release) repository.latest = null;
  for (const { blob } of release.assets) if (blob !== null) store.forget(blob);
}

/**
 * The release that was last told to be the latest; without one, the newest full one. That `make_latest: "false"`
 * does not keep a release out where no other is the latest is a guess.
 */
export function latestRelease(repository: StoredRepository): StoredRelease | null {
  const full = repository.releases.filter(({ isDraft, isPrerelease }) => !isDraft && !isPrerelease);
  if (repository.latest !== null && full.includes(repository.latest)) return repository.latest;
  return sortReleases(full)[0] ?? null;
}

function publish(store: Store, release: StoredRelease, makeLatest: MakeLatest): void {
  const { repository } = release;
  release.isDraft = false;
  release.publishedAt = store.now();
  // "The date of the commit used for the release, and not the date when the release was drafted or published"
  // (GitHub's REST documentation, "Get the latest release").
  release.createdAt = repository.commit.date;
  settle(release, makeLatest);
  if (!repository.hasImmutableReleases) return;
  release.isImmutable = true;
  repository.usedTags.add(release.tag);
}

/** The tag is made where it does not exist; `target_commitish` counts for nothing where it does. */
function settle(release: StoredRelease, makeLatest: MakeLatest | undefined): void {
  const { repository, tag, targetCommitish } = release;
  if (!repository.tags.has(tag)) {
    repository.tags.set(tag, isSha(targetCommitish) ? targetCommitish : repository.commit.sha);
  }
  if (makeLatest === undefined) return;
  release.makeLatest = makeLatest;
  if (makeLatest === 'true' && !release.isPrerelease) repository.latest = release;
  else if (repository.latest === release || makeLatest === 'legacy') repository.latest = null;
}

function checkFields(fields: ReleaseFields, isDraft: boolean, isPrerelease: boolean): void {
  if ((fields.body?.length ?? 0) > BODY_LIMIT) {
    const message = `body is too long (maximum is ${BODY_LIMIT} characters)`;
    throw validationFailed({ resource: 'Release', code: 'custom', field: 'body', message });
  }
  if (fields.tag !== undefined && !isWellFormedTag(fields.tag)) {
    const message = 'tag_name is not well-formed';
    throw validationFailed({ resource: 'Release', code: 'custom', field: 'tag_name', message });
  }
  if (fields.makeLatest === 'true' && (isDraft || isPrerelease)) {
    const message = 'Latest release cannot be draft or prerelease';
    throw validationFailed({ resource: 'Release', code: 'custom', field: 'make_latest', message });
  }
}

function checkPublishable(
  repository: StoredRepository,
  release: StoredRelease | null,
  { tag, targetCommitish, isGuarded }: { tag: string; targetCommitish: string; isGuarded: boolean },
): void {
  const errors: ValidationItem[] = [];
  const published = findPublished(repository, tag);
  if (isGuarded && published !== null && published !== release) {
    errors.push({ resource: 'Release', code: 'already_exists', field: 'tag_name' });
  }
  if (repository.usedTags.has(tag) && !(release?.isImmutable === true && release.tag === tag)) {
    const message = 'tag_name was used by an immutable release';
    errors.push({ resource: 'Release', code: 'custom', field: 'tag_name', message });
  }
  const isKnownTarget = targetCommitish === DEFAULT_BRANCH || isSha(targetCommitish);
  if (!repository.tags.has(tag) && !isKnownTarget) {
    errors.push({ resource: 'Release', code: 'invalid', field: 'target_commitish' });
  }
  if (errors.length > 0) throw validationFailed(...errors);
}

/**
 * What an immutable release does not let go. Title, notes, prerelease and latest may change (github/docs#45718). The
 * words for the commit are GitHub's, the others made after them.
 */
function checkImmutable(
  release: StoredRelease,
  { tag, targetCommitish, isDraft }: { tag: string; targetCommitish: string; isDraft: boolean },
): void {
  const changed = [
    ...(tag === release.tag ? [] : ['tag_name']),
    ...(targetCommitish === release.targetCommitish ? [] : ['target_commitish']),
    ...(isDraft ? ['draft'] : []),
  ];
  if (changed.length === 0) return;
  const errors = changed.map((field): ValidationItem => {
    const message = `${field} cannot be changed when release is immutable`;
    return { resource: 'Release', code: 'custom', field, message };
  });
  throw validationFailed(...errors);
}
