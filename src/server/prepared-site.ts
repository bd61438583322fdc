import { createHash } from 'node:crypto';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { chooseEncoding, type Encoding } from './negotiate.ts';
import type { SiteDocument } from './site.ts';

/** One form of a document, ready to be sent. */
export interface Variant {
  readonly encoding: Encoding;
  readonly bytes: Buffer;
  /** Strong, with its quotes; every encoding has its own, since its bytes differ. */
  readonly etag: string;
  /** Without those that depend on the request. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface PreparedDocument {
  readonly document: SiteDocument;
  /** Those smaller than the document as it is, smallest first. */
  readonly encoded: readonly Variant[];
  readonly identity: Variant;
}

/** Answers by their path relative to the site's root. */
export type PreparedSite = ReadonlyMap<string, PreparedDocument>;

/** What fits one TCP segment is not sent any faster for being smaller. */
const SMALLEST_TO_COMPRESS = 1400;

/** Not the best, which would hold up all answers for a second where the lists are long (11 is the default). */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } };

/**
 * Readies all documents once, so that a request costs a look-up: digests, headers, compressed forms. Documents that
 * were there before in the same state are taken over.
 */
export function prepareSite(documents: readonly SiteDocument[], previous: PreparedSite): PreparedSite {
  return new Map(
    documents.map((document) => {
      const known = previous.get(document.path);
      return [document.path, known && isSame(known.document, document) ? known : prepare(document)];
    }),
  );
}

/** The form to send to a client that sent this `Accept-Encoding`. */
export function chooseVariant(
  { encoded, identity }: PreparedDocument,
  acceptEncoding: string | undefined,
): Variant {
  if (encoded.length === 0) return identity;
  const offered = encoded.map(({ encoding }) => encoding);
  const chosen = chooseEncoding(acceptEncoding, offered);
  return encoded.find(({ encoding }) => encoding === chosen) ?? identity;
}

function isSame(a: SiteDocument, b: SiteDocument): boolean {
  return (
    a.status === b.status &&
    a.contentType === b.contentType &&
    a.cacheControl === b.cacheControl &&
    a.modified?.getTime() === b.modified?.getTime() &&
    Buffer.compare(a.bytes, b.bytes) === 0
  );
}

function prepare(document: SiteDocument): PreparedDocument {
  const bytes = Buffer.from(document.bytes);
  const digest = createHash('sha256').update(bytes).digest('hex');
  const forms: (readonly [Encoding, Buffer])[] = [];
  if (bytes.byteLength > SMALLEST_TO_COMPRESS && document.status === 200) {
    forms.push(['br', brotliCompressSync(bytes, BROTLI)], ['gzip', gzipSync(bytes)]);
  }
  const smaller = forms
    .filter(([, encoded]) => encoded.byteLength < bytes.byteLength)
    .sort(([, a], [, b]) => a.byteLength - b.byteLength);
  const isVaried = smaller.length > 0;
  const makeVariant = ([encoding, encoded]: readonly [Encoding, Buffer]): Variant => {
    const etag = encoding === 'identity' ? `"${digest}"` : `"${digest}-${encoding}"`;
    const headers = {
      'content-type': document.contentType,
      'cache-control': document.cacheControl,
      etag,
      ...(document.modified === null ? {} : { 'last-modified': document.modified.toUTCString() }),
      ...(isVaried ? { vary: 'accept-encoding' } : {}),
      ...(encoding === 'identity' ? {} : { 'content-encoding': encoding }),
    };
    return { encoding, bytes: encoded, etag, headers };
  };
  return { document, encoded: smaller.map(makeVariant), identity: makeVariant(['identity', bytes]) };
}
