import { UpdateError } from '../../errors.ts';
import { isLoopbackUrl } from '../../http.ts';
import { quote } from '../../quote.ts';

/** Where the API is, and with it where the token may go. */
export interface ApiUrl {
  /** Without a trailing slash. */
  readonly href: string;
  readonly url: URL;
  readonly isLoopback: boolean;
}

/** @throws UpdateError `usage` for anything but https, or http on loopback */
export function readApiUrl(text: string): ApiUrl {
  const url = URL.parse(text);
  const isPlain =
    url !== null && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (!isPlain || !isProtected(url)) {
    throw new UpdateError(
      'usage',
      `${quote(text)} cannot be GitHub's API: the token would travel unprotected. Nothing was sent. ` +
        'Give an https address, or http on 127.0.0.1.',
    );
  }
  return { href: url.href.replace(/\/+$/, ''), url, isLoopback: isLoopbackUrl(url) };
}

/** Whether a URL is on the API's own origin and below its path. */
export function isApiUrl(api: ApiUrl, url: URL): boolean {
  const prefix = api.url.pathname.replace(/\/+$/, '');
  return hasNoCredentials(url) && url.origin === api.url.origin && url.pathname.startsWith(`${prefix}/`);
}

/**
 * Whether the token may be sent to an address that a release names for uploads: GitHub's is on uploads.github.com,
 * GHE.com's on `uploads.` beside `api.`, a GitHub Enterprise Server's on its own host (GitHub's documentation of the
 * endpoints for each). A double on loopback may have it on any port there.
 */
export function isUploadUrl(api: ApiUrl, url: URL): boolean {
  if (!hasNoCredentials(url)) return false;
  if (api.isLoopback) return isLoopbackUrl(url);
  if (url.protocol !== 'https:' || url.port !== api.url.port) return false;
  const uploads = api.url.hostname.replace(/^api\./, 'uploads.');
  return url.hostname === uploads;
}

function isProtected(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackUrl(url));
}

function hasNoCredentials(url: URL): boolean {
  return url.username === '' && url.password === '' && /^https?:$/.test(url.protocol);
}
