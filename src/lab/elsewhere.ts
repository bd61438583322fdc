import { makeBuild } from './builds/make-build.ts';
import { OFFERED_TEXT } from './builds/offered-text.ts';
import type { ReleaseHost } from './release-host/release-host.ts';
import { ELSEWHERE } from './show-address.ts';

/** What lay at `/updates/appcast.xml`, which manifests named as the artifact: a feed, and no update of its own. */
const FEED = `<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:sparkle="http://www.andymatuschak.org/xml-namespaces/sparkle">
  <channel><title>Nexy</title></channel>
</rss>
`;

/**
 * Puts what lies on hosts other than GitHub onto the double, where it can be asked for: a feed at each address that
 * ends in `.xml`, the offered text at each in `.txt`, and nothing at any other.
 *
 * @param url an address of another host, which is never asked itself
 * @returns where the double answers for it
 */
export function openElsewhere(host: Pick<ReleaseHost, 'origin' | 'setManifest'>, url: URL): URL {
  const path = `${ELSEWHERE}${url.host}${url.pathname}`;
  if (path.endsWith('.xml')) host.setManifest(path, FEED);
  if (path.endsWith('.txt')) host.setManifest(path, makeBuild(OFFERED_TEXT).bytes);
  return new URL(path + url.search, host.origin);
}
