import { useCallback, useMemo, useState } from 'preact/hooks';
import type { PlanProof } from '../../plan/migration-plan.ts';
import type { Cell } from '../../run/outcome.ts';
import type { LabReport } from '../lab-report.ts';
import { CellDetails } from './cell-details.tsx';
import { CommandBlock } from './command-block.tsx';
import { EVERYTHING, type Filter, WORST } from './filter-rows.ts';
import { count, seconds } from './format.ts';
import { HistorySection } from './history-section.tsx';
import { indexReport } from './index-report.ts';
import { Matrix } from './matrix.tsx';
import { PlanSection } from './plan-section.tsx';
import { Summary, type Wanted } from './summary.tsx';

/** What everybody looks for. */
function verdictOf({ isSafe }: PlanProof): string {
  return isSafe ? '✓ safe' : '✕ not safe';
}

/** The lab's report: who ends up how and where, the matrix, the history, the plan. */
export function App({ report }: { readonly report: LabReport }) {
  const index = useMemo(() => indexReport(report), [report]);
  const [filter, setFilter] = useState<Filter>(WORST);
  const [opened, setOpened] = useState<Cell | null>(null);
  const want = useCallback(({ by, name, outcome }: Wanted) => {
    setFilter({ ...EVERYTHING, [by]: name, outcomes: new Set([outcome]) });
    document.getElementById('matrix')?.focus();
  }, []);
  const { history, plan } = report;
  const hasCells = report.cells.length > 0;
  return (
    <>
      <header class="page">
        <h1>Nexy migration lab</h1>
        <p>
          {hasCells && (
            <>
              {count(report.cells.length, 'run')}: {count(index.rows.length, 'scenario')} (
              {count(index.offers.length, 'offer')} on {count(index.hosts.length, 'state')} of the release
              host) with {count(index.clients.length, 'client')}.{' '}
            </>
          )}
          Took {seconds(report.durationMs)}.
        </p>
        <nav aria-label="Sections">
          {hasCells && <a href="#summary">Summary</a>}
          <a href="#matrix">Matrix</a>
          <a href="#history">Timeline</a>
          <a href="#plan">Plan{plan !== null && plan.proof !== null && `: ${verdictOf(plan.proof)}`}</a>
        </nav>
      </header>
      <main>
        {report.failures.length > 0 && (
          <section aria-labelledby="failures">
            <h2 id="failures">{count(report.failures.length, 'run')} could not be done</h2>
            <p>The lab itself or its data has a fault there. Nothing below counts them.</p>
            <ul class="sentences">
              {report.failures.map(({ scenario, client, message }) => (
                <li key={`${scenario} ${client}`}>
                  <code>{scenario}</code> with <code>{client}</code>: {message}
                </li>
              ))}
            </ul>
          </section>
        )}
        {hasCells ? (
          <>
            <Summary index={index} onWant={want} />
            <Matrix index={index} filter={filter} onFilter={setFilter} onOpen={setOpened} />
          </>
        ) : (
          <section aria-labelledby="matrix">
            <h2 id="matrix">Matrix</h2>
            <p>
              No scenario was run, so that nothing can be said of who is harmed, loops or is stranded. Run
              them all:
            </p>
            <CommandBlock command="nexy-updater lab --html lab.html" label="the command for the matrix" />
          </section>
        )}
        <HistorySection history={history} index={index} onOpen={setOpened} />
        <PlanSection plan={plan} index={index} />
      </main>
      {opened !== null && (
        <CellDetails cell={opened} index={index} history={history} onClose={() => setOpened(null)} />
      )}
    </>
  );
}
