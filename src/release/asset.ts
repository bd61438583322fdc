export type AssetName = 'Nexy.dmg' | 'Nexy.pkg' | 'LATEST_CHANGES.md';

/** What is known of a file to be published, or of an asset of a release. */
export interface AssetFacts {
  readonly name: AssetName;
  /** Bytes. */
  readonly size: number;
  /** 64 hex digits in lower case. */
  readonly sha256: string;
}

/** A file that can be uploaded, as often as it takes. */
export interface AssetSource extends AssetFacts {
  readonly contentType: string;
  /** Its bytes from the first on; throws where they are no longer those that were hashed. */
  openStream(): AsyncIterable<Uint8Array>;
}

/** Media types: RFC 7763 for Markdown, what macOS and Apache know for the others. */
const CONTENT_TYPES: Readonly<Record<AssetName, string>> = {
  'Nexy.dmg': 'application/x-apple-diskimage',
  'Nexy.pkg': 'application/octet-stream',
  'LATEST_CHANGES.md': 'text/markdown; charset=utf-8',
};

/** What is said of a file's kind when it is uploaded. */
export function contentTypeOf(name: AssetName): string {
  return CONTENT_TYPES[name];
}

/** GitHub answers 422, "body is too long (maximum is 125000 characters)", to longer notes. */
export const LONGEST_NOTES = 125_000;
