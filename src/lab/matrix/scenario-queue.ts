import type { Offer, Scenario } from '../scenario/scenario.ts';

/**
 * What is left to be run. Those who share the work keep to one offer as long as there is something of it: they have
 * made and read its images then.
 */
export class ScenarioQueue {
  readonly #groups: readonly Group[];

  constructor(scenarios: readonly Scenario[]) {
    this.#groups = [...Map.groupBy(scenarios, ({ offer }) => offer)].map(([offer, left]) => ({
      offer,
      left: [...left],
      checks: offer.manifests.reduce((sum, { checks }) => sum + checks, 0),
    }));
  }

  /**
   * The next scenario, of the same offer if possible, else of the one with the most work left, so that no long one
   * is left over for a single process at the end; null when nothing is left.
   *
   * @param offer of the scenario that whoever asks has just run
   */
  take(offer: Offer | null): Scenario | null {
    const own = this.#groups.find((group) => group.offer === offer && group.left.length > 0);
    const [longest] = this.#groups.toSorted((a, b) => workIn(b) - workIn(a));
    return (own ?? longest)?.left.shift() ?? null;
  }
}

interface Group {
  readonly offer: Offer;
  readonly left: Scenario[];
  /** In one scenario. */
  readonly checks: number;
}

function workIn({ left, checks }: Group): number {
  return left.length * checks;
}
