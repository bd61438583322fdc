import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { isProcessRunning, readRunIdentity } from '../../../src/release/publication/run-identity.ts';

const ON_LINUX = process.platform === 'linux';

describe('who a run is', () => {
  it('is this process on this machine, under a new id each time', () => {
    const identity = readRunIdentity({});
    expect(identity).toMatchObject({ host: hostname(), pid: process.pid, ci: null });
    expect(identity.runId).not.toBe(readRunIdentity({}).runId);
  });

  it.each([
    [
      { GITHUB_RUN_ID: '77', GITHUB_RUN_ATTEMPT: '2' },
      { run: '77', attempt: 2 },
    ],
    [{ GITHUB_RUN_ID: '77' }, null],
    [{ GITHUB_RUN_ID: '77', GITHUB_RUN_ATTEMPT: 'x' }, null],
    [{ GITHUB_RUN_ID: '', GITHUB_RUN_ATTEMPT: '1' }, null],
  ])('in CI also the run: %j', (environment, ci) => {
    expect(readRunIdentity(environment).ci).toEqual(ci);
  });

  it.skipIf(!ON_LINUX)('tells processes of one number apart, and systems of one name', () => {
    const { processStart, system } = readRunIdentity({});
    expect(processStart).toMatch(/^\d+$/);
    expect(system).toMatch(/^[0-9a-f-]{36} pid:\[\d+\]$/);
  });
});

describe('whether a process runs', () => {
  it('says so of this one', () => {
    expect(isProcessRunning(process.pid, readRunIdentity({}).processStart)).toBe(true);
    expect(isProcessRunning(process.pid, null)).toBe(true);
  });

  it.skipIf(!ON_LINUX)('does not take one of the same number for it', () => {
    expect(isProcessRunning(process.pid, '1')).toBe(false);
  });

  it('says no once it was killed', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const { pid = 0 } = child;
    expect(isProcessRunning(pid, null)).toBe(true);
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
    expect(isProcessRunning(pid, null)).toBe(false);
  });
});
