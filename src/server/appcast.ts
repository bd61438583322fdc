import { XMLBuilder } from 'fast-xml-parser';
import type { Channel } from '../config.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { parseReleaseDate, type ReleaseDate } from '../manifest/release-date.ts';
import { extensionOf } from '../manifest/release-url.ts';
import { isFetchable } from './address.ts';
import type { Offer } from './catalog.ts';

export interface AppcastOptions {
  readonly channel: Channel;
  /** Shown by feed readers. */
  readonly title: string;
  /** The page that the feed belongs to; RSS 2.0 asks for one. */
  readonly link: string;
  /** Whether an enclosure may be plain http on loopback, for tests. */
  readonly allowLoopback: boolean;
  /** The `sparkle:edSignature`s that were verified over the artifact's very bytes, as `signatureKey` names them. */
  readonly verifiedSignatures: ReadonlySet<string>;
}

/** Where each channel's appcast lies, relative to the site's root. */
export const APPCAST_FILES: Readonly<Record<Channel, string>> = {
  stable: 'appcast.xml',
  beta: 'appcast-beta.xml',
};

/** Names one signature of one artifact. */
export function signatureKey(sha256: string, signature: string): string {
  return `${sha256} ${signature}`;
}

const SPARKLE = 'http://www.andymatuschak.org/xml-namespaces/sparkle';

const TYPES: Readonly<Record<string, string>> = {
  dmg: 'application/x-apple-diskimage',
  pkg: 'application/octet-stream',
};

/**
 * Sparkle lets seven groups of installations in one after the other, this many seconds apart, whereas our rollout is
 * a percentage that people raise. A year apart means: the first group only, until the manifest says 100.
 */
const HOLD_FURTHER_GROUPS = 365 * 24 * 60 * 60;

/**
 * The channel's offer as the RSS that Sparkle 2 reads (https://sparkle-project.org/documentation/publishing/;
 * SUAppcastItem.m and SUAppcastDriver.m for what it makes of it). Depends on nothing but its arguments, so that the
 * same manifest gives the same bytes on every machine and at any time.
 *
 * Without an item where there is nothing that Sparkle may be offered: no manifest, no secure artifact URL, a rollout
 * of 0 %, or a partial one without a date (Sparkle would take it as being open to everybody).
 *
 * @param offer null where the channel offers nothing
 */
export function makeAppcast(offer: Offer | null, options: AppcastOptions): string {
  const item = offer === null ? null : makeItem(offer, options);
  const builder = new XMLBuilder({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    format: true,
    suppressEmptyNode: true,
    processEntities: true,
    // Or an attribute of the value "true" would lose it.
    suppressBooleanAttributes: false,
  });
  const rss = {
    '@version': '2.0',
    '@xmlns:sparkle': SPARKLE,
    channel: {
      title: plain(options.title),
      link: plain(options.link),
      description: plain(`Updates on the ${options.channel} channel`),
      language: 'en',
      ...(item === null ? {} : { item }),
    },
  };
  return `<?xml version="1.0" encoding="utf-8"?>\n${builder.build({ rss })}`;
}

function makeItem({ manifest, assessment }: Offer, options: AppcastOptions): object | null {
  const { artifact, version } = manifest;
  const url = assessment.candidates[0]?.url ?? null;
  const date = parseReleaseDate(manifest.releaseDate ?? '');
  const rollout = findRollout(manifest.rollout?.percentage ?? 100, manifest.critical, date);
  if (url === null || rollout === null || !isEnclosure(url, artifact.type, options)) return null;
  const notes = manifest.notesUrl;
  const build = plain(manifest.build ?? version.text);
  return {
    title: plain(version.text),
    ...(date === null ? {} : { pubDate: formatDate(date) }),
    'sparkle:version': build,
    'sparkle:shortVersionString': plain(version.text),
    // A marked item is offered only to apps that ask for its channel: a beta feed that reaches the wrong app offers
    // nothing. Items of the default channel carry no mark, as Sparkle wants it.
    ...(options.channel === 'stable' ? {} : { 'sparkle:channel': options.channel }),
    ...(artifact.minOs ? { 'sparkle:minimumSystemVersion': plain(artifact.minOs) } : {}),
    ...(artifact.arch === 'arm64' ? { 'sparkle:hardwareRequirements': 'arm64' } : {}),
    ...findMinimum(manifest, build),
    ...(rollout.interval === null ? {} : { 'sparkle:phasedRolloutInterval': rollout.interval }),
    ...(manifest.critical ? { 'sparkle:criticalUpdate': '' } : {}),
    ...(notes !== null && isReadable(notes, options) ? { 'sparkle:releaseNotesLink': plain(notes) } : {}),
    enclosure: {
      '@url': plain(url),
      '@length': String(artifact.size),
      '@type': TYPES[artifact.type],
      ...(artifact.type === 'pkg' ? { '@sparkle:installationType': 'package' } : {}),
      ...signatureOf(artifact.sha256, artifact.ed25519 ?? '', options.verifiedSignatures),
    },
  };
}

/**
 * Installations below this are told, and never updated unasked: what `minimum_auto_version` means to our client, and
 * `auto_install: false` for all that are older than the offer. Sparkle compares it with CFBundleVersion, so that a
 * minimum which is not of the build's kind (old integer builds) cannot be said: then all are only told.
 */
function findMinimum(manifest: Manifest, build: string): object {
  const { autoInstall, minimumAutoVersion, version } = manifest;
  if (autoInstall && minimumAutoVersion === null) return {};
  const isOfSameKind = autoInstall && minimumAutoVersion !== null && build === version.text;
  return { 'sparkle:minimumAutoupdateVersion': isOfSameKind ? minimumAutoVersion.text : build };
}

/** The artifact's own file, securely: never a feed, which would be read as an update. */
function isEnclosure(url: string, type: string, options: AppcastOptions): boolean {
  if (!isFetchable(url, options) || !(type in TYPES)) return false;
  return extensionOf(new URL(url).pathname) === type;
}

/** A text to read: manifests of the legacy era named the artifact itself, which a reader would download as one. */
function isReadable(url: string, options: AppcastOptions): boolean {
  return isFetchable(url, options) && !(extensionOf(new URL(url).pathname) in TYPES);
}

/**
 * Null where nothing may be offered. A partial rollout opens the first of Sparkle's groups, a seventh, which is the
 * least that Sparkle can be told; 0 closes them all, whatever else the manifest says.
 */
function findRollout(
  percentage: number,
  isCritical: boolean,
  date: ReleaseDate | null,
): { readonly interval: number | null } | null {
  if (!(percentage > 0)) return null;
  // Sparkle lets critical updates pass over the groups, as our client does.
  if (percentage >= 100 || isCritical) return { interval: null };
  return date === null ? null : { interval: HOLD_FURTHER_GROUPS };
}

function signatureOf(sha256: string, signature: string, verified: ReadonlySet<string>): object {
  if (signature === '' || !verified.has(signatureKey(sha256, signature))) return {};
  return { '@sparkle:edSignature': signature };
}

/** RFC 822 with a numeric zone: Sparkle parses `E, dd MMM yyyy HH:mm:ss Z`. */
function formatDate({ milliseconds }: ReleaseDate): string {
  return new Date(milliseconds).toUTCString().replace('GMT', '+0000');
}

/** XML 1.0 has no way to write these, escaped or not: a feed with one of them would not parse. */
const UNWRITABLE = /(?![\t\n\r])\p{Cc}|[\ufffe\uffff]/gu;

function plain(text: string): string {
  return text.replace(UNWRITABLE, '\ufffd').toWellFormed();
}
