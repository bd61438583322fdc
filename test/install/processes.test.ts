import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  asPsPrints,
  findProcessesRunningFrom,
  isNumberInUse,
  parseProcesses,
  readStartTime,
  readUserName,
} from '../../src/install/processes.ts';
import { Tools } from '../../src/install/tools.ts';
import { MACOS_TOOLS } from '../support/fixtures.ts';
import { openDescriptorsOf } from '../support/open-descriptors.ts';
import { writeRecordedTool } from '../support/recorded-tool.ts';
import { callsOf, writeScriptedTool } from '../support/scripted-tool.ts';
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

  it.each(['', 'PID', 'x 1 0 /sbin/launchd', '1 /sbin/launchd', '1 0', '-1 0 /sbin/launchd'])(
    'are not read from %j',
    (line) => {
      expect(parseProcesses(line)).toEqual([]);
    },
  );

  it('may belong to nobody, whose number is negative', () => {
    expect(parseProcesses('12 -2 /usr/sbin/x  \n')).toEqual([
      { pid: 12, uid: -2, executable: '/usr/sbin/x' },
    ]);
  });

  it.each([
    ['composed', '/Applications/N\u00e9xy.app', '/Applications/NM-CM-)xy.app/Contents/MacOS/Nexy'],
    ['decomposed', '/Applications/Ne\u0301xy.app', '/Applications/NM-CM-)xy.app/Contents/MacOS/Nexy'],
    [
      'composed, kept decomposed',
      '/Applications/N\u00e9xy.app',
      '/Applications/NeM-LM^Axy.app/Contents/MacOS/Nexy',
    ],
    ['of another case', '/Applications/Nexy.app', '/applications/nexy.app/Contents/MacOS/Nexy'],
  ])('are found as ps prints them, where the path is %s', async (_, bundle, printed) => {
    const folder = await temporaryFolder();
    writeRecordedTool(folder, 'ps', { stdout: `  501   502 ${printed}\n  502   502 /bin/sh\n`, status: 0 });
    const found = await findProcessesRunningFrom(bundle, new Tools(folder));
    expect(found.map(({ pid }) => pid)).toEqual([501]);
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
    const refused = vi.spyOn(process, 'kill');
    onTestFinished(() => refused.mockRestore());
    // What kill(2) answers a user about a process of another one; root is never refused.
    for (const [code, expected] of [
      ['EPERM', true],
      ['ESRCH', false],
    ] as const) {
      refused.mockImplementationOnce(() => {
        throw Object.assign(new Error(code), { code });
      });
      expect(isNumberInUse(1)).toBe(expected);
    }
    expect(refused).toHaveBeenLastCalledWith(1, 0);
  });
});

