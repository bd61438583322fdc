import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assessManifest } from '../../../src/manifest/assess.ts';
import type { AssetFacts } from '../../../src/release/asset.ts';
import { type ManifestParts, makeManifestText } from '../../../src/release/manifests/manifest-document.ts';
import { parseVersion, versionTag } from '../../../src/version.ts';

const POLICY = {
  owner: 'Seregawpn/Nexy_production',
  downloadBase: 'https://github.com',
  allowedHosts: [],
  allowLoopback: false,
};
const DMG: AssetFacts = { name: 'Nexy.dmg', size: 308_005_520, sha256: 'a'.repeat(64) };
const PKG: AssetFacts = { name: 'Nexy.pkg', size: 309_000_000, sha256: 'b'.repeat(64) };
const NOTES: AssetFacts = { name: 'LATEST_CHANGES.md', size: 1234, sha256: 'c'.repeat(64) };
const PARTS: ManifestParts = {
  version: parseVersion('2.0.0.46'),
  channel: 'beta',
  tag: 'v2.0.0.46',
  releaseDate: '2026-03-12T00:00:00Z',
  assets: [DMG, PKG, NOTES],
  minimumOs: '11.0',
  architecture: 'universal2',
  buildNumber: null,
  critical: false,
  rolloutPercentage: null,
};
const RELEASE = 'https://github.com/Seregawpn/Nexy_production/releases/download/v2.0.0.46';

function make(parts: Partial<ManifestParts> = {}): Record<string, unknown> {
  return JSON.parse(makeManifestText({ ...PARTS, ...parts }, POLICY)) as Record<string, unknown>;
}

const digest = fc.stringMatching(/^[0-9a-f]{64}$/);
const size = fc.integer({ min: 1, max: 2 ** 31 - 1 });
const part = fc.integer({ min: 0, max: 999_999_999 });
const anyParts: fc.Arbitrary<ManifestParts> = fc
  .record({
    version: fc.array(part, { minLength: 1, maxLength: 4 }).map((numbers) => parseVersion(numbers.join('.'))),
    channel: fc.constantFrom('stable', 'beta'),
    releaseDate: fc.date({ noInvalidDate: true, min: new Date(0) }).map((date) => date.toISOString()),
    which: fc.constantFrom<readonly AssetFacts['name'][]>(
      ['Nexy.dmg'],
      ['Nexy.pkg'],
      ['Nexy.dmg', 'Nexy.pkg'],
    ),
    sizes: fc.tuple(size, size, size),
    digests: fc.tuple(digest, digest, digest),
    minimumOs: fc.constantFrom(null, '11.0', '13', '26.1.2'),
    architecture: fc.constantFrom(null, 'universal2', 'arm64', 'x86_64'),
    buildNumber: fc.option(fc.maxSafeNat()),
    critical: fc.boolean(),
    rolloutPercentage: fc.oneof(
      fc.constant(null),
      fc.integer({ min: 0, max: 10_000 }).map((hundredths) => hundredths / 100),
    ),
  })
  .map(({ which, sizes, digests, ...rest }) => ({
    ...rest,
    tag: versionTag(rest.version),
    assets: [...which, 'LATEST_CHANGES.md' as const].map((name, index) => ({
      name,
      size: sizes[index] ?? 1,
      sha256: digests[index] ?? '',
    })),
  }));

