import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { type Unforeseen, UpdateError } from '../errors.ts';
import { PACKAGE_FOLDER } from './options.ts';
import { reportFailure } from './terminal.ts';

export interface ProgramDescription {
  readonly name: string;
  readonly description: string;
  /** Shown below the help. */
  readonly examples: string;
  readonly commands: readonly Command[];
  /** How it tells an error that nobody foresaw; as an install does, unless given. */
  readonly unforeseen?: Unforeseen;
}

/**
 * Runs one of the package's programs.
 *
 * @param args what follows its name on the command line
 * @returns the exit status (DESIGN.md section 8); failures have been told already
 */
export async function runProgram(args: readonly string[], description: ProgramDescription): Promise<number> {
  tolerateClosedOutput();
  const isJson = args.includes('--json');
  const program = await makeProgram(description);
  if (isJson) silence(program);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return isHelp(error) ? 0 : reportFailure(asUsage(error, isJson), isJson, description.unforeseen);
  }
}

async function makeProgram({ name, description, examples, commands }: ProgramDescription): Promise<Command> {
  const { version } = JSON.parse(await readFile(join(PACKAGE_FOLDER, 'package.json'), 'utf8')) as {
    version: string;
  };
  const program = new Command(name)
    .description(description)
    .version(version)
    .addHelpText('after', examples)
    .showHelpAfterError('Run it with --help to see what it takes.')
    .configureHelp({ showGlobalOptions: true })
    // Else the program's own --version would be taken out of "publish --version 2.0.0.46".
    .enablePositionalOptions()
    .exitOverride();
  for (const command of commands) {
    program.addCommand(command.exitOverride().copyInheritedSettings(program));
  }
  return program;
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

/**
 * Whoever reads the output may stop early ("| head"), a terminal may go away, the disk that it is written to may be
 * full: none of that may end a command half-way.
 */
function tolerateClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}
