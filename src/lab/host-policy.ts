import type { TrustPolicy } from '../config.ts';
import { PRODUCTION_OWNER, type ReleaseHost } from './release-host/release-host.ts';

/** What manifests are judged by in the lab: the double is GitHub; all else of this computer is as foreign as to an app. */
export function hostPolicy({ origin }: Pick<ReleaseHost, 'origin'>): TrustPolicy {
  return {
    owner: PRODUCTION_OWNER,
    downloadBase: origin,
    allowedHosts: [],
    allowLoopback: false,
    trustsDownloadBase: true,
  };
}
