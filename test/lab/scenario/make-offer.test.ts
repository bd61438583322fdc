import { parse } from 'valibot';
import { describe, expect, it } from 'vitest';
import { buildPlan } from '../../../src/lab/builds/build-plan.ts';
import { makeBuild } from '../../../src/lab/builds/make-build.ts';
import { makeOffer } from '../../../src/lab/scenario/make-offer.ts';
import type { OfferedManifest } from '../../../src/lab/scenario/scenario.ts';
import { OFFER_SCHEMA } from '../../../src/lab/scenario/schema.ts';

const RELEASES = 'https://github.com/Seregawpn/Nexy_production/releases/download';

/** What a data file says of one manifest. */
function offered(manifest: Readonly<Record<string, unknown>>): OfferedManifest {
  const data = parse(OFFER_SCHEMA, { title: 'x', manifests: [{ version: '2.7.0', ...manifest }] });
  const [first] = makeOffer('x', data, 'given').manifests;
  if (first === undefined) throw new Error('There is no manifest.');
  return first;
}

describe('makeOffer', () => {
  it('makes an honest manifest of a version alone', () => {
    const { bytes, sha256 } = makeBuild(buildPlan('2.7.0'));
    expect(offered({})).toEqual({
      file: 'x.json',
      channel: 'stable',
      version: '2.7.0',
      date: '2026-03-12T00:00:00Z',
      promised: buildPlan('2.7.0'),
      isOfRealBytes: false,
      text: null,
      checks: 3,
      document: {
        version: '2.7.0',
        build: '2.7.0',
        release_date: '2026-03-12T00:00:00Z',
        artifact: {
          type: 'dmg',
          url: `${RELEASES}/v2.7.0/Nexy.dmg`,
          size: bytes.length,
          sha256,
          arch: 'universal2',
          min_os: '11.0',
          ed25519: '',
        },
        critical: false,
        auto_install: true,
        notes_url: '',
      },
    });
  });

  it.each([
    ['version-tag', 'stable', `${RELEASES}/v2.7.0/Nexy.dmg`],
    ['fixed-tag', 'stable', `${RELEASES}/Update/Nexy.dmg`],
    ['fixed-tag', 'beta', `${RELEASES}/UpdateBeta/Nexy.dmg`],
    ['none', 'stable', ''],
    [{ address: 'http://example.com/x' }, 'stable', 'http://example.com/x'],
  ])('url: %j on %s', (url, channel, expected) => {
    expect(offered({ url, channel })).toMatchObject({ channel, document: { artifact: { url: expected } } });
  });

  it('an honest app has the build number of its manifest, and the macOS that the manifest names', () => {
    expect(offered({ buildNumber: 20700 })).toMatchObject({
      promised: buildPlan('2.7.0', { bundleVersion: '20700' }),
      document: { build: 20700 },
    });
    const build = { version: '2.7.0', minimumOs: '13.0' };
    expect(offered({ build })).toMatchObject({
      promised: buildPlan('2.7.0', { minimumOs: '13.0' }),
      document: { artifact: { min_os: '13.0' } },
    });
  });

  it('changes come last: they add, replace and take away, and may lie about anything', () => {
    const { document, version, date } = offered({
      changes: {
        version: 'next',
        release_date: null,
        critical: null,
        rollout: { percentage: 5, salt: 'x' },
        artifact: { sha256: 'a'.repeat(64), arch: null, more: { deep: true } },
      },
    });
    expect(version).toBe('next');
    expect(date).toBeNull();
    expect(document).not.toHaveProperty('critical');
    expect(document).toMatchObject({ rollout: { percentage: 5, salt: 'x' }, auto_install: true });
    expect(document?.['artifact']).toMatchObject({
      sha256: 'a'.repeat(64),
      type: 'dmg',
      more: { deep: true },
    });
    expect(document?.['artifact']).not.toHaveProperty('arch');
  });

  it('a text is served in place of it all, and promises nothing unless a build is said', () => {
    const text = '{"version": "1.0"}';
    expect(offered({ text })).toMatchObject({ text, document: null, version: '1.0', promised: null });
    expect(offered({ text: '{', build: { version: '2.7.0' } })).toMatchObject({
      version: null,
      promised: buildPlan('2.7.0'),
    });
  });

  it.each([
    [20700, 20700, '20700'],
    ['20700', 20700, '20700'],
    [undefined, '2.7.0', '2.7.0'],
  ])(
    'schema 2 with buildNumber %j is what nexy-release makes of that app',
    (buildNumber, build, bundleVersion) => {
      const { document, promised } = offered({
        form: 'schema-2',
        ...(buildNumber === undefined ? {} : { buildNumber }),
      });
      expect(promised?.bundleVersion).toBe(bundleVersion);
      expect(document).toMatchObject({
        build,
        schema: 2,
        tag: 'v2.7.0',
        artifacts: [document?.['artifact']],
        notes: { url: `${RELEASES}/v2.7.0/LATEST_CHANGES.md` },
      });
    },
  );

  it('numbers the files of a series', () => {
    const data = parse(OFFER_SCHEMA, { title: 'x', manifests: [{ version: '1.0' }, { version: '1.1' }] });
    expect(makeOffer('two', data, 'generated').manifests.map(({ file }) => file)).toEqual([
      'two-1.json',
      'two-2.json',
    ]);
  });

  it('refuses a build that no Info.plist can hold', () => {
    const build = { version: '1.0', label: 'x'.repeat(5000) };
    expect(() => offered({ build })).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});
