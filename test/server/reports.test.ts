import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { EMPTY_CATALOG, updateCatalog } from '../../src/server/catalog.ts';
import { type DownloadFile, findDrift } from '../../src/server/drift.ts';
import {
  listArtifacts,
  listManifests,
  listVersions,
  makeHealth,
  type Shelf,
} from '../../src/server/reports.ts';
import { OWNER, offerText, releaseUrl } from '../support/server-world.ts';

const POLICY = {
  owner: OWNER,
  downloadBase: 'https://github.com',
  allowedHosts: ['updates.example.com'],
  allowLoopback: false,
};

function catalogOf(files: Readonly<Record<string, string>>) {
  return updateCatalog(
    EMPTY_CATALOG,
    Object.entries(files).map(([name, text]) => ({
      name,
      bytes: Buffer.from(text),
      problem: null,
      modified: null,
    })),
    { policy: POLICY, isBetaOffered: true },
  );
}

function download(name: string, text: string): DownloadFile {
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { name, size: Buffer.byteLength(text), sha256, modified: new Date(0) };
}

function shelfOf(files: Readonly<Record<string, string>>, downloads: readonly DownloadFile[] = []): Shelf {
  return { catalog: catalogOf(files), downloads, folderProblems: [] };
}

const OPTIONS = { isBetaOffered: true, publicUrl: null };

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

describe('health', () => {
  it('is ok where all is well, and tells what is offered', () => {
    const health = makeHealth(
      shelfOf({ 'manifest.json': offerText('2.0', { top: { rollout: { percentage: 5, salt: 's' } } }) }),
      OPTIONS,
    );
    expect(health).toMatchObject({
      status: 'ok',
      problems: [],
      channels: {
        stable: {
          version: '2.0',
          verdict: 'ok',
          generation: 'version-tag',
          rollout: 5,
          isLastGood: false,
          manifest: { path: 'manifest.json', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
          artifact: { type: 'dmg', url: releaseUrl('2.0') },
        },
        beta: null,
      },
      findings: [{ file: 'manifest.json', code: 'unsigned', severity: 'info' }],
    });
    expect(Object.keys(health)).toEqual([
      'status',
      'problems',
      'channels',
      'findings',
      'refused',
      'drift',
      'history',
      'pendingDownloads',
    ]);
  });

  it('is degraded for a refused file, for drift, and for a folder that cannot be read; each with its sentence', () => {
    const good = { 'manifest.json': offerText('2.0') };
    const status = (shelf: Shelf) => {
      const { status: found, problems } = makeHealth(shelf, OPTIONS);
      for (const problem of problems) expect(problem).toMatch(/\.$/);
      return [found, problems.length];
    };
    expect(status(shelfOf({ ...good, 'manifest_1.0.json': '{' }))).toEqual(['degraded', 1]);
    expect(status(shelfOf(good, [download('Nexy.dmg', 'x')]))).toEqual(['degraded', 1]);
    expect(status({ ...shelfOf(good), folderProblems: ['It is gone.'] })).toEqual(['degraded', 1]);
    expect(status(shelfOf({}))).toEqual(['unavailable', 1]);
  });

  it('does not know beta where it is off', () => {
    expect(
      makeHealth(shelfOf({ 'manifest.json': offerText('2.0') }), { ...OPTIONS, isBetaOffered: false })
        .channels,
    ).not.toHaveProperty('beta');
  });

  it('shows what is wrong across the whole series', () => {
    const bytes = Buffer.from('the same');
    const shelf = shelfOf({
      'manifest.json': offerText('2.0', { bytes }),
      'manifest_1.0.json': offerText('1.0', { bytes }),
    });
    expect(makeHealth(shelf, OPTIONS)).toMatchObject({ status: 'ok', history: [{ code: 'bytes-reused' }] });
  });
});

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
