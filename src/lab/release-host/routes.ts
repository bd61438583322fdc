import { deleteAsset, updateAsset } from './asset-rules.ts';
import { assetDocument, type Origins, referenceDocument, releaseDocument } from './documents.ts';
import type { Outcome } from './front.ts';
import { paginate } from './pagination.ts';
import { missing, notFound } from './problem.ts';
import { type JsonObject, readReleaseFields, readString } from './release-fields.ts';
import { createRelease, deleteRelease, latestRelease, updateRelease } from './release-rules.ts';
import { repositoryDocument } from './repository-document.ts';
import {
  findPublished,
  type Store,
  type StoredAsset,
  type StoredRelease,
  type StoredRepository,
  sortReleases,
} from './store.ts';
import { createTag, deleteTag } from './tag-rules.ts';

export interface RouteCall {
  readonly store: Store;
  readonly origins: Origins;
  readonly repository: StoredRepository;
  /** What the path's pattern took, decoded. */
  readonly parts: readonly string[];
  readonly url: URL;
  readonly body: JsonObject;
  readonly canPush: boolean;
  readonly accept: string;
  /** Whether publishing looks for another published release of the tag. */
  readonly isGuarded: boolean;
  /** The short-lived address of an asset's bytes. */
  sign(asset: StoredAsset): string | null;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** What comes after `/repos/{owner}/{repo}`. */
  readonly path: RegExp;
  /** Below https://docs.github.com/rest/ */
  readonly documentation: string;
  readonly access: 'read' | 'push';
  handle(call: RouteCall): Outcome;
}

