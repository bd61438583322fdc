import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isApiUrl, isUploadUrl, readApiUrl } from '../../../src/release/github/api-url.ts';

const GITHUB = readApiUrl('https://api.github.com');
const ENTERPRISE = readApiUrl('https://github.example.com/api/v3/');
const RESIDENT = readApiUrl('https://api.acme.ghe.com');
const DOUBLE = readApiUrl('http://127.0.0.1:4000');

describe('the address of the API', () => {
  it.each([
    'https://api.github.com',
    'https://github.example.com/api/v3',
    'http://127.0.0.1:80',
    'http://localhost:1',
    'http://[::1]:1',
  ])('may be %s', (text) => expect(readApiUrl(text).href).not.toMatch(/\/$/));

  it.each([
    'http://api.github.com',
    'ftp://127.0.0.1',
    'https://user:word@api.github.com',
    'https://api.github.com?x',
    'api.github.com',
    '',
  ])('may not be %s', (text) =>
    expect(() => readApiUrl(text)).toThrow(expect.objectContaining({ code: 'usage' })),
  );
});

describe('where the token may go', () => {
  it.each([
    [GITHUB, 'https://uploads.github.com/repos/o/r/releases/1/assets', true],
    [GITHUB, 'http://uploads.github.com/repos/o/r/releases/1/assets', false],
    [GITHUB, 'https://uploads.github.com:8443/x', false],
    [GITHUB, 'https://api.github.com/x', false],
    [GITHUB, 'https://uploads.github.com.example.com/x', false],
    [GITHUB, 'https://uploads.github.com@example.com/x', false],
    [GITHUB, 'https://127.0.0.1/x', false],
    [ENTERPRISE, 'https://github.example.com/api/uploads/repos/o/r/releases/1/assets', true],
    [ENTERPRISE, 'https://uploads.github.com/x', false],
    [ENTERPRISE, 'https://other.example.com/x', false],
    [RESIDENT, 'https://uploads.acme.ghe.com/x', true],
    [RESIDENT, 'https://uploads.other.ghe.com/x', false],
    [DOUBLE, 'http://127.0.0.1:4001/x', true],
    [DOUBLE, 'https://uploads.github.com/x', false],
  ])('with an upload, for %o to %s: %s', (api, url, expected) => {
    expect(isUploadUrl(api, new URL(url))).toBe(expected);
  });

  it('with a call: to the same origin below the same path only', () => {
    expect(isApiUrl(GITHUB, new URL('https://api.github.com/repositories/1/releases?page=2'))).toBe(true);
    expect(isApiUrl(ENTERPRISE, new URL('https://github.example.com/api/v3/repos/o/r'))).toBe(true);
    expect(isApiUrl(ENTERPRISE, new URL('https://github.example.com/api/v30/repos'))).toBe(false);
    expect(isApiUrl(ENTERPRISE, new URL('https://github.example.com/other'))).toBe(false);
    expect(isApiUrl(GITHUB, new URL('http://api.github.com/x'))).toBe(false);
    expect(isApiUrl(GITHUB, new URL('https://api.github.com:444/x'))).toBe(false);
  });

  it('never to a host of the network’s choice', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true }), (text) => {
        const url = new URL(text);
        fc.pre(!['api.github.com', 'uploads.github.com'].includes(url.hostname));
        expect(isApiUrl(GITHUB, url) || isUploadUrl(GITHUB, url)).toBe(false);
      }),
    );
  });
});
