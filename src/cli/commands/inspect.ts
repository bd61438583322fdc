import { lstat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { UpdateError } from '../../errors.ts';
import type { AppInspection, InspectOptions } from '../../install/inspect.ts';
import type { PackageInspection } from '../../install/inspect-package.ts';
import { type FolderOptions, folders, type JsonOption, withFolderOptions, withJson } from '../options.ts';
import { formatBytes, openTerminal, type Terminal } from '../terminal.ts';
import { describePackage } from './describe-package.ts';

interface InspectCommandOptions extends FolderOptions, JsonOption {
  readonly codesign: boolean;
}

/** The document that `inspect --json` prints; what the one app in it says stands on the top level as well. */
interface Inspection {
  readonly file: string;
  readonly type: 'dmg' | 'pkg' | 'app';
  readonly size: number | null;
  readonly sha256: string | null;
  readonly apps: readonly AppInspection[];
  readonly packages: readonly PackageInspection[];
}

export function inspectCommand(): Command {
  const command = new Command('inspect')
    .description('says what is inside a disk image, a package or an app, without attaching or installing it')
    .argument('<file>', 'a .dmg, a .pkg or a .app')
    .option('--no-codesign', 'do not look at the signature')
    .addHelpText('after', '\nExample:\n  $ nexy-updater inspect ~/Downloads/Nexy.dmg --json')
    .action(runInspectCommand);
  return withJson(withFolderOptions(command));
}

async function runInspectCommand(file: string, options: InspectCommandOptions): Promise<void> {
  const terminal = openTerminal(options.json);
  const { Tools } = await import('../../install/tools.ts');
  const tools = new Tools(folders(options).toolsFolder);
  const inspection = await inspect(resolve(file), { tools, checksSignature: options.codesign });
  terminal.result({ ...summaryOf(inspection), ...inspection });
  describe(inspection, terminal);
}

/** For scripts that expect one app: its words, or those of the one bundle that a package installs. */
function summaryOf({ apps, packages }: Inspection): object {
  const [app] = apps;
  if (app !== undefined && apps.length === 1) return app;
  const bundles = packages.flatMap(({ components }) => components.flatMap((component) => component.bundles));
  const [bundle] = bundles;
  if (bundle === undefined || bundles.length !== 1) return {};
  const { id, shortVersion, bundleVersion } = bundle;
  return { bundleId: id, version: shortVersion ?? bundleVersion, shortVersion, bundleVersion };
}

async function inspect(file: string, options: InspectOptions): Promise<Inspection> {
  const inspectors = await import('../../install/inspect.ts');
  const { digestFile, inspectApp, unknownKind, withImageContents } = inspectors;
  const { inspectPackage } = await import('../../install/inspect-package.ts');
  const status = await lstat(file).catch(() => null);
  if (status === null) throw new UpdateError('usage', `There is no ${file}.`);
  if (status.isDirectory()) {
    return {
      file,
      type: 'app',
      size: null,
      sha256: null,
      apps: [await inspectApp(file, options)],
      packages: [],
    };
  }
  const digest = await digestFile(file);
  if (file.toLowerCase().endsWith('.pkg')) {
    return { file, type: 'pkg', ...digest, apps: [], packages: [await inspectPackage(file, options)] };
  }
  if (!file.toLowerCase().endsWith('.dmg')) throw unknownKind(file);
  return withImageContents(file, async (folder, names) => {
    const pathsOf = (ending: string) =>
      names.filter((name) => name.endsWith(ending)).map((name) => join(folder, name));
    const apps = await Promise.all(pathsOf('.app').map((path) => inspectApp(path, options)));
    const packages = await Promise.all(pathsOf('.pkg').map((path) => inspectPackage(path, options)));
    return { file, type: 'dmg', ...digest, apps, packages };
  });
}

function describe({ file, type, size, sha256, apps, packages }: Inspection, terminal: Terminal): void {
  terminal.say(terminal.style('bold', file));
  if (size !== null) terminal.say(`  ${type}, ${formatBytes(size)} (${size})`);
  if (sha256 !== null) terminal.say(`  sha256 ${sha256}`);
  for (const app of apps) describeApp(app, terminal);
  for (const found of packages) describePackage(found, terminal);
}

function describeApp(app: AppInspection, terminal: Terminal): void {
  const { name, bundleId, shortVersion, bundleVersion, minOs, archs, signature } = app;
  terminal.say(`  ${terminal.style('bold', name)}`);
  terminal.say(`    bundle id     ${bundleId ?? 'none'}`);
  terminal.say(`    version       ${shortVersion ?? 'none'} (bundle version ${bundleVersion ?? 'none'})`);
  terminal.say(`    needs         macOS ${minOs ?? 'any'}, ${archs?.join(' or ') ?? 'any processor'}`);
  terminal.say(
    `    signature     ${signature.state.replace('-', ' ')}${signature.message === null ? '' : `: ${signature.message}`}`,
  );
  if (signature.requirement !== null) terminal.say(`    requirement   ${signature.requirement}`);
}
