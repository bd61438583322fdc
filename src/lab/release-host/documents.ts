import type { components } from '@octokit/openapi-types';
import type { StoredAsset, StoredRelease, StoredRepository } from './store.ts';

type Schemas = components['schemas'];

/** `starter` is in GitHub's documentation ("Upload a release asset") though not in its schema. */
export type AssetDocument = Omit<Schemas['release-asset'], 'state'> & {
  readonly state: Schemas['release-asset']['state'] | 'starter';
};
export type ReleaseDocument = Omit<Schemas['release'], 'assets'> & { readonly assets: AssetDocument[] };

export interface Origins {
  readonly download: string;
  readonly api: string;
  readonly upload: string;
}

/** @param login the person or app behind the token */
export function userDocument({ api, download }: Origins, login: string): Schemas['simple-user'] {
  const url = `${api}/users/${login}`;
  return {
    login,
    id: 1000,
    node_id: nodeId('User', 1000),
    avatar_url: `${download}/avatars/u/1000?v=4`,
    gravatar_id: '',
    url,
    html_url: `${download}/${login}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: 'User',
    site_admin: false,
  };
}

export function releaseDocument(origins: Origins, release: StoredRelease): ReleaseDocument {
  const { repository, id } = release;
  const url = `${origins.api}/repos/${repository.name}/releases/${id}`;
  const tag = encodeURIComponent(release.isDraft ? release.untagged : release.tag);
  const archive = (kind: string) =>
    release.isDraft ? null : `${origins.api}/repos/${repository.name}/${kind}/${tag}`;
  return {
    url,
    assets_url: `${url}/assets`,
    upload_url: `${origins.upload}/repos/${repository.name}/releases/${id}/assets{?name,label}`,
    html_url: `${origins.download}/${repository.name}/releases/tag/${tag}`,
    id,
    author: userDocument(origins, 'octocat'),
    node_id: nodeId('Release', id),
    tag_name: release.tag,
    target_commitish: release.targetCommitish,
    name: release.name,
    draft: release.isDraft,
    immutable: release.isImmutable,
    prerelease: release.isPrerelease,
    created_at: timeOf(release.createdAt),
    updated_at: timeOf(release.updatedAt),
    published_at: release.publishedAt === null ? null : timeOf(release.publishedAt),
    assets: release.assets.map((asset) => assetDocument(origins, asset)),
    tarball_url: archive('tarball'),
    zipball_url: archive('zipball'),
    body: release.body,
  };
}

export function assetDocument(origins: Origins, asset: StoredAsset): AssetDocument {
  const { id, release, blob } = asset;
  const { repository } = release;
  const tag = release.isDraft ? release.untagged : release.tag;
  return {
    url: `${origins.api}/repos/${repository.name}/releases/assets/${id}`,
    id,
    node_id: nodeId('ReleaseAsset', id),
    name: asset.name,
    label: asset.label,
    uploader: userDocument(origins, 'octocat'),
    content_type: asset.contentType,
    state: asset.state,
    size: asset.size,
    digest: digestOf(asset),
    download_count: asset.downloads,
    created_at: timeOf(asset.createdAt),
    updated_at: timeOf(asset.updatedAt),
    browser_download_url: downloadAddress(origins.download, repository, tag, asset.name),
  };

  function digestOf({ hasDigest, state }: StoredAsset): string | null {
    return hasDigest && state === 'uploaded' && blob !== null ? `sha256:${blob.sha256()}` : null;
  }
}

export function downloadAddress(
  download: string,
  { name }: StoredRepository,
  tag: string,
  file: string,
): string {
  return `${download}/${name}/releases/download/${encodeURIComponent(tag)}/${encodeURIComponent(file)}`;
}

export function referenceDocument(
  { api }: Origins,
  { name, id, tags }: StoredRepository,
  tag: string,
): Schemas['git-ref'] {
  const sha = tags.get(tag) ?? '';
  return {
    ref: `refs/tags/${tag}`,
    node_id: nodeId('Ref', id),
    url: `${api}/repos/${name}/git/refs/tags/${encodeURIComponent(tag)}`,
    object: { type: 'commit', sha, url: `${api}/repos/${name}/git/commits/${sha}` },
  };
}

export function nodeId(type: string, id: number): string {
  return Buffer.from(`${type}${id}`).toString('base64');
}

/** GitHub's form: whole seconds, UTC. */
export function timeOf(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
