import { useMemo } from 'preact/hooks';
import type { Cell, Outcome } from '../../run/outcome.ts';
import { compareCounts, countOutcomes, type OutcomeCounts } from './count-outcomes.ts';
import { count, number } from './format.ts';
import type { ReportIndex } from './index-report.ts';
import { OutcomeMark } from './outcome-mark.tsx';
import { BAD_OUTCOMES, OUTCOME_ORDER, OUTCOME_WORDS } from './outcome-words.ts';

/** What a number leads to: its cells in the matrix. */
export interface Wanted {
  readonly by: 'client' | 'host';
  readonly name: string;
  readonly outcome: Outcome;
}

interface SummaryProps {
  readonly index: ReportIndex;
  readonly onWant: (wanted: Wanted) => void;
}

/** Who ends up how, and where: numbers, the worst first. */
export function Summary({ index, onWant }: SummaryProps) {
  const { cells, clients, hosts } = index;
  const total = useMemo(() => countOutcomes(cells), [cells]);
  return (
    <section aria-labelledby="summary">
      <h2 id="summary">Who is harmed, loops or is stranded, and where</h2>
      <Lead total={total} index={index} />
      <div class="tables">
        <Counts
          by="client"
          title="By client"
          items={clients.map(({ name, title, macos, installed }) => ({
            name,
            title,
            note: title.includes(installed) ? '' : `starts with ${installed}, macOS ${macos}`,
          }))}
          cells={cells}
          onWant={onWant}
        />
        <Counts
          by="host"
          title="By state of the release host"
          items={hosts.map(({ name, title }) => ({ name, title, note: '' }))}
          cells={cells}
          onWant={onWant}
        />
      </div>
      <dl class="legend">
        {OUTCOME_ORDER.map((outcome) => (
          <div key={outcome}>
            <dt>
              <OutcomeMark outcome={outcome} />
            </dt>
            <dd>{OUTCOME_WORDS[outcome].meaning}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Lead({ total, index }: { readonly total: OutcomeCounts; readonly index: ReportIndex }) {
  const { cells, clients, hosts } = index;
  const bad = OUTCOME_ORDER.filter((outcome) => BAD_OUTCOMES.has(outcome));
  const spared = clients.filter(
    ({ name }) => !cells.some(({ client, outcome }) => client === name && BAD_OUTCOMES.has(outcome)),
  );
  return (
    <>
      <ul class="lead">
        {bad.map((outcome) => {
          const found = cells.filter((cell) => cell.outcome === outcome);
          return (
            <li key={outcome}>
              <OutcomeMark outcome={outcome} />
              <span class="figure">
                {number(total[outcome])} <span class="of">of {count(cells.length, 'run')}</span>
              </span>
              <Most name="Who" items={clients} values={found.map(({ client }) => client)} />
              <Most name="Where" items={hosts} values={found.map(({ host }) => host)} />
            </li>
          );
        })}
      </ul>
      {spared.length > 0 && (
        <p>Never harmed, looping or stranded: {spared.map(({ title }) => title).join('; ')}.</p>
      )}
    </>
  );
}

const MOST = 3;

interface MostProps {
  readonly name: string;
  readonly items: readonly { readonly name: string; readonly title: string }[];
  /** Names of items, once for each run. */
  readonly values: readonly string[];
}

/** Those that are named most often. */
function Most({ name, items, values }: MostProps) {
  const groups = Map.groupBy(values, (value) => value);
  const sorted = items
    .map((item) => ({ title: item.title, runs: groups.get(item.name)?.length ?? 0 }))
    .filter(({ runs }) => runs > 0)
    .toSorted((a, b) => b.runs - a.runs);
  if (sorted.length === 0) return null;
  const rest = sorted.length - MOST;
  return (
    <span class="most">
      <strong>
        {name}: {sorted.length} of {items.length}.
      </strong>{' '}
      {sorted
        .slice(0, MOST)
        .map(({ title, runs }) => `${title} (${number(runs)})`)
        .join('; ')}
      {rest > 0 && `; and ${rest} more`}
    </span>
  );
}

interface CountsProps {
  readonly by: Wanted['by'];
  readonly title: string;
  readonly items: readonly { readonly name: string; readonly title: string; readonly note: string }[];
  readonly cells: readonly Cell[];
  readonly onWant: (wanted: Wanted) => void;
}

function Counts({ by, title, items, cells, onWant }: CountsProps) {
  const rows = useMemo(() => {
    const groups = Map.groupBy(cells, (cell) => cell[by]);
    return items
      .map((item) => ({
        ...item,
        counts: countOutcomes(groups.get(item.name) ?? []),
      }))
      .toSorted((a, b) => compareCounts(a.counts, b.counts));
  }, [items.length, cells, by]);
  const id = `summary-${by}`;
  return (
    <div>
      <h3 id={id}>{title}</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: so that the keyboard can scroll it */}
      <section class="scroller" aria-labelledby={id} tabIndex={0}>
        <table aria-labelledby={id} class="counts">
          <thead>
            <tr>
              <th scope="col">{by === 'client' ? 'Client' : 'Release host'}</th>
              {OUTCOME_ORDER.map((outcome) => (
                <th key={outcome} scope="col" class="number">
                  {OUTCOME_WORDS[outcome].word}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, title: rowTitle, note, counts }) => (
              <tr key={name}>
                <th scope="row">
                  {rowTitle}
                  {note !== '' && <span class="note">{note}</span>}
                  <Share counts={counts} />
                </th>
                {OUTCOME_ORDER.map((outcome) => (
                  <td key={outcome} class="number">
                    {counts[outcome] === 0 ? (
                      <span class="none">0</span>
                    ) : (
                      <button
                        type="button"
                        class={`plain ${outcome}`}
                        aria-label={`${number(counts[outcome])} ${OUTCOME_WORDS[outcome].word.toLowerCase()}: ${rowTitle}, show in the matrix`}
                        onClick={() => onWant({ by, name, outcome })}
                      >
                        {number(counts[outcome])}
                      </button>
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  );
}

/** The row's numbers as a bar. */
function Share({ counts }: { readonly counts: OutcomeCounts }) {
  const total = OUTCOME_ORDER.reduce((sum, outcome) => sum + counts[outcome], 0);
  if (total === 0) return null;
  let start = 0;
  return (
    <svg class="share" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
      {OUTCOME_ORDER.map((outcome) => {
        const width = (100 * counts[outcome]) / total;
        const bar = <rect key={outcome} class={outcome} x={start} y={0} width={width} height={1} />;
        start += width;
        return bar;
      })}
    </svg>
  );
}
