import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { LabReport } from '../../src/lab/report/lab-report.ts';
import type { Cell } from '../../src/lab/run/outcome.ts';
import type { TraceEvent } from '../../src/lab/trace.ts';
import { sampleManifest } from '../manifest/sample.ts';
import { runCli, startCli } from '../support/run-cli.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PART = ['--offer', 'whole-build', '--offer', 'payload-older', '--host', 'version-tags-only'];
const TWO_CLIENTS = ['--client', 'ours', '--client', 'appcast'];

describe('nexy-updater lab', () => {
  it('shows people what became of each client, and where', async () => {
    const { status, stdout, stderr } = await runCli(['lab', ...PART, ...TWO_CLIENTS]);
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/ {2}appcast +15\.5 +1\.5\.0 +0 +1 +1 +0 +0/);
    expect(stdout).toMatch(/ {2}ours +15\.5 +1\.5\.0 +0 +0 +1 +0 +1/);
    expect(stdout).toMatch(/whole-build *\n {2}version-tags-only p p/);
    expect(stdout).toMatch(/payload-older *\n {2}version-tags-only L -/);
    expect(stdout).toMatch(/4 cells in [\d.]+ s\./);
  });

  it('gives machines one document, and its progress as JSON lines', async () => {
    const { status, json, stderr } = await runCli(['lab', ...PART, ...TWO_CLIENTS, '--json']);
    const report = json as LabReport;
    expect(status).toBe(0);
    expect(report.clients.map(({ name }) => name)).toEqual(['appcast', 'ours']);
    expect(report.offers.map(({ name }) => name)).toEqual(['payload-older', 'whole-build']);
    expect(report.hosts.map(({ name }) => name)).toEqual(['version-tags-only']);
    expect(report.cells.map(({ scenario, client, outcome }) => [scenario, client, outcome])).toEqual([
      ['payload-older/version-tags-only', 'appcast', 'loops'],
      ['payload-older/version-tags-only', 'ours', 'stays'],
      ['whole-build/version-tags-only', 'appcast', 'promised'],
      ['whole-build/version-tags-only', 'ours', 'promised'],
    ]);
    expect(report).toMatchObject({ failures: [], history: null, plan: null });
    const events = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string });
    expect(events.at(-1)).toEqual({ event: 'progress', done: 4, total: 4 });
  });

  it('shows some outcomes only, and says how many there are', async () => {
    const { stdout } = await runCli(['lab', ...PART, ...TWO_CLIENTS, '--outcome', 'loops']);
    expect(stdout).toContain('4 cells in');
    expect(stdout).toContain('1 of them shown');
    expect(stdout).toMatch(/version-tags-only L/);
    expect(stdout).not.toContain('whole-build');
  });

  it('names everything that can be run', async () => {
    const { status, json } = await runCli(['lab', '--list', '--json']);
    const lists = json as Record<
      'offers' | 'hosts' | 'scenarios' | 'clients',
      { name: string; title: string }[]
    >;
    expect(status).toBe(0);
    expect(lists.clients.map(({ name }) => name)).toContain('integer-build');
    expect(lists.scenarios.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['march-2026', 'whole-build/both']),
    );
    for (const { title } of Object.values(lists).flat()) expect(title).not.toBe('');
  });

  it('runs the manifests of a folder, and tells their history', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'one.json'), JSON.stringify(sampleManifest()));
    await writeFile(join(folder, 'broken.json'), '{');
    const filters = ['--offer', 'one', '--offer', 'history', '--host', 'as-named', '--client', 'ours'];
    const { status, json } = await runCli(['lab', '--manifests', folder, ...filters, '--json']);
    const { cells, offers, history } = json as LabReport;
    expect(status).toBe(0);
    expect(cells.map(({ scenario }) => scenario)).toEqual(['one/as-named', 'history/as-named']);
    expect(offers.map(({ origin }) => origin)).toEqual(['given', 'given']);
    expect(history?.manifests.map(({ file }) => file).toSorted()).toEqual(['broken.json', 'one.json']);
    expect(history?.offered.toSorted()).toEqual(['broken.json', 'one.json']);
    expect(history?.walks).toEqual(cells.slice(1));
  });

  it('writes the report as a page', async () => {
    const file = join(await temporaryFolder(), 'lab.html');
    const { status } = await runCli(['lab', ...PART, ...TWO_CLIENTS, '--html', file]);
    expect(status).toBe(0);
    expect(await readFile(file, 'utf8')).toMatch(/^<!doctype html>/i);
  });
});

