import { describe, expect, it } from 'vitest';
import { extensionOf, readUrl, releaseUrl } from '../../src/manifest/release-url.ts';
import { OWNER, POLICY, releaseOf } from './sample.ts';

const CDN = { ...POLICY, allowedHosts: ['cdn.example'] };
const MIRROR = { ...POLICY, downloadBase: 'https://mirror.example/github' };
const RELEASE = { owner: OWNER, tag: 'v2.0.0.46', file: 'Nexy.dmg' };

describe('readUrl', () => {
  it('reads a release of the production owner', () => {
    const url = releaseOf('v2.0.0.46');
    expect(readUrl(`${url}?a=b`, POLICY)).toEqual({
      href: `${url}?a=b`,
      host: 'github.com',
      file: 'Nexy.dmg',
      insecurity: null,
      isHostForeign: false,
      release: RELEASE,
    });
  });

  it('reads a release without a tag', () => {
    const url = `https://github.com/${OWNER}/releases/latest/download/Nexy.dmg`;
    expect(readUrl(url, POLICY).release).toEqual({ ...RELEASE, tag: null });
  });

  it('reads of what is no address only its file name', () => {
    expect(readUrl('folder/Nexy.dmg?a/b.pkg\n#c/d', POLICY)).toEqual({
      href: null,
      host: '',
      file: 'Nexy.dmg',
      insecurity: expect.stringContaining('is not a complete https address'),
      isHostForeign: false,
      release: null,
    });
  });

  it('knows releases on an allowed host, and on no other', () => {
    const url = `https://cdn.example/${OWNER}/releases/download/v2.0.0.46/Nexy.dmg`;
    expect(readUrl(url, CDN)).toMatchObject({ release: RELEASE, isHostForeign: false });
    expect(readUrl(url, POLICY)).toMatchObject({ release: null, isHostForeign: true });
  });

  it('takes a folder for no file', () => {
    expect(readUrl(releaseOf('v2.0.0.46', 'Nexy.dmg/'), POLICY)).toMatchObject({ file: '', release: null });
  });

  it('passes over an allowed host that is none', () => {
    const policy = { ...POLICY, allowedHosts: ['no host', 'cdn.example'] };
    expect(readUrl('https://cdn.example/Nexy.dmg', policy).isHostForeign).toBe(false);
    expect(readUrl('https://evil.example/Nexy.dmg', policy).isHostForeign).toBe(true);
  });

  it("moves GitHub's releases to the download base, and nothing else", () => {
    const moved = `${MIRROR.downloadBase}/${OWNER}/releases/download/v2.0.0.46/Nexy.dmg`;
    expect(readUrl(releaseOf('v2.0.0.46'), MIRROR).href).toBe(moved);
    expect(readUrl(moved, MIRROR).href).toBe(moved);
    const elsewhere = [
      `https://cdn.example/${OWNER}/releases/download/v2.0.0.46/Nexy.dmg`,
      'https://cdn.example/Nexy.dmg',
      'https://github.com/raw/Nexy.dmg',
    ];
    const policy = { ...MIRROR, allowedHosts: ['cdn.example', 'github.com'] };
    for (const url of elsewhere) expect(readUrl(url, policy).href).toBe(url);
  });

  it('knows only what lies below the folder of the download base', () => {
    // As long as the folder's name, so that cutting its length off would leave a release path.
    const beside = `https://mirror.example/gitlab/${OWNER}/releases/download/v2.0.0.46/Nexy.dmg`;
    expect(readUrl(beside, MIRROR)).toMatchObject({ isHostForeign: true, release: null });
    const otherHost = `https://example.com/github/${OWNER}/releases/download/v2.0.0.46/Nexy.dmg`;
    expect(readUrl(otherHost, MIRROR)).toMatchObject({ isHostForeign: true, release: null });
  });

  it.each(['https://github.com/#a', 'https://github.com/?a', 'github.com'])(
    'cannot be asked with the download base %s',
    (downloadBase) => {
      expect(() => readUrl(releaseOf('v2.0.0.46'), { ...POLICY, downloadBase })).toThrow(
        expect.objectContaining({ code: 'usage' }),
      );
    },
  );
});

describe('releaseUrl', () => {
  it.each(['https://mirror.example/github', 'https://mirror.example/github/'])(
    'lies below %s',
    (downloadBase) => {
      expect(releaseUrl({ ...POLICY, downloadBase }, 'v2', 'Nexy.pkg')).toBe(
        `https://mirror.example/github/${OWNER}/releases/download/v2/Nexy.pkg`,
      );
    },
  );
});

describe('extensionOf', () => {
  it.each([
    ['Nexy.dmg', 'dmg'],
    ['Nexy.DMG', 'dmg'],
    ['Nexy.dmg.txt', 'txt'],
    ['.dmg', 'dmg'],
    ['Nexy.', ''],
    ['dmg', ''],
    ['', ''],
  ])('of %j is %j', (file, extension) => {
    expect(extensionOf(file)).toBe(extension);
  });
});
