import type { Artifact } from '../manifest/manifest.ts';
import { compareVersions, isSameVersion, padVersion } from '../version.ts';
import { type Offer, pathOf } from './catalog.ts';
import { isKept } from './drift.ts';
import type { DownloadFile, Shelf } from './shelf.ts';

/**
 * The document at `/api/manifests`: every manifest that is served, channels first, archive copies from the highest
 * version down. `path` is relative to the site's root; `size` and `sha256` are those of the manifest itself.
 */
export function listManifests({ catalog }: Shelf) {
  const manifests = catalog.offers.map((offer) => {
    const { manifest, assessment } = offer;
    return {
      path: pathOf(offer),
      channel: offer.channel,
      isArchive: offer.role === 'archive',
      version: manifest.version.text,
      build: manifest.build,
      releaseDate: manifest.releaseDate,
      size: offer.bytes.byteLength,
      sha256: offer.sha256,
      critical: manifest.critical,
      autoInstall: manifest.autoInstall,
      minimumAutoVersion: manifest.minimumAutoVersion?.text ?? null,
      rollout: manifest.rollout,
      notesUrl: manifest.notesUrl,
      generation: assessment.generation,
      verdict: assessment.verdict,
      findings: assessment.findings,
    };
  });
  return { manifests };
}

/**
 * The document at `/api/versions`: every version that a manifest offers, the highest first, with the channels that
 * offer it now (none: only archive copies are left) and all its manifests.
 */
export function listVersions({ catalog }: Shelf) {
  const groups = Map.groupBy(catalog.offers, ({ manifest }) => padVersion(manifest.version));
  const versions = [...groups.values()].flatMap((offers) => {
    const [first] = offers;
    if (first === undefined) return [];
    return {
      version: first.manifest.version.text,
      releaseDate: first.manifest.releaseDate,
      critical: first.manifest.critical,
      currentOn: offers.filter(({ role }) => role !== 'archive').map(({ channel }) => channel),
      manifests: offers.map(pathOf),
      sort: first.manifest.version,
    };
  });
  versions.sort((a, b) => compareVersions(b.sort, a.sort));
  return { versions: versions.map(({ sort: _, ...shown }) => shown) };
}

/**
 * The documents of `/api/artifacts`: what there is to download. `artifacts` are those that the manifests promise,
 * each once, with our own copy where downloads holds the very bytes. `downloads` are the files of that folder, with
 * the versions that they are.
 */
export function listArtifacts({ catalog, downloads }: Shelf) {
  const promised = catalog.offers.flatMap((offer) =>
    offer.manifest.artifacts.map((artifact) => ({ offer, artifact })),
  );
  const groups = Map.groupBy(
    promised,
    ({ offer, artifact }) => `${padVersion(offer.manifest.version)} ${artifact.url} ${artifact.sha256}`,
  );
  const artifacts = [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { artifact, offer } = first;
    const { type, url, size, sha256, arch, minOs } = artifact;
    return {
      version: offer.manifest.version.text,
      channels: [...new Set(group.map((each) => each.offer.channel))],
      ...{ type, url, size, sha256, arch, minOs },
      manifests: [...new Set(group.map((each) => pathOf(each.offer)))],
      download: findCopy(artifact, downloads),
      sort: offer.manifest.version,
    };
  });
  artifacts.sort((a, b) => compareVersions(b.sort, a.sort));
  return {
    artifacts: artifacts.map(({ sort: _, ...shown }) => shown),
    downloads: downloads.map((file) => ({
      path: `downloads/${file.name}`,
      size: file.size,
      sha256: file.sha256,
      versions: versionsOf(file, promised),
    })),
  };
}

function findCopy(artifact: Artifact, downloads: readonly DownloadFile[]): string | null {
  const copy = downloads.find((file) => isKept(artifact, file));
  return copy === undefined ? null : `downloads/${copy.name}`;
}

function versionsOf(
  file: DownloadFile,
  promised: readonly { readonly offer: Offer; readonly artifact: Artifact }[],
): readonly string[] {
  const versions = promised
    .filter(({ artifact }) => isKept(artifact, file))
    .map(({ offer }) => offer.manifest.version);
  const unique = versions.filter(
    (version, index) => versions.findIndex((other) => isSameVersion(other, version)) === index,
  );
  return unique.map(({ text }) => text);
}
