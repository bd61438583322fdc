import Table from 'cli-table3';
import type { PlannedAsset } from '../../release/publication/plan.ts';
import { formatBytes, type Terminal } from '../terminal.ts';

const COLOURS = { upload: 'green', skip: 'dim', conflict: 'red' } as const;

/** What happens to each file of the inbox, for people. */
export function planTable(plan: readonly PlannedAsset[], terminal: Terminal): string {
  const table = new Table({
    head: ['file', 'action', 'size', 'sha256', 'reason'],
    // Colours are the terminal's matter, which knows whether there is one.
    style: { head: [], border: [] },
  });
  for (const { asset, action, size, sha256, reason } of plan) {
    const shown = terminal.style(COLOURS[action], action);
    table.push([asset, shown, formatBytes(size), sha256.slice(0, 12), reason]);
  }
  return table.toString();
}
