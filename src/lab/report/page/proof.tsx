import type { PlanProof, PlanStep } from '../../plan/migration-plan.ts';
import { OutcomeMark } from './outcome-mark.tsx';

interface ProofProps {
  readonly proof: PlanProof;
  readonly steps: readonly PlanStep[];
  readonly titleOf: (client: string) => string;
}

/** What became of every client after each step. */
export function Proof({ proof: { stages }, steps, titleOf }: ProofProps) {
  const clients = [...new Set(stages.flatMap((stage) => stage.clients.map(({ client }) => client)))];
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
              {clients.map((client) => (
                <th key={client} scope="col">
                  {titleOf(client)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {stages.map((stage) => (
              <tr key={stage.after}>
                <th scope="row">{nameOf(stage.after)}</th>
                {clients.map((name) => {
                  const found = stage.clients.find(({ client }) => client === name);
                  if (found === undefined) return <td key={name}>–</td>;
                  return (
                    <td key={name}>
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
