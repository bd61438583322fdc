export type AssetName = 'Nexy.dmg' | 'Nexy.pkg' | 'LATEST_CHANGES.md';

/** What is known of a file to be published, or of an asset of a release. */
export interface AssetFacts {
  readonly name: AssetName;
  /** Bytes. */
  readonly size: number;
  /** 64 hex digits in lower case. */
  readonly sha256: string;
}
