import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join, relative } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { cancelled, outputOf, Tools } from '../../src/install/tools.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let folder: string;
let tools: Tools;
beforeEach(async () => {
  folder = await temporaryFolder();
  tools = new Tools(folder);
});

function putTool(name: string, text: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}

async function waitFor(path: string): Promise<void> {
  await vi.waitFor(() => expect(existsSync(path)).toBe(true), { timeout: 20_000 });
}

describe('the place of a tool', () => {
  it.each([
    ['arch', '/usr/bin/arch'],
    ['codesign', '/usr/bin/codesign'],
    ['ditto', '/usr/bin/ditto'],
    ['gktool', '/usr/bin/gktool'],
    ['hdiutil', '/usr/bin/hdiutil'],
    ['launchctl', '/bin/launchctl'],
    ['open', '/usr/bin/open'],
    ['openssl', '/usr/bin/openssl'],
    ['osascript', '/usr/bin/osascript'],
    ['ps', '/bin/ps'],
    ['sh', '/bin/sh'],
    ['spctl', '/usr/sbin/spctl'],
    ['stat', '/usr/bin/stat'],
    ['sudo', '/usr/bin/sudo'],
    ['sw_vers', '/usr/bin/sw_vers'],
    ['sync', '/bin/sync'],
    ['sysctl', '/usr/sbin/sysctl'],
    ['xattr', '/usr/bin/xattr'],
  ] as const)('of %s is where macOS has it: %s', (name, path) => {
    expect(new Tools().pathOf(name)).toBe(path);
    expect(new Tools(null).folder).toBeNull();
  });

  it('is the given folder, as an absolute path, since tools run elsewhere', () => {
    const given = new Tools(relative(process.cwd(), folder));
    expect(given.folder).toBe(folder);
    expect(given.pathOf('ps')).toBe(join(folder, 'ps'));
  });

  it('is looked at before a long download', async () => {
    putTool('ps', '');
    putTool('sync', '');
    mkdirSync(join(folder, 'arch'), { mode: 0o600 });
    chmodSync(join(folder, 'sync'), 0o644);
    expect(await tools.exists('ps')).toBe(true);
    expect(await tools.exists('sync')).toBe(false);
    expect(await tools.exists('open')).toBe(false);
    await tools.assertAvailable(['ps', 'ps']);
    await expect(tools.assertAvailable(['ps', 'open'])).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(`open could not be started at ${join(folder, 'open')}. `),
      details: { tool: 'open', path: join(folder, 'open') },
    });
  });
});

