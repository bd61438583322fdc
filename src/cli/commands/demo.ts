import { Command } from 'commander';
import { runDemo } from '../demo/run-demo.ts';
import { interruptSignal } from '../interrupt.ts';
import { type JsonOption, withJson } from '../options.ts';
import { openTerminal } from '../terminal.ts';

interface DemoCommandOptions extends JsonOption {
  readonly keep: boolean;
  readonly tools?: string;
}

export function demoCommand(): Command {
  const command = new Command('demo')
    .description(
      'shows whole updates on this machine: a release host on loopback, real disk images, a real exchange',
    )
    .option('--keep', 'leave the folder with the installed apps in place', false)
    .option(
      '--tools <folder>',
      "stand-ins for Apple's tools (default: those of this repository, except on a Mac)",
    )
    .addHelpText(
      'after',
      `
Nothing outside a temporary folder is touched, and no request leaves this machine.

Example:
  $ nexy-updater demo`,
    )
    .action(async ({ json, keep, tools }: DemoCommandOptions) => {
      await runDemo(openTerminal(json), { keep, toolsFolder: tools ?? null, signal: interruptSignal() });
    });
  return withJson(command);
}
