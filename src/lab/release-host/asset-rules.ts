import { ApiProblem, validationFailed } from './problem.ts';
import { findAsset, type Store, type StoredAsset, type StoredRelease } from './store.ts';

/** Each file included in a release must be under 2 GiB (GitHub's "About releases"). */
const SIZE_LIMIT = 2 ** 31;

/**
 * GitHub replaces what is not of [A-Za-z0-9._-] by full stops. That runs become one, what a leading full stop
 * turns into, and that trailing ones go, is put together from reports and a guess in part.
 */
export function normalizeAssetName(name: string): string {
  const plain = name.replaceAll(/\.*[^A-Za-z0-9._-][^A-Za-z0-9_-]*/g, '.').replace(/\.+$/, '');
  return plain.startsWith('.') ? `default${plain}` : plain;
}

/**
 * Makes the asset that an upload fills: it is there, in state `starter`, from the first moment.
 *
 * @throws ApiProblem 400 or 422, and nothing has changed
 */
export function beginUpload(
  store: Store,
  release: StoredRelease,
  fields: {
    readonly name: string | null;
    readonly label: string | null;
    readonly contentType: string | undefined;
    /** Bytes, as Content-Length announces them. */
    readonly length: string | undefined;
  },
): StoredAsset {
  if (!/^\d+$/.test(fields.length ?? '')) {
    throw new ApiProblem(400, `Bad Content-Length: ${fields.length ?? ''}`);
  }
  if (release.isImmutable) throw new ApiProblem(422, 'Cannot upload assets to an immutable release.');
  const name = normalizeAssetName(fields.name ?? '');
  if (name === '') throw validationFailed({ resource: 'ReleaseAsset', code: 'missing_field', field: 'name' });
  if (fields.contentType === undefined) {
    throw validationFailed({ resource: 'ReleaseAsset', code: 'missing_field', field: 'content_type' });
  }
  const size = Number(fields.length);
  if (size < 1 || size >= SIZE_LIMIT) {
    const message =
      size < 1 ? 'size must be greater than or equal to 1' : `size must be less than ${SIZE_LIMIT}`;
    throw validationFailed({ resource: 'ReleaseAsset', code: 'custom', field: 'size', message });
  }
  if (findAsset(release, name) !== null) throw nameIsTaken();
  const asset = store.addAsset(release, {
    name,
    label: fields.label ?? '',
    contentType: fields.contentType,
    size,
  });
  release.updatedAt = store.now();
  return asset;
}

/** @throws ApiProblem 422, and nothing has changed */
export function updateAsset(
  store: Store,
  asset: StoredAsset,
  { name, label }: { readonly name?: string | undefined; readonly label?: string | undefined },
): void {
  if (asset.release.isImmutable) throw isLocked('update');
  const normalized = name === undefined ? asset.name : normalizeAssetName(name);
  if (normalized === '') {
    throw validationFailed({ resource: 'ReleaseAsset', code: 'missing_field', field: 'name' });
  }
  const other = findAsset(asset.release, normalized);
  if (other !== null && other !== asset) throw nameIsTaken();
  asset.name = normalized;
  if (label !== undefined) asset.label = label;
  asset.updatedAt = store.now();
}

/** @throws ApiProblem 422, and nothing has changed */
export function deleteAsset(store: Store, asset: StoredAsset): void {
  const { release, blob } = asset;
  if (release.isImmutable) throw isLocked('delete');
  release.assets.splice(release.assets.indexOf(asset), 1);
  release.updatedAt = store.now();
  if (blob !== null) store.forget(blob);
}

function nameIsTaken(): ApiProblem {
  return validationFailed({ resource: 'ReleaseAsset', code: 'already_exists', field: 'name' });
}

/** The words for deleting are GitHub's, those for updating a guess. */
function isLocked(verb: 'delete' | 'update'): ApiProblem {
  const message =
    verb === 'delete'
      ? 'Cannot delete asset from an immutable release'
      : 'Cannot update asset of an immutable release';
  return validationFailed({ resource: 'ReleaseAsset', code: 'custom', message });
}