/** The part of GitHub's API that has to do with releases. */
export const routes: readonly Route[] = [
  {
    method: 'GET',
    path: /^$/,
    documentation: 'repos/repos#get-a-repository',
    access: 'read',
    handle: ({ origins, repository, canPush }) => ({
      status: 200,
      document: repositoryDocument(origins, repository, canPush),
    }),
  },
  {
    method: 'GET',
    path: /^\/releases$/,
    documentation: 'releases/releases#list-releases',
    access: 'read',
    handle: ({ origins, repository, canPush, url }) => {
      const visible = sortReleases(repository.releases).filter(({ isDraft }) => canPush || !isDraft);
      const { items, link } = paginate(visible, url, origins.api);
      return {
        status: 200,
        document: items.map((release) => releaseDocument(origins, release)),
        headers: link,
      };
    },
  },
  {
    method: 'POST',
    path: /^\/releases$/,
    documentation: 'releases/releases#create-a-release',
    access: 'push',
    handle: ({ store, origins, repository, body, isGuarded }) => {
      const { tag, ...fields } = readReleaseFields(body);
      if (tag === undefined) throw missing('tag_name');
      const document = releaseDocument(
        origins,
        createRelease(store, repository, { ...fields, tag }, isGuarded),
      );
      return { status: 201, document, headers: { location: document.url }, hasEffect: true };
    },
  },
  {
    method: 'GET',
    path: /^\/releases\/latest$/,
    documentation: 'releases/releases#get-the-latest-release',
    access: 'read',
    handle: ({ origins, repository }) => {
      const release = latestRelease(repository);
      if (release === null) throw notFound();
      return { status: 200, document: releaseDocument(origins, release) };
    },
  },
  {
    method: 'GET',
    path: /^\/releases\/tags\/(.+)$/,
    documentation: 'releases/releases#get-a-release-by-tag-name',
    access: 'read',
    handle: ({ origins, repository, parts: [tag = ''] }) => {
      const release = findPublished(repository, tag);
      if (release === null) throw notFound();
      return { status: 200, document: releaseDocument(origins, release) };
    },
  },
  {
    method: 'GET',
    path: /^\/releases\/(\d+)$/,
    documentation: 'releases/releases#get-a-release',
    access: 'read',
    handle: (call) => ({ status: 200, document: releaseDocument(call.origins, releaseOf(call)) }),
  },
  {
    method: 'PATCH',
    path: /^\/releases\/(\d+)$/,
    documentation: 'releases/releases#update-a-release',
    access: 'push',
    handle: (call) => {
      const release = releaseOf(call);
      updateRelease(call.store, release, readReleaseFields(call.body), call.isGuarded);
      return { status: 200, document: releaseDocument(call.origins, release), hasEffect: true };
    },
  },
  {
    method: 'DELETE',
    path: /^\/releases\/(\d+)$/,
    documentation: 'releases/releases#delete-a-release',
    access: 'push',
    handle: (call) => {
      deleteRelease(call.store, releaseOf(call));
      return { status: 204, hasEffect: true };
    },
  },
  {
    method: 'GET',
    path: /^\/releases\/(\d+)\/assets$/,
    documentation: 'releases/assets#list-release-assets',
    access: 'read',
    handle: (call) => {
      const { origins, url } = call;
      const { items, link } = paginate(releaseOf(call).assets, url, origins.api);
      return { status: 200, document: items.map((asset) => assetDocument(origins, asset)), headers: link };
    },
  },
  {
    method: 'GET',
    path: /^\/releases\/assets\/(\d+)$/,
    documentation: 'releases/assets#get-a-release-asset',
    access: 'read',
    handle: (call) => {
      const asset = assetOf(call);
      if (!call.accept.includes('application/octet-stream')) {
        return { status: 200, document: assetDocument(call.origins, asset) };
      }
      const location = call.sign(asset);
      if (location === null) throw notFound();
      return { status: 302, headers: { location } };
    },
  },
  {
    method: 'PATCH',
    path: /^\/releases\/assets\/(\d+)$/,
    documentation: 'releases/assets#update-a-release-asset',
    access: 'push',
    handle: (call) => {
      const asset = assetOf(call);
      const fields = { name: readString(call.body, 'name'), label: readString(call.body, 'label') };
      updateAsset(call.store, asset, fields);
      return { status: 200, document: assetDocument(call.origins, asset), hasEffect: true };
    },
  },
  {
    method: 'DELETE',
    path: /^\/releases\/assets\/(\d+)$/,
    documentation: 'releases/assets#delete-a-release-asset',
    access: 'push',
    handle: (call) => {
      deleteAsset(call.store, assetOf(call));
      return { status: 204, hasEffect: true };
    },
  },
  {
    method: 'GET',
    path: /^\/immutable-releases$/,
    documentation: 'repos/repos#check-if-immutable-releases-are-enabled-for-a-repository',
    access: 'push',
    handle: ({ repository }) => {
      if (!repository.hasImmutableReleases) throw notFound();
      return { status: 200, document: { enabled: true, enforced_by_owner: false } };
    },
  },
  {
    method: 'GET',
    path: /^\/git\/ref\/tags\/(.+)$/,
    documentation: 'git/refs#get-a-reference',
    access: 'read',
    handle: ({ origins, repository, parts: [tag = ''] }) => {
      if (!repository.tags.has(tag)) throw notFound();
      return { status: 200, document: referenceDocument(origins, repository, tag) };
    },
  },
  {
    method: 'POST',
    path: /^\/git\/refs$/,
    documentation: 'git/refs#create-a-reference',
    access: 'push',
    handle: ({ origins, repository, body }) => {
      const tag = createTag(repository, readString(body, 'ref'), readString(body, 'sha'));
      return { status: 201, document: referenceDocument(origins, repository, tag), hasEffect: true };
    },
  },
  {
    method: 'DELETE',
    path: /^\/git\/refs\/tags\/(.+)$/,
    documentation: 'git/refs#delete-a-reference',
    access: 'push',
    handle: ({ repository, parts: [tag = ''] }) => {
      deleteTag(repository, tag);
      return { status: 204, hasEffect: true };
    },
  },
];

/** Drafts are not there for those who cannot push. */
function releaseOf({ repository, parts, canPush }: RouteCall): StoredRelease {
  const release = repository.releases.find(({ id }) => id === Number(parts[0]));
  if (release === undefined || (release.isDraft && !canPush)) throw notFound();
  return release;
}

function assetOf({ repository, parts, canPush }: RouteCall): StoredAsset {
  for (const release of repository.releases) {
    if (release.isDraft && !canPush) continue;
    const asset = release.assets.find(({ id }) => id === Number(parts[0]));
    if (asset !== undefined) return asset;
  }
  throw notFound();
}
