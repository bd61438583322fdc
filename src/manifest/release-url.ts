import { DEFAULT_DOWNLOAD_BASE, type TrustPolicy } from '../config.ts';
import { UpdateError } from '../errors.ts';
import { assertUrlAllowed, isLoopbackUrl } from '../http.ts';
import { quote } from '../quote.ts';

/** A file of a release: `<owner>/<repository>/releases/download/<tag>/<file>`. */
export interface ReleaseFile {
  /** `owner/repository` as written in the URL. */
  readonly owner: string;
  /** Null for `releases/latest/download/<file>`, which names no tag. */
  readonly tag: string | null;
  readonly file: string;
}

/** What an artifact's URL says, before anybody judges it. */
export interface UrlReading {
  /** The URL to fetch, on the download base where it is a release file; null when it is no URL at all. */
  readonly href: string | null;
  readonly host: string;
  readonly file: string;
  /** Why this client may not fetch it, or null. */
  readonly insecurity: string | null;
  readonly isHostForeign: boolean;
  readonly release: ReleaseFile | null;
}

const RELEASE_PATH = /^\/([^/]+\/[^/]+)\/releases\/(?:download\/(.+)|latest\/download)\/([^/]+)$/;

/** A browser would turn backslashes into slashes and drop tabs and line ends: no honest URL holds them. */
const IS_PLAIN_URL = /^[a-z][a-z0-9+.-]*:\/\/[^/\\\s\p{Cc}][^\\\s\p{Cc}]*$/iu;

/**
 * Reads an artifact's URL.
 *
 * Release files are recognised on GitHub, on the download base and on allowed hosts. One on GitHub is moved
 * to the download base, so that a run against another base never leaves it. Everything is read from the URL
 * as WHATWG normalises it, which is also what is fetched; percent-encoded letters are not decoded, so that
 * an encoded owner or tag matches nothing.
 *
 * @throws UpdateError `usage` when the policy's download base may not be fetched
 */
export function readUrl(text: string, policy: TrustPolicy): UrlReading {
  const base = readDownloadBase(policy);
  const url = IS_PLAIN_URL.test(text) ? URL.parse(text) : null;
  if (url === null) {
    const insecurity =
      `${quote(text)} is not a complete https address. Nothing was fetched from it. ` +
      'The publisher has to correct the address.';
    const file = fileOf(text.replace(/[?#].*/s, ''));
    return { href: null, host: '', file, insecurity, isHostForeign: false, release: null };
  }
  const path = pathBelow(base, url) ?? url.pathname;
  const isReleaseHost = isGitHub(url) || pathBelow(base, url) !== null;
  const isAllowedHost = isConfigured(url, policy) || (policy.allowLoopback && isLoopbackUrl(url));
  const release = isReleaseHost || isAllowedHost ? readReleasePath(path) : null;
  const isMoved = release !== null && isGitHub(url) && !isGitHub(base);
  return {
    href: isMoved ? `${trimSlash(base.href)}${path}${url.search}` : url.href,
    host: url.host,
    file: fileOf(url.pathname),
    insecurity: findInsecurity(url, policy),
    isHostForeign: !isAllowedHost && !(isReleaseHost && release !== null),
    release,
  };
}

/** The address of a release file of the production owner on the download base. */
export function releaseUrl(policy: TrustPolicy, tag: string, file: string): string {
  return `${trimSlash(readDownloadBase(policy).href)}/${policy.owner}/releases/download/${tag}/${file}`;
}

/** The last part of the file name, lower case, without its dot; empty where there is none. */
export function extensionOf(file: string): string {
  return file.includes('.') ? file.slice(file.lastIndexOf('.') + 1).toLowerCase() : '';
}

function readDownloadBase(policy: TrustPolicy): URL {
  const base = URL.parse(policy.downloadBase);
  const problem =
    base === null || base.search !== '' || base.hash !== ''
      ? `${quote(policy.downloadBase)} is not an address such as ${DEFAULT_DOWNLOAD_BASE}.`
      : findInsecurity(base, policy);
  if (base === null || problem !== null) {
    throw new UpdateError(
      'usage',
      `The download base cannot be used: ${problem} Give an https address, or http on 127.0.0.1 together with --allow-loopback.`,
    );
  }
  return base;
}

function findInsecurity(url: URL, policy: TrustPolicy): string | null {
  const { allowLoopback, downloadBase, trustsDownloadBase = false } = policy;
  const isTrusted = trustsDownloadBase && url.origin === URL.parse(downloadBase)?.origin;
  try {
    assertUrlAllowed(url.href, { allowLoopback: allowLoopback || isTrusted });
    return null;
  } catch (error) {
    if (error instanceof UpdateError) return error.message;
    throw error;
  }
}

/** The scheme is judged apart, so that a release file on `http://` is still recognised as one. */
function isGitHub(url: URL): boolean {
  return url.host === new URL(DEFAULT_DOWNLOAD_BASE).host;
}

function pathBelow(base: URL, url: URL): string | null {
  const prefix = trimSlash(base.pathname);
  const isBelow = url.host === base.host && url.pathname.startsWith(`${prefix}/`);
  return isBelow ? url.pathname.slice(prefix.length) : null;
}

/** A host without a port stands for that scheme's own port. */
function isConfigured(url: URL, policy: TrustPolicy): boolean {
  return policy.allowedHosts.some((host) => URL.parse(`${url.protocol}//${host}`)?.host === url.host);
}

function readReleasePath(path: string): ReleaseFile | null {
  const match = RELEASE_PATH.exec(path);
  if (match === null) return null;
  const [, owner = '', tag = null, file = ''] = match;
  return { owner, tag, file };
}

function fileOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function trimSlash(text: string): string {
  return text.endsWith('/') ? text.slice(0, -1) : text;
}
