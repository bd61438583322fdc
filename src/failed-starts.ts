import { readRefusals, rememberRefusal } from './check/refusals.ts';
import { readFailedStarts } from './install/failed-starts.ts';
import type { Layout } from './install/layout.ts';

/**
 * Copies into the state folder what was taken back beside a target, since the next update clears its journal away.
 * To be called before anything that may do so. Doing it again changes nothing: what was remembered keeps its date.
 */
export async function keepFailedStarts(layout: Layout, stateFolder: string, now: Date): Promise<void> {
  for (const { sha256, at } of await readFailedStarts(layout)) {
    const { refusals } = await readRefusals(stateFolder);
    const isKept = refusals.some(
      (known) => known.kind === 'failed-start' && known.sha256 === sha256 && known.rememberedAt === at,
    );
    if (!isKept) await rememberRefusal(stateFolder, { sha256, kind: 'failed-start', rememberedAt: at }, now);
  }
}
