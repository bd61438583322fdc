import type { Cell } from '../../run/outcome.ts';
import type { HistoryReport } from '../lab-report.ts';
import { CommandBlock } from './command-block.tsx';
import { count } from './format.ts';
import type { ReportIndex } from './index-report.ts';
import { ManifestTable } from './manifest-table.tsx';
import { Timeline } from './timeline.tsx';
import { Walks } from './walks.tsx';

interface HistorySectionProps {
  readonly history: HistoryReport | null;
  readonly index: ReportIndex;
  readonly onOpen: (cell: Cell) => void;
}

/** The series of manifests as it was, its drifts, and what each client made of it. */
export function HistorySection({ history, index, onOpen }: HistorySectionProps) {
  return (
    <section aria-labelledby="history">
      <h2 id="history">Timeline of the history</h2>
      {history === null || history.manifests.length === 0 ? (
        <>
          <p>
            No series of manifests was given, so there is no history to show. Run the lab with a folder of
            them:
          </p>
          <CommandBlock
            command="nexy-updater lab --manifests <folder> --html lab.html"
            label="the command for a history"
          />
        </>
      ) : (
        <>
          <p>
            {count(history.manifests.length, 'manifest')}, placed by the date that each gives;{' '}
            {count(history.drifts.length, 'drift')} between them.
          </p>
          <Timeline history={history} />
          <ManifestTable history={history} />
          <Walks history={history} index={index} onOpen={onOpen} />
        </>
      )}
    </section>
  );
}
