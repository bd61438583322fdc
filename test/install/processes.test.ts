import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findProcessesRunningFrom, isNumberInUse, parseProcesses } from '../../src/install/processes.ts';
import { Tools } from '../../src/install/tools.ts';
import { MACOS_TOOLS } from '../support/fixtures.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const tools = new Tools(process.platform === 'darwin' ? null : MACOS_TOOLS);

describe('processes', () => {
  it('are read from ps with their whole path, spaces included', () => {
    const output =
      '    1     0 /sbin/launchd\n  501   501 /Applications/Nexy Beta.app/Contents/MacOS/Nexy Beta\n\n';
    expect(parseProcesses(output)).toEqual([
      { pid: 1, uid: 0, executable: '/sbin/launchd' },
      { pid: 501, uid: 501, executable: '/Applications/Nexy Beta.app/Contents/MacOS/Nexy Beta' },
    ]);
  });

  it.each([
    ['letters that are not ASCII', 'Né 🎧.app'],
    ['a line break', 'Nexy\n2.app'],
    ['what looks like the notation of ps', 'TEAM-x ^A \\012 é.app'],
  ])('that run from a bundle are found with %s in its path', async (_, name) => {
    const folder = await temporaryFolder();
    const program = join(folder, name, 'Contents', 'MacOS', 'Nexy ü');
    mkdirSync(dirname(program), { recursive: true });
    copyFileSync('/bin/sh', program);
    const child = spawn(program, ['-c', 'echo up; read -r line'], { stdio: 'pipe' });
    await once(child.stdout, 'data');
    try {
      const found = await findProcessesRunningFrom(join(folder, name), tools);
      expect(found).toEqual([{ pid: child.pid, uid: process.getuid?.(), executable: program }]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('that interpret a program of a bundle are found, and those that only name it are not', async () => {
    const folder = await temporaryFolder();
    const program = join(folder, 'Nexy 2.app', 'Contents', 'MacOS', 'Nexy "it\'s"\n2');
    mkdirSync(dirname(program), { recursive: true });
    writeFileSync(program, '#!/bin/sh -u\necho up\nread -r line\n', { mode: 0o755 });
    const start = async (path: string, ...args: readonly string[]) => {
      const child = spawn(path, args, { stdio: 'pipe' });
      await once(child.stdout, 'data');
      return child;
    };
    const [own, reader] = await Promise.all([
      start(program, 'further', 'words'),
      start('/bin/sh', '-c', `echo up; read -r line # ${program}`),
    ]);
    try {
      const found = await findProcessesRunningFrom(join(folder, 'Nexy 2.app'), tools);
      expect(found).toEqual([{ pid: own.pid, uid: process.getuid?.(), executable: program }]);
    } finally {
      own.kill('SIGKILL');
      reader.kill('SIGKILL');
    }
  });

  it('that run from a bundle are found, and those of a neighbour with a longer name are not', async () => {
    const folder = await temporaryFolder();
    const start = async (bundle: string) => {
      const program = join(folder, bundle, 'Contents', 'MacOS', 'Nexy');
      mkdirSync(join(folder, bundle, 'Contents', 'MacOS'), { recursive: true });
      copyFileSync(process.execPath, program);
      const child = spawn(program, ['-e', 'console.log(1); setInterval(() => undefined, 1000)'], {
        stdio: 'pipe',
      });
      await once(child.stdout, 'data');
      return child;
    };
    const [own, neighbour] = await Promise.all([start('Nexy.app'), start('Nexy.app 2')]);
    try {
      const found = await findProcessesRunningFrom(join(folder, 'Nexy.app'), tools);
      expect(found.map(({ pid }) => pid)).toEqual([own.pid]);
    } finally {
      own.kill('SIGKILL');
      neighbour.kill('SIGKILL');
    }
  });

  it('are known by number as long as they live', async () => {
    const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' });
    await once(child, 'exit');
    expect(isNumberInUse(child.pid ?? 0)).toBe(false);
    expect(isNumberInUse(process.pid)).toBe(true);
  });
});
