import type { AssessPolicy } from '../manifest/assess.ts';
import { readUrl } from '../manifest/release-url.ts';
import { quote } from '../quote.ts';
import { EMPTY_CATALOG, updateCatalog } from './catalog.ts';
import { type DownloadShelf, openDownloadShelf, type ShelvedFile } from './download-shelf.ts';
import { type Health, makeHealth } from './health.ts';
import { type ManifestFolder, openManifestFolder } from './manifest-folder.ts';
import { type PreparedSite, prepareSite } from './prepared-site.ts';
import { makeSite, type SiteDocument } from './site.ts';
import type { SiteInput, SiteOptions } from './site-input.ts';
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

/** What happened, for the log. */
export type SiteEvent = (level: 'info' | 'warn' | 'error', text: string, details: object) => void;

/**
 * A site that is kept in step with its folders, which are read and never written. What is served changes in one step,
 * and whoever took a state of it before goes on with that one, whole.
 */
export class LiveSite {
  readonly #sources: SiteSources;
  readonly #options: SiteOptions;
  readonly #tell: SiteEvent;
  readonly #signatures = new Map<string, boolean>();
  readonly #told = new Set<string>();
  #catalog = EMPTY_CATALOG;
  #verifiedSignatures: ReadonlySet<string> = new Set();
  #site: PreparedSite = new Map();
  #documents: readonly SiteDocument[] = [];
  #health: Health | null = null;
  #files: ReadonlyMap<string, ShelvedFile> = new Map();
  #folder: ManifestFolder | null = null;
  #shelf: DownloadShelf | null = null;
  #checking: Promise<void> = Promise.resolve();

  private constructor(sources: SiteSources, tell: SiteEvent) {
    const { policy, isBetaOffered, publicUrl } = sources;
    const { owner, allowLoopback } = policy;
    this.#sources = sources;
    this.#options = { isBetaOffered, publicUrl, owner, allowLoopback };
    this.#tell = tell;
  }

  /**
   * Resolves when the manifests have been read. Downloads are served one by one, as they have been hashed.
   *
   * @throws UpdateError `folder-unreadable` where a folder is not there; `usage` for a policy that cannot be used
   */
  static async open(sources: SiteSources, tell: SiteEvent): Promise<LiveSite> {
    // Throws for a download base that may not be fetched from: no manifest is needed to say so.
    readUrl('', sources.policy);
    const live = new LiveSite(sources, tell);
    try {
      await live.#open();
      return live;
    } catch (error) {
      live.close();
      throw error;
    }
  }

  get site(): PreparedSite {
    return this.#site;
  }

  get documents(): readonly SiteDocument[] {
    return this.#documents;
  }

  /** Files that are served under `downloads/`, by name. */
  get files(): ReadonlyMap<string, ShelvedFile> {
    return this.#files;
  }

  get health(): Health {
    this.#health ??= makeHealth(this.#makeInput(), this.#options);
    return this.#health;
  }

  /** Resolves when every download has been hashed and every signature checked. */
  async whenSettled(): Promise<void> {
    while (this.health.pendingDownloads.length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await this.#checking;
  }

  /** To be told that a download is not as it was hashed. */
  stirDownloads(): void {
    this.#shelf?.stir();
  }

  close(): void {
    this.#folder?.close();
    this.#shelf?.close();
  }

  async #open(): Promise<void> {
    const { manifestsFolder, downloadsFolder } = this.#sources;
    // Downloads first, so that what a manifest says of them is judged as soon as it is known.
    if (downloadsFolder !== null) {
      this.#shelf = await openDownloadShelf(downloadsFolder, () => this.#take());
    }
    this.#folder = await openManifestFolder(manifestsFolder, () => this.#take());
    this.#take();
  }

  /** Takes the folders as they are now. Whatever goes wrong with that, what was served until now is still served. */
  #take(): void {
    // Not before both are open.
    if (this.#folder === null) return;
    try {
      const { policy, isBetaOffered } = this.#sources;
      const before = new Map(this.#catalog.offers.map(({ file, sha256 }) => [file, sha256]));
      this.#catalog = updateCatalog(this.#catalog, this.#folder.state.files, { policy, isBetaOffered });
      this.#tellOffers(before);
      this.#rebuild();
      this.#checking = this.#checking.then(() => this.#checkSignatures());
    } catch (error) {
      this.#tell('error', 'A change could not be taken', { err: error });
    }
  }

  /** In the background, one check at a time; the appcast is without signatures until then. */
  async #checkSignatures(): Promise<void> {
    const { appcastKeys } = this.#sources;
    const files = this.#shelf?.state.files ?? [];
    const found = await verifySignatures(this.#catalog, files, appcastKeys, this.#signatures);
    if ([...found].join() === [...this.#verifiedSignatures].join()) return;
    this.#verifiedSignatures = found;
    this.#rebuild();
  }

  #makeInput(): SiteInput {
    const problems = [this.#folder?.state.problem, this.#shelf?.state.problem];
    return {
      catalog: this.#catalog,
      downloads: this.#shelf?.state.files ?? [],
      folderProblems: problems.filter((problem) => problem != null),
      verifiedSignatures: this.#verifiedSignatures,
    };
  }

  #rebuild(): void {
    const input = this.#makeInput();
    const health = makeHealth(input, this.#options);
    const documents = makeSite(input, this.#options);
    this.#site = prepareSite(documents, this.#site);
    this.#documents = documents;
    this.#health = health;
    this.#files = new Map((this.#shelf?.state.files ?? []).map((file) => [file.name, file]));
    const passedOver = (this.#shelf?.state.passedOver ?? []).map(
      (name) => `${quote(name)} in downloads is not served: it is no readable file of a plain name.`,
    );
    this.#tellProblems([...health.problems, ...passedOver]);
  }

  #tellOffers(before: ReadonlyMap<string, string>): void {
    for (const { file, sha256, manifest } of this.#catalog.offers) {
      if (before.get(file) === sha256) continue;
      this.#tell('info', 'Manifest offered', { file, version: manifest.version.text, sha256 });
    }
  }

  /** Each problem once when it comes, and once when it is over. */
  #tellProblems(problems: readonly string[]): void {
    for (const problem of problems) if (!this.#told.has(problem)) this.#tell('warn', problem, {});
    for (const problem of this.#told) {
      if (!problems.includes(problem)) this.#tell('info', 'No longer so', { problem });
    }
    this.#told.clear();
    for (const problem of problems) this.#told.add(problem);
  }
}
