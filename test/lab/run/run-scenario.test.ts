import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { buildPlan } from '../../../src/lab/builds/build-plan.ts';
import { makeBuild } from '../../../src/lab/builds/make-build.ts';
import type { TraceEvent } from '../../../src/lab/trace.ts';
import { type LabRun, offerOf, openLabRun } from '../../support/lab-run.ts';

const OLD_BYTES = { kind: 'app', minimumOs: '11.0', label: '', updater: 'same' } as const;

describe('a cell tells what became of a client', () => {
  it.each(['ours', 'integer-build', 'appcast'])('that got what was promised: %s', async (client) => {
    const { run } = await openLabRun();
    const cell = await run('whole-build/version-tags-only', client);
    const { sha256, bytes } = makeBuild(buildPlan('2.7.0', { bundleVersion: '20700' }));
    expect(cell).toMatchObject({
      scenario: 'whole-build/version-tags-only',
      offer: 'whole-build',
      host: 'version-tags-only',
      client,
      outcome: 'promised',
      promisedVersion: '2.7.0',
      promised: { version: '2.7.0', sha256 },
      installed: { version: '2.7.0', sha256 },
      starts: true,
      downloads: 1,
      artifactBytes: bytes.length,
    });
    expect(cell.checks.map(({ action }) => action)).toEqual(['installed', 'none', 'none']);
    expect(cell.checks.map(({ installed }) => installed?.version)).toEqual(['2.7.0', undefined, undefined]);
  });

  it('that installs the same old bytes at every check', async () => {
    const { run } = await openLabRun();
    const cell = await run('payload-older/version-tags-only', 'appcast');
    expect(cell).toMatchObject({
      outcome: 'loops',
      why: '2.7.0 was promised, the bytes hold 2.0.0.31: installed again at every check.',
      promised: { version: '2.0.0.31' },
      downloads: 3,
    });
    expect(cell.checks.map(({ installed }) => installed?.version)).toEqual([
      '2.0.0.31',
      '2.0.0.31',
      '2.0.0.31',
    ]);
  });

  it('that fetched old bytes once, and waits for the next release', async () => {
    const { run } = await openLabRun();
    const cell = await run('payload-older/version-tags-only', 'ours');
    expect(cell).toMatchObject({
      outcome: 'stays',
      installed: { version: '1.5.0', sha256: null },
      downloads: 1,
    });
    expect(cell.checks.map(({ artifactBytes }) => artifactBytes > 0)).toEqual([true, false, false]);
    expect(cell.why).toMatch(/The next release arrives\.$/);
  });

  it('that never gets a release again, and what was tried for that is no part of it', async () => {
    const { run } = await openLabRun();
    const cell = await run('version-tag/version-tags-only', 'integer-build');
    expect(cell).toMatchObject({ outcome: 'stranded', reason: 'build-not-a-number', downloads: 0 });
    expect(cell.checks).toHaveLength(3);
  });

  it('that has an app which does not start, and never checks again', async () => {
    const { run } = await openLabRun();
    const cell = await run('needs-macos-13/version-tags-only', 'integer-build-on-macos-11');
    expect(cell).toMatchObject({ outcome: 'harmed', starts: false, installed: { version: '2.7.0' } });
    expect(cell.checks).toHaveLength(1);
  });

  it('that got other bytes than were promised when it asked', async () => {
    const { run } = await openLabRun();
    const cell = await run('fixed-tag/fixed-tag-changed', 'fixed-address');
    expect(cell.outcome).toBe('harmed');
    expect(cell.why).toMatch(/^The installed 2\.7\.1 came from other bytes/);
  });

  it('at the first check after the version tag was published, and not before', async () => {
    const { run } = await openLabRun();
    const { checks, outcome } = await run('whole-build/version-tag-late', 'ours');
    expect(outcome).toBe('promised');
    expect(checks.map(({ action }) => action)).toEqual(['failed', 'installed', 'none']);
    expect(checks[0]?.reason).toBe('not-published');
  });

  it('on the channel that was offered last', async () => {
    const { run } = await openLabRun();
    expect(await run('beta/both', 'ours')).toMatchObject({
      outcome: 'promised',
      promisedVersion: '2.0.0.47',
    });
  });
});

