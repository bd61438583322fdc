import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { acquireDownloadLock, isLockHeld } from '../../src/download/download-lock.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Above the largest number that Linux and macOS give to a process. */
const DEAD = 2 ** 22 + 1;

async function pathWith(content: string | null, ageInSeconds = 0): Promise<string> {
  const path = join(await temporaryFolder(), 'x.lock');
  if (content === null) return path;
  await writeFile(path, content);
  const time = Date.now() / 1000 - ageInSeconds;
  await utimes(path, time, time);
  return path;
}

const heldBy = (pid: number): string => JSON.stringify({ pid, token: 'other' });

it('is held by one, and free again afterwards', async () => {
  const path = await pathWith(null);
  const lock = await acquireDownloadLock(path);
  await lock.assertHeld();
  expect(await isLockHeld(path)).toBe(true);
  await expect(acquireDownloadLock(path)).rejects.toMatchObject({
    code: 'install-busy',
    details: { pid: process.pid },
  });
  await lock.release();
  expect(await isLockHeld(path)).toBe(false);
  await (await acquireDownloadLock(path)).release();
  expect(await readdir(join(path, '..'))).toEqual([]);
});

it('goes to exactly one of many that come at once, also past a dead owner', async () => {
  for (const before of [null, heldBy(DEAD)]) {
    const path = await pathWith(before);
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => acquireDownloadLock(path)));
    const winners = results.filter(({ status }) => status === 'fulfilled');
    expect(winners).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'install-busy' });
    }
  }
});

it.each<[string, string, number, boolean]>([
  ['a dead owner', heldBy(DEAD), 0, true],
  ['an owner from before the last boot', heldBy(process.pid), 10 * 365 * 86_400, true],
  ['an owner that has not touched it for long', heldBy(process.pid), 61, false],
  ['a torn file', '{"pid":', 0, true],
  ['something else', '[]', 0, true],
])('is taken over from %s', async (_, content, age, wasAbandoned) => {
  const path = await pathWith(content, age);
  const lock = await acquireDownloadLock(path);
  expect(lock.wasAbandoned).toBe(wasAbandoned);
  await lock.assertHeld();
});

it('is not taken over from a living owner', async () => {
  const path = await pathWith(heldBy(process.pid), 30);
  await expect(acquireDownloadLock(path)).rejects.toMatchObject({ code: 'install-busy' });
  expect(await readFile(path, 'utf8')).toBe(heldBy(process.pid));
});

it('tells an owner that was taken over, and leaves the new one alone', async () => {
  const path = await pathWith(null);
  const lock = await acquireDownloadLock(path);
  await writeFile(path, heldBy(process.pid));
  await expect(lock.assertHeld()).rejects.toMatchObject({ code: 'install-busy' });
  await lock.release();
  expect(await readFile(path, 'utf8')).toBe(heldBy(process.pid));
});