describe('makeManifestText', () => {
  it('writes the format of DESIGN.md section 3, with the DMG first', () => {
    const dmg = {
      type: 'dmg',
      url: `${RELEASE}/Nexy.dmg`,
      size: 308_005_520,
      sha256: 'a'.repeat(64),
      arch: 'universal2',
      min_os: '11.0',
      ed25519: '',
    };
    const pkg = {
      ...dmg,
      type: 'pkg',
      url: `${RELEASE}/Nexy.pkg`,
      size: 309_000_000,
      sha256: 'b'.repeat(64),
    };
    expect(make({ rolloutPercentage: 10 })).toEqual({
      schema: 2,
      version: '2.0.0.46',
      build: '2.0.0.46',
      release_date: '2026-03-12T00:00:00Z',
      channel: 'beta',
      tag: 'v2.0.0.46',
      artifact: dmg,
      artifacts: [dmg, pkg],
      critical: false,
      auto_install: true,
      notes_url: `${RELEASE}/LATEST_CHANGES.md`,
      notes: { url: `${RELEASE}/LATEST_CHANGES.md`, size: 1234, sha256: 'c'.repeat(64) },
      rollout: { percentage: 10, salt: '2.0.0.46' },
    });
  });

  it('has the build number of the app as a JSON number, which the oldest clients read', () => {
    expect(makeManifestText({ ...PARTS, buildNumber: 20_646 }, POLICY)).toContain('\n  "build": 20646,\n');
    expect(makeManifestText(PARTS, POLICY)).toContain('\n  "build": "2.0.0.46",\n');
  });

  it('offers the package where there is nothing else', () => {
    expect(make({ assets: [NOTES, PKG] })).toMatchObject({
      artifact: { type: 'pkg' },
      artifacts: [{ type: 'pkg' }],
    });
  });

  it('is stable: two spaces, a final newline, the same bytes from the same parts', () => {
    const text = makeManifestText(PARTS, POLICY);
    expect(text).toMatch(/^\{\n {2}"version": "2\.0\.0\.46",\n(?:.*\n)+\}\n$/);
    expect(makeManifestText({ ...PARTS, rolloutPercentage: 100 }, POLICY)).toBe(text);
    expect(makeManifestText({ ...PARTS, assets: PARTS.assets.toReversed() }, POLICY)).toBe(text);
  });

  it('points to the download base that was given', () => {
    const downloadBase = 'http://127.0.0.1:8080';
    const policy = { ...POLICY, downloadBase, allowLoopback: true };
    expect(makeManifestText(PARTS, policy)).toContain(
      `${downloadBase}/Seregawpn/Nexy_production/releases/download/v2.0.0.46/Nexy.dmg`,
    );
    expect(makeManifestText(PARTS, policy)).not.toContain('github.com');
  });

  it('is accepted by every client without a warning, whatever the parts', () => {
    fc.assert(
      fc.property(anyParts, (parts) => {
        const bytes = Buffer.from(makeManifestText(parts, POLICY));
        const fileName = parts.channel === 'beta' ? 'manifest_beta.json' : 'manifest.json';
        const assessment = assessManifest(bytes, POLICY, { channel: parts.channel, fileName });
        expect(assessment).toMatchObject({
          verdict: 'ok',
          generation: 'version-tag',
          channel: parts.channel,
          findings: [{ code: 'unsigned', severity: 'info' }],
        });
        expect(assessment.manifest?.artifacts.map(({ size, sha256 }) => ({ size, sha256 }))).toEqual(
          parts.assets.slice(0, -1).map((asset) => ({ size: asset.size, sha256: asset.sha256 })),
        );
      }),
    );
  });

  it('holds every key that old clients read, of the type that they expect', () => {
    fc.assert(
      fc.property(anyParts, (parts) => {
        const document = JSON.parse(makeManifestText(parts, POLICY));
        const { artifact } = document;
        // All nineteen manifests of the legacy script have exactly these keys with these types.
        for (const key of ['version', 'release_date', 'notes_url'])
          expect(typeof document[key]).toBe('string');
        // The first of them had a number there, which is what its clients read.
        if (parts.buildNumber === null) expect(document.build).toBe(parts.version.text);
        else expect(document.build).toBe(parts.buildNumber);
        for (const key of ['type', 'url', 'sha256', 'arch', 'min_os', 'ed25519'])
          expect(typeof artifact[key]).toBe('string');
        for (const key of ['critical', 'auto_install']) expect(typeof document[key]).toBe('boolean');
        expect(Number.isSafeInteger(artifact.size)).toBe(true);
        // Signatures of that era prove nothing (DESIGN.md section 3).
        expect(artifact.ed25519).toBe('');
      }),
    );
  });

  it.each([-1, 100.5, 33.333, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses %s as a percentage',
    (rolloutPercentage) => {
      expect(() => make({ rolloutPercentage })).toThrow(expect.objectContaining({ code: 'usage' }));
    },
  );

  it('refuses to offer what is no release', () => {
    const refused = expect.objectContaining({ code: 'inbox-incomplete' });
    expect(() => make({ assets: [NOTES] })).toThrow(refused);
    expect(() => make({ assets: [DMG] })).toThrow(refused);
  });

  it('points to the tag that the release has, however the version is written there', () => {
    expect(make({ version: parseVersion('2'), tag: 'v2.0.0.0' })).toMatchObject({
      version: '2',
      tag: 'v2.0.0.0',
      artifact: { url: expect.stringContaining('/v2.0.0.0/') },
    });
    const mismatch = expect.objectContaining({ code: 'tag-mismatch' });
    expect(() => make({ tag: 'v2.0.0.47' })).toThrow(mismatch);
  });

  it('refuses to write what a client would reject', () => {
    const rejected = expect.objectContaining({ code: 'sha256-invalid' });
    expect(() => make({ assets: [{ ...DMG, sha256: 'unknown' }, NOTES] })).toThrow(rejected);
  });
});
