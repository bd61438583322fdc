import type { PlanProof, PlanStep, ProvenClient } from '../../plan/migration-plan.ts';
import { OutcomeMark } from './outcome-mark.tsx';

interface ProofProps {
  readonly proof: PlanProof;
  readonly steps: readonly PlanStep[];
  readonly titleOf: (client: string) => string;
}

interface Stage {
  readonly title: string;
  readonly clients: readonly ProvenClient[];
}

/** What became of every client after each step, and without the fixed tags in the end. */
export function Proof({ proof: { stages, withoutFixedTags }, steps, titleOf }: ProofProps) {
  const all: readonly Stage[] = [
    ...stages.map(({ after, clients }) => ({ title: titleStage(after, steps), clients })),
    ...(withoutFixedTags.length === 0
      ? []
      : [{ title: 'Were the fixed tags taken away then', clients: withoutFixedTags }]),
  ];
  const columns = listColumns(all, titleOf);
  return (
    <>
      <h3 id="proof">The proof: every client after each step</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: so that the keyboard can scroll it */}
      <section class="scroller proof" aria-labelledby="proof" tabIndex={0}>
        <table aria-labelledby="proof">
          <thead>
            <tr>
              <th scope="col">After step</th>
              {columns.map(({ key, title }) => (
                <th key={key} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {all.map(({ title, clients }) => (
              <tr key={title}>
                <th scope="row">{title}</th>
                {columns.map(({ key }) => {
                  const found = clients.find((client) => keyOf(client) === key);
                  return found === undefined ? (
                    <td key={key} class="none">
                      –
                    </td>
                  ) : (
                    <td key={key}>
                      <OutcomeMark outcome={found.outcome} /> <span class="note">{found.version}</span>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {all.map(({ title, clients }) => (
        <details key={title}>
          <summary>Why: {title}</summary>
          <ul class="sentences">
            {clients.map((client) => (
              <li key={keyOf(client)}>
                <OutcomeMark outcome={client.outcome} />{' '}
                {columns.find(({ key }) => key === keyOf(client))?.title ?? client.client}: {client.why}
              </li>
            ))}
          </ul>
        </details>
      ))}
    </>
  );
}

function titleStage(after: string, steps: readonly PlanStep[]): string {
  const at = steps.findIndex(({ id }) => id === after);
  return at < 0 ? 'Before any step' : `${at + 1}. ${steps[at]?.title ?? after}`;
}

function keyOf({ client, channel }: ProvenClient): string {
  return `${client} ${channel}`;
}

/** A client that was tried on both channels has a column for each. */
function listColumns(
  stages: readonly Stage[],
  titleOf: (client: string) => string,
): readonly { readonly key: string; readonly title: string }[] {
  const proven = new Map(stages.flatMap(({ clients }) => clients.map((client) => [keyOf(client), client])));
  const isOneChannel = new Set([...proven.values()].map(({ channel }) => channel)).size < 2;
  return [...proven].map(([key, { client, channel }]) => ({
    key,
    title: isOneChannel ? titleOf(client) : `${titleOf(client)}, ${channel}`,
  }));
}
