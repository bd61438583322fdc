import { describe, expect, test } from 'vitest';
import { showAddress, showAddressesIn } from '../../src/lab/show-address.ts';

const host = {
  origin: 'http://127.0.0.1:4001',
  assetOrigin: 'http://127.0.0.1:4002',
  apiOrigin: 'http://127.0.0.1:4003',
  uploadOrigin: 'http://127.0.0.1:4004',
};
const file = '/Seregawpn/Nexy_production/releases/download/Update/Nexy.dmg';

describe('an address of the double is shown as the one that it plays', () => {
  test.each([
    ['a release', `http://127.0.0.1:4001${file}`, `https://github.com${file}`],
    [
      'a manifest',
      'http://127.0.0.1:4001/manifest.json?a=1',
      'https://updates.example.com/manifest.json?a=1',
    ],
    [
      'a feed of its own folder',
      'http://127.0.0.1:4001/next/appcast.xml',
      'https://updates.example.com/next/appcast.xml',
    ],
    [
      'a signed address, without its signature',
      'http://127.0.0.1:4002/github-production-release-asset/7?se=1&sig=ab',
      'https://release-assets.githubusercontent.com/github-production-release-asset/7',
    ],
    ['the API', 'http://127.0.0.1:4003/repos/a/b/releases', 'https://api.github.com/repos/a/b/releases'],
    ['an upload', 'http://127.0.0.1:4004/repos/a/b', 'https://uploads.github.com/repos/a/b'],
    [
      'another host',
      'http://127.0.0.1:4001/elsewhere/20.151.51.172/updates/appcast.xml',
      'https://20.151.51.172/updates/appcast.xml',
    ],
    [
      'a port of the computer itself, which was plain http',
      'http://127.0.0.1:4001/elsewhere/localhost:8080/artifacts/test-update.txt',
      'http://localhost:8080/artifacts/test-update.txt',
    ],
    ['one that is nobody of the double', 'https://example.org/x', 'https://example.org/x'],
    ['another port', 'http://127.0.0.1:40015/x', 'http://127.0.0.1:40015/x'],
    ['no address at all', 'Nexy.dmg', 'Nexy.dmg'],
  ])('%s', (_, url, shown) => {
    expect(showAddress(host, url)).toBe(shown);
  });

  test('in the middle of sentences, whose punctuation stays', () => {
    const text = `At http://127.0.0.1:4001${file}, and (http://127.0.0.1:4002/x?sig=1). See "http://127.0.0.1:4001".`;
    expect(showAddressesIn(host, text)).toBe(
      `At https://github.com${file}, and (https://release-assets.githubusercontent.com/x). See "https://github.com".`,
    );
  });
});
