import type { PlanProof, PlanStep, ProvenClient } from '../../plan/migration-plan.ts';
import { OutcomeMark } from './outcome-mark.tsx';

interface ProofProps {
  readonly proof: PlanProof;
  readonly steps: readonly PlanStep[];
  readonly titleOf: (client: string) => string;
}

/** What became of every client after each step, on each channel that it may follow. */
export function Proof({ proof: { stages, withoutFixedTags }, steps, titleOf }: ProofProps) {
  const everyone = [...stages.flatMap(({ clients }) => clients), ...withoutFixedTags];
  const columns = [...new Map(everyone.map((each) => [keyOf(each), each])).values()];
  const rows = [
    ...stages.map(({ after, clients }) => ({ key: after, name: '', clients })),
    ...(withoutFixedTags.length === 0
      ? []
      : [
          {
            key: 'without-fixed-tags',
            name: 'If the fixed tags were taken away then',
            clients: withoutFixedTags,
          },
        ]),
  ];
  const nameOf = (after: string): string => {
    const at = steps.findIndex(({ id }) => id === after);
    return at < 0 ? 'Before any step' : `${at + 1}. ${steps[at]?.title ?? after}`;
  };
  return (
    <>
      <h3 id="proof">The proof: every client after each step</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: so that the keyboard can scroll it */}
      <section class="scroller proof" aria-labelledby="proof" tabIndex={0}>
        <table aria-labelledby="proof">
          <thead>
            <tr>
              <th scope="col">After step</th>
              {columns.map((column) => (
                <th key={keyOf(column)} scope="col">
                  {titleOf(column.client)} <span class="note">{column.channel}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ key, name, clients }) => (
              <tr key={key}>
                <th scope="row">{name === '' ? nameOf(key) : name}</th>
                {columns.map((column) => {
                  const found = clients.find((each) => keyOf(each) === keyOf(column));
                  if (found === undefined) return <td key={keyOf(column)}>–</td>;
                  return (
                    <td key={keyOf(column)}>
                      <OutcomeMark outcome={found.outcome} />
                      <span class="note">{found.version}</span>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {stages.map((stage) => (
        <details key={stage.after}>
          <summary>Why: {nameOf(stage.after)}</summary>
          <ul class="sentences">
            {stage.clients.map(({ client, outcome, why }) => (
              <li key={client}>
                <OutcomeMark outcome={outcome} /> {titleOf(client)}: {why}
              </li>
            ))}
          </ul>
        </details>
      ))}
    </>
  );
}

function keyOf({ client, channel }: ProvenClient): string {
  return `${client} ${channel}`;
}
