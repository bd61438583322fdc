import type { Channel } from '../config.ts';
import { CHANNEL_FILES } from '../manifest/manifest-file.ts';
import { APPCAST_FILES } from '../server/appcast.ts';
import { EMPTY_CATALOG, updateCatalog } from '../server/catalog.ts';
import { makeSite } from '../server/site.ts';
import { type FeedPaths, feedPaths } from './clients/client.ts';
import { hostPolicy } from './host-policy.ts';
import { PRODUCTION_OWNER, type ReleaseHost } from './release-host/release-host.ts';

export interface Feed {
  readonly channel: Channel;
  /** The manifest. */
  readonly bytes: Uint8Array;
  /** `feedPaths` of the channel unless given. */
  readonly paths?: FeedPaths;
}

/**
 * Puts a manifest onto the host, and beside it the appcast that our update server makes of it: with the manifest's
 * item, or without one where the server would not offer it. The manifest itself is there in any case, since those who
 * edited manifests by hand put them online as they were.
 */
export function serveFeed(
  host: Pick<ReleaseHost, 'origin' | 'setManifest'>,
  { channel, bytes, paths = feedPaths(channel) }: Feed,
): void {
  host.setManifest(paths.manifest, bytes);
  host.setManifest(paths.appcast, appcastOf(host.origin, channel, bytes));
}

/** One manifest is offered to many clients, on many states of one host. */
const appcasts = new Map<string, Uint8Array>();
const MOST_APPCASTS = 1000;

function appcastOf(downloadBase: string, channel: Channel, bytes: Uint8Array): Uint8Array {
  const key = `${downloadBase} ${channel} ${Buffer.from(bytes).toString('latin1')}`;
  const known = appcasts.get(key);
  if (known !== undefined) return known;
  const appcast = makeAppcastOf(downloadBase, channel, bytes);
  if (appcasts.size >= MOST_APPCASTS) appcasts.clear();
  appcasts.set(key, appcast);
  return appcast;
}

function makeAppcastOf(downloadBase: string, channel: Channel, bytes: Uint8Array): Uint8Array {
  const policy = hostPolicy({ origin: downloadBase });
  const catalog = updateCatalog(
    EMPTY_CATALOG,
    [{ name: CHANNEL_FILES[channel], bytes, problem: null, modified: null }],
    { policy, isBetaOffered: true },
  );
  const site = makeSite(
    // No downloads folder lies beside the lab's manifests, so that no signature was verified over a file in it.
    { catalog, downloads: [], folderProblems: [], verifiedSignatures: new Set() },
    { isBetaOffered: true, publicUrl: null, owner: PRODUCTION_OWNER, allowLoopback: true },
  );
  const appcast = site.find(({ path }) => path === APPCAST_FILES[channel]);
  if (appcast === undefined) throw new Error('The update server makes no appcast for this channel.');
  return appcast.bytes;
}
