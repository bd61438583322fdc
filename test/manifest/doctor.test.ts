import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FindingCode } from '../../src/errors.ts';
import { type DoctorEntry, examine } from '../../src/manifest/doctor.ts';
import { FIXTURES, HAS_FIXTURES, NEEDS_FIXTURES } from '../support/fixtures.ts';
import { POLICY, releaseOf, sampleManifest, toBytes } from './sample.ts';

const DMG_STABLE = releaseOf('Update');
const DMG_BETA = releaseOf('UpdateBeta');

interface Expected {
  readonly version: string;
  readonly channel: 'stable' | 'beta';
  readonly generation: 'version-tag' | 'fixed-tag' | null;
  readonly verdict: 'ok' | 'warn' | 'reject';
  readonly codes: readonly FindingCode[];
  readonly urls: readonly string[];
}

function rejected(version: string, codes: readonly FindingCode[]): Expected {
  return {
    version,
    channel: 'stable',
    generation: null,
    verdict: 'reject',
    codes: [...codes, 'unsigned'],
    urls: [],
  };
}

function fixed(version: string, channel: Expected['channel']): Expected {
  const urls = [channel === 'beta' ? DMG_BETA : DMG_STABLE, releaseOf(`v${version}`)];
  return {
    version,
    channel,
    generation: 'fixed-tag',
    verdict: 'warn',
    codes: ['fixed-tag', 'unsigned'],
    urls,
  };
}

function tagged(version: string): Expected {
  const urls = [releaseOf(`v${version}`)];
  return { version, channel: 'stable', generation: 'version-tag', verdict: 'ok', codes: ['unsigned'], urls };
}

/** Worked out by hand from DESIGN.md section 3. */
const EXPECTED: Readonly<Record<string, Expected>> = {
  // A text file on http://localhost:8080, of type txt.
  '2025-11-05_v2.6.0_82563569_stable_be805b.json': rejected('2.6.0', [
    'artifact-type',
    'artifact-url-type',
    'artifact-url-insecure',
    'foreign-host',
  ]),
  // A feed (appcast.xml) on the server's address, of type txt; twice again below.
  '2025-11-15_v2.6.0_82563569_stable_6157b0.json': rejected('2.6.0', [
    'artifact-type',
    'artifact-url-type',
    'foreign-host',
  ]),
  '2026-02-13_v1.6.1.33_82563569_stable_3a07d5.json': rejected('1.6.1.33', [
    'artifact-type',
    'artifact-url-type',
    'foreign-host',
  ]),
  '2026-02-14_v1.6.1.36_38466bb1_stable_1685f4.json': fixed('1.6.1.36', 'stable'),
  // Seregawpn/Nexy instead of Seregawpn/Nexy_production, under a version tag that fits.
  '2026-02-14_v1.6.1.36_ea46155c_stable_18ed63.json': rejected('1.6.1.36', ['foreign-owner']),
  '2026-02-15_v1.6.1.38_82563569_stable_3622aa.json': rejected('1.6.1.38', [
    'artifact-type',
    'artifact-url-type',
    'foreign-host',
  ]),
  '2026-02-16_v1.6.1.40_fefd9e88_stable_360d50.json': fixed('1.6.1.40', 'stable'),
  '2026-02-17_v1.6.1.41_a384bec1_stable_d4b670.json': fixed('1.6.1.41', 'stable'),
  '2026-02-21_v1.6.1.43_367fee5d_stable_858e5e.json': tagged('1.6.1.43'),
  '2026-02-23_v2.0.0.6_7a86e647_stable_50da7e.json': tagged('2.0.0.6'),
  '2026-02-24_v2.0.0.8_6fc31f12_stable_ba1cd5.json': fixed('2.0.0.8', 'stable'),
  '2026-02-25_v2.0.0.13_549104f7_stable_62bd8b.json': fixed('2.0.0.13', 'stable'),
  '2026-03-05_v2.0.0.19_deadcc29_beta_7cfecd.json': fixed('2.0.0.19', 'beta'),
  '2026-03-05_v2.0.0.32_deadcc29_stable_8c9025.json': fixed('2.0.0.32', 'stable'),
  '2026-03-08_v2.0.0.20_deadcc29_beta_6160b2.json': fixed('2.0.0.20', 'beta'),
  '2026-03-08_v2.0.0.31_8324c4f9_beta_f5c2a8.json': fixed('2.0.0.31', 'beta'),
  '2026-03-09_v2.0.0.40_8324c4f9_stable_c788b3.json': fixed('2.0.0.40', 'stable'),
  '2026-03-12_v2.0.0.46_744e06ab_beta_48ba52.json': fixed('2.0.0.46', 'beta'),
  '2026-03-12_v2.0.0.46_8324c4f9_stable_92cb3c.json': fixed('2.0.0.46', 'stable'),
};

