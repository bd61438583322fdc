import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
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
    name: 'ps of a program whose path is not ASCII, with a newline in it',
    prepare: async ({ folder }) => {
      const program = join(folder, 'é 🎧\n.app');
      copyFileSync('/bin/sleep', program);
      const child = spawn(program, ['600'], { stdio: 'ignore' });
      await once(child, 'spawn');
      writeFileSync(join(folder, 'pid'), String(child.pid));
    },
    arguments: ({ folder }) => ['-p', readFileSync(join(folder, 'pid'), 'utf8'), '-o', 'comm='],
    status: 0,
    // One line: every byte that is not printable in the notation of vis(3).
    stdout: (text) => text.endsWith("/M-CM-) M-pM^_M^NM-'\\012.app\n") || text,
    after: async ({ folder }) => {
      process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')), 'SIGKILL');
    },
    source: 'strvis(3) with VIS_TAB | VIS_NL | VIS_NOSLASH in ps/print.c of adv_cmds, in the C locale',
    runsOn: 'double',
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
