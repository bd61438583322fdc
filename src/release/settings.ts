import type { UpdaterConfig } from '../config.ts';
import { DEFAULT_DOWNLOAD_BASE } from '../config.ts';
import { UpdateError } from '../errors.ts';
import { isLoopbackUrl } from '../http.ts';
import type { AssessPolicy } from '../manifest/assess.ts';

/** Where GitHub's API is unless `--api-url` says otherwise. */
export const DEFAULT_API_URL = 'https://api.github.com';

/** Where a run publishes to, and what it may do there. */
export interface ReleaseSettings {
  /** The production owner, `owner/repository`. */
  readonly owner: string;
  readonly bundleId: string;
  /** Without a trailing slash. */
  readonly apiUrl: string;
  /** What manifests are judged against; its download base is where the world downloads from. */
  readonly policy: AssessPolicy;
  /** Whether `stable` may be published to, or is only reached by promotion. */
  readonly stable: UpdaterConfig['publish']['stable'];
  /** Never to be printed. Null where none is set. */
  readonly token: string | null;
}

export interface ReleaseSettingsOptions {
  /** Where the caller means to publish; a guard for scripts. */
  readonly owner: string | null;
  readonly apiUrl: string;
  readonly downloadUrl: string;
  readonly token: string | null;
}

/**
 * The settings of one run. The download URL stands in place of GitHub's: its host counts as allowed, and where it is
 * on loopback, so does plain http there.
 *
 * @throws UpdateError `owner-mismatch` where the caller means another repository than the configured one
 */
export function makeReleaseSettings(config: UpdaterConfig, options: ReleaseSettingsOptions): ReleaseSettings {
  const { owner, apiUrl, downloadUrl, token } = options;
  assertOwner(owner, config.owner);
  const downloadBase = trimSlash(downloadUrl);
  return {
    owner: config.owner,
    bundleId: config.bundleId,
    apiUrl: trimSlash(apiUrl),
    policy: {
      owner: config.owner,
      downloadBase,
      allowedHosts: config.allowedHosts,
      allowLoopback: downloadBase !== DEFAULT_DOWNLOAD_BASE && isLoopbackUrl(new URL(downloadBase)),
      keys: config.keys,
    },
    stable: config.publish.stable,
    token,
  };
}

/** GitHub compares both parts without regard to case. */
function assertOwner(asked: string | null, configured: string): void {
  if (asked === null || asked.toLowerCase() === configured.toLowerCase()) return;
  throw new UpdateError(
    'owner-mismatch',
    `Releases come from ${configured} alone, and --owner says ${asked}. Nothing was sent anywhere. ` +
      "Leave --owner out, or name your own project's configuration with --config.",
    { details: { asked, configured } },
  );
}

function trimSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