const HISTORY: readonly (readonly [string, readonly string[]])[] = [
  [
    'bytes-reused',
    [
      '2025-11-05_v2.6.0_82563569_stable_be805b.json',
      '2025-11-15_v2.6.0_82563569_stable_6157b0.json',
      '2026-02-13_v1.6.1.33_82563569_stable_3a07d5.json',
      '2026-02-15_v1.6.1.38_82563569_stable_3622aa.json',
    ],
  ],
  [
    'bytes-reused',
    [
      '2026-03-05_v2.0.0.19_deadcc29_beta_7cfecd.json',
      '2026-03-05_v2.0.0.32_deadcc29_stable_8c9025.json',
      '2026-03-08_v2.0.0.20_deadcc29_beta_6160b2.json',
    ],
  ],
  [
    'bytes-reused',
    [
      '2026-03-08_v2.0.0.31_8324c4f9_beta_f5c2a8.json',
      '2026-03-09_v2.0.0.40_8324c4f9_stable_c788b3.json',
      '2026-03-12_v2.0.0.46_8324c4f9_stable_92cb3c.json',
    ],
  ],
  [
    'version-reused',
    ['2026-02-14_v1.6.1.36_38466bb1_stable_1685f4.json', '2026-02-14_v1.6.1.36_ea46155c_stable_18ed63.json'],
  ],
  [
    'version-reused',
    ['2026-03-12_v2.0.0.46_744e06ab_beta_48ba52.json', '2026-03-12_v2.0.0.46_8324c4f9_stable_92cb3c.json'],
  ],
  [
    // All manifests whose ed25519 is not empty carry the same one.
    'signature-reused',
    [
      '2025-11-05_v2.6.0_82563569_stable_be805b.json',
      '2025-11-15_v2.6.0_82563569_stable_6157b0.json',
      '2026-02-13_v1.6.1.33_82563569_stable_3a07d5.json',
      '2026-02-14_v1.6.1.36_38466bb1_stable_1685f4.json',
      '2026-02-14_v1.6.1.36_ea46155c_stable_18ed63.json',
      '2026-02-15_v1.6.1.38_82563569_stable_3622aa.json',
      '2026-02-16_v1.6.1.40_fefd9e88_stable_360d50.json',
      '2026-02-17_v1.6.1.41_a384bec1_stable_d4b670.json',
      '2026-02-23_v2.0.0.6_7a86e647_stable_50da7e.json',
      '2026-02-24_v2.0.0.8_6fc31f12_stable_ba1cd5.json',
    ],
  ],
  [
    // From 2.6.0 (September, in two files) to everything stable since. Beta 2.0.0.19 and 2.0.0.20 have one date.
    'version-regression',
    [
      '2025-11-05_v2.6.0_82563569_stable_be805b.json',
      '2025-11-15_v2.6.0_82563569_stable_6157b0.json',
      '2026-02-13_v1.6.1.33_82563569_stable_3a07d5.json',
      '2026-02-14_v1.6.1.36_38466bb1_stable_1685f4.json',
      '2026-02-14_v1.6.1.36_ea46155c_stable_18ed63.json',
      '2026-02-15_v1.6.1.38_82563569_stable_3622aa.json',
      '2026-02-16_v1.6.1.40_fefd9e88_stable_360d50.json',
      '2026-02-17_v1.6.1.41_a384bec1_stable_d4b670.json',
      '2026-02-21_v1.6.1.43_367fee5d_stable_858e5e.json',
      '2026-02-23_v2.0.0.6_7a86e647_stable_50da7e.json',
      '2026-02-24_v2.0.0.8_6fc31f12_stable_ba1cd5.json',
      '2026-02-25_v2.0.0.13_549104f7_stable_62bd8b.json',
      '2026-03-05_v2.0.0.32_deadcc29_stable_8c9025.json',
      '2026-03-09_v2.0.0.40_8324c4f9_stable_c788b3.json',
      '2026-03-12_v2.0.0.46_8324c4f9_stable_92cb3c.json',
    ],
  ],
];

