import { describe, expect, it } from 'vitest';
import { Feed } from '../../src/updater/feed.ts';

const URLS = {
  stable: 'https://updates.example.com/manifest.json',
  beta: 'https://updates.example.com/manifest_beta.json',
};
const HTTP = { allowLoopback: false, requestHeaders: { 'X-From': 'options' } };

describe('a feed', () => {
  it('has a manifest for each channel, stable where none is asked for', () => {
    const feed = new Feed(URLS, null, HTTP);
    expect(feed.manifestUrl).toBe(URLS.stable);
    feed.setChannel('beta');
    expect([feed.channel, feed.manifestUrl]).toEqual(['beta', URLS.beta]);
    feed.setChannel(null);
    expect(feed.manifestUrl).toBe(URLS.stable);
    expect(() => feed.setChannel('')).toThrow('is no channel');
  });

  it("can be set as with electron-updater's generic provider, to the address of a manifest", () => {
    const feed = new Feed(URLS, 'stable', HTTP);
    feed.setUrl('https://other.example.com/manifest.json');
    expect(feed.manifestUrl).toBe('https://other.example.com/manifest.json');
    feed.setUrl({ provider: 'generic', url: URLS.beta });
    expect(feed.manifestUrl).toBe(URLS.beta);
    for (const wrong of [
      'manifest.json',
      '',
      {},
      { provider: 'github', owner: 'a', repo: 'b' },
      { url: URLS.beta },
    ]) {
      expect(() => feed.setUrl(wrong)).toThrow('complete address of a manifest');
    }
    expect(feed.manifestUrl).toBe(URLS.beta);
  });

  it("sends headers to the manifest's own host alone", () => {
    const feed = new Feed(URLS, 'stable', HTTP);
    feed.addHeader('authorization', 'Bearer secret');
    const own = { 'X-From': 'options', authorization: 'Bearer secret' };
    expect(feed.http.requestHeaders).toEqual(own);
    expect(feed.httpFor(['https://updates.example.com/Nexy.dmg']).requestHeaders).toEqual(own);
    expect(feed.httpFor(['https://github.com/a/b/releases/download/v1/Nexy.dmg']).requestHeaders).toEqual({});
    expect(
      feed.httpFor(['https://updates.example.com/Nexy.dmg', 'https://github.com/Nexy.dmg']).requestHeaders,
    ).toEqual({});
  });

  it("takes headers in Node's form", () => {
    const feed = new Feed(URLS, 'stable', { allowLoopback: false });
    expect(feed.requestHeaders).toBeNull();
    feed.requestHeaders = { one: 1, two: ['a', 'b'], none: undefined };
    expect(feed.http.requestHeaders).toEqual({ one: '1', two: 'a, b' });
  });
});
