import { beforeEach, describe, expect, it } from 'vitest';
import { readMachine } from '../../src/install/machine.ts';
import { Tools } from '../../src/install/tools.ts';
import { callsOf, writeScriptedTool } from '../support/scripted-tool.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});

/** What arch(1) says of a program for a processor that this Mac cannot imitate. */
const BAD_CPU = 'arch: posix_spawnp: /usr/bin/true: Bad CPU type in executable\n';

describe('the Mac', () => {
  it('is asked for its own version, hardware and Rosetta', async () => {
    writeScriptedTool(folder, 'sw_vers', [
      { does: 'echo "$SYSTEM_VERSION_COMPAT" > "$0.compat"', stdout: '26.5.2\n' },
    ]);
    writeScriptedTool(folder, 'sysctl', [{ stdout: '1\n' }]);
    writeScriptedTool(folder, 'arch', [{}]);
    expect(await readMachine(new Tools(folder))).toEqual({
      systemVersion: '26.5.2',
      architecture: 'arm64',
      hasRosetta: true,
    });
    expect(callsOf(folder, 'sw_vers')).toEqual([['-productVersion']]);
    expect(callsOf(folder, 'sysctl')).toEqual([['-n', 'hw.optional.arm64']]);
    expect(callsOf(folder, 'arch')).toEqual([['-x86_64', '/usr/bin/true']]);
  });

  it('is asked so that it does not call itself 10.16', async () => {
    writeScriptedTool(folder, 'sw_vers', [
      { does: 'if [ "$SYSTEM_VERSION_COMPAT" = 0 ]; then echo 26.5.2; else echo 10.16; fi' },
    ]);
    expect((await readMachine(new Tools(folder))).systemVersion).toBe('26.5.2');
  });

  it('is unknown in everything where there are no such tools', async () => {
    expect(await readMachine(new Tools(folder))).toEqual({
      systemVersion: null,
      architecture: null,
      hasRosetta: null,
    });
  });

  it.each([
    ['26', 0, '26'],
    ['15.7.7', 0, '15.7.7'],
    ['10.15.10', 0, '10.15.10'],
    ['15.7.7', 1, null],
    ['', 0, null],
    ['15.', 0, null],
    ['v15.7', 0, null],
    ['15.7 beta', 0, null],
    ['macOS 15.7', 0, null],
  ])('is of the version %j with status %i: %j', async (stdout, status, expected) => {
    writeScriptedTool(folder, 'sw_vers', [{ stdout: `${stdout}\n`, status }]);
    expect((await readMachine(new Tools(folder))).systemVersion).toBe(expected);
  });

  it.each([
    ['1\n', 0, 'arm64'],
    ['0\n', 0, 'x86_64'],
    // Intel does not know the name.
    ['', 1, 'x86_64'],
    ['1\n', 1, 'x86_64'],
  ])('has, where sysctl says %j with status %i: %s', async (stdout, status, expected) => {
    writeScriptedTool(folder, 'sysctl', [{ stdout, status }]);
    expect((await readMachine(new Tools(folder))).architecture).toBe(expected);
  });

  it.each([
    [0, '', true],
    [1, BAD_CPU, false],
    [1, 'arch: something else\n', null],
  ])('runs Intel programs, where arch ends with %i and %j: %s', async (status, stderr, expected) => {
    writeScriptedTool(folder, 'arch', [{ stderr, status }]);
    expect((await readMachine(new Tools(folder))).hasRosetta).toBe(expected);
  });
});
