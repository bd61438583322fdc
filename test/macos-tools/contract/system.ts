import { type ContractRow, recorded } from '../contract.ts';

/** `sw_vers`, `sysctl`, `ps` and `sync`: what the pretended Mac is, and what runs on it. */
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
  {
    tool: 'ps',
    name: 'ps of all processes',
    arguments: () => ['-axww', '-o', 'pid=,uid=,lstart=,comm='],
    status: 0,
    stdout: (text) => {
      const lines = text.trimEnd().split('\n');
      const form = /^ *\d+ +\d+ [A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4} +\S/;
      const bad = lines.find((line) => !form.test(line));
      return bad === undefined ? lines.some((line) => line.trim().startsWith(`${process.pid} `)) : bad;
    },
    source: 'ps(1)',
    runsOn: 'both',
  },
  {
    tool: 'ps',
    name: 'ps of one process',
    arguments: () => ['-p', String(process.pid), '-o', 'pid=', '-o', 'comm='],
    status: 0,
    // On macOS `comm` is the full path of the executable.
    stdout: (text) => text.trim() === `${process.pid} ${process.execPath}` || text,
    source: 'ps(1)',
    runsOn: 'both',
  },
  {
    tool: 'ps',
    name: 'ps of a process that is not there',
    arguments: () => ['-p', '99999999', '-o', 'pid='],
    status: 1,
    source: 'ps(1), "EXIT STATUS"',
    runsOn: 'double',
  },
  {
    tool: 'sync',
    name: 'sync',
    arguments: () => [],
    status: 0,
    source: 'sync(8)',
    runsOn: 'both',
  },
];
