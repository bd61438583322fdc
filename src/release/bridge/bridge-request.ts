import type { Channel } from '../../config.ts';
import type { GitHub } from '../github/github.ts';
import type { Offer } from '../manifests/offer.ts';
import type { ReleaseReporter } from '../reporter.ts';
import type { ReleaseSettings } from '../settings.ts';

export interface BridgeRequest {
  readonly github: GitHub;
  readonly settings: Pick<ReleaseSettings, 'policy'>;
  readonly channel: Channel;
  /** What the channel's manifest offers. */
  readonly offer: Offer;
  readonly reporter: ReleaseReporter;
  readonly signal: AbortSignal | null;
}
