import { describe, expect, it } from 'vitest';
import {
  ManifestTooLargeError,
  manifestUnreachable,
  type Unreachability,
} from '../../src/check/manifest-unreachable.ts';
import { UpdateError } from '../../src/errors.ts';
import { describeHttpFailure } from '../../src/http-failure.ts';

const URL = 'https://cdn.example:8443/updates/manifest.json?token=secret';
const PLACE = 'https://cdn.example:8443/updates/manifest.json';

function failureOf(code: string): Unreachability {
  const cause = Object.assign(new Error('words of the system'), { code });
  return { failure: describeHttpFailure(cause), cause };
}

describe('manifestUnreachable', () => {
  it.each<[string, Unreachability, string]>([
    [
      'a status that nobody asked for',
      { status: 304 },
      'The server says that it is unchanged (status 304) without having been asked.',
    ],
    ['404', { status: 404 }, 'There is none (status 404). Check the address, or ask the publisher.'],
    ['410', { status: 410 }, 'There is none (status 410). Check the address, or ask the publisher.'],
    ['401', { status: 401 }, 'The server does not give it out (status 401).'],
    ['403', { status: 403 }, 'The server does not give it out (status 403).'],
    ['429', { status: 429 }, 'The server is asked too often (status 429). Try again later.'],
    ['500', { status: 500 }, 'The server has a fault (status 500). Try again later.'],
    ['599', { status: 599 }, 'The server has a fault (status 599). Try again later.'],
    ['204', { status: 204 }, 'The server answered with status 204 instead of a manifest. Check the address.'],
    [
      'a deadline',
      { deadline: 1500 },
      'It did not arrive within 1.5 seconds. Check the connection, or try again later.',
    ],
    [
      'too many bytes',
      { cause: new ManifestTooLargeError() },
      'The answer is larger than 256 KiB, which no manifest is. The address has to be corrected.',
    ],
    [
      'a refusal of our own',
      { cause: new UpdateError('artifact-url-insecure', 'It is not encrypted.') },
      'It is not encrypted.',
    ],
    [
      'an unknown name',
      failureOf('ENOTFOUND'),
      "The server's name could not be found. Check that this computer is online and that the address is right.",
    ],
    [
      'no network',
      failureOf('ENETUNREACH'),
      'The network is not reachable. Check that this computer is online.',
    ],
    [
      'a certificate',
      failureOf('CERT_UNTRUSTED'),
      "The server's certificate is not trusted, or the encrypted connection failed. Check the clock of this computer; behind a proxy that reads along, its certificate has to be trusted.",
    ],
    [
      'a clock that is wrong',
      failureOf('CERT_HAS_EXPIRED'),
      "The server's certificate is not valid at the date and time of this Mac. Check the clock of this computer; behind a proxy that reads along, its certificate has to be trusted.",
    ],
    [
      'redirects',
      failureOf('ERR_TOO_MANY_REDIRECTS'),
      'The server redirects too often. The address has to be corrected.',
    ],
    [
      'another protocol',
      failureOf('HPE_INVALID_CONSTANT'),
      'The answer is not HTTP. The address has to be corrected.',
    ],
    ['a broken connection', failureOf('ECONNRESET'), 'The connection broke. Try again later.'],
    ['nothing that anybody knows', {}, 'The request failed. Try again later.'],
  ])('says it of %s', (_name, why, sentence) => {
    const error = manifestUnreachable(URL, why);
    expect(error.code).toBe('manifest-unreachable');
    expect(error.message).toBe(
      `The manifest could not be fetched from ${PLACE}. ${sentence} Whether there is an update is not known; nothing was changed.`,
    );
  });

  it('tells machines the rest, without the query', () => {
    expect(manifestUnreachable(URL, { status: 500 }).details).toEqual({
      url: PLACE,
      status: 500,
      reason: null,
      systemCode: null,
    });
    expect(manifestUnreachable(URL, failureOf('ENOTFOUND')).details).toEqual({
      url: PLACE,
      status: null,
      reason: 'name-not-found',
      systemCode: 'ENOTFOUND',
    });
  });

  it('keeps the cause, and makes none up', () => {
    const why = failureOf('ENOTFOUND');
    expect(manifestUnreachable(URL, why).cause).toBe(why.cause);
    expect(manifestUnreachable(URL, { status: 500 })).not.toHaveProperty('cause');
  });

  it.each([
    ['no address', 'no address', '"no address"'],
    ['an address without a host', 'file:///srv/manifest.json', '"file:///srv/manifest.json"'],
    ['an address with a password', 'https://user:secret@cdn.example/m.json', 'https://cdn.example/m.json'],
  ])('shows %s so that nothing secret is in it', (_name, url, place) => {
    expect(manifestUnreachable(url, {}).message).toContain(`could not be fetched from ${place}. `);
  });
});

describe('ManifestTooLargeError', () => {
  it('has a name and words for the log', () => {
    expect(String(new ManifestTooLargeError())).toBe('ManifestTooLargeError: More than 256 KiB');
  });
});
