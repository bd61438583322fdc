import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Layout, layoutOf } from '../../src/install/layout.ts';
import { lockOwner, takeLock } from '../../src/install/lock.ts';

const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

async function newLayout(): Promise<Layout> {
  return layoutOf(join(mkdtempSync(join(tmpdir(), 'nexy-lock-')), 'Nexy.app'));
}

/** Another process that takes the lock, says so, and lives until it is killed. */
async function lockInAnotherProcess(layout: Layout): Promise<ChildProcess> {
  const script = `
    const { takeLock } = await import(${JSON.stringify(new URL('../../src/install/lock.ts', import.meta.url).href)});
    await takeLock(${JSON.stringify(layout)});
    console.log('locked');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout, 'data');
  return child;
}

describe('the lock of a target', () => {
  it('belongs to one at a time and leaves nothing behind', async () => {
    const layout = await newLayout();
    const lock = await takeLock(layout);
    expect(await lockOwner(layout)).toBe(process.pid);
    await expect(takeLock(layout)).rejects.toMatchObject({ code: 'install-busy' });
    await lock.release();
    expect(readdirSync(layout.parent)).toEqual([]);
    await (await takeLock(layout)).release();
  });

  it('is refused while another process lives, and taken over when that was killed', async () => {
    const layout = await newLayout();
    const child = await lockInAnotherProcess(layout);
    await expect(takeLock(layout)).rejects.toMatchObject({
      code: 'install-busy',
      details: { pid: child.pid },
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
    await (await takeLock(layout)).release();
    expect(readdirSync(layout.parent)).toEqual([]);
  });

  it('is free when its owner died without a word', async () => {
    const layout = await newLayout();
    writeFileSync(layout.lock, JSON.stringify({ pid: process.pid }));
    expect(await lockOwner(layout)).toBeNull();
    await (await takeLock(layout)).release();
    expect(readdirSync(layout.parent)).toEqual([]);
  });

  it('goes to one of many that ask at once, again and again', async () => {
    const layout = await newLayout();
    for (let round = 0; round < 20; round += 1) {
      const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => takeLock(layout)));
      const won = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
      expect(won).toHaveLength(1);
      await won[0]?.release();
    }
  });
});
