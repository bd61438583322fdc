import type { ContractRow } from '../contract.ts';

export const rows: readonly ContractRow[] = [
  {
    tool: 'arch',
    name: 'arch runs a program as the architecture that this Mac has, and hands on its status',
    arguments: () => ['-arm64', '/usr/bin/false'],
    status: 1,
    stdout: '',
    stderr: '',
    source: 'arch(1), machine.json',
    runsOn: 'double',
  },
  {
    tool: 'arch',
    name: 'arch runs Intel code on Apple silicon through Rosetta',
    arguments: () => ['-x86_64', '/usr/bin/true'],
    status: 0,
    stdout: '',
    stderr: '',
    source: 'arch(1), machine.json',
    runsOn: 'double',
  },
  {
    tool: 'arch',
    name: 'arch without arguments names the machine',
    arguments: () => [],
    status: 0,
    stdout: 'arm64\n',
    source: 'arch(1), machine.json',
    runsOn: 'double',
  },
  {
    tool: 'arch',
    name: 'arch of an unknown architecture',
    arguments: () => ['-vax', '/usr/bin/true'],
    status: 1,
    stderr: 'arch: Unknown architecture: vax\n',
    source: "unverified: arch.c of Apple's system_cmds",
    runsOn: 'both',
  },
];
