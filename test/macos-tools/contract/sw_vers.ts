import { type ContractRow, recorded } from '../contract.ts';

export const rows: readonly ContractRow[] = [
  {
    tool: 'sw_vers',
    name: 'sw_vers',
    needs: ['fixtures'],
    arguments: () => [],
    status: 0,
    stdout: recorded('sw_vers__sequoia.txt'),
    source: 'fixtures/macos-outputs/sw_vers__sequoia.txt',
    runsOn: 'double',
  },
  {
    tool: 'sw_vers',
    name: 'sw_vers -productVersion',
    arguments: () => ['-productVersion'],
    environment: { SYSTEM_VERSION_COMPAT: '0' },
    status: 0,
    stdout: /^\d+\.\d+(?:\.\d+)?\n$/,
    source: 'sw_vers(1)',
    runsOn: 'both',
  },
  {
    tool: 'sw_vers',
    name: 'sw_vers for programs of old',
    arguments: () => ['-productVersion'],
    environment: { SYSTEM_VERSION_COMPAT: '1' },
    status: 0,
    stdout: '10.16\n',
    source: 'DESIGN.md section 4; sw_vers(1)',
    runsOn: 'both',
  },
  {
    tool: 'sw_vers',
    name: 'sw_vers with an option that it does not know',
    arguments: () => ['-bogus'],
    status: 1,
    stderr: /^Usage: sw_vers/i,
    source: 'sw_vers(1); wording unverified',
    runsOn: 'double',
  },
];
