import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  archiveOf,
  areSameBytes,
  isManifestFile,
  offerOf,
  readManifestFolder,
  removeLeftovers,
  writeManifestFiles,
} from '../../../src/release/manifests/manifest-folder.ts';
import { parseVersion } from '../../../src/version.ts';
import { publishedManifest, readFolder, stampsOf, writeFolder } from '../../support/manifests-world.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const STABLE = publishedManifest('2.0.0.40', 'stable');
const BETA = publishedManifest('2.0.0.46', 'beta');

describe('readManifestFolder', () => {
  it('reads what each channel offers, and the archive copies', async () => {
    const folder = writeFolder(await temporaryFolder(), {
      'manifest.json': STABLE,
      'manifest_beta.json': BETA,
      'manifest_2.0.0.46.json': BETA,
      'manifest_2.0.0.40.json': STABLE,
      'manifest_nightly.json': 'not one of ours',
      'notes.txt': 'not a manifest',
    });
    const shelf = await readManifestFolder(folder);
    expect(offerOf(shelf, 'stable')?.version.text).toBe('2.0.0.40');
    expect(offerOf(shelf, 'beta')?.version.text).toBe('2.0.0.46');
    expect(shelf.archives.map(({ name }) => name)).toEqual([
      'manifest_2.0.0.40.json',
      'manifest_2.0.0.46.json',
    ]);
    expect(archiveOf(shelf, parseVersion('2.0.0.46'))?.channel).toBe('beta');
    expect(archiveOf(shelf, parseVersion('2.0.0.47'))).toBeNull();
  });

  it('finds an archive copy however the version is written in its name', async () => {
    const text = publishedManifest('2.0', 'beta');
    const folder = writeFolder(await temporaryFolder(), { 'manifest_2.0.json': text });
    const shelf = await readManifestFolder(folder);
    expect(archiveOf(shelf, parseVersion('2.0.0.0'))?.version.text).toBe('2.0');
  });

  it('knows that an empty folder offers nothing', async () => {
    const shelf = await readManifestFolder(await temporaryFolder());
    expect([offerOf(shelf, 'stable'), offerOf(shelf, 'beta'), shelf.archives]).toEqual([null, null, []]);
  });

  it.each([
    ['is no JSON', (path: string) => writeFileSync(path, 'half a mani')],
    ['is empty', (path: string) => writeFileSync(path, '')],
    ['lacks its version', (path: string) => writeFileSync(path, '{"artifact":{}}')],
    ['has a version that is none', (path: string) => writeFileSync(path, STABLE.replaceAll('2.0.0.40', 'x'))],
    ['is larger than any', (path: string) => writeFileSync(path, STABLE.padEnd(300_000))],
    ['is a link', (path: string) => symlinkSync('/etc/hostname', path)],
    ['is a folder', (path: string) => mkdirSync(path)],
  ])('refuses to guess what a channel offered whose file %s', async (_what, put) => {
    const folder = writeFolder(await temporaryFolder(), { 'manifest_beta.json': BETA });
    put(join(folder, 'manifest.json'));
    const shelf = await readManifestFolder(folder);
    expect(() => offerOf(shelf, 'stable')).toThrow(
      expect.objectContaining({
        code: 'manifest-conflict',
        message: expect.stringContaining('Put back the last good one'),
        details: expect.objectContaining({ file: 'manifest.json' }),
      }),
    );
    // The other channel is not held up by it.
    expect(offerOf(shelf, 'beta')?.version.text).toBe('2.0.0.46');
  });

  it('says that there is no such folder', async () => {
    await expect(readManifestFolder('/nowhere')).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('areSameBytes', () => {
  it.each([
    [
      'both files alike',
      [
        ['dmg', 'a'],
        ['pkg', 'b'],
      ],
      [
        ['dmg', 'a'],
        ['pkg', 'b'],
      ],
      true,
    ],
    [
      'one of them missing on one side',
      [['dmg', 'a']],
      [
        ['dmg', 'a'],
        ['pkg', 'b'],
      ],
      true,
    ],
    [
      'one of them different',
      [
        ['dmg', 'a'],
        ['pkg', 'b'],
      ],
      [
        ['dmg', 'a'],
        ['pkg', 'c'],
      ],
      false,
    ],
    ['nothing in common', [['dmg', 'a']], [['pkg', 'a']], false],
  ] as const)('%s', (_name, a, b, isSame) => {
    const offer = (list: readonly (readonly [string, string])[]) => ({
      artifacts: list.map(([type, sha256]) => ({
        type,
        sha256,
        size: 1,
        url: null,
        arch: null,
        minOs: null,
        ed25519: null,
      })),
    });
    expect(areSameBytes(offer(a), offer(b))).toBe(isSame);
    expect(areSameBytes(offer(b), offer(a))).toBe(isSame);
  });
});

describe('writeManifestFiles', () => {
  it('writes in the order given, readable for a server of another user, whatever the umask', async () => {
    const folder = await temporaryFolder();
    const before = process.umask(0o077);
    try {
      const shelf = await readManifestFolder(folder);
      const files = ['manifest_2.0.0.46.json', 'manifest_beta.json'].map((name) => ({ name, text: BETA }));
      expect(await writeManifestFiles(shelf, files)).toEqual([
        'manifest_2.0.0.46.json',
        'manifest_beta.json',
      ]);
    } finally {
      process.umask(before);
    }
    expect(readFolder(folder)).toEqual({ 'manifest_2.0.0.46.json': BETA, 'manifest_beta.json': BETA });
    expect(statSync(join(folder, 'manifest_beta.json')).mode & 0o777).toBe(0o644);
  });

  it('does not touch what says the same already', async () => {
    const folder = writeFolder(await temporaryFolder(), { 'manifest.json': STABLE });
    const before = stampsOf(folder);
    const shelf = await readManifestFolder(folder);
    expect(await writeManifestFiles(shelf, [{ name: 'manifest.json', text: STABLE }])).toEqual([]);
    expect(stampsOf(folder)).toEqual(before);
  });

  it.skipIf(process.getuid?.() === 0)('says that the folder may not be written to', async () => {
    const folder = await temporaryFolder();
    chmodSync(folder, 0o555);
    const shelf = await readManifestFolder(folder);
    await expect(writeManifestFiles(shelf, [{ name: 'manifest.json', text: STABLE }])).rejects.toMatchObject({
      code: 'not-writable',
    });
  });
});

describe('removeLeftovers', () => {
  it('removes the temporary files of killed runs and nothing else', async () => {
    const id = '0b8c3f0e-6e0e-4a0f-9a3f-0123456789ab';
    const kept = {
      'manifest.json': STABLE,
      'manifest.json.tmp': '',
      [`other.json.${id}.tmp`]: '',
      [`manifest_nightly.json.${id}.tmp`]: '',
    };
    const folder = writeFolder(await temporaryFolder(), {
      ...kept,
      [`manifest.json.${id}.tmp`]: 'half',
      [`manifest_beta.json.${id}.tmp`]: '',
      [`manifest_2.0.0.46.json.${id}.tmp`]: '',
    });
    await removeLeftovers(folder);
    expect(readFolder(folder)).toEqual(kept);
    expect(readFileSync(join(folder, 'manifest.json'), 'utf8')).toBe(STABLE);
  });
});

describe('isManifestFile', () => {
  it.each([
    ['manifest.json', true],
    ['manifest_beta.json', true],
    ['manifest_2.0.0.46.json', true],
    ['manifest_nightly.json', false],
    ['manifest_2.0.0.46.json.bak', false],
    ['sub/manifest.json', false],
  ])('%s: %s', (name, isOne) => {
    expect(isManifestFile(name)).toBe(isOne);
  });
});
