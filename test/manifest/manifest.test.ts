import { describe, expect, it } from 'vitest';
import { makeManifest, readManifest } from '../../src/manifest/manifest.ts';
import { parseVersion } from '../../src/version.ts';
import { releaseOf, SHA256, sampleManifest, toBytes } from './sample.ts';

function make(document: unknown) {
  const bytes = toBytes(document);
  return makeManifest(bytes, readManifest(bytes));
}

describe('readManifest', () => {
  it('gives nothing but the problem where there is no document', () => {
    expect(readManifest(toBytes('<rss/>'))).toEqual({
      document: {},
      fields: {},
      artifact: {},
      artifacts: [],
      problems: ['it is not JSON'],
    });
  });

  it('gives what can be read beside what cannot', () => {
    const reading = readManifest(
      toBytes({ version: '2.0', tag: 1, artifact: { type: 'dmg' }, artifacts: 1 }),
    );
    expect(reading.fields).toMatchObject({ version: '2.0' });
    expect(reading.fields).not.toHaveProperty('tag');
    expect(reading.artifact).toMatchObject({ type: 'dmg' });
    expect(reading.artifacts).toEqual([]);
  });

  it.each([undefined, null])('takes artifacts that are %s for none listed', (artifacts) => {
    expect(readManifest(toBytes(sampleManifest({ artifacts })))).toMatchObject({
      artifacts: [],
      problems: [],
    });
  });

  it('reads as many as 16 artifacts', () => {
    const artifacts = Array.from({ length: 16 }, () => sampleManifest()['artifact']);
    const reading = readManifest(toBytes(sampleManifest({ artifacts })));
    expect(reading.problems).toEqual([]);
    expect(reading.artifacts).toHaveLength(16);
  });
});

describe('makeManifest', () => {
  it('gives every key that a client acts on', () => {
    const bytes = toBytes(
      sampleManifest(
        {
          build: 46,
          channel: 'beta',
          tag: 'v2.0.0.46',
          critical: true,
          auto_install: false,
          rollout: { percentage: 12.5, salt: 'x' },
          minimum_auto_version: '1.6',
        },
        { ed25519: 'VRcc==', url: '', arch: null, min_os: null },
      ),
    );
    const artifact = {
      type: 'dmg',
      url: null,
      size: 308_005_520,
      sha256: SHA256,
      arch: null,
      minOs: null,
      ed25519: 'VRcc==',
    };
    expect(makeManifest(bytes, readManifest(bytes))).toEqual({
      bytes,
      document: JSON.parse(Buffer.from(bytes).toString()),
      version: parseVersion('2.0.0.46'),
      build: '46',
      releaseDate: '2026-03-12T00:00:00Z',
      artifact,
      artifacts: [artifact],
      channel: 'beta',
      tag: 'v2.0.0.46',
      critical: true,
      autoInstall: false,
      notesUrl: releaseOf('v2.0.0.46', 'LATEST_CHANGES.md'),
      rollout: { percentage: 12.5, salt: 'x' },
      minimumAutoVersion: parseVersion('1.6'),
    });
  });

  it.each([null, undefined])('knows no build where it is %s', (build) => {
    expect(make(sampleManifest({ build }))?.build).toBeNull();
  });

  it('makes none of a manifest with a problem, though it could be compared and fetched', () => {
    expect(make(sampleManifest())).not.toBeNull();
    expect(make(sampleManifest({ critical: 'yes' }))).toBeNull();
    expect(make(sampleManifest({ version: 'x' }))).toBeNull();
  });
});
