import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runMatrix } from '../../../src/lab/matrix/run-matrix.ts';
import type { Cell } from '../../../src/lab/run/outcome.ts';
import { openLabRun } from '../../support/lab-run.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const SCENARIOS = ['whole-build/both', 'payload-older/both', 'version-tag/asset-missing', 'march-2026'];
const CLIENTS = ['ours', 'integer-build', 'appcast'];
const ONLY_ON_LINUX = process.platform === 'linux' ? '' : ' (skipped: children are found by /proc)';

describe('the matrix', () => {
  it('is what each of its cells is alone, in order, however many processes share the work', async () => {
    const { run, scenario, client } = await openLabRun();
    const folder = await temporaryFolder();
    const [scenarios, clients] = [SCENARIOS.map(scenario), CLIENTS.map(client)];
    const alone: Cell[] = [];
    for (const one of SCENARIOS) for (const who of CLIENTS) alone.push(await run(one, who));
    for (const processes of [1, 3]) {
      const { cells, failures } = await runMatrix({ scenarios, clients, processes, folder });
      expect(failures).toEqual([]);
      expect(cells).toEqual(alone);
    }
    expect(await readdir(folder)).toEqual([]);
  });

  it('tells how far it is', async () => {
    const { scenario, client } = await openLabRun();
    const seen: (readonly [number, number])[] = [];
    await runMatrix({
      scenarios: SCENARIOS.slice(0, 3).map(scenario),
      clients: [client('integer-build'), client('appcast')],
      folder: await temporaryFolder(),
      onProgress: (done, total) => seen.push([done, total]),
    });
    expect(seen).toEqual([
      [2, 6],
      [4, 6],
      [6, 6],
    ]);
  });

  it('of nothing is empty', async () => {
    const folder = await temporaryFolder();
    expect(await runMatrix({ scenarios: [], clients: [], folder })).toEqual({ cells: [], failures: [] });
  });
});

describe('what goes wrong', () => {
  it('in one cell is told with its scenario and client, and the others are run', async () => {
    const { scenario, client } = await openLabRun();
    const broken = { ...client('ours'), name: 'broken', installed: { version: '1.5.0\u0001' } };
    const { cells, failures } = await runMatrix({
      scenarios: [scenario('whole-build/both')],
      clients: [client('ours'), broken, client('appcast')],
      folder: await temporaryFolder(),
    });
    expect(cells.map((cell) => cell.client)).toEqual(['ours', 'appcast']);
    expect(failures).toEqual([
      { scenario: 'whole-build/both', client: 'broken', message: expect.stringContaining('Info.plist') },
    ]);
  });

  it('leaves nothing behind when it is stopped', async () => {
    const { data, scenario, client } = await openLabRun();
    const folder = await temporaryFolder();
    const controller = new AbortController();
    const scenarios = data.hosts.map(({ name }) => scenario(`payload-older/${name}`));
    const running = runMatrix({
      scenarios,
      clients: [client('appcast')],
      processes: 2,
      signal: controller.signal,
      folder,
      onProgress: () => controller.abort(),
    });
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    expect(await readdir(folder)).toEqual([]);
  });

  it('before it begins is told without starting anything', async () => {
    const folder = await temporaryFolder();
    const running = runMatrix({ scenarios: [], clients: [], signal: AbortSignal.abort(), folder });
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    expect(await readdir(folder)).toEqual([]);
  });

  it.runIf(ONLY_ON_LINUX === '')(`to a process is told with what it ran${ONLY_ON_LINUX}`, async () => {
    const { scenario, client } = await openLabRun();
    const folder = await temporaryFolder();
    const before = await childrenOf(process.pid);
    const killed = new Set<number>();
    const running = runMatrix({
      scenarios: [scenario('whole-build/both'), scenario('payload-older/both')],
      clients: [client('appcast')],
      processes: 1,
      folder,
      onProgress: async () => {
        for (const child of await childrenOf(process.pid)) {
          if (before.includes(child)) continue;
          killed.add(child);
          process.kill(child, 'SIGKILL');
        }
      },
    });
    await expect(running).rejects.toThrow(/^The process that ran \S+ ended with SIGKILL\./);
    expect(killed.size).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });
});

async function childrenOf(pid: number): Promise<readonly number[]> {
  const tasks = await readdir(join('/proc', String(pid), 'task'));
  const lists = await Promise.all(
    tasks.map((task) => readFile(join('/proc', String(pid), 'task', task, 'children'), 'utf8')),
  );
  return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
}
