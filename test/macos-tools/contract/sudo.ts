import type { ContractRow } from '../contract.ts';

const userId = String(process.getuid?.() ?? 0);

export const rows: readonly ContractRow[] = [
  {
    tool: 'sudo',
    name: 'lets root become anybody, by number',
    needs: ['root'],
    arguments: () => ['-n', '-u', '#65501', '/bin/sh', '-c', 'id -u; echo "$1"', 'sh', 'two words'],
    status: 0,
    stdout: '65501\ntwo words\n',
    source: 'sudo(8), "-u"',
    // Apple's asks for a user that exists.
    runsOn: 'double',
  },
  {
    tool: 'sudo',
    name: 'lets everybody be themselves',
    arguments: () => ['-n', '-u', `#${userId}`, '/usr/bin/id', '-u'],
    status: 0,
    stdout: `${userId}\n`,
    source: 'sudoers(5), "Authentication and logging": the same user needs no password',
    runsOn: 'both',
  },
];