describe('ps', () => {
  let folder: string;
  let bundle: string;
  let program: string;
  beforeEach(async () => {
    folder = await temporaryFolder();
    bundle = join(folder, 'Nexy.app');
    program = join(bundle, 'Contents', 'MacOS', 'Nexy');
    mkdirSync(dirname(program), { recursive: true });
    writeFileSync(program, 'MZ');
  });

  async function findPids(listings: { readonly comm?: string; readonly args?: string }, path = bundle) {
    const [comm, args] = [join(folder, 'comm'), join(folder, 'args')];
    writeFileSync(comm, listings.comm ?? '');
    writeFileSync(args, listings.args ?? '');
    writeScriptedTool(folder, 'ps', [
      { does: `case "$*" in *comm=*) cat '${comm}';; *) cat '${args}';; esac` },
    ]);
    return (await findProcessesRunningFrom(path, new Tools(folder))).map(({ pid }) => pid);
  }

  it('is asked for all processes of all users, in full width', async () => {
    await findPids({});
    expect(callsOf(folder, 'ps')).toEqual([['-axww', '-o', 'pid=,uid=,comm=']]);
    writeFileSync(program, '#!/bin/sh\n');
    await findPids({});
    expect(callsOf(folder, 'ps').at(-1)).toEqual(['-axww', '-o', 'pid=,uid=,args=']);
  });

  it('shows the real path of a bundle that is given through a link', async () => {
    symlinkSync('Nexy.app', join(folder, 'link.app'));
    const comm = `1 0 ${program}\n2 0 ${folder}/link.apple\n3 0 ${bundle}\n`;
    expect(await findPids({ comm }, join(folder, 'link.app'))).toEqual([1]);
  });

  it('may show a path that leads through a link, or is spelled otherwise', async () => {
    symlinkSync('Nexy.app', join(folder, 'link.app'));
    const comm = [
      `1 0 ${folder}/link.app/Contents/MacOS/Nexy`,
      `2 0 ${folder}/NEXY.APP/Contents/MacOS/Nexy`,
      `3 0 ${folder}/absent.app/Contents/MacOS/Nexy`,
      `4 0 x${folder}/link.app/Contents/MacOS/Nexy`,
    ];
    expect(await findPids({ comm: comm.join('\n') })).toEqual([1, 2]);
  });

  it('shows processes also of a bundle that is gone', async () => {
    const gone = join(folder, 'Gone.app');
    expect(await findPids({ comm: `1 0 ${gone}/Contents/MacOS/Nexy\n` }, gone)).toEqual([1]);
  });

  it('does not have paths looked at that lead to no bundle', async () => {
    symlinkSync(program, join(folder, 'elsewhere'));
    expect(await findPids({ comm: `1 0 ${folder}/elsewhere\n` })).toEqual([]);
  });

  it('shows bytes that are no plain letters in a notation of its own', async () => {
    const other = join(folder, 'Näxy\t.app');
    mkdirSync(join(other, 'Contents', 'MacOS'), { recursive: true });
    const comm = `1 0 ${asPsPrints(other)}/Contents/MacOS/Nexy\n2 0 ${asPsPrints(other)}x/Nexy\n`;
    expect(await findPids({ comm }, other)).toEqual([1]);
  });

  it('shows a script as its interpreter, one option, and its path', async () => {
    writeFileSync(program, '#!/bin/sh\n');
    mkdirSync(join(dirname(program), 'folder'));
    writeFileSync(join(dirname(program), 'binary'), '\u007fELF');
    const args = [
      `1 0 /bin/sh ${program}`,
      `2 0 /bin/sh -eu ${program} more`,
      `3 0 /bin/sh -c cat ${program}`,
      `4 0 /bin/sh ${program}x`,
      `5 0 /bin/sh ${dirname(program)}/binary`,
      `6 0 /bin/sh ${dirname(program)}/folder`,
      `7 0 vi x ${program}`,
    ];
    const listings = { comm: '1 0 /bin/sh\n', args: args.join('\n') };
    expect(await findPids(listings)).toEqual([1, 2]);
    expect(await findProcessesRunningFrom(bundle, new Tools(folder))).toContainEqual({
      pid: 2,
      uid: 0,
      executable: program,
    });
  });

  it('may show one process in both ways, which counts once', async () => {
    writeFileSync(program, '#!/bin/sh\n');
    expect(
      await findPids({ comm: `1 0 ${program}\n2 0 ${program}\n`, args: `1 0 /bin/sh ${program}\n` }),
    ).toEqual([1, 2]);
  });

  it('is asked about programs of a bundle only where there may be scripts', async () => {
    writeFileSync(program, '#');
    await findPids({});
    mkdirSync(join(folder, 'Other.app'));
    await findPids({}, join(folder, 'Other.app'));
    expect(callsOf(folder, 'ps').filter((call) => call[2]?.includes('args'))).toEqual([]);
    expect(await openDescriptorsOf(program)).toEqual([]);
  });

  it('does not take a line in a path for a process', async () => {
    const odd = join(folder, 'a\n7 0 b', 'Nexy.app');
    mkdirSync(join(odd, 'Contents', 'MacOS'), { recursive: true });
    expect(await findPids({ comm: `1 0 ${asPsPrints(odd)}/Contents/MacOS/Nexy\n` }, odd)).toEqual([1]);
    expect(await findProcessesRunningFrom(odd, new Tools(folder))).toEqual([
      { pid: 1, uid: 0, executable: `${odd}/Contents/MacOS/Nexy` },
    ]);
  });

  it('tells the name of a user, or nothing', async () => {
    writeScriptedTool(folder, 'ps', [{ stdout: 'alice \n' }, { status: 1 }]);
    expect(await readUserName(501, new Tools(folder))).toBe('alice');
    expect(await readUserName(501, new Tools(folder))).toBeNull();
    expect(callsOf(folder, 'ps')[0]).toEqual(['-o', 'user=', '-p', '501']);
  });

  it('tells in UTC when a process started, or that there is none', async () => {
    writeScriptedTool(folder, 'ps', [
      { does: 'echo "$TZ" > "$0.zone"', stdout: ' Tue Nov  3 08:45:52 2026  \n' },
      { status: 1 },
    ]);
    expect(await readStartTime(501, new Tools(folder))).toBe('Tue Nov 3 08:45:52 2026');
    expect(readFileSync(join(folder, 'ps.zone'), 'utf8')).toBe('UTC\n');
    expect(callsOf(folder, 'ps')).toEqual([['-p', '501', '-o', 'lstart=']]);
    await expect(readStartTime(502, new Tools(folder))).rejects.toMatchObject({
      code: 'swap-failed',
      message: 'Process 502, which is to be waited for, was not found. Nothing was changed.',
      details: { pid: 502 },
    });
  });
});

describe('the notation of ps', () => {
  // strvis(3): tabs, line breaks and 0xa0 in octal, other control characters by ^, the upper half by M.
  it.each<[string, readonly number[], string]>([
    ['plain text', [0x20, 0x41, 0x7e, 0x5c], ' A~\\'],
    ['a tab', [0x09], '\\011'],
    ['a line break', [0x0a], '\\012'],
    ['control characters', [0x00, 0x01, 0x1f, 0x7f], '^@^A^_^?'],
    ['the upper half', [0xc3, 0xa4], 'M-CM-$'],
    ['control characters of the upper half', [0xc2, 0x80, 0xc2, 0x9f], 'M-BM^@M-BM^_'],
    ['a blank that does not break', [0xc2, 0xa0], 'M-B\\240'],
  ])('of %s', (_name, bytes, expected) => {
    expect(asPsPrints(Buffer.from(bytes).toString('utf8'))).toBe(expected);
  });
});
