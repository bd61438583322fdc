import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { isLockHeld, tryFileLock } from '../src/file-lock.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

async function newPath(): Promise<string> {
  return join(await temporaryFolder(), 'x.lock');
}

async function take(path: string) {
  const attempt = await tryFileLock(path, 0o600);
  if (attempt.lock === null) throw new Error(`held by ${attempt.owner}`);
  return attempt.lock;
}

/** Another process that takes the lock, says so, and lives until it is killed. */
async function lockInAnotherProcess(path: string): Promise<ChildProcess> {
  const module = new URL('../src/file-lock.ts', import.meta.url).href;
  const script = `
    const { tryFileLock } = await import(${JSON.stringify(module)});
    const { lock } = await tryFileLock(${JSON.stringify(path)}, 0o600);
    console.log(lock === null ? 'busy' : 'locked');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [text] = await once(child.stdout, 'data');
  expect(String(text).trim()).toBe('locked');
  return child;
}

describe('a lock', () => {
  it('belongs to one at a time and leaves nothing behind', async () => {
    const path = await newPath();
    expect(await isLockHeld(path)).toBe(false);
    const lock = await take(path);
    expect(await isLockHeld(path)).toBe(true);
    expect(await tryFileLock(path, 0o600)).toEqual({ lock: null, owner: process.pid });
    await lock.release();
    expect(readdirSync(dirname(path))).toEqual([]);
    await (await take(path)).release();
  });

  it('is refused while another process lives, and free when that was killed', async () => {
    const path = await newPath();
    const child = await lockInAnotherProcess(path);
    expect(await tryFileLock(path, 0o600)).toEqual({ lock: null, owner: child.pid });
    child.kill('SIGKILL');
    await once(child, 'exit');
    await (await take(path)).release();
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  it('is free whatever a dead owner left in the file', async () => {
    for (const text of ['', '{"pid":', JSON.stringify({ pid: process.pid }), 'x'.repeat(100_000)]) {
      const path = await newPath();
      writeFileSync(path, text);
      expect(await isLockHeld(path)).toBe(false);
      await (await take(path)).release();
    }
  });

  it('is never taken through a link, whose target would be written to', async () => {
    const path = await newPath();
    const victim = `${path}.victim`;
    writeFileSync(victim, 'important');
    symlinkSync(victim, path);
    await expect(tryFileLock(path, 0o600)).rejects.toMatchObject({ code: 'ELOOP' });
    expect(readFileSync(victim, 'utf8')).toBe('important');
  });

  it('goes to one of many that ask at once, again and again', async () => {
    const path = await newPath();
    for (let round = 0; round < 20; round += 1) {
      const attempts = await Promise.all(Array.from({ length: 8 }, () => tryFileLock(path, 0o600)));
      const won = attempts.flatMap(({ lock }) => lock ?? []);
      expect(won).toHaveLength(1);
      await won[0]?.release();
    }
  });
});
