import type { ReleaseHost } from './release-host/release-host.ts';

/** Where the double lets other hosts live: below its own origin, by their name. */
export const ELSEWHERE = '/elsewhere/';

/** Stands for the update server, whose feed the double serves beside the releases. */
const UPDATE_SERVER = 'https://updates.example.com';
const FEED = /^\/(?:[\w-]+\/)?[\w.-]+\.(?:json|xml)$/;

type Origins = Pick<ReleaseHost, 'origin' | 'assetOrigin' | 'apiOrigin' | 'uploadOrigin'>;

/**
 * An address of the release host double as the one that it plays: its origin is GitHub's, except for the feed, which is
 * the update server's; a signed address loses its query (it is a credential, and says nothing), and what lies below
 * `/elsewhere/` gets its own host back. Any other address stays as it is.
 */
export function showAddress(host: Origins, url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return url;
  const { origin, pathname, search, hash } = parsed;
  if (origin === host.assetOrigin) return `https://release-assets.githubusercontent.com${pathname}`;
  if (origin === host.apiOrigin) return `https://api.github.com${pathname}${search}${hash}`;
  if (origin === host.uploadOrigin) return `https://uploads.github.com${pathname}${search}${hash}`;
  if (origin !== host.origin) return url;
  if (FEED.test(pathname)) return `${UPDATE_SERVER}${pathname}${search}${hash}`;
  if (!pathname.startsWith(ELSEWHERE)) return `https://github.com${pathname}${search}${hash}`;
  const place = pathname.slice(ELSEWHERE.length);
  const scheme = /^(localhost|127\.0\.0\.1)[:/]/.test(place) ? 'http' : 'https';
  return `${scheme}://${place}${search}${hash}`;
}

/** As `showAddress`, for every address in a text, such as an error's message. */
export function showAddressesIn(host: Origins, text: string): string {
  // An address ends where a sentence goes on: a full stop, a comma, a quotation mark or a bracket is none of it.
  return text.replace(/https?:\/\/127\.0\.0\.1:\d+(?:[^\s"'<>()[\]]*[^\s"'<>()[\].,;:!?])?/g, (url) =>
    showAddress(host, url).replace(/\/$/, url.endsWith('/') ? '/' : ''),
  );
}
