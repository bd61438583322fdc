import type { Cell, CellFailure } from '../run/outcome.ts';
import type { ClientSpec, Scenario } from '../scenario/scenario.ts';

/** What a child is asked: one scenario, run with every client. */
export interface MatrixTask {
  readonly scenario: Scenario;
  readonly clients: readonly ClientSpec[];
}

export interface MatrixAnswer {
  readonly cells: readonly Cell[];
  readonly failures: readonly CellFailure[];
}
