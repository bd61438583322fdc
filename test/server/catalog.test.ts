import { describe, expect, it } from 'vitest';
import {
  type Catalog,
  type CatalogRules,
  EMPTY_CATALOG,
  type ManifestFile,
  roleOf,
  updateCatalog,
} from '../../src/server/catalog.ts';
import { OWNER, offerText } from '../support/server-world.ts';

const RULES: CatalogRules = {
  policy: { owner: OWNER, downloadBase: 'https://github.com', allowedHosts: [], allowLoopback: false },
  isBetaOffered: true,
};

function file(name: string, text: string): ManifestFile {
  return { name, bytes: Buffer.from(text), problem: null, modified: new Date(0) };
}

function shown({ offers, refused }: Catalog) {
  return {
    offers: offers.map(({ file: name, manifest, channel }) => `${name} ${manifest.version.text} ${channel}`),
    refused: refused.map(({ file: name, stillOffered }) => `${name} ${stillOffered}`),
  };
}

describe('roleOf', () => {
  it.each([
    ['manifest.json', 'stable'],
    ['manifest_beta.json', 'beta'],
    ['manifest_2.0.0.46.json', 'archive'],
    ['manifest_2.json', 'archive'],
    ['manifest_02.json', null],
    ['manifest_2.0.0.46.1.json', null],
    ['manifest_2..0.json', null],
    ['manifest_.json', null],
    ['Manifest.json', null],
    ['manifest.json.tmp', null],
    ['.manifest.json', null],
    ['manifest_beta.json/', null],
  ])('%s: %s', (name, role) => {
    expect(roleOf(name)).toBe(role);
  });
});

describe('updateCatalog', () => {
  it('offers the channels first, then archive copies from the highest version down, and passes over other files', () => {
    const catalog = updateCatalog(
      EMPTY_CATALOG,
      [
        file('manifest_1.9.json', offerText('1.9')),
        file('manifest_1.10.json', offerText('1.10')),
        file('manifest_beta.json', offerText('2.1', { top: { channel: 'beta' } })),
        file('manifest.json', offerText('2.0')),
        file('other.json', offerText('9.0')),
      ],
      RULES,
    );
    expect(shown(catalog)).toEqual({
      offers: [
        'manifest.json 2.0 stable',
        'manifest_beta.json 2.1 beta',
        'manifest_1.10.json 1.10 stable',
        'manifest_1.9.json 1.9 stable',
      ],
      refused: [],
    });
  });

  it('keeps what was good under a name when the file is not, until there is a good one again or none', () => {
    const good = updateCatalog(EMPTY_CATALOG, [file('manifest.json', offerText('1.0'))], RULES);
    const bad = updateCatalog(good, [file('manifest.json', '{')], RULES);
    expect(shown(bad)).toEqual({ offers: ['manifest.json 1.0 stable'], refused: ['manifest.json 1.0'] });
    expect(bad.offers[0]?.bytes).toBe(good.offers[0]?.bytes);
    const unreadable = { name: 'manifest.json', bytes: null, problem: 'It is a link.', modified: null };
    const worse = updateCatalog(bad, [unreadable], RULES);
    expect(shown(worse)).toEqual(shown(bad));
    expect(worse.refused[0]?.findings).toMatchObject([
      { code: 'manifest-invalid', message: 'It is a link.' },
    ]);
    expect(shown(updateCatalog(worse, [file('manifest.json', offerText('1.1'))], RULES))).toEqual({
      offers: ['manifest.json 1.1 stable'],
      refused: [],
    });
    expect(shown(updateCatalog(worse, [], RULES))).toEqual({ offers: [], refused: [] });
  });

  it('accepts a lower version: whoever runs the team may take one back', () => {
    const higher = updateCatalog(EMPTY_CATALOG, [file('manifest.json', offerText('2.0'))], RULES);
    const lower = updateCatalog(higher, [file('manifest.json', offerText('1.0'))], RULES);
    expect(shown(lower).offers).toEqual(['manifest.json 1.0 stable']);
  });

  it('without beta there is none: not its file, whatever is in it, nor its archive copies', () => {
    const beta = offerText('2.1', { top: { channel: 'beta' } });
    const old = offerText('2.0', {
      url: `https://github.com/${OWNER}/releases/download/UpdateBeta/Nexy.dmg`,
    });
    const files = [
      file('manifest.json', offerText('1.0')),
      file('manifest_beta.json', beta),
      file('manifest_2.1.json', beta),
      file('manifest_2.0.json', old),
      file('manifest_1.0.json', offerText('1.0')),
    ];
    const off = { ...RULES, isBetaOffered: false };
    expect(shown(updateCatalog(EMPTY_CATALOG, files, off)).offers).toEqual([
      'manifest.json 1.0 stable',
      'manifest_1.0.json 1.0 stable',
    ]);
    const broken = [file('manifest_beta.json', '{'), file('manifest.json', offerText('1.0'))];
    expect(updateCatalog(EMPTY_CATALOG, broken, off).refused).toEqual([]);
    expect(shown(updateCatalog(EMPTY_CATALOG, files, RULES)).offers).toContain('manifest_2.0.json 2.0 beta');
  });

  it('knows an archive copy of the newest beta by its bytes, also where they name no channel', () => {
    const text = offerText('2.1');
    const catalog = updateCatalog(
      EMPTY_CATALOG,
      [file('manifest_beta.json', text), file('manifest_2.1.json', text)],
      RULES,
    );
    expect(shown(catalog).offers).toEqual(['manifest_beta.json 2.1 beta', 'manifest_2.1.json 2.1 beta']);
  });
});
