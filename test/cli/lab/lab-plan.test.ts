import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { MigrationPlan } from '../../../src/lab/plan/migration-plan.ts';
import { openReleaseWorld } from '../../support/release-world.ts';
import { type CliResult, runCli } from '../../support/run-cli.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const URL = 'https://github.com/Seregawpn/Nexy_production/releases/download/Update/Nexy.dmg';

/** A folder with a manifest that offers 2.0.0.46 with bytes that were offered as 2.0.0.31. */
async function makeFolder(): Promise<string> {
  const folder = join(await temporaryFolder(), 'manifests');
  await mkdir(folder);
  for (const [day, version] of [
    ['03', '2.0.0.31'],
    ['12', '2.0.0.46'],
  ]) {
    const artifact = { type: 'dmg', url: URL, size: 276_019_331, sha256: '8'.repeat(64), min_os: '11.0' };
    const manifest = { version, build: version, release_date: `2026-03-${day}T00:00:00Z`, artifact };
    await writeFile(join(folder, `2026-03-${day}.json`), JSON.stringify(manifest));
  }
  return folder;
}

function planOf({ json }: CliResult): MigrationPlan {
  const { plan } = json as { readonly plan: MigrationPlan };
  return plan;
}

describe('nexy-updater lab --plan', () => {
  it('derives the plan for a folder and a real status, tries it, and tells people and machines', async () => {
    const world = await openReleaseWorld();
    world.host.publish('Update', 'Nexy.dmg', Buffer.from('an old image'));
    world.host.publish('v2.0.0.99', 'Nexy.dmg', Buffer.from('never offered'));
    const status = await world.release(['status', '--manifests', 'manifests', '--json']);
    const file = join(world.folder, 'status.json');
    await writeFile(file, status.stdout);
    const report = join(world.folder, 'report.html');
    const args = ['lab', '--plan', '--manifests', await makeFolder(), '--status', file, '--client', 'ours'];

    const machines = await runCli([...args, '--json', '--html', report]);
    expect(machines.status, machines.stderr).toBe(0);
    const plan = planOf(machines);
    // Above the tag that was never offered.
    expect(plan.transition.version).toBe('2.0.0.100');
    expect(plan.proof).toMatchObject({ isSafe: true, problems: [] });
    expect(machines.json).toMatchObject({ cells: [], clients: [{ name: 'ours' }] });
    expect(await readFile(report, 'utf8')).toContain('Take manifest.json off the old feed');

    const people = await runCli(args);
    expect(people.status, people.stderr).toBe(0);
    expect(people.stdout).toContain('remove manifests/manifest.json');
    for (const { command } of plan.steps.filter((step) => step.command !== null))
      expect(people.stdout).toContain(`$ ${command}\n`);
    expect(people.stdout).toMatch(/Proof\n +Safe\./);
    expect(people.stdout).toMatch(/\n +12\. promote-following +0 +0 +2 +0 +0\n/);
    expect(people.stdout).not.toMatch(/ \n/);
    expect(people.stderr).toContain(`Step 1 of ${plan.steps.length}: Take manifest.json off the old feed`);
  }, 120_000);

  it('ends with status 1 where a wish makes it unsafe, and says why', async () => {
    const wishes = ['--next-minimum-os', '12.0', '--following-minimum-os', '14', '--next-version', '3.0'];
    const folder = await makeFolder();
    const client = ['--client', 'integer-build-on-macos-11'];
    const run = await runCli(['lab', '--plan', '--manifests', folder, ...client, ...wishes, '--json']);
    expect(run.status, run.stderr).toBe(1);
    expect(planOf(run)).toMatchObject({
      transition: { version: '3.0', minimumOs: '12.0' },
      following: { version: '3.0.0.1', minimumOs: '14' },
      proof: { isSafe: false },
    });
    expect(planOf(run).facts[0]).toMatch(/^NOT SAFE: .*does not look at min_os/);
    expect(planOf(run).proof?.problems[0]).toMatch(/is harmed: .*needs macOS 12\.0/);
  }, 120_000);

  it.each([
    [['--plan', '--offer', 'beta'], /--plan goes with/],
    [['--plan', '--host', 'both', '--host', 'bridged'], /--plan goes with/],
    [['--plan', '--host', 'nowhere'], /There is no host/],
    [['--plan', '--host', 'both', '--status', 'status.json'], /not by both/],
    [['--plan', '--status', '/nonexistent/status.json'], /nexy-release status --json/],
    [['--plan', '--next-minimum-os', 'Big Sur'], /no plan was made/i],
    [['--next-version', '3.0'], /together with --plan only/],
  ])('refuses %j before anything is run', async (args, message) => {
    const run = await runCli(['lab', ...args, '--json']);
    expect(run).toMatchObject({ status: 2, json: { error: { code: 'usage' } } });
    expect(run.stdout).toMatch(message);
  });

  it('refuses a status that is none', async () => {
    const file = join(await temporaryFolder(), 'status.json');
    for (const text of ['{}', '[]', '{"tags":[{"tag":1}],"fixedTags":[]}', 'nothing']) {
      await writeFile(file, text);
      const run = await runCli(['lab', '--plan', '--status', file, '--json']);
      expect(run).toMatchObject({ status: 2, json: { error: { code: 'usage' } } });
    }
  });
});
