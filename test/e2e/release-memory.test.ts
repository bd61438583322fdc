import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { REPOSITORY } from '../support/fixtures.ts';
import { fillInbox, openReleaseWorld, PUBLISH_TO_BETA } from '../support/release-world.ts';

const CANNOT_TELL = process.platform === 'linux' ? '' : ' (skipped: only Linux tells the peak)';
const GIBIBYTE = 1024 ** 3;
/** Of the whole process, Node itself included. */
const LIMIT = 120_000_000;

/** The most memory that a process ever had, in bytes (proc(5)); null once it is gone. */
function peakOf(pid: number | undefined): number | null {
  try {
    const kibibytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kibibytes === undefined ? null : Number(kibibytes) * 1024;
  } catch {
    return null;
  }
}

it(`publishing a file of 1 GiB stays below 120 MB, as the built program${CANNOT_TELL}`, {
  skip: process.platform !== 'linux',
  timeout: 300_000,
}, async () => {
  const { host, folder } = await openReleaseWorld();
  await fillInbox({ folder });
  const dmg = join(folder, 'inbox', 'Nexy.dmg');
  await writeFile(dmg, '');
  await truncate(dmg, GIBIBYTE);
  const args = [...PUBLISH_TO_BETA, '--api-url', host.apiOrigin, '--download-url', host.origin];
  const child = spawn(process.execPath, [join(REPOSITORY, 'bin', 'nexy-release.js'), ...args], {
    cwd: folder,
    stdio: 'ignore',
    env: { ...process.env, GITHUB_TOKEN: host.token },
  });
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, peakOf(child.pid) ?? 0);
  }, 20);
  const [status] = await once(child, 'close');
  clearInterval(watch);
  expect(status).toBe(0);
  const release = host.github.releases().find(({ tag }) => tag === 'v2.0.0.46');
  expect(release?.assets.find(({ name }) => name === 'Nexy.dmg')?.size).toBe(GIBIBYTE);
  expect(peak).toBeGreaterThan(20_000_000);
  expect(peak).toBeLessThan(LIMIT);
});
