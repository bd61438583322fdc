import type { Channel } from '../config.ts';
import { APPCAST_FILES, makeAppcast } from './appcast.ts';
import type { Offer, RefusedFile } from './catalog.ts';
import { pathOf } from './catalog.ts';
import { makeHealth } from './health.ts';
import { listArtifacts, listManifests, listVersions } from './lists.ts';
import type { Shelf } from './shelf.ts';
import type { SiteInput, SiteOptions } from './site-input.ts';
import { makeStatusPage } from './status-page.ts';

/** One answer of the site, the same whether the server gives it or a file of the export. */
export interface SiteDocument {
  /** Relative to the site's root, without a leading slash; empty for the status page. */
  readonly path: string;
  /** 200, or 503 for what exists and cannot be offered now. */
  readonly status: 200 | 503;
  readonly contentType: string;
  readonly cacheControl: string;
  readonly bytes: Uint8Array;
  /** Of a file that is served as it lies on disk; null for what is made here. */
  readonly modified: Date | null;
}

const JSON_TYPE = 'application/json; charset=utf-8';
/** As every static host says it of an .xml file; Sparkle does not look at it. */
const XML_TYPE = 'application/xml; charset=utf-8';
const HTML_TYPE = 'text/html; charset=utf-8';

/** A day: an update check during an outage is better answered from a cache than not at all. */
const STALE_IF_ERROR = 'stale-if-error=86400';

export const CACHE_CONTROL = {
  /** Clients ask hourly; a minute is soon enough for a release, and spares the server what a cache can answer. */
  current: `public, max-age=60, ${STALE_IF_ERROR}`,
  /** An archive copy never changes: it is named for its version. */
  immutable: 'public, max-age=31536000, immutable',
  /** Under one name lie the bytes of ever newer versions: a cache that kept them would serve what clients refuse. */
  revalidate: `public, max-age=0, ${STALE_IF_ERROR}`,
  never: 'no-store',
} as const;

/** What a document is made from, computed once for all of them. */
interface Context {
  readonly input: SiteInput;
  readonly options: SiteOptions;
}

interface Made {
  readonly bytes: Uint8Array;
  readonly status?: 200 | 503;
}

interface Route {
  readonly path: string;
  readonly contentType: string;
  readonly cacheControl: string;
  /** Whether it is there only while beta is offered. */
  readonly isBeta?: true;
  make(context: Context): Made;
}

/**
 * The routes whose bytes are made here. Manifests, which are served as they lie on disk, come on top, and so do the
 * files of the downloads folder (`downloads/<file>`).
 */
const ROUTES: readonly Route[] = [
  {
    path: '',
    contentType: HTML_TYPE,
    cacheControl: CACHE_CONTROL.current,
    make: ({ input, options }) => ({ bytes: encode(makeStatusPage(input, options)) }),
  },
  appcastRoute('stable'),
  { ...appcastRoute('beta'), isBeta: true },
  {
    path: 'health',
    contentType: JSON_TYPE,
    cacheControl: CACHE_CONTROL.never,
    make: ({ input, options }) => {
      const health = makeHealth(input, options);
      // Degraded is 200: something good is being served, and a load balancer that took this server out, and then all
      // others, which see the same folder, would turn a warning into an outage. Only with nothing to offer is there
      // no use in being asked.
      return { bytes: toJson(health), status: health.status === 'unavailable' ? 503 : 200 };
    },
  },
  reportRoute('api/versions', listVersions),
  reportRoute('api/manifests', listManifests),
  reportRoute('api/artifacts', listArtifacts),
];

/**
 * All documents of the site as they are now: the one table that both the server and the export answer from. Depends
 * on nothing but its arguments, so that the same folder gives the same bytes everywhere.
 */
export function makeSite(input: SiteInput, options: SiteOptions): readonly SiteDocument[] {
  const context: Context = { input, options };
  const made = ROUTES.filter(({ isBeta }) => !isBeta || options.isBetaOffered).map(
    ({ path, contentType, cacheControl, make }): SiteDocument => {
      const { bytes, status = 200 } = make(context);
      return { path, contentType, cacheControl, bytes, status, modified: null };
    },
  );
  const { offers, refused } = input.catalog;
  const offered = new Set(offers.map(({ file }) => file));
  const missing = refused.filter(({ file, role }) => role !== 'archive' && !offered.has(file));
  return [...made, ...offers.map(asIs), ...missing.map(unavailable)];
}

/** A manifest exactly as it lies on disk. */
function asIs(offer: Offer): SiteDocument {
  return {
    path: pathOf(offer),
    status: 200,
    contentType: JSON_TYPE,
    cacheControl: offer.role === 'archive' ? CACHE_CONTROL.immutable : CACHE_CONTROL.current,
    bytes: offer.bytes,
    modified: offer.modified,
  };
}

/** A channel's manifest that is rejected. Not 404: a cache in front keeps what it has while the origin fails (`stale-if-error`), not when it denies. */
function unavailable({ file, role }: RefusedFile): SiteDocument {
  const message = `${file} is in the folder, but it is rejected, and there is no earlier one to offer. /health says why.`;
  return {
    path: pathOf({ file, role }),
    status: 503,
    contentType: JSON_TYPE,
    cacheControl: CACHE_CONTROL.never,
    bytes: errorDocument('manifest-rejected', message),
    modified: null,
  };
}

function appcastRoute(channel: Channel): Route {
  return {
    path: APPCAST_FILES[channel],
    contentType: XML_TYPE,
    cacheControl: CACHE_CONTROL.current,
    make: ({ input, options }) => {
      const offer = input.catalog.offers.find(({ role }) => role === channel) ?? null;
      const { owner, publicUrl, allowLoopback } = options;
      const { verifiedSignatures } = input;
      const title = `${owner.slice(owner.indexOf('/') + 1)} (${channel})`;
      const link = publicUrl ?? `https://github.com/${owner}`;
      return {
        bytes: encode(makeAppcast(offer, { channel, title, link, allowLoopback, verifiedSignatures })),
      };
    },
  };
}

function reportRoute(path: string, report: (shelf: Shelf) => unknown): Route {
  return {
    path,
    contentType: JSON_TYPE,
    cacheControl: CACHE_CONTROL.current,
    make: ({ input }) => ({ bytes: toJson(report(input)) }),
  };
}

/** The body of every answer that is an error, in the form that `--json` prints them. */
export function errorDocument(code: string, message: string): Uint8Array {
  return toJson({ error: { code, message, details: {} } });
}

function toJson(document: unknown): Uint8Array {
  return encode(`${JSON.stringify(document, null, 2)}\n`);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
