import { findFixedTag } from '../../manifest/generation.ts';
import { readUrl } from '../../manifest/release-url.ts';
import { parseVersionTag, readVersion } from '../../version.ts';
import { raiseParts } from '../raise-parts.ts';
import { GITHUB_POLICY, makeOfferedManifest } from '../scenario/make-offer.ts';
import type { HostState, OfferedManifest } from '../scenario/scenario.ts';

export interface NextRelease {
  readonly manifest: OfferedManifest;
  readonly host: HostState;
}

/** The release that follows where the offered version cannot be read, or is the highest that there can be. */
const FIRST_VERSION = '2.0.0.46';
/** How often a client checks before it is said that the release does not arrive. */
const CHECKS = 2;

/**
 * The release that follows, without any fault, published the way the last one was: it tells whether a client that did
 * not get this one can ever get another.
 */
export function nextRelease(last: OfferedManifest, host: HostState): NextRelease {
  const version = raiseVersion(last.version);
  const build = raiseBuild(last.document, version);
  const url = urlKind(last.document) ?? (host.publishes.includes('version') ? 'version-tag' : 'fixed-tag');
  const manifest = makeOfferedManifest(
    {
      version,
      channel: last.channel,
      date: '2026-03-13T00:00:00Z',
      build: {
        kind: 'app',
        version,
        bundleVersion: /^\d+$/.test(String(build)) ? String(build) : version,
        minimumOs: '11.0',
        label: '',
        updater: 'same',
      },
      buildNumber: build ?? version,
      url,
      changes: build === null ? { build: null } : {},
      checks: CHECKS,
    },
    'next.json',
  );
  return {
    manifest,
    host: {
      ...host,
      releases: tagsOf(url, host).map((tag) => ({ tag, holds: 'promised' as const })),
      events: [],
      faults: [],
    },
  };
}

/** Without a fault means also: it lies where its own manifest says, whatever the team does besides. */
function tagsOf(
  url: 'version-tag' | 'fixed-tag' | 'none',
  { publishes }: HostState,
): readonly ('fixed' | 'version')[] {
  return [...new Set([...publishes, url === 'version-tag' ? ('version' as const) : ('fixed' as const)])];
}

/** With as many parts as it had. */
function raiseVersion(text: string | null): string {
  if (text === null || readVersion(text) === null) return FIRST_VERSION;
  return raiseParts(text.split('.').map(Number))?.join('.') ?? FIRST_VERSION;
}

/** A whole number is followed by the next one, written the same way; null where the manifest has no such key. */
function raiseBuild(document: OfferedManifest['document'], version: string): string | number | null {
  if (document === null) return version;
  const build = document['build'];
  if (build === undefined) return null;
  if (typeof build === 'number' && Number.isSafeInteger(build)) return build + 1;
  if (typeof build === 'string' && /^\d{1,15}$/.test(build)) return String(Number(build) + 1);
  return version;
}

function urlKind(document: OfferedManifest['document']): 'version-tag' | 'fixed-tag' | 'none' | null {
  if (document === null) return null;
  const artifact = document['artifact'];
  if (typeof artifact !== 'object' || artifact === null) return null;
  const url = 'url' in artifact ? artifact.url : null;
  if (url === null || url === '') return 'none';
  if (typeof url !== 'string') return null;
  const { release } = readUrl(url, GITHUB_POLICY);
  if (release === null || release.tag === null || release.owner !== GITHUB_POLICY.owner) return null;
  if (findFixedTag(release.tag) !== null) return 'fixed-tag';
  return parseVersionTag(release.tag) === null ? null : 'version-tag';
}
