import type { Channel } from '../../config.ts';
import type { LabMac } from '../mac/lab-mac.ts';
import type { ReleaseHost } from '../release-host/release-host.ts';
import type { Trace } from '../trace.ts';

/** Where one client lives. Everything in it is the client's alone, except for the host. */
export interface LabWorld {
  readonly host: ReleaseHost;
  readonly mac: LabMac;
  /** Private, empty at first: for caches and states. */
  readonly folder: string;
  readonly channel: Channel;
  /** Paths on the host's origin of what this client asks for; `feedPaths` unless a migration has moved it. */
  readonly feed: FeedPaths;
  readonly trace: Trace;
  /** What clients with a key know: an ed25519 public key, PEM. */
  readonly publicKey: string;
  /** What decides the rollout bucket: a UUID; a random one unless given. */
  readonly installationId?: string;
}

/** What one automatic check of a client came to. What is installed now is told by the Mac; bytes, where the client does not say, by the host's log. */
export interface CheckResult {
  readonly action: 'none' | 'held' | 'rejected' | 'failed' | 'installed';
  /** A code, e.g. `newer`, `sha256-mismatch`, or a model's own word, e.g. `build-not-a-number`. */
  readonly reason: string;
  /** A sentence. */
  readonly message: string;
  /**
   * Bytes of artifacts that it took from the network, where it can tell. The host's log counts what was handed to the
   * system, too, before a client read the headers and hung up: in the lab, whose images fit into a socket's buffer,
   * that is everything, and of a real image next to nothing.
   */
  readonly artifactBytes?: number;
}

/** An updater on a Mac. */
export interface LabClient {
  /** One automatic check, with everything that follows from it, up to the relaunch of what was installed. */
  check(now: Date): Promise<CheckResult>;
}

export interface FeedPaths {
  readonly manifest: string;
  readonly appcast: string;
}

export function feedPaths(channel: Channel): FeedPaths {
  return channel === 'stable'
    ? { manifest: '/manifest.json', appcast: '/appcast.xml' }
    : { manifest: '/manifest_beta.json', appcast: '/appcast-beta.xml' };
}
