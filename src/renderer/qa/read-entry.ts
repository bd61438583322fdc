import type { Channel } from '../../config.ts';
import type { QaRequest } from '../../electron/window-contract.ts';

/** The form as it is filled in. */
export interface QaEntry {
  readonly rollout: boolean;
  readonly skip: boolean;
  readonly channel: Channel;
  readonly manifestUrl: string;
  readonly currentVersion: string;
  readonly osVersion: string;
  readonly bucket: string;
}

/** What was typed, as a request. Whether it can be sent is for the schema to say. Pure. */
export function readEntry(entry: QaEntry): QaRequest {
  const { rollout, skip, channel } = entry;
  const bucket = unlessEmpty(entry.bucket);
  return {
    passesOver: { rollout, skip },
    channel,
    manifestUrl: unlessEmpty(entry.manifestUrl),
    currentVersion: unlessEmpty(entry.currentVersion),
    osVersion: unlessEmpty(entry.osVersion),
    // Number() also reads "1e3" and "0x10", which nobody means.
    bucket: bucket === null ? null : /^\d+$/.test(bucket) ? Number(bucket) : Number.NaN,
  };
}

function unlessEmpty(text: string): string | null {
  const trimmed = text.trim();
  return trimmed === '' ? null : trimmed;
}
