import type { AssessPolicy } from '../manifest/assess.ts';
import { EMPTY_CATALOG, updateCatalog } from './catalog.ts';
import { type DownloadShelf, openDownloadShelf, type ShelvedFile } from './download-shelf.ts';
import { type ManifestFolder, openManifestFolder } from './manifest-folder.ts';
import { type PreparedSite, prepareSite } from './prepared-site.ts';
import { type Health, makeHealth } from './reports.ts';
import { makeSite, type SiteDocument, type SiteInput } from './site.ts';
import { verifySignatures } from './verify-signature.ts';

/** What a site is made from, for the server and the export alike. */
export interface SiteSources {
  readonly manifestsFolder: string;
  readonly downloadsFolder: string | null;
  readonly isBetaOffered: boolean;
  readonly policy: AssessPolicy;
  /** ed25519 public keys that `sparkle:edSignature` may be made with, 32 bytes in base64 each. */
  readonly appcastKeys: readonly string[];
  /** The site's own address, without a trailing slash; null where it is not known. */
  readonly publicUrl: string | null;
}

export interface LiveSite {
  /** As it is now. Another one after each change; one that was taken goes on being whole. */
  readonly site: PreparedSite;
  readonly documents: readonly SiteDocument[];
  /** Files that are served under `downloads/`, by name. */
  readonly files: ReadonlyMap<string, ShelvedFile>;
  readonly health: Health;
  /** When every download has been hashed and every signature checked. */
  whenSettled(): Promise<void>;
  /** To be told that a file is not as it was hashed. */
  stirDownloads(): void;
  close(): void;
}

/** What happened, for the log. */
export type SiteEvent = (level: 'info' | 'warn', text: string, details: object) => void;

/**
 * Keeps the site in step with its folders, which are read and never written. What is served changes in one step.
 *
 * @throws UpdateError `folder-unreadable` where a folder is not there at the start; `usage` for an unusable policy
 */
export async function openLiveSite(sources: SiteSources, tell: SiteEvent): Promise<LiveSite> {
  const { policy, isBetaOffered, publicUrl } = sources;
  const options = {
    isBetaOffered,
    publicUrl,
    owner: policy.owner,
    allowLoopback: policy.allowLoopback,
  };
  const signatures = new Map<string, boolean>();
  const told = new Set<string>();
  let catalog = EMPTY_CATALOG;
  let verifiedSignatures: ReadonlySet<string> = new Set();
  let site: PreparedSite = new Map();
  let documents: readonly SiteDocument[] = [];
  let health: Health = makeHealth({ catalog, downloads: [], folderProblems: [] }, options);
  let files: ReadonlyMap<string, ShelvedFile> = new Map();
  let folder: ManifestFolder | null = null;
  let shelf: DownloadShelf | null = null;
  let checking: Promise<void> = Promise.resolve();

  const rebuild = (): void => {
    const downloads = shelf?.state.files ?? [];
    const folderProblems = [folder?.state.problem, shelf?.state.problem].filter((each) => each != null);
    const input: SiteInput = { catalog, downloads, folderProblems, verifiedSignatures };
    documents = makeSite(input, options);
    site = prepareSite(documents, site);
    files = new Map(downloads.map((file) => [file.name, file]));
    health = makeHealth(input, options);
    tellProblems(health.problems);
  };

  /** Each problem once, when it comes and when it is over. */
  const tellProblems = (problems: readonly string[]): void => {
    for (const problem of problems) if (!told.has(problem)) tell('warn', problem, {});
    for (const problem of told) if (!problems.includes(problem)) tell('info', 'No longer so', { problem });
    told.clear();
    for (const problem of problems) told.add(problem);
  };

  const takeManifests = (state: ManifestFolder['state']): void => {
    const before = new Map(catalog.offers.map((offer) => [offer.file, offer.sha256]));
    catalog = updateCatalog(catalog, state.files, { policy, isBetaOffered });
    for (const { file, sha256, manifest } of catalog.offers) {
      if (before.get(file) !== sha256) {
        tell('info', 'Manifest offered', { file, version: manifest.version.text, sha256 });
      }
    }
    rebuild();
    checkSignaturesSoon();
  };

  /** In the background, one check at a time; the appcast is without them until then. */
  const checkSignaturesSoon = (): void => {
    checking = checking.then(checkSignatures);
  };
  const checkSignatures = async (): Promise<void> => {
    const found = await verifySignatures(catalog, shelf?.state.files ?? [], sources.appcastKeys, signatures);
    if ([...found].join() === [...verifiedSignatures].join()) return;
    verifiedSignatures = found;
    rebuild();
  };

  // Downloads first, so that what a manifest says of them is judged as soon as it is known.
  if (sources.downloadsFolder !== null) {
    shelf = await openDownloadShelf(sources.downloadsFolder, ({ passedOver }) => {
      if (folder === null) return;
      for (const name of passedOver) tellPassedOver(name);
      rebuild();
      checkSignaturesSoon();
    });
  }
  const passedOver = new Set<string>();
  const tellPassedOver = (name: string): void => {
    if (passedOver.has(name)) return;
    passedOver.add(name);
    tell('warn', 'Not served: no plain readable file with a name of A-Z a-z 0-9 . _ -', { file: name });
  };
  try {
    folder = await openManifestFolder(sources.manifestsFolder, (state) => {
      if (folder !== null) takeManifests(state);
    });
  } catch (error) {
    shelf?.close();
    throw error;
  }
  for (const name of shelf?.state.passedOver ?? []) tellPassedOver(name);
  takeManifests(folder.state);
  return {
    get site() {
      return site;
    },
    get documents() {
      return documents;
    },
    get files() {
      return files;
    },
    get health() {
      return health;
    },
    whenSettled: async () => {
      while (health.pendingDownloads.length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
      await checking;
    },
    stirDownloads: () => shelf?.stir(),
    close: () => {
      folder?.close();
      shelf?.close();
    },
  };
}