describe('running a tool', () => {
  it('gives both streams and the status', async () => {
    putTool('ps', 'echo "out ä"; echo err >&2; exit 3');
    expect(await tools.run('ps', [])).toEqual({ status: 3, stdout: 'out ä\n', stderr: 'err\n' });
  });

  it('hands over arguments as they are, in the root folder', async () => {
    putTool('ps', 'pwd; for argument; do printf "[%s]" "$argument"; done');
    const { stdout } = await tools.run('ps', ['a b', '', "'; touch x", '-n']);
    expect(stdout).toBe("/\n[a b][]['; touch x][-n]");
  });

  it('gives its input, and none where there is none', async () => {
    putTool('hdiutil', 'cat');
    expect((await tools.run('hdiutil', [], { input: 'Y\n' })).stdout).toBe('Y\n');
    expect((await tools.run('hdiutil', [])).stdout).toBe('');
  });

  it('does not mind input that is not read', async () => {
    putTool('hdiutil', 'exec <&-; exit 0');
    const input = 'Y'.repeat(1024 * 1024);
    expect(await tools.run('hdiutil', [], { input })).toMatchObject({ status: 0, stderr: '' });
  });

  it('inherits nothing that could change what it loads or how it speaks', async () => {
    vi.stubEnv('DYLD_INSERT_LIBRARIES', '/tmp/evil.dylib');
    vi.stubEnv('NODE_OPTIONS', '');
    vi.stubEnv('LANG', 'uk_UA.UTF-8');
    try {
      putTool('ps', '/usr/bin/env');
      const { stdout } = await tools.run('ps', [], { environment: { SYSTEM_VERSION_COMPAT: '0' } });
      const variables = Object.fromEntries(
        stdout
          .trimEnd()
          .split('\n')
          .map((line) => line.split(/=(.*)/s)),
      );
      // The shell that stands in for the tool adds some of its own.
      for (const own of ['PWD', 'SHLVL', '_', 'OLDPWD']) delete variables[own];
      expect(variables).toEqual({
        LC_ALL: 'C',
        PATH: '/usr/bin:/bin:/usr/sbin:/sbin',
        HOME: homedir(),
        TMPDIR: tmpdir(),
        USER: userInfo().username,
        SYSTEM_VERSION_COMPAT: '0',
      });
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it.each([
    ['darwin', 'Check that the folder given with --tools holds it.'],
    ['linux', 'This is not a Mac: name a folder with stand-ins for the tools of macOS with --tools.'],
  ] as const)('says of a tool that is not there where it was looked for, on %s', async (platform, advice) => {
    const path = join(folder, 'ps');
    const here = process.platform;
    Object.defineProperty(process, 'platform', { value: platform });
    onTestFinished(() => void Object.defineProperty(process, 'platform', { value: here }));
    await expect(tools.run('ps', [], { timeout: 600_000 })).rejects.toMatchObject({
      code: 'usage',
      message: `ps could not be started at ${path}. ${advice}`,
      details: { tool: 'ps', path },
      cause: { code: 'ENOENT' },
    });
  });

  it('ends a tool that takes too long, and says so', async () => {
    putTool('ps', 'echo begun; exec sleep 600');
    expect(await tools.run('ps', [], { timeout: 300 })).toMatchObject({
      status: 128,
      stderr: '\nps was ended by SIGKILL',
    });
  });

  it('leaves no timer behind that would keep the process alive', async () => {
    putTool('ps', '');
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    await tools.run('ps', [], { timeout: 600_000 });
    await expect(tools.run('open', [], { timeout: 600_000 })).rejects.toMatchObject({ code: 'usage' });
    expect(timers()).toBe(before);
  });

  it('is not begun once it is cancelled', async () => {
    putTool('ps', `touch '${join(folder, 'begun')}'`);
    await expect(tools.run('ps', [], { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
      message: 'The update was cancelled. Nothing was changed.',
    });
    expect(existsSync(join(folder, 'begun'))).toBe(false);
  });

  it('is asked to end when it is cancelled, and may clear up', async () => {
    const [begun, cleared] = [join(folder, 'begun'), join(folder, 'cleared')];
    putTool('ps', `trap 'echo TERM > ${cleared}; exit 0' TERM; touch ${begun}; while :; do sleep 0.05; done`);
    const controller = new AbortController();
    const result = tools.run('ps', [], { signal: controller.signal });
    await waitFor(begun);
    controller.abort();
    await expect(result).rejects.toMatchObject({ code: 'cancelled' });
    expect(readFileSync(cleared, 'utf8')).toBe('TERM\n');
  });

  it('holds on to no signal when it is over', async () => {
    putTool('ps', '');
    const { signal } = new AbortController();
    const removed = vi.spyOn(signal, 'removeEventListener');
    const added = vi.spyOn(signal, 'addEventListener');
    await tools.run('ps', [], { signal });
    expect(removed.mock.calls.map(([name, listener]) => [name, listener])).toEqual(
      added.mock.calls.map(([name, listener]) => [name, listener]),
    );
    expect(added).toHaveBeenCalledTimes(1);
  });
});

describe('cancelled', () => {
  it('is a code of its own', () => expect(cancelled().code).toBe('cancelled'));
});

describe('what a tool said', () => {
  it.each([
    ['', '', ''],
    [' out \n', '', 'out'],
    ['', 'err\n', 'err'],
    ['out', '\nerr ', 'err\nout'],
  ])('of stdout %j and stderr %j is %j', (stdout, stderr, expected) => {
    expect(outputOf({ status: 0, stdout, stderr })).toBe(expected);
  });
});
