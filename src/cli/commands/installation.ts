import { Command } from 'commander';
import { readBundle } from '../../bundle/bundle.ts';
import { versionOfBundle } from '../../bundle/bundle-version.ts';
import type { InstallationState } from '../../install/installation.ts';
import type { Layout } from '../../install/layout.ts';
import type { RecoveryAction } from '../../install/recover.ts';
import type { Tools } from '../../install/tools.ts';
import { type FolderOptions, folders, type JsonOption, withFolderOptions, withJson } from '../options.ts';
import { openTerminal, type Terminal } from '../terminal.ts';

interface InstallationOptions extends FolderOptions, JsonOption {
  readonly app: string;
}

interface Context {
  readonly layout: Layout;
  readonly tools: Tools;
  readonly cacheFolder: string;
  readonly stateFolder: string;
  readonly terminal: Terminal;
}

export function statusCommand(): Command {
  return installationCommand(
    'status',
    'says how far the last update of an app got',
    'Changes nothing. States: idle, staged, swapped (installed, not confirmed yet), confirmed, rolled-back.',
    async () => 'none',
  );
}

export function recoverCommand(): Command {
  return installationCommand(
    'recover',
    'repairs what an update left behind that was cut off',
    'Safe at any time. Afterwards one whole app lies at the path, and nothing stays mounted or staged.',
    async ({ layout, tools, cacheFolder, stateFolder, terminal }) => {
      const { recover } = await import('../../install/recover.ts');
      const { keepFailedStarts } = await import('../../failed-starts.ts');
      await keepFailedStarts(layout, stateFolder, new Date());
      return recover(layout, { tools, cacheFolder, now: () => new Date(), warn: terminal.warn });
    },
  );
}

export function confirmCommand(): Command {
  return installationCommand(
    'confirm',
    'says that the new version works, so that the previous one is no longer kept',
    'An app with the updater inside does this by itself once it is up.',
    async ({ layout, stateFolder }) => {
      await readBundle(layout.target);
      const { confirmUpdate } = await import('../../install/confirm.ts');
      const confirmed = await confirmUpdate(layout, () => new Date(), stateFolder);
      return confirmed === null ? 'none' : 'finished';
    },
  );
}

export function rollbackCommand(): Command {
  return installationCommand(
    'rollback',
    'goes back to the version before the last update',
    'Possible until the new version has confirmed; the app must not be running. Automatic checks hold back what was\ngone back from for 7 days.',
    async ({ layout, tools }) => {
      await readBundle(layout.target);
      const { rollBack } = await import('../../install/rollback.ts');
      return (await rollBack(layout, { tools, now: () => new Date() })) === null ? 'none' : 'undone';
    },
    { none: ' There is nothing to go back to.', finished: '', undone: '' },
  );
}

/** What is added to the state, by what was done. */
type Additions = Readonly<Record<RecoveryAction, string>>;

const REPAIRED: Additions = {
  none: '',
  finished: ' What was begun has been finished.',
  undone: ' What an update left behind has been cleared away.',
};

function installationCommand(
  name: string,
  description: string,
  help: string,
  act: (context: Context) => Promise<RecoveryAction>,
  additions = REPAIRED,
): Command {
  const command = new Command(name)
    .description(description)
    .requiredOption('--app <path.app>', 'the installed app')
    .addHelpText('after', `\n${help}\n\nExample:\n  $ nexy-updater ${name} --app /Applications/Nexy.app`)
    .action((options: InstallationOptions) => run(options, act, additions));
  return withJson(withFolderOptions(command));
}

async function run(
  options: InstallationOptions,
  act: (context: Context) => Promise<RecoveryAction>,
  additions: Additions,
): Promise<void> {
  const { layoutOf } = await import('../../install/layout.ts');
  const { Tools } = await import('../../install/tools.ts');
  const { readInstallationStatus } = await import('../../install/installation.ts');
  const { toolsFolder, cacheFolder, stateFolder } = folders(options);
  const terminal = openTerminal(options.json);
  const layout = await layoutOf(options.app);
  const action = await act({ layout, tools: new Tools(toolsFolder), cacheFolder, stateFolder, terminal });
  const version = versionOfBundle(await readBundle(layout.target));
  const { state, journal } = await readInstallationStatus(layout);
  const from = journal?.begin?.from ?? version;
  const to = journal?.begin?.to ?? null;
  const message = describe(layout.target, state, { from, to, version }) + additions[action];
  terminal.result({ app: layout.target, state, from, to, action, message });
  terminal.say(message);
}

interface Versions {
  readonly from: string | null;
  readonly to: string | null;
  readonly version: string | null;
}

function describe(app: string, state: InstallationState, versions: Versions): string {
  const { from, to, version } = versions;
  const sentences: Readonly<Record<InstallationState, string>> = {
    idle: `${app} is at ${version}. No update is under way.`,
    staged: `${app} is at ${version}. ${to} is verified and waits to be installed.`,
    swapped: `${app} was updated from ${from} to ${to} and has not confirmed yet; ${from} is kept until it does.`,
    confirmed: `${app} was updated from ${from} to ${to}, and the new version confirmed that it works.`,
    'rolled-back': `${app} went back from ${to} to ${from}.`,
  };
  return sentences[state];
}