describe('several manifests', () => {
  it('are offered one after the other, each to who has what the last one brought', async () => {
    const { run } = await openLabRun();
    const cell = await run('march-2026', 'appcast');
    expect(cell.checks.map(({ manifest, check }) => `${manifest}.${check}`)).toEqual([
      '0.1',
      '0.2',
      '1.1',
      '1.2',
      '2.1',
      '2.2',
      '3.1',
      '3.2',
      '3.3',
    ]);
    expect(cell.outcome).toBe('loops');
  });

  it('of another channel change the host, and leave the feed that the person reads alone', async () => {
    const { run, onHost } = await openLabRun();
    const offer = offerOf(
      { version: '2.7.0', buildNumber: 20700, checks: 1 },
      { version: '2.9.0', buildNumber: 20900, channel: 'beta', checks: 1 },
      { version: '2.8.0', buildNumber: 20800, checks: 1 },
    );
    const cell = await run(onHost(offer, 'version-tags-only'), 'integer-build');
    expect(cell.checks.map(({ manifest, installed }) => [manifest, installed?.version])).toEqual([
      [0, '2.7.0'],
      [0, undefined],
      [2, '2.8.0'],
    ]);
    expect(cell).toMatchObject({ outcome: 'promised', installed: { version: '2.8.0' } });
  });

  it('whose first one brings our updater are met by ours from then on', async () => {
    const { run, onHost } = await openLabRun();
    const transition = { version: '2.7.0', bundleVersion: '20700', ...OLD_BYTES, updater: 'ours' } as const;
    const lie = { version: '2.0.0.31', ...OLD_BYTES } as const;
    const offer = offerOf(
      { version: '2.7.0', buildNumber: 20700, build: transition, checks: 1 },
      { version: '2.8.0', buildNumber: 20800, build: lie, checks: 2 },
    );
    const cell = await run(onHost(offer, 'version-tags-only'), 'integer-build');
    expect(cell.checks.map(({ reason }) => reason)).toEqual([
      'newer',
      'payload-version-mismatch',
      'artifact-refused-before',
    ]);
    expect(cell).toMatchObject({ outcome: 'stays', installed: { version: '2.7.0' } });
  });
});

describe('a run', () => {
  it.each([
    ['payload-older/both', 'ours'],
    ['fixed-tag/fixed-tag-changed', 'fixed-address'],
    ['version-tag/redirect-host-down', 'appcast'],
    ['rollout-zero/both', 'ours'],
  ])('of %s with %s comes out the same in another room', async (scenario, client) => {
    const [one, other] = [await openLabRun(), await openLabRun()];
    expect(await one.run(scenario, client)).toEqual(await other.run(scenario, client));
  });

  it('leaves nothing to the next one', async () => {
    const lab = await openLabRun();
    const alone = await lab.run('version-tag/asset-missing', 'ours');
    await lab.run('version-tag/both', 'ours');
    await lab.run('march-2026', 'appcast');
    expect(await lab.run('version-tag/asset-missing', 'ours')).toEqual(alone);
    await expectEmpty(lab);
  });

  it('whose next release was tried before for the same client comes to the same', async () => {
    const lab = await openLabRun();
    for (const client of ['ours', 'ours-at-2.6.0', 'appcast', 'integer-build']) {
      await lab.run('version-tag/asset-missing', client);
      const [known, tried] = [
        await lab.run('version-tag/redirect-host-down', client),
        await lab.run('version-tag/redirect-host-down', client, { trace: () => undefined }),
      ];
      expect(known).toEqual(tried);
    }
    expect(lab.room.nextArrivals.size).toBeGreaterThan(0);
  });

  it('tells every call and step in order, under the addresses that are played', async () => {
    const { run, room } = await openLabRun();
    const events: TraceEvent[] = [];
    await run('payload-older/version-tags-only', 'ours', { trace: (event) => void events.push(event) });
    const text = events.map((event) => `${event.kind} ${event.text}`).join('\n');
    expect(text).not.toContain('127.0.0.1');
    expect(text).not.toContain(room.folder);
    const places = [
      'host The stable feed offers 2.7.0',
      'check Check 1, 2026-03-13 09:00, 1.5.0 is installed',
      'network GET https://updates.example.com/manifest.json 200',
      'network GET https://github.com/Seregawpn/Nexy_production/releases/download/v2.7.0/Nexy.dmg 302',
      'tool hdiutil attach',
      'check failed (payload-version-mismatch)',
      'check Check 2, 2026-03-13 10:00',
      'check held (artifact-refused-before)',
      'host The stable feed offers 2.7.1',
      'outcome stays',
    ].map((line) => [line, text.indexOf(line)] as const);
    for (const [line, place] of places) expect(place, line).toBeGreaterThanOrEqual(0);
    expect(places.map(([, place]) => place)).toEqual(
      places.map(([, place]) => place).toSorted((a, b) => a - b),
    );
  });

  it('tells what lies under which tag, and when that changes', async () => {
    const { run } = await openLabRun();
    const events: TraceEvent[] = [];
    await run('fixed-tag/fixed-tag-changed', 'fixed-address', { trace: (event) => void events.push(event) });
    const host = events.filter(({ kind }) => kind === 'host').map(({ text }) => text);
    expect(host).toContainEqual(expect.stringMatching(/^Update holds \S+ \(2\.\d+\.\d+/));
    expect(host).toContainEqual(expect.stringMatching(/^Update holds Nexy\.dmg \(2\.7\.1/));
  });

  it('stops between two checks when it is told to, and leaves nothing behind', async () => {
    const lab = await openLabRun();
    const controller = new AbortController();
    const trace = ({ text }: TraceEvent): void => {
      if (text.startsWith('Check 2')) controller.abort();
    };
    const running = lab.run('payload-older/both', 'appcast', { trace, signal: controller.signal });
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    await expectEmpty(lab);
  });
});

async function expectEmpty({ room }: LabRun): Promise<void> {
  expect(await readdir(room.folder)).toEqual([]);
  expect(room.host.github.releases()).toEqual([]);
  expect((await fetch(`${room.host.origin}/manifest.json`)).status).toBe(404);
  expect((await fetch(`${room.host.origin}/appcast.xml`)).status).toBe(404);
}
