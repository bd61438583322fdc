import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ReleaseHost, startReleaseHost } from '../../src/lab/release-host/release-host.ts';
import type { PublishReport } from '../support/publish-child.ts';
import { labelOf, startPublisher, writeInbox } from '../support/publisher-process.ts';

/** `RACE_ROUNDS=5 npm run test:chaos` for a short run. */
const ROUNDS = Number(process.env['RACE_ROUNDS'] ?? 50);
const PUBLISHERS = 8;
const LABELS = ['red', 'green', 'blue'];

describe(`${PUBLISHERS} publishers at once, in processes of their own, ${ROUNDS} times`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'nexy-race-'));
  let host: ReleaseHost;
  beforeAll(async () => {
    host = await startReleaseHost({ rateLimit: { token: 10_000_000, anonymous: 10_000_000 } });
  });
  afterAll(async () => {
    await host.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('publish each version once, whole, from the bytes of one of them, and leave no draft', async () => {
    const inboxes = LABELS.map((label) => writeInbox(folder, label));
    const counts = { published: 0, 'already-published': 0, 'asset-conflict': 0 };
    for (let round = 1; round <= ROUNDS; round += 1) {
      // Odd rounds are for one version, even ones for two; half of the publishers claim to be another machine.
      const versions = round % 2 === 1 ? [`1.0.0.${round}`] : [`1.0.0.${round}`, `1.0.1.${round}`];
      const publishers = Array.from({ length: PUBLISHERS }, (_, index) => {
        const version = versions[index % versions.length] ?? '';
        const label = LABELS[Math.floor(Math.random() * LABELS.length)] ?? '';
        const inbox = inboxes[LABELS.indexOf(label)] ?? '';
        const elsewhere = index % 4 < 2 ? {} : { host: `machine-${index}` };
        return { version, label, report: startPublisher(host, { version, inbox, ...elsewhere }).report };
      });
      const ended = await Promise.all(
        publishers.map(async (each) => ({ ...each, report: await each.report })),
      );
      for (const version of versions) {
        const ofVersion = ended.filter((each) => each.version === version);
        expect(host.github.releases().filter(({ tag }) => tag === `v${version}`)).toHaveLength(1);
        judge(version, ofVersion);
        for (const { report } of ofVersion) counts[outcomeOf(report)] += 1;
      }
      expect(host.github.releases().filter(({ isDraft }) => isDraft)).toEqual([]);
    }
    process.stdout.write(`${ROUNDS} rounds of ${PUBLISHERS}: ${JSON.stringify(counts)}\n`);
  });

  function judge(
    version: string,
    publishers: readonly { readonly label: string; readonly report: PublishReport | null }[],
  ): void {
    const [release] = host.github.releases().filter(({ tag }) => tag === `v${version}`);
    expect(release).toMatchObject({ isDraft: false });
    const winner = release === undefined ? null : labelOf(release, LABELS);
    expect(winner).not.toBeNull();
    const outcomes = publishers.map(({ label, report }) => ({ label, outcome: outcomeOf(report) }));
    expect(
      outcomes.filter(({ outcome }) => outcome === 'published'),
      JSON.stringify(publishers),
    ).toEqual([{ label: winner, outcome: 'published' }]);
    for (const { label, outcome } of outcomes) {
      if (outcome === 'published') continue;
      expect(outcome).toBe(label === winner ? 'already-published' : 'asset-conflict');
    }
  }
});

type Outcome = 'published' | 'already-published' | 'asset-conflict';

function outcomeOf(report: PublishReport | null): Outcome {
  const outcome = report === null ? 'killed' : 'code' in report ? report.code : report.result;
  if (outcome === 'published' || outcome === 'already-published' || outcome === 'asset-conflict')
    return outcome;
  throw new Error(`A publisher ended with ${JSON.stringify(report)}.`);
}
