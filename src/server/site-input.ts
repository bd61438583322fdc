import type { Shelf } from './shelf.ts';

/** What a site is made with, besides its manifests. */
export interface SiteOptions {
  readonly isBetaOffered: boolean;
  /** The site's own address as clients see it, or null where it is not known. */
  readonly publicUrl: string | null;
  /** The production owner, `owner/repository`. */
  readonly owner: string;
  readonly allowLoopback: boolean;
}

/** What a site is made from. */
export interface SiteInput extends Shelf {
  /** See `AppcastOptions`. */
  readonly verifiedSignatures: ReadonlySet<string>;
}
