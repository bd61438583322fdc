import { checkCommand } from './commands/check.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { inspectCommand } from './commands/inspect.ts';
import { confirmCommand, recoverCommand, rollbackCommand, statusCommand } from './commands/installation.ts';
import { labCommand } from './commands/lab.ts';
import { updateCommand } from './commands/update.ts';
import { runProgram } from './run-program.ts';

const LAB_FAILURE = {
  code: 'lab-failed',
  consequence: 'Nothing outside the lab was touched; its folders are cleared away.',
} as const;

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
  See what every client does with every manifest:
    $ nexy-updater lab

Exit status: 0 done, nothing to do or held back; 1 failed or rejected; 2 wrong usage; 3 "check" found an update.`;

const args = process.argv.slice(2);

process.exitCode = await runProgram(args, {
  name: 'nexy-updater',
  description:
    'Updates macOS apps from the DMG that their team ships, and says plainly why it did or did not.',
  examples: EXAMPLES,
  // The lab has no installed app that could be as it was.
  ...(args[0] === 'lab' ? { unforeseen: LAB_FAILURE } : {}),
  commands: [
    checkCommand(),
    updateCommand(),
    statusCommand(),
    recoverCommand(),
    rollbackCommand(),
    confirmCommand(),
    inspectCommand(),
    doctorCommand(),
    demoCommand(),
    labCommand(),
  ],
});
