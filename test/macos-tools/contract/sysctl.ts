import type { ContractRow } from '../contract.ts';

export const rows: readonly ContractRow[] = [
  {
    tool: 'sysctl',
    name: 'sysctl -n',
    arguments: () => ['-n', 'kern.ostype'],
    status: 0,
    stdout: 'Darwin\n',
    source: 'sysctl(8)',
    runsOn: 'both',
  },
  {
    tool: 'sysctl',
    name: 'sysctl of Apple silicon',
    arguments: () => ['-n', 'hw.optional.arm64', 'sysctl.proc_translated'],
    status: 0,
    stdout: '1\n0\n',
    source: 'sysctl(8), machine.json',
    runsOn: 'double',
  },
  {
    tool: 'sysctl',
    name: 'sysctl of a name that is not there',
    arguments: () => ['-n', 'hw.optional.bogus'],
    status: 1,
    stderr: "sysctl: unknown oid 'hw.optional.bogus'\n",
    source: "unverified: sysctl.c of Apple's system_cmds",
    runsOn: 'both',
  },
];
