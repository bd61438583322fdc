import { Command } from 'commander';
import { readBundle, versionOfBundle } from '../../bundle/bundle.ts';
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
    async ({ layout, tools, cacheFolder, terminal }) => {
      const { recover } = await import('../../install/recover.ts');
      return recover(layout, { tools, cacheFolder, now: () => new Date(), warn: terminal.warn });
    },
  );
}

export function confirmCommand(): Command {
  return installationCommand(
    'confirm',
    'says that the new version works, so that the previous one is no longer kept',
    'An app with the updater inside does this by itself once it is up.',
    async ({ layout }) => {
      await readBundle(layout.target);
      const { confirmUpdate } = await import('../../install/confirm.ts');
      return (await confirmUpdate(layout, () => new Date())) === null ? 'none' : 'finished';
    },
  );
}

function installationCommand(
  name: string,
  description: string,
  help: string,
  act: (context: Context) => Promise<RecoveryAction>,
): Command {
  const command = new Command(name)
    .description(description)
    .requiredOption('--app <path.app>', 'the installed app')
    .addHelpText('after', `\n${help}\n\nExample:\n  $ nexy-updater ${name} --app /Applications/Nexy.app`)
    .action((options: InstallationOptions) => run(options, act));
  return withJson(withFolderOptions(command));
}

async function run(
  options: InstallationOptions,
  act: (context: Context) => Promise<RecoveryAction>,
): Promise<void> {
  const { layoutOf } = await import('../../install/layout.ts');
  const { Tools } = await import('../../install/tools.ts');
  const { readInstallationStatus } = await import('../../install/installation.ts');
  const { toolsFolder, cacheFolder } = folders(options);
  const terminal = openTerminal(options.json);
  const layout = await layoutOf(options.app);
  const action = await act({ layout, tools: new Tools(toolsFolder), cacheFolder, terminal });
  const version = versionOfBundle(await readBundle(layout.target));
  const { state, journal } = await readInstallationStatus(layout);
  const from = journal?.begin?.from ?? version;
  const to = journal?.begin?.to ?? null;
  const message = describe(layout.target, state, action, { from, to, version });
  terminal.result({ app: layout.target, state, from, to, action, message });
  terminal.say(message);
}

interface Versions {
  readonly from: string | null;
  readonly to: string | null;
  readonly version: string | null;
}

function describe(app: string, state: InstallationState, action: RecoveryAction, versions: Versions): string {
  const { from, to, version } = versions;
  const repaired = {
    none: '',
    finished: ' What was begun has been finished.',
    undone: ' What an update left behind has been cleared away.',
  }[action];
  const sentences: Readonly<Record<InstallationState, string>> = {
    idle: `${app} is at ${version}. No update is under way.`,
    staged: `${app} is at ${version}. ${to} is verified and waits to be installed.`,
    swapped: `${app} was updated from ${from} to ${to} and has not confirmed yet; ${from} is kept until it does.`,
    confirmed: `${app} was updated from ${from} to ${to}, and the new version confirmed that it works.`,
    'rolled-back': `${app} went back from ${to} to ${from}.`,
  };
  return sentences[state] + repaired;
}
