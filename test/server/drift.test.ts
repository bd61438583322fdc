import { describe, expect, it } from 'vitest';
import { findDrift } from '../../src/server/drift.ts';
import { offerText } from '../support/server-world.ts';
import { catalogOf, download } from './make-shelf.ts';

describe('drift', () => {
  const ours = (version: string, file = 'Nexy.dmg', prefix = '') =>
    offerText(version, { url: `https://updates.example.com${prefix}/downloads/${file}` });

  it('is none where the file is that of one of the manifests that name it', () => {
    const catalog = catalogOf({
      'manifest.json': offerText('2.0'),
      'manifest_beta.json': offerText('2.1'),
      'manifest_1.0.json': offerText('1.0'),
    });
    expect(findDrift(catalog, [download('Nexy.dmg', 'bytes of 2.0')], null)).toEqual([]);
    expect(findDrift(catalog, [download('Other.dmg', 'whatever')], null)).toEqual([]);
    expect(findDrift(catalog, [], null)).toEqual([]);
  });

  it('is said of every manifest that names a file which is that of none', () => {
    const catalog = catalogOf({ 'manifest.json': offerText('2.0'), 'manifest_1.0.json': offerText('1.0') });
    const drift = findDrift(catalog, [download('Nexy.dmg', 'bytes of 3.0')], null);
    expect(drift.map(({ manifest }) => manifest)).toEqual(['manifest.json', 'manifest_1.0.json']);
    expect(drift[0]?.message).toMatch(/Clients refuse it\..*changes neither\.$/);
  });

  it('tells a size that differs, too', () => {
    const catalog = catalogOf({ 'manifest.json': offerText('2.0', { artifact: { size: 5 } }) });
    const [drift] = findDrift(catalog, [download('Nexy.dmg', 'bytes of 2.0')], null);
    expect(drift).toMatchObject({ promised: { size: 5 }, found: { size: 12 } });
  });

  it('waits for a file that is being hashed', () => {
    const catalog = catalogOf({ 'manifest.json': offerText('2.0') });
    expect(findDrift(catalog, [{ ...download('Nexy.dmg', 'x'), sha256: null }], null)).toEqual([]);
  });

  it.each(['', '/updates'])(
    'a manifest that leads to our own copy (%s/downloads/) must match it, whoever else does',
    (prefix) => {
      const publicUrl = 'https://updates.example.com';
      const catalog = catalogOf({
        'manifest.json': offerText('2.0'),
        'manifest_beta.json': ours('2.1', 'Nexy.dmg', prefix),
      });
      const files = [download('Nexy.dmg', 'bytes of 2.0')];
      expect(findDrift(catalog, files, publicUrl)).toMatchObject([
        { manifest: 'manifest_beta.json', version: '2.1' },
      ]);
      expect(findDrift(catalog, files, null)).toEqual([]);
    },
  );

  it('tells of a file that our own address promises and that is not there', () => {
    const catalog = catalogOf({ 'manifest.json': ours('2.0') });
    expect(findDrift(catalog, [], 'https://updates.example.com')).toMatchObject([
      { file: 'Nexy.dmg', found: null },
    ]);
    expect(findDrift(catalog, [], 'https://other.example.com')).toEqual([]);
  });
});
