import { describe, expect, it } from 'vitest';
import { assessManifest } from '../../src/manifest/assess.ts';
import { type Candidate, listCandidates } from '../../src/manifest/candidate.ts';
import { makeManifest, readManifest } from '../../src/manifest/manifest.ts';
import { OWNER, POLICY, releaseOf, sampleManifest, toBytes } from './sample.ts';

type Keys = Readonly<Record<string, unknown>>;

function candidatesOf(
  keys: Keys,
  artifact: Keys,
  policy = POLICY,
  fileName = 'manifest.json',
): readonly Candidate[] {
  const bytes = toBytes(sampleManifest(keys, artifact));
  return assessManifest(bytes, policy, { channel: null, fileName }).candidates;
}

describe('candidates', () => {
  it('of a version tag: that URL, never a fixed tag after it', () => {
    const url = 'https://github.com/seregawpn/nexy_production/releases/download/v2.0.0.46/Other.dmg';
    expect(candidatesOf({}, { url })).toEqual([{ url, kind: 'version-tag' }]);
  });

  it('of a fixed tag: that URL, then the version tag of the production owner, once, with the same file', () => {
    const url = 'https://github.com/seregawpn/nexy_production/releases/download/UpdateBeta/Nexy-beta.dmg';
    expect(candidatesOf({}, { url })).toEqual([
      { url, kind: 'fixed-tag' },
      { url: releaseOf('v2.0.0.46', 'Nexy-beta.dmg'), kind: 'version-tag' },
    ]);
  });

  it.each([
    ['dmg', 'manifest.json', 'Update'],
    ['dmg', 'manifest_beta.json', 'UpdateBeta'],
    ['pkg', 'manifest.json', 'App'],
    ['pkg', 'manifest_beta.json', 'AppBeta'],
  ])('of no URL: the fixed tag of %s in %s, then the version tag', (type, fileName, tag) => {
    const file = `Nexy.${type}`;
    expect(candidatesOf({}, { type, url: null }, POLICY, fileName)).toEqual([
      { url: releaseOf(tag, file), kind: 'fixed-tag' },
      { url: releaseOf('v2.0.0.46', file), kind: 'version-tag' },
    ]);
  });

  it.each<[string, Keys, 'stable' | 'beta' | null, string, string]>([
    ['the channel asked for', {}, 'beta', 'manifest.json', 'UpdateBeta'],
    ['stable where nothing says', {}, null, 'manifest.json', 'Update'],
    ['the file name before the channel asked for', {}, 'stable', 'manifest_beta.json', 'UpdateBeta'],
    ['the key before all', { channel: 'stable' }, 'beta', 'manifest_beta.json', 'Update'],
  ])('of no URL: takes %s', (_name, keys, channel, fileName, tag) => {
    const bytes = toBytes(sampleManifest(keys, { url: '' }));
    const { candidates } = assessManifest(bytes, POLICY, { channel, fileName });
    expect(candidates[0]).toEqual({ url: releaseOf(tag), kind: 'fixed-tag' });
  });

  it('of no URL: writes the version tag as the version is written', () => {
    expect(candidatesOf({ version: '2.0' }, { url: '' })[1]?.url).toBe(releaseOf('v2.0'));
  });

  it('of no URL: lies on the download base', () => {
    const policy = { ...POLICY, downloadBase: 'http://localhost:9', allowLoopback: true };
    expect(candidatesOf({}, { url: '' }, policy).map(({ url }) => url)).toEqual([
      `http://localhost:9/${OWNER}/releases/download/Update/Nexy.dmg`,
      `http://localhost:9/${OWNER}/releases/download/v2.0.0.46/Nexy.dmg`,
    ]);
  });

  it('of an artifact that an assessment would have rejected: none, whatever generation it is called', () => {
    const offered = (artifact: Keys, generation: 'no-url' | 'direct'): readonly Candidate[] => {
      const bytes = toBytes(sampleManifest({}, artifact));
      const manifest = makeManifest(bytes, readManifest(bytes));
      if (manifest === null) throw new Error('The sample must be readable');
      return listCandidates(manifest.artifact, manifest.version, generation, 'stable', POLICY);
    };
    expect(offered({ url: '', type: '../app' }, 'no-url')).toEqual([]);
    expect(offered({ url: 'Nexy.dmg' }, 'direct')).toEqual([]);
    expect(offered({ url: releaseOf('v2.0.0.46') }, 'no-url')).toEqual([]);
  });

  it('of a rejected manifest: none', () => {
    for (const url of [releaseOf('Update'), '', releaseOf('v2.0.0.46')]) {
      expect(candidatesOf({}, { url, size: 0 })).toEqual([]);
      expect(candidatesOf({ version: 'x' }, { url })).toEqual([]);
      expect(candidatesOf({ critical: 1 }, { url })).toEqual([]);
    }
  });
});
