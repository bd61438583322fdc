import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { UpdateError } from '../../errors.ts';
import { OUTCOMES, type Outcome } from '../../lab/run/outcome.ts';
import type { Scenario } from '../../lab/scenario/scenario.ts';
import { chooseOne } from '../lab/choose.ts';
import type { LabData, LabFolders } from '../lab/open-data.ts';
import { type JsonOption, withJson } from '../options.ts';
import { openTerminal, type Terminal } from '../terminal.ts';

interface LabCommandOptions extends LabFolders, JsonOption {
  readonly offer: readonly string[];
  readonly host: readonly string[];
  readonly client: readonly string[];
  readonly outcome: readonly Outcome[];
  readonly scenario?: string;
  readonly html?: string;
  readonly list: boolean;
  readonly plan: boolean;
  readonly status?: string;
  readonly nextVersion?: string;
  readonly nextMinimumOs?: string;
  readonly followingMinimumOs?: string;
  readonly processes?: number;
}

const MOST_PROCESSES = 64;

export function labCommand(): Command {
  const command = new Command('lab')
    .description('shows what every client does with every manifest, on every state of the release host')
    .option('--offer <name>', 'only this offer (repeatable)', collect, [])
    .option('--host <name>', 'only this state of the release host (repeatable)', collect, [])
    .option('--client <name>', 'only this client (repeatable)', collect, [])
    .addOption(
      new Option('--outcome <outcome>', `show these outcomes only (repeatable): ${OUTCOMES.join(', ')}`)
        .argParser(collectOutcome)
        .default([], 'all'),
    )
    .option('--scenario <name|file>', 'run one scenario with one --client, and show every step of it')
    .option('--manifests <folder>', 'try the *.json manifests of this folder, too')
    .option('--scenarios <folder>', 'add the data files of this folder (repeatable)', collect, [])
    .option('--html <file>', 'write the report as one HTML page')
    .option(
      '--plan',
      'only derive the plan of the migration from the fixed tags to version tags, and try it',
      false,
    )
    .option('--status <file>', 'for the plan: what "nexy-release status --json" printed')
    .option('--next-version <version>', 'for the plan: the version of the transition release')
    .option('--next-minimum-os <version>', 'for the plan: the macOS that the transition release needs')
    .option('--following-minimum-os <version>', 'for the plan: the macOS that the release after it needs')
    .option('--list', 'name everything that can be run', false)
    .option(
      '--processes <number>',
      'how many processes share the work (default: one per core)',
      parseProcesses,
    )
    .addHelpText(
      'after',
      `
A scenario is one offer on one state of the release host; the lab runs every scenario with every client, on this machine
alone: the release host is one on loopback, Macs are folders, images are small stand-ins. Addresses are shown as those
that they stand for; all of them were asked of that host. docs/MIGRATION.md tells more, and how to write scenarios.

Examples:
  $ nexy-updater lab
  $ nexy-updater lab --html lab.html
  $ nexy-updater lab --list
  $ nexy-updater lab --scenario version-tag/fixed-tags-only --client integer-build
  $ nexy-updater lab --manifests manifests/ --host both --outcome harmed --outcome loops
  $ nexy-updater lab --plan --manifests manifests/ --status status.json

Exit status: 0 done, whatever the outcomes; 1 something could not be run, or the plan of --plan is not safe; 2 wrong
usage.`,
    )
    .action(runLab);
  return withJson(command);
}

async function runLab(options: LabCommandOptions): Promise<void> {
  const terminal = openTerminal(options.json);
  const { openLabData } = await import('../lab/open-data.ts');
  const data = await openLabData(options);
  if (options.list) {
    const { showList } = await import('../lab/show-list.ts');
    return showList(data, terminal);
  }
  if (options.plan) return plan(options, data, terminal);
  for (const name of ['status', 'nextVersion', 'nextMinimumOs', 'followingMinimumOs'] as const) {
    if (options[name] !== undefined)
      throw new UpdateError('usage', 'What is wished for the plan is read together with --plan only.');
  }
  if (options.scenario !== undefined) return runOne(options.scenario, options, data, terminal);
  const { showMatrix } = await import('../lab/show-matrix.ts');
  await showMatrix(options, data, terminal);
}

/** @throws UpdateError `usage` for what says nothing about a plan */
async function plan(options: LabCommandOptions, data: LabData, terminal: Terminal): Promise<void> {
  const [host, ...others] = options.host;
  const isForMatrix = options.scenario !== undefined || options.offer.length + options.outcome.length > 0;
  if (others.length > 0 || isForMatrix)
    throw new UpdateError(
      'usage',
      'A plan is made for the whole series of manifests and one state of the release host: --plan goes with --manifests, --client, one --host or --status, and the wishes for the releases.',
    );
  const { showPlan } = await import('../lab/show-plan.ts');
  const { host: _, ...wishes } = options;
  await showPlan({ ...wishes, ...(host === undefined ? {} : { host }) }, data, terminal);
}

async function runOne(
  wanted: string,
  options: LabCommandOptions,
  data: LabData,
  terminal: Terminal,
): Promise<void> {
  const [name, ...others] = options.client;
  if (name === undefined || others.length > 0) {
    throw new UpdateError('usage', 'One scenario is run with one client: name it with --client.');
  }
  const client = chooseOne('client', name, data.clients);
  const { showRun } = await import('../lab/show-run.ts');
  await showRun(await findScenario(wanted, data), client, terminal);
}

/** @throws UpdateError `usage` for a name that none has, or a file that cannot be used */
async function findScenario(wanted: string, data: LabData): Promise<Scenario> {
  const isName = data.scenarios.some(({ name }) => name === wanted);
  if (isName || !/\.ya?ml$/.test(wanted)) return chooseOne('scenario', wanted, data.scenarios);
  const { readScenario } = await import('../../lab/scenario/load-lab.ts');
  return readScenario(resolve(wanted), data);
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function collectOutcome(value: string, before: readonly Outcome[]): readonly Outcome[] {
  const outcome = OUTCOMES.find((known) => known === value);
  if (outcome === undefined) throw new InvalidArgumentError(`It has to be one of ${OUTCOMES.join(', ')}.`);
  return [...before, outcome];
}

function parseProcesses(value: string): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= 1 && number <= MOST_PROCESSES) return number;
  throw new InvalidArgumentError(`It has to be a number from 1 to ${MOST_PROCESSES}.`);
}
