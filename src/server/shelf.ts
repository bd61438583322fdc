import type { Catalog } from './catalog.ts';

/** One file of the downloads folder. */
export interface DownloadFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** 64 hex digits; null while it is being hashed, and then it is not served either. */
  readonly sha256: string | null;
  readonly modified: Date;
}

/** Everything that the reports are made from. */
export interface Shelf {
  readonly catalog: Catalog;
  readonly downloads: readonly DownloadFile[];
  /** What is wrong with a folder as a whole, as sentences. */
  readonly folderProblems: readonly string[];
}
