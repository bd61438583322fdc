import type { Decision } from './check/decide.ts';
import type { DownloadProgress } from './download/progress.ts';
import type { UpdateError } from './errors.ts';
import type { PrepareStep } from './install/prepare.ts';

/**
 * The whole life of an update.
 *
 *              +--------------------- failed <----------------------+
 *              v                        ^  (from every state but    |
 *   idle -> checking -> not-available   |   idle and not-available) |
 *              |                        |                           |
 *              +-> available -> downloading -> preparing -> ready -> installing -> installed
 *                      ^             |             |          |
 *                      +-------------+-------------+----------+   (cancelled, or a newer check)
 *
 * idle           nothing was asked yet
 * checking       the manifest is being fetched
 * not-available  a decision against updating, or to hold; the decision says why
 * available      an update may be downloaded
 * downloading    its bytes are coming, and are hashed as they come
 * preparing      the image is open: its contents are verified and copied beside the target
 * ready          staged and verified; only the exchange is left
 * installing     the exchange
 * installed      the new version lies at the target and waits to be confirmed
 * failed         with the reason; the target was not touched
 */
export type UpdaterState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'checking'; readonly isManual: boolean }
  | { readonly kind: 'not-available'; readonly decision: Decision }
  | { readonly kind: 'available'; readonly version: string; readonly decision: Decision }
  | { readonly kind: 'downloading'; readonly version: string; readonly progress: DownloadProgress | null }
  | { readonly kind: 'preparing'; readonly version: string; readonly step: PrepareStep }
  | { readonly kind: 'ready'; readonly version: string }
  | { readonly kind: 'installing'; readonly version: string }
  | { readonly kind: 'installed'; readonly from: string; readonly to: string }
  | { readonly kind: 'failed'; readonly error: UpdateError };
