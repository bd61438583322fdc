import { userInfo } from 'node:os';
import type { ContractRow } from '../contract.ts';

export const rows: readonly ContractRow[] = [
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
    name: 'ps of the user of a process',
    arguments: () => ['-o', 'user=', '-p', String(process.pid)],
    status: 0,
    stdout: (text) => text.trim() === userInfo().username || text,
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
];
