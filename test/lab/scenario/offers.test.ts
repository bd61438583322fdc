import { describe, expect, it } from 'vitest';
import { FINDING_CODES, isErrorCode } from '../../../src/errors.ts';
import { PRODUCTION_OWNER } from '../../../src/lab/release-host/release-host.ts';
import { loadLab } from '../../../src/lab/scenario/load-lab.ts';
import type { Offer } from '../../../src/lab/scenario/scenario.ts';
import { writeManifest } from '../../../src/lab/scenario/write-manifest.ts';
import { type DoctorReport, examine } from '../../../src/manifest/doctor.ts';

const DRIFTS = ['bytes-reused', 'version-reused', 'signature-reused', 'version-regression'];
const BASE = 'http://127.0.0.1:4711';
const POLICY = { owner: PRODUCTION_OWNER, downloadBase: BASE, allowedHosts: [], allowLoopback: true };

const { offers, scenarios } = await loadLab();

/** What the doctor says of what the feed serves. */
function examineOffer({ manifests }: Offer): DoctorReport {
  const entries = manifests.map((offered) => {
    const { bytes } = writeManifest(offered, { downloadBase: BASE, sign: () => 'a signature' });
    return { file: offered.file, bytes };
  });
  return examine(entries, POLICY, { history: true, channel: manifests[0]?.channel ?? null });
}

/** Every manifest is unsigned as long as the config lists no keys, which says nothing about an offer. */
function codesOf({ manifests, history }: DoctorReport): ReadonlySet<string> {
  const codes = [...manifests.flatMap(({ findings }) => findings), ...history].map(({ code }) => code);
  return new Set(codes.filter((code) => code !== 'unsigned'));
}

describe('the offers of resources/lab', () => {
  it('show every finding and every drift', () => {
    const shown = new Set(offers.map(({ shows }) => shows));
    for (const code of [...FINDING_CODES, ...DRIFTS]) expect(shown).toContain(code);
  });

  it.each(offers.map((offer) => [offer.name, offer] as const))(
    '%s: the doctor finds what it shows',
    (_, offer) => {
      const { shows } = offer;
      if (shows !== null) expect(DRIFTS.includes(shows) || isErrorCode(shows)).toBe(true);
      const isFound = [...FINDING_CODES, ...DRIFTS].some((code) => code === shows) && shows !== 'unsigned';
      expect(codesOf(examineOffer(offer))).toEqual(new Set(isFound ? [shows] : []));
    },
  );

  it.each(offers.map((offer) => [offer.name, offer] as const))(
    '%s: the signature is found wanting',
    (_, offer) => {
      for (const { findings } of examineOffer(offer).manifests) {
        expect(findings.map(({ code }) => code)).toContain('unsigned');
      }
    },
  );
});

function manifestOf(name: string) {
  const offered = offers.find((offer) => offer.name === name)?.manifests.at(-1);
  if (offered === undefined) throw new Error(`There is no offer ${name}.`);
  const written = writeManifest(offered, { downloadBase: BASE, sign: () => 'a signature' });
  return { ...offered, ...written, document: JSON.parse(Buffer.from(written.bytes).toString()) };
}

describe('what is promised and what the bytes hold', () => {
  it.each([
    ['version-tag', '2.0.0.46', '2.0.0.46', '11.0', '11.0'],
    ['whole-build', 20700, '20700', '11.0', '11.0'],
    ['whole-build-dotted-payload', 20700, '2.7.0', '11.0', '11.0'],
    ['minimum-too-low', 20700, '20700', '11.0', '12.0'],
    ['minimum-missing', 20700, '20700', '', '13.0'],
    ['needs-macos-13', 20700, '20700', '13.0', '13.0'],
    ['minimum-too-high', 20700, '20700', '13.0', '11.0'],
  ])('%s: build %s over %s, min_os %s over %s', (name, build, bundleVersion, minOs, minimumOs) => {
    const { document, promised } = manifestOf(name);
    expect(document).toMatchObject({ build, artifact: { min_os: minOs } });
    expect(promised?.plan).toMatchObject({ bundleVersion, minimumOs });
    expect(document.artifact).toMatchObject({ size: promised?.bytes.length, sha256: promised?.sha256 });
  });

  it('payload-older promises the bytes of another version', () => {
    const { document, promised } = manifestOf('payload-older');
    expect(document.version).toBe('2.7.0');
    expect(promised?.plan.version).toBe('2.0.0.31');
    expect(document.artifact.sha256).toBe(promised?.sha256);
  });

  it('schema-2 has the keys that nexy-release writes', () => {
    const { document } = manifestOf('schema-2');
    expect(document).toMatchObject({
      schema: 2,
      channel: 'stable',
      tag: 'v2.7.0',
      artifacts: [document.artifact],
    });
    expect(document.artifact.url).toBe(`${BASE}/${PRODUCTION_OWNER}/releases/download/v2.7.0/Nexy.dmg`);
  });

  it('signed has a signature over the promised bytes', () => {
    expect(manifestOf('signed').document.artifact.ed25519).toBe('a signature');
  });

  it('bytes-reused is one build under the very versions of March 2026', () => {
    const { manifests = [] } = offers.find(({ name }) => name === 'bytes-reused') ?? {};
    expect(manifests.map(({ version }) => version)).toEqual(['2.0.0.31', '2.0.0.40', '2.0.0.43', '2.0.0.46']);
    expect(new Set(manifests.map(({ promised }) => JSON.stringify(promised))).size).toBe(1);
    expect(manifests[0]?.promised?.version).toBe('2.0.0.31');
  });
});

describe('the scenarios of resources/lab', () => {
  it('are three to copy from', () => {
    expect(scenarios.map(({ name }) => name)).toEqual([
      'late-version-tag',
      'march-2026',
      'migration-in-two-steps',
    ]);
  });

  it('march-2026 drifts as the doctor says', () => {
    const scenario = scenarios.find(({ name }) => name === 'march-2026');
    if (scenario === undefined) throw new Error('It is not there.');
    expect(codesOf(examineOffer(scenario.offer))).toEqual(new Set(['fixed-tag', 'bytes-reused']));
  });

  it('migration-in-two-steps is without a finding', () => {
    const scenario = scenarios.find(({ name }) => name === 'migration-in-two-steps');
    if (scenario === undefined) throw new Error('It is not there.');
    expect(codesOf(examineOffer(scenario.offer))).toEqual(new Set());
  });
});
