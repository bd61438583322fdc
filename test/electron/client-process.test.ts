import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { readBundle } from '../../src/bundle/bundle.ts';
import { versionOfBundle } from '../../src/bundle/bundle-version.ts';
import type { StartUpdatesOptions } from '../../src/electron/settings.ts';
import { REPOSITORY } from '../support/fixtures.ts';
import { canMakeImages } from '../support/make-image.ts';
import { makeDmg, makeNexy } from '../support/update-world.ts';
import { ClientWorld, NO_CHECK, ONE_CHECK } from './client-world.ts';

const skipped = canMakeImages() ? '' : ' (skipped: xorriso, which makes disk images, is not installed)';

describe.skipIf(!canMakeImages())(`starts of an app, each a process of its own${skipped}`, () => {
  const made = mkdtempSync(join(tmpdir(), 'nexy-starts-'));
  let client: ClientWorld;
  let image: string;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    await makeNexy(join(made, 'old'), '2.0.0.45');
    await makeNexy(join(made, 'new'), '2.0.0.46');
    image = await makeDmg(join(made, 'new'), join(made, 'Nexy.dmg'));
  });
  afterAll(() => rmSync(made, { recursive: true, force: true }));
  beforeEach(async () => {
    client = await ClientWorld.open(join(made, 'old', 'Nexy.app'));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    }
    await client.close();
  });

  function start(more: Partial<StartUpdatesOptions>, ...args: readonly string[]) {
    const { logger: _, ...options } = client.options(more);
    const script = join(REPOSITORY, 'test', 'support', 'client-child.ts');
    const child = spawn(
      process.execPath,
      [script, client.electron.userData, JSON.stringify(options), ...args],
      {
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    );
    children.push(child);
    const shown: string[] = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => shown.push(...text.trim().split('\n')));
    return { child, shown };
  }

  async function end(child: ChildProcess): Promise<number | null> {
    child.stdin?.end();
    await once(child, 'exit');
    return child.exitCode;
  }

  it('lead from one version to the next, which confirms and tells it once', async () => {
    client.publish('2.0.0.46', image);
    const first = start({ polling: ONE_CHECK }, '--quit-when-ready');
    await once(first.child, 'exit');
    expect(first.child.exitCode).toBe(0);
    expect(first.shown).toContain('ready');
    expect(versionOfBundle(await readBundle(client.world.app))).toBe('2.0.0.46');
    const kept = () => client.world.beside().filter((name) => !/\.(journal|lock)$/.test(name));
    expect(kept()).toHaveLength(1);

    const second = start({ polling: NO_CHECK });
    await vi.waitFor(() => expect(second.shown).toContain('installed'), { timeout: 20_000 });
    // What was replaced goes once the new version has come up.
    await vi.waitFor(() => expect(kept()).toEqual([]), { timeout: 20_000 });
    expect(await end(second.child)).toBe(0);

    const third = start({ polling: ONE_CHECK });
    await vi.waitFor(() => expect(third.shown).toContain('up-to-date'), { timeout: 20_000 });
    expect(third.shown).not.toContain('installed');
    expect(await end(third.child)).toBe(0);
  });

  it('do not confirm a version that does not come up', async () => {
    client.publish('2.0.0.46', image);
    const first = start({ polling: ONE_CHECK }, '--quit-when-ready');
    await once(first.child, 'exit');
    // A manifest that cannot be read is no reason; a config that cannot be read is one.
    const { child } = start({ config: '/nowhere/updater.yml' });
    child.stderr?.resume();
    await once(child, 'exit');
    expect(child.exitCode).not.toBe(0);
    expect(client.world.beside().some((name) => /-update-[0-9a-z]{17}$/.test(name))).toBe(true);
  });
});
