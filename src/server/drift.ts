import type { Artifact } from '../manifest/manifest.ts';
import type { Catalog, Offer } from './catalog.ts';
import type { DownloadFile } from './shelf.ts';

/** A file in downloads that is not what a manifest promises. Told, never repaired. */
export interface Drift {
  readonly file: string;
  readonly manifest: string;
  readonly version: string;
  readonly message: string;
  readonly promised: { readonly size: number; readonly sha256: string };
  /** Null where there is no such file. */
  readonly found: { readonly size: number; readonly sha256: string } | null;
}

interface Promised {
  readonly offer: Offer;
  readonly artifact: Artifact;
  readonly file: string;
  /** Whether the manifest's URL leads to our own copy. */
  readonly isOurs: boolean;
}

/**
 * Where the downloads folder and the manifests disagree. A manifest whose URL leads to this server's own copy must
 * match it. One that leads elsewhere is compared by file name; since all versions are called `Nexy.dmg`, the copy
 * then has to be that of one of the manifests that name it, not of all. Pure.
 *
 * @param publicUrl the site's own address, or null where it is not known
 */
export function findDrift(
  { offers }: Catalog,
  downloads: readonly DownloadFile[],
  publicUrl: string | null,
): readonly Drift[] {
  const promises = offers.flatMap((offer) =>
    offer.manifest.artifacts.flatMap((artifact) => readPromise(offer, artifact, publicUrl)),
  );
  const files = new Map(downloads.map((file) => [file.name, file]));
  return promises.flatMap((promised) => {
    const found = files.get(promised.file) ?? null;
    if (found === null) return promised.isOurs ? [describe(promised, null)] : [];
    if (found.sha256 === null || isKept(promised.artifact, found)) return [];
    const isAnothers = promises.some(({ file, artifact }) => file === found.name && isKept(artifact, found));
    return isAnothers && !promised.isOurs ? [] : [describe(promised, found)];
  });
}

/** Whether a file is, byte for byte, what the artifact promises. */
export function isKept(artifact: Artifact, file: DownloadFile): boolean {
  return file.sha256 === artifact.sha256 && file.size === artifact.size;
}

function readPromise(offer: Offer, artifact: Artifact, publicUrl: string | null): readonly Promised[] {
  const url = URL.parse(artifact.url ?? offer.assessment.candidates[0]?.url ?? '');
  if (url === null) return [];
  const file = url.pathname.slice(url.pathname.lastIndexOf('/') + 1);
  const own = publicUrl === null ? null : new URL(publicUrl);
  const isOurs =
    own?.host === url.host && /^(?:\/updates)?\/downloads\/[^/]+$/.test(withoutBase(url.pathname, own));
  return [{ offer, artifact, file, isOurs }];
}

function withoutBase(path: string, own: URL): string {
  const base = own.pathname.replace(/\/+$/, '');
  return path.startsWith(`${base}/`) ? path.slice(base.length) : path;
}

function describe({ offer, artifact, file }: Promised, found: DownloadFile | null): Drift {
  const { size, sha256 } = artifact;
  const version = offer.manifest.version.text;
  const promise = `${offer.file} promises ${size} bytes with sha256 ${sha256} for ${version}`;
  const message =
    found?.sha256 == null
      ? `${promise}, and downloads holds no ${file}. Clients that come for it get nothing. Put the file there, or correct the manifest.`
      : `${promise}, and ${file} in downloads has ${found.size} bytes with sha256 ${found.sha256}. Clients refuse it. Replace whichever is wrong; the server changes neither.`;
  return {
    file,
    manifest: offer.file,
    version,
    message,
    promised: { size, sha256 },
    found: found?.sha256 == null ? null : { size: found.size, sha256: found.sha256 },
  };
}