describe.skipIf(!HAS_FIXTURES)(`doctor on the real manifests${NEEDS_FIXTURES}`, () => {
  const folder = join(FIXTURES, 'manifests');

  function readFixtures(): readonly DoctorEntry[] {
    const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
    return files.sort().map((file) => ({ file, bytes: readFileSync(join(folder, file)) }));
  }

  it('judges every one of them', () => {
    const { manifests, history } = examine(readFixtures(), POLICY, { history: false });
    const found = manifests.map(({ file, findings, candidates, ...rest }) => [
      file,
      { ...rest, codes: findings.map(({ code }) => code), urls: candidates.map(({ url }) => url) },
    ]);
    expect(Object.fromEntries(found)).toEqual(EXPECTED);
    expect(history).toEqual([]);
  });

  it('finds every drift in their history', () => {
    const { history } = examine(readFixtures(), POLICY, { history: true });
    expect(history.map(({ code, files }) => [code, files])).toEqual(HISTORY);
  });
});

describe('doctor', () => {
  it('gives one document with exactly the public keys', () => {
    const entries = [
      { file: 'a/manifest_beta.json', bytes: toBytes(sampleManifest()) },
      { file: 'broken.json', bytes: toBytes('{') },
    ];
    const report = JSON.parse(JSON.stringify(examine(entries, POLICY, { history: true })));
    expect(report).toEqual({
      manifests: [
        {
          file: 'a/manifest_beta.json',
          version: '2.0.0.46',
          channel: 'beta',
          generation: 'version-tag',
          verdict: 'ok',
          findings: [{ code: 'unsigned', severity: 'info', message: expect.any(String) }],
          candidates: [{ url: releaseOf('v2.0.0.46'), kind: 'version-tag' }],
        },
        {
          file: 'broken.json',
          version: null,
          channel: 'stable',
          generation: null,
          verdict: 'reject',
          findings: [
            { code: 'manifest-invalid', severity: 'reject', message: expect.any(String) },
            { code: 'unsigned', severity: 'info', message: expect.any(String) },
          ],
          candidates: [],
        },
      ],
      history: [],
    });
  });

  it('rejects what could not be read, with the reason in place of what its absence would be found to lack', () => {
    const entries = [
      { file: 'manifest_beta.json', bytes: null, problem: 'There is no such file.' },
      { file: 'other.json', bytes: null },
    ];
    const invalid = (message: string) => ({
      version: null,
      generation: null,
      verdict: 'reject',
      findings: [{ code: 'manifest-invalid', severity: 'reject', message }],
      candidates: [],
    });
    expect(examine(entries, POLICY, { history: true })).toEqual({
      manifests: [
        { file: 'manifest_beta.json', channel: 'beta', ...invalid('There is no such file.') },
        { file: 'other.json', channel: 'stable', ...invalid('It could not be read.') },
      ],
      history: [],
    });
  });

  it('judges for the channel that was asked for', () => {
    const entries = [{ file: 'm.json', bytes: toBytes(sampleManifest({}, { url: DMG_BETA })) }];
    const codesFor = (channel: 'stable' | 'beta' | null) =>
      examine(entries, POLICY, { history: false, channel }).manifests[0]?.findings.map(({ code }) => code);
    expect(codesFor('stable')).toContain('channel-mismatch');
    expect(codesFor('beta')).not.toContain('channel-mismatch');
    expect(codesFor(null)).not.toContain('channel-mismatch');
  });
});
