import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { runSelfTest } from '../../src/install/self-test.ts';
import { MACOS_TOOLS } from '../support/fixtures.ts';
import { makeApp } from '../support/make-app.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function app(script: string): Promise<string> {
  return makeApp({
    folder: await temporaryFolder(),
    bundleId: 'com.nexy.assistant',
    shortVersion: '2.0.0.46',
    executable: { kind: 'script', text: `#!/bin/sh\n${script}\n` },
    sign: false,
    tools: MACOS_TOOLS,
  });
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // A zombie is waiting for init, and runs nothing.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

describe('a staged app that is tried', () => {
  it('is good when its self-test says so', async () => {
    await runSelfTest(await app('[ "$*" = --updater-self-test ]'), {});
  });

  it('is given nothing of this process', async () => {
    vi.stubEnv('NODE_OPTIONS', '--inspect');
    vi.stubEnv('ELECTRON_RUN_AS_NODE', '1');
    vi.stubEnv('DYLD_INSERT_LIBRARIES', '/evil.dylib');
    await runSelfTest(await app('env | grep -E "^(NODE_|ELECTRON_|DYLD_)" && exit 1; exit 0'), {});
    vi.unstubAllEnvs();
  });

  it('is not offered when it fails, and what it said is kept for the report', async () => {
    await expect(runSelfTest(await app('echo "koffi is missing" >&2; exit 1'), {})).rejects.toMatchObject({
      code: 'payload-incompatible',
      message: expect.stringContaining('it ended with 1. Nothing was changed.'),
      details: { said: 'koffi is missing\n' },
    });
  });

  it('is not when it crashes, or cannot be started', async () => {
    await expect(runSelfTest(await app('kill -SEGV $$'), {})).rejects.toMatchObject({
      code: 'payload-incompatible',
      message: expect.stringContaining('SIGSEGV'),
    });
    await expect(runSelfTest(join(await temporaryFolder(), 'Nexy.app'), {})).rejects.toThrow();
  });

  it('is ended with all that it started when it takes too long, as one that opens its windows would', async () => {
    const folder = await temporaryFolder();
    const script = `sleep 1000 & echo $! > ${folder}/helper; wait`;
    await expect(runSelfTest(await app(script), { limit: 1000 })).rejects.toMatchObject({
      code: 'payload-incompatible',
      message: expect.stringContaining('did not end within 1 seconds'),
    });
    const helper = Number(readFileSync(join(folder, 'helper'), 'utf8'));
    await vi.waitFor(() => expect(isAlive(helper)).toBe(false));
  });

  it('leaves nothing running when it ends', async () => {
    const folder = await temporaryFolder();
    await runSelfTest(await app(`sleep 1000 & echo $! > ${folder}/helper`), {});
    const helper = Number(readFileSync(join(folder, 'helper'), 'utf8'));
    await vi.waitFor(() => expect(isAlive(helper)).toBe(false));
  });

  it('is ended when the update is cancelled', async () => {
    const folder = await temporaryFolder();
    const controller = new AbortController();
    const running = runSelfTest(await app(`touch ${folder}/begun; sleep 1000`), {
      signal: controller.signal,
    });
    running.catch(() => undefined);
    await vi.waitFor(() => expect(existsSync(join(folder, 'begun'))).toBe(true));
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    await expect(runSelfTest(await app('exit 0'), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    });
  });
});
