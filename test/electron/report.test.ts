import { describe, expect, it } from 'vitest';
import { makeReport } from '../../src/electron/report.ts';
import type { QaModel, WindowModel } from '../../src/electron/window-contract.ts';

const MODEL: WindowModel = {
  view: {
    kind: 'available',
    offer: { version: '2.0.0.46', size: 1, releaseDate: null, isCritical: false, notes: '# Long notes' },
  },
  appName: 'Nexy',
  currentVersion: '2.0.0.45',
  channel: 'beta',
  lastCheckedAt: '2026-03-12T09:00:00Z',
  managed: { updatesOff: false, channel: 'beta' },
  languages: ['en'],
  qa: null,
};
const CHECK: QaModel = {
  decision: { action: 'held', reason: 'rollout', message: 'Bucket 77.' },
  facts: [{ name: 'rolloutBucket', value: '77', pretended: true }],
  findings: [{ code: 'unsigned', severity: 'info', message: 'No signature.' }],
  candidates: [{ kind: 'version-tag', url: 'https://github.com/a/b/x.dmg' }],
  network: [
    {
      at: '2026-03-12T09:00:00Z',
      method: 'GET',
      url: 'https://updates.example.com/manifest.json',
      status: null,
      bytes: 0,
      milliseconds: 12,
      error: 'refused',
    },
  ],
  journal: ['{"step":"begin","target":"/Users/anna/Applications/Nexy.app"}'],
  manifestUrl: 'https://updates.example.com/manifest.json',
};
const FACTS = {
  at: '2026-03-12T10:00:00Z',
  bundleId: 'com.nexy.assistant',
  appPath: '/Users/anna/Applications/Nexy.app',
  macosVersion: '26.5.2',
  electronVersion: '45.4.1',
  architecture: 'arm64',
  forced: ['NexyUpdateChannel'],
  lastCheck: CHECK,
  log: ['2026-03-12T09:00:00Z info: Bucket 77.'],
};

describe('a report', () => {
  const report = makeReport(MODEL, FACTS, '/Users/anna');

  it('says everything that helps', () => {
    for (const line of [
      'Nexy 2.0.0.45 (com.nexy.assistant), update report of 2026-03-12T10:00:00Z',
      'macOS 26.5.2, arm64, Electron 45.4.1',
      'Channel: beta (managed)',
      'Enforced by a profile: NexyUpdateChannel',
      'Last check: 2026-03-12T09:00:00Z',
      '  held (rollout)',
      '  rolloutBucket: 77 (pretended)',
      '  info: unsigned. No signature.',
      '  version-tag: https://github.com/a/b/x.dmg',
      '  2026-03-12T09:00:00Z GET https://updates.example.com/manifest.json refused, 0 bytes, 12 ms',
      '  2026-03-12T09:00:00Z info: Bucket 77.',
    ]) {
      expect(report.split('\n')).toContain(line);
    }
    expect(report).toContain('"version": "2.0.0.46"');
  });

  it('names nobody’s home, and leaves out the notes', () => {
    expect(report).not.toContain('anna');
    expect(report).toContain('App: ~/Applications/Nexy.app');
    expect(report).not.toContain('Long notes');
  });

  it("is about QA's own check where there was one", () => {
    const qa = { ...CHECK, decision: { action: 'update', reason: 'newer' as const, message: 'Yes.' } };
    expect(makeReport({ ...MODEL, qa }, FACTS)).toContain('update (newer)');
  });

  it('is whole before the first check', () => {
    const first = makeReport({ ...MODEL, lastCheckedAt: null }, { ...FACTS, lastCheck: null, log: [] });
    expect(first).toContain('Last check: never');
    expect(first).toContain('Log:\n  (none)');
  });
});