describe('one scenario with one client', () => {
  const one = ['lab', '--scenario', 'payload-older/version-tags-only', '--client', 'ours'];

  it('is shown with every call and step, and what came of it', async () => {
    const { status, stdout } = await runCli(one);
    expect(status).toBe(0);
    expect(stdout).toMatch(/host +v2\.7\.0 holds Nexy\.dmg \(2\.0\.0\.31, sha256 [0-9a-f]{8}\)/);
    expect(stdout).toMatch(/network +GET https:\/\/updates\.example\.com\/manifest\.json 200/);
    expect(stdout).toMatch(/tool +hdiutil attach/);
    expect(stdout).toMatch(/check +failed \(payload-version-mismatch\)/);
    expect(stdout).toMatch(/\nstays: 2\.7\.0 was promised; 1\.5\.0 stays/);
    expect(stdout).not.toContain('127.0.0.1');
  });

  it('is a cell and its trace in JSON', async () => {
    const { status, json } = await runCli([...one, '--json']);
    const { cell, trace } = json as { cell: Cell; trace: TraceEvent[] };
    expect(status).toBe(0);
    expect(cell).toMatchObject({ client: 'ours', outcome: 'stays', downloads: 1 });
    expect(new Set(trace.map(({ kind }) => kind))).toEqual(
      new Set(['host', 'check', 'network', 'tool', 'step', 'decision', 'outcome']),
    );
  });

  it('may come from a file of one’s own, and from a folder of them', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'scenarios'));
    const file = join(folder, 'scenarios', 'mine.yml');
    await writeFile(file, 'title: Of my own\noffer: whole-build\nhost: asset-missing\n');
    const client = ['--client', 'integer-build', '--json'];
    const byFile = await runCli(['lab', '--scenario', file, ...client]);
    const byName = await runCli(['lab', '--scenarios', folder, '--scenario', 'mine', ...client]);
    expect(byFile.status).toBe(0);
    expect((byFile.json as { cell: Cell }).cell).toMatchObject({ scenario: 'mine', outcome: 'stays' });
    expect((byName.json as { cell: Cell }).cell).toEqual((byFile.json as { cell: Cell }).cell);
  });
});

describe('wrong usage', () => {
  it.each([
    ['an offer', ['--offer', 'whole-biuld'], 'whole-build'],
    ['a state of the host', ['--host', 'boths'], 'both'],
    ['a client', ['--client', 'integer-biuld'], 'integer-build'],
    ['a scenario', ['--client', 'ours', '--scenario', 'march-2025'], 'march-2026'],
  ])('such as %s that is not there names what is near', async (_, args, near) => {
    const { status, stderr } = await runCli(['lab', ...args]);
    expect(status).toBe(2);
    expect(stderr).toMatch(new RegExp(`Near to it: .*\\b${near}\\b`));
  });

  it.each([
    ['an outcome that is none', ['--outcome', 'happy']],
    ['a scenario without a client', ['--scenario', 'march-2026']],
    ['a folder of manifests that is not there', ['--manifests', '/nowhere/at/all']],
    ['a scenario file that is not there', ['--client', 'ours', '--scenario', '/nowhere/at/all.yml']],
    ['a number of processes that is none', ['--processes', '0']],
  ])('such as %s runs nothing', async (_, args) => {
    const { status, stdout, json } = await runCli(['lab', ...args, '--json']);
    expect(status, stdout).toBe(2);
    expect(json).toMatchObject({ error: { code: 'usage' } });
  });
});

describe('Ctrl-C', () => {
  it.each([
    ['the matrix', ['lab', '--json']],
    ['one scenario', ['lab', '--scenario', 'march-2026', '--client', 'ours', '--json']],
  ])('ends %s with all its processes, and leaves nothing behind', async (what, args) => {
    const folder = await temporaryFolder();
    const { child, result } = startCli(args, { detached: true, environment: { TMPDIR: folder } });
    const group = -(child.pid ?? 0);
    await new Promise<void>((resolve) => {
      // The matrix has told of progress; a scenario has made its folder.
      child.stderr?.once('data', () => resolve());
      if (what === 'one scenario') void untilSomethingIsIn(folder).then(resolve);
    });
    process.kill(group, 'SIGINT');
    const { status, json } = await result;
    expect(status).toBe(1);
    expect(json).toMatchObject({ error: { code: 'cancelled' } });
    expect(await readdir(folder)).toEqual([]);
    expect(() => process.kill(group, 0)).toThrow('ESRCH');
  });
});

it('killed, leaves processes that tidy up and end by themselves', async () => {
  const folder = await temporaryFolder();
  const args = ['lab', '--offer', 'whole-build', '--json'];
  const { child, result } = startCli(args, { environment: { TMPDIR: folder } });
  await new Promise((resolve) => child.stderr?.once('data', resolve));
  expect(await readdir(folder)).toHaveLength(1);
  child.kill('SIGKILL');
  // Not their ends are waited for: whom nobody reaps stays in the table of processes.
  await vi.waitFor(async () => expect(await readdir(folder)).toEqual([]), { timeout: 30_000 });
  expect((await result).status).toBeNull();
});

async function untilSomethingIsIn(folder: string): Promise<void> {
  while ((await readdir(folder)).length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('a lab that cannot go on', () => {
  it('says so, and nothing of an app that was never there', async () => {
    const environment = { TMPDIR: '/nowhere/at/all' };
    const { status, json } = await runCli(['lab', ...PART, ...TWO_CLIENTS, '--json'], { environment });
    expect(status).toBe(1);
    expect(json).toMatchObject({ error: { code: 'lab-failed' } });
    expect(JSON.stringify(json)).not.toContain('installed app');
  });
});
