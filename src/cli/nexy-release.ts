import { bridgeCommand } from './release/bridge.ts';
import { promoteCommand } from './release/promote.ts';
import { publishCommand } from './release/publish.ts';
import { rolloutCommand } from './release/rollout.ts';
import { statusCommand } from './release/status.ts';
import { verifyCommand } from './release/verify.ts';
import { runProgram } from './run-program.ts';

const EXAMPLES = `
Examples:
  What would publishing this build do?
    $ nexy-release publish --version 2.0.0.46 --inbox build --channel beta --manifests manifests --dry-run
  Publish it to beta, and offer the same bytes on stable to one in ten:
    $ nexy-release publish --version 2.0.0.46 --inbox build --channel beta --manifests manifests --push
    $ nexy-release promote --from beta --to stable --manifests manifests --rollout 10 --push
  Is what we offer what the world gets?
    $ nexy-release verify --manifests manifests

docs/RELEASE_AND_UPDATE_GUIDE.md goes through a whole release. The token comes from GITHUB_TOKEN or GH_TOKEN.
Exit status: 0 done, or nothing to do; 1 failed or refused; 2 wrong usage.`;

process.exitCode = await runProgram(process.argv.slice(2), {
  name: 'nexy-release',
  description:
    'Publishes versions of a macOS app under immutable tags, and writes the manifests that offer them.',
  examples: EXAMPLES,
  unforeseen: {
    code: 'github-failed',
    consequence: 'Run the same command again: it finds what was begun, and goes on from there.',
  },
  commands: [
    publishCommand(),
    promoteCommand(),
    rolloutCommand(),
    verifyCommand(),
    bridgeCommand(),
    statusCommand(),
  ],
});
