export type Channel = 'stable' | 'beta';
export const CHANNELS = ['stable', 'beta'] as const satisfies readonly Channel[];

/** Where releases live unless `--download-base` says otherwise. */
export const DEFAULT_DOWNLOAD_BASE = 'https://github.com';

/** What a manifest is judged against. Comes from `resources/updater.yml` and the command line. */
export interface TrustPolicy {
  /** The production owner as `owner/repository`. GitHub compares both without regard to case. */
  readonly owner: string;
  /** Origin that release URLs and candidates are built on, without a trailing slash. */
  readonly downloadBase: string;
  /** Further hosts that an artifact may come from (`direct` generation). */
  readonly allowedHosts: readonly string[];
  /** Allows plain http and any port on 127.0.0.1 and localhost; for tests and the demo. */
  readonly allowLoopback: boolean;
  /** Allows plain http on the download base alone, and nothing else of this computer; for the lab. */
  readonly trustsDownloadBase?: boolean;
}

/** The contents of `updater.yml`. */
export interface UpdaterConfig {
  readonly owner: string;
  readonly bundleId: string;
  readonly manifests: Readonly<Record<Channel, string>>;
  readonly allowedHosts: readonly string[];
  readonly keys: readonly string[];
  readonly publish: PublishPolicy;
  /** ed25519 public keys that appcasts may carry signatures of, 32 bytes in base64 each (Sparkle's SUPublicEDKey). */
  readonly appcastKeys: readonly string[];
}

/** What `nexy-release` may do. */
export interface PublishPolicy {
  /** How a version gets to the stable channel: only from another channel, or straight from a build too. */
  readonly stable: 'promotion' | 'direct';
}
