import type { Channel } from '../../config.ts';
import type { BuildPlan } from '../builds/build-plan.ts';
import type { ClientData, HostData } from './schema.ts';

/** What the feed says, one manifest after the other. */
export interface Offer {
  /** E.g. `bytes-of-another-version`, or the name of a real manifest without `.json`. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** The finding or drift that it is an example of. */
  readonly shows: string | null;
  /** `real`: served once to the world; `generated`: from resources/lab; `given`: from `--manifests` or a scenario file. */
  readonly origin: 'real' | 'generated' | 'given';
  readonly manifests: readonly OfferedManifest[];
}

/** One manifest, while it is offered, before a release host is known. */
export interface OfferedManifest {
  /** File name, e.g. `2026-03-12_v2.0.0.46_8324c4f9_stable_92cb3c.json`. */
  readonly file: string;
  readonly channel: Channel;
  /** As the manifest gives it; null where it gives none. */
  readonly version: string | null;
  /** `release_date` as given. */
  readonly date: string | null;
  /** What the promised bytes hold; null where it promises none that anybody could have. */
  readonly promised: BuildPlan | null;
  /** The manifest; null where `text` is served as it is. Release URLs are GitHub's. */
  readonly document: Readonly<Record<string, unknown>> | null;
  /**
   * Whether the document's size and sha256 are those of real bytes, which nobody has here: the stand-in's are put in
   * when it is written. Others are the stand-in's already, or wrong on purpose.
   */
  readonly isOfRealBytes: boolean;
  readonly text: string | null;
  readonly checks: number;
}

export interface HostState extends HostData {
  readonly name: string;
}

export type ClientSpec = ClientData & { readonly name: string };

/** One row of the matrix. */
export interface Scenario {
  /** `<offer>/<host>`, or the name of a scenario file. */
  readonly name: string;
  readonly title: string;
  readonly offer: Offer;
  readonly host: HostState;
}

/** The offer on that state of the host, as `--scenario` names it. */
export function makeScenario(offer: Offer, host: HostState): Scenario {
  return { name: `${offer.name}/${host.name}`, title: `${offer.title}; ${host.title}`, offer, host };
}
