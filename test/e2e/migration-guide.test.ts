import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse as parseData } from 'valibot';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { LabReport } from '../../src/lab/report/lab-report.ts';
import { makeOffer } from '../../src/lab/scenario/make-offer.ts';
import { OFFER_SCHEMA } from '../../src/lab/scenario/schema.ts';
import { HAS_FIXTURES, NEEDS_FIXTURES, REPOSITORY } from '../support/fixtures.ts';
import { runCli } from '../support/run-cli.ts';

const GUIDE = readFileSync(join(REPOSITORY, 'docs', 'MIGRATION.md'), 'utf8');

/** The rows of the table that has this heading in its first column. */
function rowsOf(heading: string): readonly (readonly string[])[] {
  const lines = GUIDE.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${heading}`));
  const end = lines.findIndex((line, at) => at > start && !line.startsWith('|'));
  return lines.slice(start + 2, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe('docs/MIGRATION.md', () => {
  it('shows a scenario that the lab accepts', () => {
    const [, text = ''] = /^```yaml\n(.*?)^```$/ms.exec(GUIDE) ?? [];
    const { manifests } = makeOffer('example', parseData(OFFER_SCHEMA, parse(text)), 'given');
    expect(manifests.map(({ version, promised }) => [version, promised?.version])).toEqual([
      ['2.0.0.46', '2.0.0.31'],
    ]);
  });

  it.skipIf(!HAS_FIXTURES)(`tells the series as its manifests are${NEEDS_FIXTURES}`, async () => {
    const { json } = await runCli([
      'lab',
      '--offer',
      'history',
      '--host',
      'as-named',
      '--client',
      'ours',
      '--json',
    ]);
    const manifests = (json as LabReport).history?.manifests ?? [];
    const told = rowsOf('released').map(([date, channel, version, bytes = '']) => [
      date,
      channel,
      version,
      bytes.slice(1, 9),
    ]);
    expect(told.toSorted()).toEqual(
      manifests
        .map(({ date, channel, version, sha256 }) => [
          date?.slice(0, 10),
          channel,
          version,
          sha256?.slice(0, 8),
        ])
        .toSorted(),
    );
  });

  it.skipIf(!HAS_FIXTURES)(`tells what each client did with it${NEEDS_FIXTURES}`, async () => {
    const clients = [
      'integer-build',
      'integer-build-at-2.6.0',
      'integer-build-with-key',
      'appcast',
      'appcast-at-2.6.0',
      'fixed-address',
      'ours',
      'ours-at-2.6.0',
    ];
    const chosen = clients.flatMap((client) => ['--client', client]);
    const { json } = await runCli(['lab', '--offer', 'history', '--host', 'as-named', ...chosen, '--json']);
    const { walks = [] } = (json as LabReport).history ?? {};
    const found = clients.map((client) => {
      const walk = walks.find((each) => each.client === client);
      return [walk?.outcome, String(walk?.downloads), walk?.checks.length];
    });
    const told = rowsOf('client, from').map(([, , downloads = '', end = '']) => [
      /`(\w+)`/.exec(end)?.[1],
      /^\d+/.exec(downloads)?.[0],
      38,
    ]);
    expect(told).toEqual(found);
  });

  it.skipIf(!HAS_FIXTURES)(`has the commands of the plan, in their order${NEEDS_FIXTURES}`, async () => {
    const { status, json } = await runCli(['lab', '--plan', '--json']);
    const { plan } = json as LabReport;
    const migration = GUIDE.slice(GUIDE.indexOf('As a checklist'));
    const told = [...migration.matchAll(/`(nexy-release [^`]+ --[^`]+)`/g)].map(([, command]) => command);
    const planned = plan?.steps.flatMap(({ command }) => command ?? []) ?? [];
    expect(status).toBe(0);
    expect(plan?.proof?.isSafe).toBe(true);
    expect(told).toEqual(
      planned.filter((command) => !command.includes(` ${plan?.following.version} `)).slice(0, told.length),
    );
    expect(told.length).toBeGreaterThan(6);
  });

  for (const [, command = ''] of GUIDE.matchAll(/^npx nexy-updater (lab --scenario .*)$/gm)) {
    const needsFixtures = /\/manifests\/|_(stable|beta)_/.test(command);
    const note = needsFixtures ? NEEDS_FIXTURES : '';
    it.skipIf(needsFixtures && !HAS_FIXTURES)(`shows a command that runs: ${command}${note}`, async () => {
      const { status, stdout } = await runCli(command.split(' '));
      expect(status).toBe(0);
      expect(stdout).toContain('network');
    });
  }
});
