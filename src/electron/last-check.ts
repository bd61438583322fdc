import { asUpdateError } from '../errors.ts';
import type { HttpSettings } from '../http.ts';
import type { HttpExchange } from '../http-exchange.ts';
import type { AssessPolicy } from '../manifest/assess.ts';
import type { CheckResult } from '../updater/events.ts';
import { describeCheck, describeFacts } from './describe-facts.ts';
import type { OfferView, QaModel } from './window-contract.ts';

const LONGEST_NETWORK_LOG = 200;

/** What the last ordinary check came to, and what went over the network for it. */
export class LastCheck {
  readonly #policy: AssessPolicy;
  readonly #stateFolder: string;
  #result: CheckResult | null = null;
  #network: readonly HttpExchange[] = [];
  #offer: OfferView | null = null;

  constructor(settings: { readonly policy: AssessPolicy; readonly stateFolder: string }) {
    this.#policy = settings.policy;
    this.#stateFolder = settings.stateFolder;
  }

  /** The version that the manifest has, whatever was decided about it; null before the first, or for no manifest. */
  get offer(): OfferView | null {
    return this.#offer;
  }

  /** The macOS that it needs, where it says so. */
  get minimumOs(): string | null {
    return this.#result?.assessment.manifest?.artifact.minOs ?? null;
  }

  /** Of this Mac, as the check saw it; null before. */
  get macosVersion(): string | null {
    return this.#result?.machine.systemVersion ?? null;
  }

  /** A new check begins. */
  begin(): void {
    this.#network = [];
  }

  noteExchange(exchange: HttpExchange): void {
    this.#network = [...this.#network, exchange].slice(-LONGEST_NETWORK_LOG);
  }

  /** @returns false for the answer that is known already: that of a download which goes on */
  note(result: CheckResult): boolean {
    if (result === this.#result) return false;
    this.#result = result;
    const { manifest } = result.assessment;
    const known = this.#offer;
    this.#offer =
      manifest === null
        ? null
        : {
            version: manifest.version.text,
            size: manifest.artifact.size,
            releaseDate: manifest.releaseDate,
            isCritical: manifest.critical,
            notes: known?.version === manifest.version.text ? known.notes : null,
          };
    return true;
  }

  /**
   * Fetches the notes of an update, where they are not there yet, and keeps them for its first start. Their lack is no
   * reason to fail.
   *
   * @returns why there are none; null where there is nothing to complain about
   */
  async readNotes(http: HttpSettings): Promise<string | null> {
    const offer = this.#offer;
    const manifest = this.#result?.assessment.manifest ?? null;
    if (offer === null || offer.notes !== null || manifest === null) return null;
    if (this.#result?.isUpdateAvailable !== true) return null;
    const { fetchNotes, findNotes, keepNotes } = await import('../check/release-notes.ts');
    const source = findNotes(manifest, this.#policy);
    if (source === null) return null;
    try {
      const notes = await fetchNotes(source, http);
      await keepNotes(this.#stateFolder, offer.version, notes);
      // Another check may have come between.
      if (this.#offer?.version === offer.version) this.#offer = { ...this.#offer, notes };
      return null;
    } catch (error) {
      return `Without release notes: ${asUpdateError(error).message}`;
    }
  }

  /** For QA and for reports. */
  describe(manifestUrl: string, journal: readonly string[]): QaModel {
    const check = this.#result;
    const described =
      check === null
        ? { decision: null, findings: [], candidates: [] }
        : describeCheck(check.assessment, check.decision);
    const facts = check === null ? [] : describeFacts(check.facts, null);
    return { ...described, facts, network: this.#network, journal, manifestUrl };
  }
}
