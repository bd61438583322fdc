import type { MigrationPlan, PlannedRelease } from '../../plan/migration-plan.ts';
import { CommandBlock } from './command-block.tsx';
import { type ReportIndex, titleOfClient } from './index-report.ts';
import { Proof } from './proof.tsx';

interface PlanSectionProps {
  readonly plan: MigrationPlan | null;
  readonly index: ReportIndex;
}

/** The way from the fixed tags to version tags, and whether it holds. */
export function PlanSection({ plan, index }: PlanSectionProps) {
  return (
    <section aria-labelledby="plan">
      <h2 id="plan">Plan of the migration</h2>
      {plan === null ? (
        <>
          <p>
            No plan was derived, since only a part of the lab was run. Run all of it, or ask for the plan
            alone, for a folder of manifests:
          </p>
          <CommandBlock
            command="nexy-updater lab --plan --manifests <folder> --html lab.html"
            label="the command for a plan"
          />
        </>
      ) : (
        <Plan plan={plan} index={index} />
      )}
    </section>
  );
}

function Plan({ plan, index }: { readonly plan: MigrationPlan; readonly index: ReportIndex }) {
  const { facts, transition, following, steps, stranded, lastVersions, retirement, proof } = plan;
  const titleOf = (name: string): string => titleOfClient(index, name);
  return (
    <>
      <Verdict plan={plan} />
      <h3>What it rests on</h3>
      <Sentences sentences={facts} none="Nothing was found." />
      <dl class="facts">
        <Release name="Transition release" release={transition} />
        <Release name="The release after it" release={following} />
      </dl>
      <h3>Steps</h3>
      <ol class="steps">
        {steps.map(({ id, title, why, command, withdraws, channel }) => (
          <li key={id}>
            <h4>
              {title}
              {channel !== null && <span class="badge">{channel}</span>}
            </h4>
            <p>{why}</p>
            {withdraws !== null && (
              <p>
                Take away: <code>{withdraws}</code>
              </p>
            )}
            {command !== null && <CommandBlock command={command} label={`the command of: ${title}`} />}
          </li>
        ))}
      </ol>
      <h3 id="stranded">Who is stranded today, and what reaches them</h3>
      {stranded.length === 0 ? (
        <p>Nobody.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: so that the keyboard can scroll it
        <section class="scroller prose" aria-labelledby="stranded" tabIndex={0}>
          <table aria-labelledby="stranded">
            <thead>
              <tr>
                <th scope="col">Client</th>
                <th scope="col">Why nothing arrives</th>
                <th scope="col">What reaches them</th>
              </tr>
            </thead>
            <tbody>
              {stranded.map(({ client, why, reachedBy }) => (
                <tr key={client}>
                  <th scope="row">{titleOf(client)}</th>
                  <td>{why}</td>
                  <td>{reachedBy ?? <strong class="harmed">No update does</strong>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      <h3 id="last-versions">The last version of each macOS</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: so that the keyboard can scroll it */}
      <section class="scroller prose" aria-labelledby="last-versions" tabIndex={0}>
        <table aria-labelledby="last-versions">
          <thead>
            <tr>
              <th scope="col">macOS</th>
              <th scope="col">Stays on</th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {lastVersions.map(({ macos, version, why }) => (
              <tr key={macos}>
                <th scope="row">{macos}</th>
                <td>{version}</td>
                <td>{why}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <h3>When the fixed tags may be retired</h3>
      <Sentences sentences={retirement} none="Nothing is said about it." />
      {proof !== null && <Proof proof={proof} steps={steps} titleOf={titleOf} />}
    </>
  );
}

function Verdict({ plan: { proof } }: { readonly plan: MigrationPlan }) {
  if (proof === null) {
    return <p class="verdict">Not proved: it was derived, and nobody has tried it.</p>;
  }
  return (
    <div class={`verdict ${proof.isSafe ? 'ok' : 'reject'}`}>
      <p>
        <strong>{proof.isSafe ? '✓ Safe' : '✕ Not safe'}</strong>{' '}
        {proof.isSafe
          ? 'Tried with every client after every step: nobody is harmed, loops, or is stranded where there is a way.'
          : 'Tried with every client after every step, and this does not hold:'}
      </p>
      {proof.problems.length > 0 && <Sentences sentences={proof.problems} none="" />}
    </div>
  );
}

function Sentences({ sentences, none }: { readonly sentences: readonly string[]; readonly none: string }) {
  if (sentences.length === 0) return <p>{none}</p>;
  return (
    <ul class="sentences">
      {sentences.map((sentence) => (
        <li key={sentence} class={sentence.startsWith('NOT SAFE') ? 'unsafe' : ''}>
          {sentence}
        </li>
      ))}
    </ul>
  );
}

function Release({ name, release }: { readonly name: string; readonly release: PlannedRelease }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {release.version}
        <span class="note">
          CFBundleVersion {release.bundleVersion}, macOS {release.minimumOs} or later
        </span>
      </dd>
    </div>
  );
}
