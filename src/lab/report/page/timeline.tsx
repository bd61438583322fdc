import { useMemo, useState } from 'preact/hooks';
import type { HistoryReport } from '../lab-report.ts';
import { count } from './format.ts';
import { layOutTimeline, type TimelineLayout, type TimelinePoint } from './lay-out-timeline.ts';

type Drift = HistoryReport['drifts'][number];

const DRIFT_WORDS: Readonly<Record<Drift['code'], string>> = {
  'bytes-reused': 'Same bytes, several versions',
  'version-reused': 'Same version, other bytes',
  'signature-reused': 'Same signature, other bytes',
  'version-regression': 'Went back to a lower version',
};

/** The manifests on a time axis for each channel; drifts are links between them. The table after it says the same. */
export function Timeline({ history }: { readonly history: HistoryReport }) {
  const { manifests, drifts } = history;
  const layout = useMemo(() => layOutTimeline(manifests), [manifests]);
  const [chosen, setChosen] = useState<number | null>(drifts.length > 0 ? 0 : null);
  const choose = (at: number): void => setChosen(chosen === at ? null : at);
  const shown = chosen === null ? undefined : drifts[chosen];
  return (
    <div class="timeline">
      {drifts.length > 0 && (
        <ol class="drifts" aria-label="Drifts">
          {drifts.map((drift, at) => (
            <li key={at}>
              <button type="button" aria-pressed={chosen === at} onClick={() => choose(at)}>
                <span class="order">{at + 1}.</span>
                {DRIFT_WORDS[drift.code]}
                <span class="note">{count(drift.files.length, 'manifest')}</span>
              </button>
            </li>
          ))}
        </ol>
      )}
      <div class="drift" aria-live="polite">
        {shown === undefined ? (
          <p class="none">
            {drifts.length > 0 ? 'Choose a drift to see what it is about.' : 'Nothing has drifted.'}
          </p>
        ) : (
          <>
            <p>{shown.message}</p>
            <p class="note">
              <code>{shown.code}</code>: {listVersions(shown, manifests)}
            </p>
          </>
        )}
      </div>
      {layout.points.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: so that the keyboard can scroll it
        <section class="scroller drawing" aria-label="Drawing of the timeline" tabIndex={0}>
          <Drawing layout={layout} drifts={drifts} chosen={chosen} onChoose={setChosen} />
        </section>
      )}
      {layout.unplaced.length > 0 && (
        <p>
          Not drawn, since they have no date or no version that could be read: {layout.unplaced.join(', ')}.
        </p>
      )}
    </div>
  );
}

function listVersions({ files }: Drift, manifests: HistoryReport['manifests']): string {
  return manifests
    .filter(({ file }) => files.includes(file))
    .map(
      ({ version, channel, date }) =>
        `${version ?? 'no version'} ${channel} (${date?.slice(0, 10) ?? 'no date'})`,
    )
    .join(', ');
}

interface DrawingProps {
  readonly layout: TimelineLayout;
  readonly drifts: HistoryReport['drifts'];
  readonly chosen: number | null;
  readonly onChoose: (at: number) => void;
}

function Drawing({ layout, drifts, chosen, onChoose }: DrawingProps) {
  const { width, height, left, lanes, ticks, gaps, points } = layout;
  const bottom = lanes.at(-1)?.bottom ?? 0;
  const marked = new Set(chosen === null ? [] : drifts[chosen]?.files);
  // The chosen one is drawn last, over the others.
  const order = drifts.map((_, at) => at).toSorted((a, b) => Number(a === chosen) - Number(b === chosen));
  return (
    <svg
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-label={`Manifests by date and version, with ${count(drifts.length, 'drift')} as links between them. The table below has the same.`}
    >
      {lanes.map(({ channel, top, bottom: end, versions }) => (
        <g key={channel}>
          <rect class="lane" x={0} y={top} width={width} height={end - top} rx={8} />
          <text class="lane-name" x={12} y={top + 20}>
            {channel}
          </text>
          {versions.map(({ version, y }) => (
            <g key={version}>
              <line class="row" x1={left - 8} x2={width - 8} y1={y} y2={y} />
              <text x={left - 14} y={y + 4} text-anchor="end">
                {version}
              </text>
            </g>
          ))}
        </g>
      ))}
      {ticks.map(({ x, label }) => (
        <g key={label}>
          <line class="tick" x1={x} x2={x} y1={8} y2={bottom + 6} />
          <text class="date" x={x} y={bottom + 22} text-anchor="middle">
            {label}
          </text>
        </g>
      ))}
      {gaps.map(({ from, to, days }) => (
        <g key={from}>
          <rect class="gap" x={from} y={8} width={to - from} height={bottom - 8} />
          <text class="date" x={(from + to) / 2} y={28} text-anchor="middle">
            {count(days, 'day')}
          </text>
        </g>
      ))}
      {order.map((at) => {
        const drift = drifts[at];
        if (drift === undefined) return null;
        const path = drawLink(points.filter(({ manifest }) => drift.files.includes(manifest.file)));
        const isChosen = at === chosen;
        return (
          // biome-ignore lint/a11y/noStaticElementInteractions: the list of drifts is for the keyboard
          <g key={at} class={`link ${drift.code} ${isChosen ? 'chosen' : ''}`} onClick={() => onChoose(at)}>
            <path class="target" d={path} />
            <path class="line" d={path} />
          </g>
        );
      })}
      {points.map(({ manifest, x, y }) => (
        <g
          key={manifest.file}
          class={`point ${manifest.verdict} ${marked.has(manifest.file) ? 'chosen' : ''}`}
        >
          <title>{`${manifest.version} ${manifest.channel}, ${manifest.date}: ${manifest.verdict}`}</title>
          <circle cx={x} cy={y} r={7} />
          <text class="sign" x={x} y={y + 3.5} text-anchor="middle">
            {VERDICT_SYMBOLS[manifest.verdict]}
          </text>
        </g>
      ))}
    </svg>
  );
}

export const VERDICT_SYMBOLS = { ok: '✓', warn: '!', reject: '✕' } as const;

/** From one manifest to the next in the order of time, bowed so that links of one place are told apart. */
function drawLink(points: readonly TimelinePoint[]): string {
  const sorted = points.toSorted((a, b) => a.x - b.x || b.y - a.y);
  return sorted
    .map(({ x, y }, at) => {
      const before = sorted[at - 1];
      if (before === undefined) return `M${x} ${y}`;
      const middle = (before.x + x) / 2;
      return `C${middle} ${before.y} ${middle} ${y} ${x} ${y}`;
    })
    .join(' ');
}
