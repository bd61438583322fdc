import type { ContractRow } from '../contract.ts';

const userId = String(process.getuid?.() ?? 0);

export const rows: readonly ContractRow[] = [
  {
    tool: 'launchctl',
    name: 'runs a command in the session of a user, as who we are',
    arguments: () => ['asuser', '65501', '/bin/sh', '-c', 'id -u; echo "$1"; exit 5', 'sh', 'two words'],
    status: 5,
    stdout: `${userId}\ntwo words\n`,
    source: 'launchctl(1), "asuser"',
    // Needs root and somebody who is logged in.
    runsOn: 'double',
  },
  {
    tool: 'launchctl',
    name: 'does not know a user that is no number',
    arguments: () => ['asuser', 'nobody here', 'true'],
    status: 112,
    stderr: /Could not find/,
    source: 'unverified: the words and the status',
    runsOn: 'double',
  },
];
