import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { UpdateError } from '../errors.ts';
import { checkCommand } from './commands/check.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { inspectCommand } from './commands/inspect.ts';
import { confirmCommand, recoverCommand, rollbackCommand, statusCommand } from './commands/installation.ts';
import { updateCommand } from './commands/update.ts';
import { PACKAGE_FOLDER } from './options.ts';
import { reportFailure } from './terminal.ts';

const EXAMPLES = `
Examples:
  Is there an update for this app, and why or why not?
    $ nexy-updater check --manifest https://updates.example.com/manifest.json --app /Applications/Nexy.app
  Install it:
    $ nexy-updater update --manifest https://updates.example.com/manifest.json --app /Applications/Nexy.app
  What is wrong with these manifests?
    $ nexy-updater doctor manifests/ --history
  Watch a whole update on this machine, without a network:
    $ nexy-updater demo

Exit status: 0 done, nothing to do or held back; 1 failed or rejected; 2 wrong usage; 3 "check" found an update.`;

async function main(args: readonly string[]): Promise<number> {
  const isJson = args.includes('--json');
  const program = new Command('nexy-updater');
  const { version } = JSON.parse(await readFile(join(PACKAGE_FOLDER, 'package.json'), 'utf8')) as {
    version: string;
  };
  program
    .description(
      'Updates macOS apps from the DMG that their team ships, and says plainly why it did or did not.',
    )
    .version(version)
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError('Run it with --help to see what it takes.')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  for (const command of [
    checkCommand(),
    updateCommand(),
    statusCommand(),
    recoverCommand(),
    rollbackCommand(),
    confirmCommand(),
    inspectCommand(),
    doctorCommand(),
    demoCommand(),
  ]) {
    program.addCommand(command.exitOverride().copyInheritedSettings(program));
  }
  if (isJson) silence(program);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return isHelp(error) ? 0 : reportFailure(asUsage(error, isJson), isJson);
  }
}

/** With --json a wrong call is answered by the error document alone. */
function silence(program: Command): void {
  for (const command of [program, ...program.commands]) {
    command.configureOutput({ writeErr: () => undefined, outputError: () => undefined });
  }
}

function isHelp(error: unknown): boolean {
  return error instanceof CommanderError && error.exitCode === 0;
}

function asUsage(error: unknown, isJson: boolean): unknown {
  if (!(error instanceof CommanderError)) return error;
  const message = error.message.replace(/^error: /, '');
  // commander has already shown its own words to people.
  if (!isJson) process.exit(2);
  return new UpdateError('usage', message);
}

// Whoever reads the output may stop early ("| head"), a terminal may go away, the disk that it is written to may be
// full: none of that may end an update half-way.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

process.exitCode = await main(process.argv.slice(2));
