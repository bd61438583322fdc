import type { Cell, CheckRecord } from '../../run/outcome.ts';
import type { HistoryReport } from '../lab-report.ts';
import { type ReportIndex, titleOfClient } from './index-report.ts';
import { OutcomeMark } from './outcome-mark.tsx';

interface WalksProps {
  readonly history: HistoryReport;
  readonly index: ReportIndex;
  readonly onOpen: (cell: Cell) => void;
}

/** What each client did while each manifest of the series was offered. */
export function Walks({ history, index, onOpen }: WalksProps) {
  const { offered, manifests } = history;
  const walks = index.worstFirst.flatMap(
    (column) => history.walks.find(({ client }) => client === index.clients[column]?.name) ?? [],
  );
  if (walks.length === 0) return null;
  const titleOf = (name: string): string => titleOfClient(index, name);
  return (
    <>
      <h3 id="walks">What each client did at each step</h3>
      <p>
        While one manifest after the other was offered, with the release host as it was then. A dash is a
        manifest that this client was not offered.
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: so that the keyboard can scroll it */}
      <section class="scroller walks" aria-labelledby="walks" tabIndex={0}>
        <table aria-labelledby="walks">
          <thead>
            <tr>
              <th scope="col">Manifest</th>
              {walks.map(({ client }) => (
                <th key={client} scope="col">
                  {titleOf(client)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {offered.map((file, step) => {
              const manifest = manifests.find((each) => each.file === file);
              return (
                <tr key={step}>
                  <th scope="row">
                    {manifest?.version ?? file}
                    {manifest !== undefined && (
                      <span class="note">
                        {manifest.channel},{' '}
                        <span class="date">{manifest.date?.slice(0, 10) ?? 'no date'}</span>
                      </span>
                    )}
                  </th>
                  {walks.map(({ client, checks }) => (
                    <td key={client}>
                      <Step
                        checks={checks.filter((check) => check.manifest === step)}
                        version={manifest?.version ?? null}
                      />
                    </td>
                  ))}
                </tr>
              );
            })}
            <tr class="end">
              <th scope="row">In the end</th>
              {walks.map((cell) => (
                <td key={cell.client}>
                  <button
                    type="button"
                    class="plain"
                    aria-label={`${cell.outcome}, ${cell.installed.version}: ${titleOf(cell.client)}, show the whole walk`}
                    onClick={() => onOpen(cell)}
                  >
                    <OutcomeMark outcome={cell.outcome} />
                  </button>
                  <span class="note">has {cell.installed.version}</span>
                </td>
              ))}
            </tr>
          </tbody>
        </table>
      </section>
    </>
  );
}

interface StepProps {
  readonly checks: readonly CheckRecord[];
  /** That was offered. */
  readonly version: string | null;
}

function Step({ checks, version }: StepProps) {
  const last = checks.at(-1);
  if (last === undefined) return <span class="none">–</span>;
  const installed = checks.findLast((check) => check.installed !== null)?.installed ?? null;
  const downloads = checks.filter(({ artifactBytes }) => artifactBytes > 0).length;
  const isOther = installed !== null && version !== null && installed.version !== version;
  return (
    <>
      {installed === null ? last.action : <strong>installed {installed.version}</strong>}
      {isOther && (
        <span class="mark harmed other">
          <span class="symbol" aria-hidden="true">
            ✕
          </span>
          not {version}
        </span>
      )}
      <span class="note">
        {installed === null && <code>{last.reason}</code>}
        {downloads > 1 && ` downloaded ${downloads} times`}
      </span>
    </>
  );
}
