import { lstat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { UpdateError } from '../../errors.ts';
import type { AppInspection, InspectOptions } from '../../install/inspect.ts';
import { type FolderOptions, folders, type JsonOption, withFolderOptions, withJson } from '../options.ts';
import { formatBytes, openTerminal, type Terminal } from '../terminal.ts';

interface InspectCommandOptions extends FolderOptions, JsonOption {
  readonly codesign: boolean;
}

/** The document that `inspect --json` prints. */
interface Inspection {
  readonly file: string;
  readonly type: 'dmg' | 'pkg' | 'app';
  readonly size: number | null;
  readonly sha256: string | null;
  /** What the one app in it says, on the top level too, where scripts look for it. */
  readonly apps: readonly AppInspection[];
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
  const [app] = inspection.apps;
  terminal.result(inspection.apps.length === 1 ? { ...app, ...inspection } : inspection);
  describe(inspection, terminal);
}

async function inspect(file: string, options: InspectOptions): Promise<Inspection> {
  const { digestFile, inspectApp, unknownKind, withImageContents } = await import('../../install/inspect.ts');
  const status = await lstat(file).catch(() => null);
  if (status === null) throw new UpdateError('usage', `There is no ${file}.`);
  if (status.isDirectory()) {
    return { file, type: 'app', size: null, sha256: null, apps: [await inspectApp(file, options)] };
  }
  if (!file.toLowerCase().endsWith('.dmg')) throw unknownKind(file);
  const digest = await digestFile(file);
  return withImageContents(file, async (folder, names) => {
    const apps = names
      .filter((name) => name.endsWith('.app'))
      .map((name) => inspectApp(join(folder, name), options));
    return { file, type: 'dmg', ...digest, apps: await Promise.all(apps) };
  });
}

function describe({ file, type, size, sha256, apps }: Inspection, terminal: Terminal): void {
  terminal.say(terminal.style('bold', file));
  if (size !== null) terminal.say(`  ${type}, ${formatBytes(size)} (${size})`);
  if (sha256 !== null) terminal.say(`  sha256 ${sha256}`);
  for (const app of apps) describeApp(app, terminal);
}

function describeApp(app: AppInspection, terminal: Terminal): void {
  const { name, bundleId, shortVersion, bundleVersion, minOs, archs, signature } = app;
  terminal.say(`  ${terminal.style('bold', name)}`);
  terminal.say(`    bundle id     ${bundleId ?? 'none'}`);
  terminal.say(`    version       ${shortVersion ?? 'none'} (bundle version ${bundleVersion ?? 'none'})`);
  terminal.say(`    needs         macOS ${minOs ?? 'any'}, ${archs?.join(' or ') ?? 'any processor'}`);
  terminal.say(
    `    signature     ${signature.state}${signature.message === null ? '' : `: ${signature.message}`}`,
  );
  if (signature.requirement !== null) terminal.say(`    requirement   ${signature.requirement}`);
}
