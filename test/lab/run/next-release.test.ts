import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type NextRelease, nextRelease } from '../../../src/lab/run/next-release.ts';
import type { HostState, OfferedManifest } from '../../../src/lab/scenario/scenario.ts';
import { compareVersions, parseVersion } from '../../../src/version.ts';

const RELEASES = 'https://github.com/Seregawpn/Nexy_production/releases/download';
const AT_VERSION_TAG = `${RELEASES}/v2.0.0.47/Nexy.dmg`;
const AT_FIXED_TAG = `${RELEASES}/Update/Nexy.dmg`;

describe('the version', () => {
  it.each<[string | null, string]>([
    ['2.0.0.46', '2.0.0.47'],
    ['2.6', '2.7'],
    ['1.0.1', '1.0.2'],
    ['2.0.999999999', '2.1.0'],
    ['latest', '2.0.0.46'],
    [null, '2.0.0.46'],
  ])('after %s is %s', (version, next) => {
    expect(nextRelease(offered({ version }), host({})).manifest.version).toBe(next);
  });

  it('is newer than any that was offered', () => {
    const part = fc.integer({ min: 0, max: 999_999_998 });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const version = parts.join('.');
        const next = nextRelease(offered({ version }), host({})).manifest.version ?? '';
        expect(compareVersions(parseVersion(next), parseVersion(version))).toBe(1);
      }),
    );
  });
});

describe('the build number', () => {
  it.each([
    ['a whole number', 20600, 20601, '20601'],
    ['a whole number in quotes', '20600', '20601', '20601'],
    ['the version', '2.0.0.46', '2.0.0.47', '2.0.0.47'],
    ['something else', { major: 2 }, '2.0.0.47', '2.0.0.47'],
  ])('follows %s in kind, and the bytes hold it', (_, build, next, bundleVersion) => {
    const { manifest } = nextRelease(offered({ document: { build } }), host({}));
    expect(manifest.document).toHaveProperty('build', next);
    expect(manifest.promised).toMatchObject({ version: '2.0.0.47', bundleVersion });
  });

  it('is left out where the manifest had none', () => {
    const { manifest } = nextRelease(offered({ document: {} }), host({}));
    expect(manifest.document).not.toHaveProperty('build');
    expect(manifest.promised?.bundleVersion).toBe('2.0.0.47');
  });
});

describe('the address', () => {
  it.each([
    ['a version tag', `${RELEASES}/v2.0.0.46/Nexy.dmg`, AT_VERSION_TAG],
    ['the version tag of another version', `${RELEASES}/v2.0.0.31/Nexy.dmg`, AT_VERSION_TAG],
    ['a fixed tag', `${RELEASES}/Update/Nexy.dmg`, AT_FIXED_TAG],
    ["the other channel's fixed tag", `${RELEASES}/UpdateBeta/Nexy.dmg`, AT_FIXED_TAG],
    ['an empty address', '', ''],
    ['no address', undefined, ''],
  ])('follows %s in kind', (_, url, next) => {
    const document = { artifact: url === undefined ? {} : { url } };
    expect(addressOf(nextRelease(offered({ document }), host({})))).toBe(next);
  });

  it.each([
    [
      'another owner',
      { artifact: { url: 'https://github.com/nobody/else/releases/download/Update/Nexy.dmg' } },
    ],
    ['another host', { artifact: { url: 'https://example.com/Nexy.dmg' } }],
    ['a tag of no kind', { artifact: { url: `${RELEASES}/nightly/Nexy.dmg` } }],
    ['no artifact', {}],
    ['text that is no manifest', null],
  ])('is where the team publishes, after %s', (_, document) => {
    const next = (publishes: HostState['publishes']) =>
      addressOf(nextRelease(offered({ document }), host({ publishes })));
    expect(next(['fixed'])).toBe(AT_FIXED_TAG);
    expect(next(['fixed', 'version'])).toBe(AT_VERSION_TAG);
  });
});

it('is published under the tags that the team uses, and nothing goes wrong any more', () => {
  const next = nextRelease(
    offered({}),
    host({
      publishes: ['fixed', 'version'],
      releases: [{ tag: 'fixed', holds: 'nothing' }],
      events: [{ after: 'feed', check: 1, tag: 'fixed', holds: 'nothing' }],
      faults: [{ on: 'asset', status: 503 }],
    }),
  );
  expect(next.host).toMatchObject({
    releases: [
      { tag: 'fixed', holds: 'promised' },
      { tag: 'version', holds: 'promised' },
    ],
    events: [],
    faults: [],
  });
});

it.each([
  ['a fixed tag', `${RELEASES}/Update/Nexy.dmg`],
  ['no address', ''],
])('lies under the fixed tag after %s, also where the team has left that', (_, url) => {
  const next = nextRelease(offered({ document: { artifact: { url } } }), host({ publishes: ['version'] }));
  expect(next.host.releases).toEqual([
    { tag: 'version', holds: 'promised' },
    { tag: 'fixed', holds: 'promised' },
  ]);
});

function addressOf({ manifest }: NextRelease): unknown {
  return JSON.parse(JSON.stringify(manifest.document)).artifact.url;
}

function offered(more: Partial<OfferedManifest>): OfferedManifest {
  return {
    file: 'manifest.json',
    channel: 'stable',
    version: '2.0.0.46',
    date: null,
    promised: null,
    document: { build: '2.0.0.46', artifact: {} },
    text: null,
    checks: 3,
    isOfRealBytes: false,
    ...more,
  };
}

function host(more: Partial<HostState>): HostState {
  return {
    name: 'fixed-only',
    title: 'Fixed tags',
    description: '',
    publishes: ['fixed'],
    releases: [],
    events: [],
    faults: [],
    ...more,
  };
}
