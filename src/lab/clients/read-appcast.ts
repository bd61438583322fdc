import { XMLParser } from 'fast-xml-parser';
import { attribute, type Element, elements, isElement, textOf } from '../../image/package-xml.ts';

/** An item of an appcast, as far as Sparkle's choice depends on it. Texts are as given. */
export interface AppcastItem {
  /** What is compared with CFBundleVersion. */
  readonly version: string;
  /** What is shown. */
  readonly shortVersion: string;
  readonly minimumSystemVersion: string | null;
  readonly maximumSystemVersion: string | null;
  /** `arm64` where Intel Macs are not offered it. */
  readonly hardwareRequirements: string | null;
  /** Null for the default channel. */
  readonly channel: string | null;
  /** Milliseconds since 1970; null where there is none that can be read. */
  readonly date: number | null;
  /** Seconds from one of the seven groups to the next; null where all are let in at once. */
  readonly rolloutInterval: number | null;
  readonly isCritical: boolean;
  /** Installations below this are told, and not updated unasked. */
  readonly minimumAutoupdateVersion: string | null;
  /** Where the enclosure lies; null where the item is only information. */
  readonly url: string | null;
  readonly isPackage: boolean;
  readonly hasSignature: boolean;
}

/**
 * Reads an appcast as Sparkle 2 does (https://sparkle-project.org/documentation/publishing/, SUAppcastItem.m). Items for
 * other systems, and without a version or an enclosure that could be fetched, are left out.
 *
 * @param base the feed's own address, for relative ones
 * @returns null for what is no appcast
 */
export function readAppcast(bytes: Uint8Array, base: string): readonly AppcastItem[] | null {
  const channel = readChannel(bytes);
  return channel === null ? null : elements(channel, 'item').flatMap((item) => readItem(item, base) ?? []);
}

function readChannel(bytes: Uint8Array): Element | null {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    parseTagValue: false,
    parseAttributeValue: false,
  });
  try {
    const document: unknown = parser.parse(Buffer.from(bytes).toString('utf8'), true);
    const rss = isElement(document) ? elements(document, 'rss')[0] : undefined;
    return (rss === undefined ? undefined : elements(rss, 'channel')[0]) ?? null;
  } catch {
    return null;
  }
}

function readItem(item: Element, base: string): AppcastItem | null {
  const enclosure = elements(item, 'enclosure')[0] ?? {};
  const text = (name: string): string | null => textOf(elements(item, `sparkle:${name}`)[0]);
  const version = attribute(enclosure, 'sparkle:version') ?? text('version');
  const url = readAddress(attribute(enclosure, 'url'), base);
  const isInformation = url === null && textOf(elements(item, 'link')[0]) !== null;
  const system = attribute(enclosure, 'sparkle:os') ?? 'macos';
  if (version === null || (url === null && !isInformation) || system !== 'macos') return null;
  return {
    version,
    shortVersion: attribute(enclosure, 'sparkle:shortVersionString') ?? text('shortVersionString') ?? version,
    minimumSystemVersion: text('minimumSystemVersion'),
    maximumSystemVersion: text('maximumSystemVersion'),
    hardwareRequirements: text('hardwareRequirements'),
    channel: text('channel'),
    date: readDate(textOf(elements(item, 'pubDate')[0])),
    rolloutInterval: readInteger(text('phasedRolloutInterval')),
    isCritical: elements(item, 'sparkle:criticalUpdate').length > 0,
    minimumAutoupdateVersion: text('minimumAutoupdateVersion'),
    url,
    isPackage: isPackage(attribute(enclosure, 'sparkle:installationType'), url),
    hasSignature: attribute(enclosure, 'sparkle:edSignature') !== null,
  };
}

function readAddress(url: string | null, base: string): string | null {
  const address = url === null ? null : URL.parse(url.replaceAll(' ', '%20'), base);
  return address !== null && /^https?:$/.test(address.protocol) ? address.href : null;
}

/** `E, dd MMM yyyy HH:mm:ss Z` is the one form that Sparkle reads; it is among those that Date.parse does. */
function readDate(text: string | null): number | null {
  const milliseconds = Date.parse(text ?? '');
  return Number.isNaN(milliseconds) ? null : milliseconds;
}

function readInteger(text: string | null): number | null {
  if (text === null) return null;
  const value = Number.parseInt(text, 10);
  return Number.isNaN(value) ? 0 : value;
}

function isPackage(installationType: string | null, url: string | null): boolean {
  if (installationType !== null) return installationType !== 'application';
  return url !== null && /\.m?pkg$/i.test(new URL(url).pathname);
}
