import { describe, expect, it } from 'vitest';
import { makeProxyTest } from '../../src/server/trusted-proxies.ts';

describe('makeProxyTest', () => {
  it.each([
    [[], '127.0.0.1', false],
    [['10.0.0.1'], '10.0.0.1', true],
    [['10.0.0.1'], '::ffff:10.0.0.1', true],
    [['10.0.0.1'], '10.0.0.2', false],
    [['10.0.0.0/8'], '10.255.0.1', true],
    [['10.0.0.0/8'], '11.0.0.1', false],
    [['10.0.0.0/8', '2001:db8::/32'], '2001:db8:1::1', true],
    [['2001:db8::1'], '2001:db8:0:0::1', true],
    [['2001:db8::/32'], '2001:db9::1', false],
    [['10.0.0.0/8'], 'unknown', false],
    [['10.0.0.0/8'], '', false],
  ])('%j and %s: %s', (proxies, address, expected) => {
    expect(makeProxyTest(proxies)(address)).toBe(expected);
  });

  it.each([
    'proxy.example.com',
    '10.0.0.0/0',
    '::/0',
    '10.0.0.0/33',
    '10.0.0.0/8/8',
    '10.0.0.0/x',
    '10.0.0',
    '',
    '1.2.3.4/-1',
    '1.2.3.4/',
  ])('refuses %j with a sentence', (proxy) => {
    expect(() => makeProxyTest([proxy])).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: expect.stringMatching(/not the address of a proxy.*\.$/),
      }),
    );
  });
});
