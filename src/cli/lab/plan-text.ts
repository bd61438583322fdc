import type {
  MigrationPlan,
  PlannedRelease,
  PlanProof,
  ProvenClient,
} from '../../lab/plan/migration-plan.ts';
import { OUTCOMES } from '../../lab/run/outcome.ts';
import type { Terminal } from '../terminal.ts';
import { outcomeCount, outcomeWord } from './outcome-style.ts';
import { GAP, plainTable } from './plain-table.ts';

const NARROWEST = 80;
/** Columns of a dash or a step's number. */
const MARK = 3;
const INDENT = ' '.repeat(MARK + GAP);

/**
 * A plan, for people: what it rests on, the steps with what to type, who is reached how, and the proof.
 *
 * @param width of the terminal in columns
 */
export function planText(plan: MigrationPlan, terminal: Terminal, width: number): string {
  const { facts, transition, following, steps, stranded, lastVersions, retirement, proof } = plan;
  const heading = (text: string): string => terminal.style('bold', text);
  const list = (sentences: readonly string[]): string =>
    rows(
      sentences.map((sentence) => ['-', sentence]),
      width,
    );
  return [
    heading('Plan of the migration'),
    list(facts),
    '',
    `Transition release   ${describeRelease(transition)}`,
    `The one after it     ${describeRelease(following)}`,
    '',
    heading('Steps'),
    ...steps.flatMap(({ title, why, command, withdraws, channel }, index) => [
      rows([[`${index + 1}.`, `${title}${channel === null ? '' : ` [${channel}]`}`]], width),
      ...(withdraws === null ? [] : [`${INDENT}${terminal.style('cyan', `remove ${withdraws}`)}`]),
      // Never wrapped: it is to be copied.
      ...(command === null ? [] : [`${INDENT}${terminal.style('cyan', `$ ${command}`)}`]),
      rows([['', why]], width),
      '',
    ]),
    heading('Who does not get updates today, and what reaches them'),
    stranded.length === 0
      ? `${INDENT}Nobody.`
      : rows(
          stranded.map(({ client, why, reachedBy }) => [
            '-',
            `${client}: ${why} ${reachedBy === null ? 'Nothing reaches it.' : `Reached by ${reachedBy}.`}`,
          ]),
          width,
        ),
    '',
    heading('Which version a macOS stays on'),
    lastVersions.length === 0
      ? `${INDENT}None stays behind.`
      : list(lastVersions.map(({ macos, version, why }) => `macOS ${macos} stays on ${version}. ${why}`)),
    '',
    heading('When the fixed tags may be retired'),
    list(retirement),
    '',
    heading('Proof'),
    proof === null ? `${INDENT}Nobody tried it.` : proofText(proof, plan, terminal, width),
  ].join('\n');
}

function describeRelease({ version, bundleVersion, minimumOs }: PlannedRelease): string {
  return `${version}, CFBundleVersion ${bundleVersion}, macOS ${minimumOs} or newer`;
}

/** What the plan comes to, where the whole of it would be too long. */
export function planSummary({ transition, steps, proof }: MigrationPlan, terminal: Terminal): string {
  const word = proof?.isSafe === true ? terminal.style('green', 'safe') : terminal.style('red', 'NOT SAFE');
  return [
    terminal.style('bold', 'Plan of the migration'),
    `${steps.length} steps, by way of ${describeRelease(transition)}; tried with every client after each: ${word}.`,
    ...(proof?.problems ?? []),
    'All of it: nexy-updater lab --plan',
  ].join('\n');
}

function proofText(
  { isSafe, problems, stages, withoutFixedTags }: PlanProof,
  { steps }: MigrationPlan,
  terminal: Terminal,
  width: number,
): string {
  const verdict = isSafe
    ? `${terminal.style('green', 'Safe.')} Every step was taken with nexy-release on a release host of the lab, and every client was run before and after each: no step harms anybody, and in the end nobody loops or is stranded where there is a way.`
    : `${terminal.style('red', 'NOT SAFE.')} The steps were taken with nexy-release on a release host of the lab, and every client was run before and after each. This does not hold:`;
  const titleOf = (id: string): string => {
    const index = steps.findIndex((step) => step.id === id);
    return index < 0 ? 'before' : `${index + 1}. ${id}`;
  };
  const table = plainTable({
    head: ['after step', ...OUTCOMES],
    colAligns: ['left', ...OUTCOMES.map(() => 'right' as const)],
  });
  const count = (clients: readonly ProvenClient[]): string[] =>
    OUTCOMES.map((wanted) =>
      outcomeCount(wanted, clients.filter(({ outcome }) => outcome === wanted).length, terminal),
    );
  for (const { after, clients } of stages) table.push([titleOf(after), ...count(clients)]);
  if (withoutFixedTags.length > 0) table.push(['without fixed tags', ...count(withoutFixedTags)]);
  const lost = findLost({ stages, withoutFixedTags });
  return [
    rows([['', verdict]], width),
    ...(problems.length === 0
      ? []
      : [
          rows(
            problems.map((problem) => ['-', problem]),
            width,
          ),
        ]),
    '',
    table.toString().replace(/^/gm, INDENT),
    ...(lost.length === 0
      ? []
      : [
          '',
          `${INDENT}Lost if the fixed tags were taken away then:`,
          rows(
            lost.map(({ client, channel, outcome, why }) => [
              '-',
              `${client} (${channel}) ${outcomeWord(outcome, terminal)}: ${why}`,
            ]),
            width,
          ),
        ]),
  ].join('\n');
}

/** Who had what was promised in the end, and would not have it without the fixed tags. */
function findLost({
  stages,
  withoutFixedTags,
}: Pick<PlanProof, 'stages' | 'withoutFixedTags'>): readonly ProvenClient[] {
  const last = stages.at(-1)?.clients ?? [];
  return withoutFixedTags.filter(
    ({ client, channel, outcome }) =>
      outcome !== 'promised' &&
      last.some((each) => each.client === client && each.channel === channel && each.outcome === 'promised'),
  );
}

/** Text beside a mark, wrapped to the terminal. */
function rows(content: readonly (readonly [string, string])[], width: number): string {
  if (content.length === 0) return `${INDENT}None.`;
  const table = plainTable({
    colWidths: [MARK, Math.max(width, NARROWEST) - MARK - GAP],
    wordWrap: true,
  });
  for (const [left, right] of content) table.push([left, right]);
  return table.toString().replace(/ +$/gm, '');
}
