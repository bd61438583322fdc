import { describe, expect, it } from 'vitest';
import { listArtifacts, listManifests, listVersions } from '../../src/server/lists.ts';
import { offerText } from '../support/server-world.ts';
import { download, shelfOf } from './make-shelf.ts';

describe('lists', () => {
  const shelf = shelfOf(
    {
      'manifest.json': offerText('2.0'),
      'manifest_beta.json': offerText('2.1', { top: { channel: 'beta' } }),
      'manifest_2.0.json': offerText('2.0'),
      'manifest_1.9.json': offerText('1.9', { top: { critical: true } }),
      'manifest_1.8.json': '{',
    },
    [download('Nexy.dmg', 'bytes of 2.0'), download('notes.md', '# new')],
  );

  it('versions: each once, the highest first, with where it is offered now', () => {
    expect(listVersions(shelf)).toEqual({
      versions: [
        {
          version: '2.1',
          releaseDate: '2026-03-12T00:00:00Z',
          critical: false,
          currentOn: ['beta'],
          manifests: ['manifest_beta.json'],
        },
        {
          version: '2.0',
          releaseDate: '2026-03-12T00:00:00Z',
          critical: false,
          currentOn: ['stable'],
          manifests: ['manifest.json', 'manifests/manifest_2.0.json'],
        },
        {
          version: '1.9',
          releaseDate: '2026-03-12T00:00:00Z',
          critical: true,
          currentOn: [],
          manifests: ['manifests/manifest_1.9.json'],
        },
      ],
    });
  });

  it('manifests: those that are served, with their paths', () => {
    const { manifests } = listManifests(shelf);
    expect(manifests.map(({ path, version, isArchive }) => [path, version, isArchive])).toEqual([
      ['manifest.json', '2.0', false],
      ['manifest_beta.json', '2.1', false],
      ['manifests/manifest_2.0.json', '2.0', true],
      ['manifests/manifest_1.9.json', '1.9', true],
    ]);
  });

  it('artifacts: each once, with our own copy where it is the very bytes; downloads with the versions that they are', () => {
    const { artifacts, downloads } = listArtifacts(shelf);
    expect(artifacts.map(({ version, channels, download: copy }) => [version, channels, copy])).toEqual([
      ['2.1', ['beta'], null],
      ['2.0', ['stable'], 'downloads/Nexy.dmg'],
      ['1.9', ['stable'], null],
    ]);
    expect(downloads.map(({ path, versions }) => [path, versions])).toEqual([
      ['downloads/Nexy.dmg', ['2.0']],
      ['downloads/notes.md', []],
    ]);
  });
});
