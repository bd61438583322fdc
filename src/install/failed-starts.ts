import { readJournals } from './journal.ts';
import type { Layout } from './layout.ts';

/** Bytes that were installed here and taken back. */
export interface FailedStart {
  readonly sha256: string;
  /** ISO 8601. */
  readonly at: string;
}

/**
 * What was taken back beside a target, because it did not come up or because somebody asked, as the journals tell.
 * Automatic checks hold such bytes back for a while.
 */
export async function readFailedStarts(layout: Layout): Promise<readonly FailedStart[]> {
  return (await readJournals(layout)).flatMap(({ begin, undone }) => {
    const isHeldBack = undone?.reason === 'failed-starts' || undone?.reason === 'requested';
    return begin !== null && isHeldBack ? [{ sha256: begin.sha256, at: undone.at }] : [];
  });
}
