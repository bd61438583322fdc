import { describe, expect, it } from 'vitest';
import { planSummary, planText } from '../../../src/cli/lab/plan-text.ts';
import { openTerminal } from '../../../src/cli/terminal.ts';
import type { MigrationPlan, ProvenClient } from '../../../src/lab/plan/migration-plan.ts';

const COMMAND = `nexy-release publish --version 2.6.0.1 --inbox ${'inbox'.repeat(20)} --push`;
const CLIENT: ProvenClient = {
  client: 'fixed-address',
  channel: 'stable',
  outcome: 'promised',
  version: '2.6.0.1',
  why: 'It arrived.',
};

const PLAN: MigrationPlan = {
  facts: ['One. '.repeat(60).trim()],
  transition: { version: '2.6.0.1', bundleVersion: '20601', minimumOs: '11.0' },
  following: { version: '2.6.0.2', bundleVersion: '20602', minimumOs: '13.0' },
  steps: [
    {
      id: 'pause-stable',
      title: 'Pause',
      why: 'It loops.',
      command: null,
      withdraws: 'manifests/manifest.json',
      channel: 'stable',
    },
    { id: 'publish', title: 'Publish', why: 'At last.', command: COMMAND, withdraws: null, channel: null },
  ],
  stranded: [{ client: 'dead', why: 'Nobody is there.', reachedBy: null }],
  lastVersions: [],
  retirement: ['Never.'],
  proof: {
    isSafe: false,
    problems: ['One client is harmed.'],
    stages: [
      { after: 'before', clients: [{ ...CLIENT, outcome: 'loops' }] },
      { after: 'publish', clients: [CLIENT] },
    ],
    withoutFixedTags: [{ ...CLIENT, outcome: 'stranded', why: 'Nothing lies there.' }],
  },
};

describe('a plan in the terminal', () => {
  it.each([80, 100, 140])('fits %d columns, but for what is to be copied', (width) => {
    const lines = planText(PLAN, openTerminal(false), width).split('\n');
    expect(lines.filter((line) => line.length > width && !line.includes('$ nexy-release'))).toEqual([]);
    expect(lines.filter((line) => line.endsWith(' '))).toEqual([]);
    expect(lines).toContain(`     $ ${COMMAND}`);
    expect(lines).toContain('     remove manifests/manifest.json');
  });

  it('says what does not hold, who is lost, and that nothing reaches somebody', () => {
    const text = planText(PLAN, openTerminal(false), 100);
    expect(text).toMatch(/NOT SAFE\..*-\s+One client is harmed\./s);
    expect(text).toMatch(
      /before +0 +1 +0 +0 +0\n +2\. publish +0 +0 +1 +0 +0\n +without fixed tags +0 +0 +0 +1 +0/,
    );
    expect(text).toMatch(/Lost if.*fixed-address \(stable\) stranded: Nothing lies there\./s);
    expect(text).toContain('dead: Nobody is there. Nothing reaches it.');
    expect(text).toContain('None stays behind.');
  });

  it('says that nobody tried it', () => {
    expect(planText({ ...PLAN, proof: null }, openTerminal(false), 100)).toMatch(
      /Proof\n +Nobody tried it\.$/,
    );
  });

  it('comes to a few lines beside the matrix', () => {
    expect(planSummary(PLAN, openTerminal(false)).split('\n')).toEqual([
      'Plan of the migration',
      expect.stringMatching(/^2 steps, .*2\.6\.0\.1, CFBundleVersion 20601.*NOT SAFE\.$/),
      'One client is harmed.',
      'All of it: nexy-updater lab --plan',
    ]);
  });
});
