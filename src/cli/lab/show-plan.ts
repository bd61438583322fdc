import type { LabReport } from '../../lab/report/lab-report.ts';
import { interruptSignal } from '../interrupt.ts';
import type { Terminal } from '../terminal.ts';
import { choose } from './choose.ts';
import { makePlan, type PlanOptions } from './make-plan.ts';
import { makeReport } from './make-report.ts';
import type { LabData } from './open-data.ts';
import { planText } from './plan-text.ts';
import { readSeries, tellMissing, USUAL_WIDTH, writeHtml } from './show-matrix.ts';

export interface ShowPlanOptions extends PlanOptions {
  readonly client: readonly string[];
  /** File for the HTML report. */
  readonly html?: string;
}

/** Makes the plan without the matrix, tries it, and shows both. */
export async function showPlan(options: ShowPlanOptions, data: LabData, terminal: Terminal): Promise<void> {
  const signal = interruptSignal();
  const clients = choose('client', options.client, data.clients);
  tellMissing(data, terminal);
  const startedAt = performance.now();
  const plan = await makePlan(options, data, clients, {
    signal,
    onStep: ({ number, of, title }) => terminal.step('plan-step', `Step ${number} of ${of}: ${title}`),
  });
  const series = await readSeries(data, signal);
  const durationMs = Math.round(performance.now() - startedAt);
  const parts = { scenarios: [], cells: [], failures: [], clients, series, durationMs };
  const report: LabReport = { ...makeReport(parts), plan };
  if (options.html !== undefined) await writeHtml(options.html, report, terminal);
  terminal.result(report);
  terminal.say(planText(plan, terminal, process.stdout.columns ?? USUAL_WIDTH));
  if (plan.proof?.isSafe !== true) process.exitCode = 1;
}
