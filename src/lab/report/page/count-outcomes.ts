import type { Cell, Outcome } from '../../run/outcome.ts';
import { OUTCOME_ORDER } from './outcome-words.ts';

export type OutcomeCounts = Readonly<Record<Outcome, number>>;

export function countOutcomes(cells: Iterable<Pick<Cell, 'outcome'>>): OutcomeCounts {
  const counts = { harmed: 0, loops: 0, stranded: 0, stays: 0, promised: 0 };
  for (const { outcome } of cells) counts[outcome] += 1;
  return counts;
}

/** For sorting: the worst first. */
export function compareCounts(a: OutcomeCounts, b: OutcomeCounts): number {
  for (const outcome of OUTCOME_ORDER) {
    if (a[outcome] !== b[outcome]) return b[outcome] - a[outcome];
  }
  return 0;
}
