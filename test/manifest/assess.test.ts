import { describe, expect, it } from 'vitest';
import type { FindingCode } from '../../src/errors.ts';
import { type Asked, type Assessment, type AssessPolicy, assessManifest } from '../../src/manifest/assess.ts';
import { OWNER, POLICY, releaseOf, SHA256, sampleManifest, toBytes } from './sample.ts';

type Keys = Readonly<Record<string, unknown>>;

const NOBODY: Asked = { channel: null };
const LOOPBACK: AssessPolicy = { ...POLICY, downloadBase: 'http://127.0.0.1:8123', allowLoopback: true };

function assess(document: unknown, policy: AssessPolicy = POLICY, asked: Asked = NOBODY): Assessment {
  return assessManifest(toBytes(document), policy, asked);
}

/** All codes but `unsigned`, which every manifest has. */
function codes(assessment: Assessment): readonly FindingCode[] {
  expect(assessment.findings.map(({ code }) => code)).toContain('unsigned');
  return assessment.findings.map(({ code }) => code).filter((code) => code !== 'unsigned');
}

function codesOf(keys: Keys, artifact: Keys = {}, policy = POLICY, asked = NOBODY): readonly FindingCode[] {
  return codes(assess(sampleManifest(keys, artifact), policy, asked));
}

function codesOfUrl(url: unknown, policy = POLICY): readonly FindingCode[] {
  return codesOf({}, { url }, policy);
}

describe('assessManifest', () => {
  it('accepts a manifest under its version tag', () => {
    const bytes = toBytes(sampleManifest());
    const assessment = assessManifest(bytes, POLICY, NOBODY);
    expect(assessment).toMatchObject({
      version: '2.0.0.46',
      channel: 'stable',
      generation: 'version-tag',
      verdict: 'ok',
      findings: [{ code: 'unsigned', severity: 'info' }],
      candidates: [{ url: releaseOf('v2.0.0.46'), kind: 'version-tag' }],
    });
    expect(assessment.manifest).toEqual({
      bytes,
      document: sampleManifest(),
      version: { text: '2.0.0.46', parts: [2, 0, 0, 46] },
      build: '2.0.0.46',
      releaseDate: '2026-03-12T00:00:00Z',
      artifact: assessment.manifest?.artifacts[0],
      artifacts: [
        {
          type: 'dmg',
          url: releaseOf('v2.0.0.46'),
          size: 308_005_520,
          sha256: SHA256,
          arch: 'universal2',
          minOs: '11.0',
          ed25519: '',
        },
      ],
      channel: null,
      tag: null,
      critical: false,
      autoInstall: true,
      notesUrl: releaseOf('v2.0.0.46', 'LATEST_CHANGES.md'),
      rollout: null,
      minimumAutoVersion: null,
    });
    expect(assessment.manifest?.bytes).toBe(bytes);
  });

  it('reports everything that applies, in one go and in the order of the contract', () => {
    const everything = {
      critical: 'yes',
      version: '2.0-beta',
      artifact: { type: 'zip', url: 'http://example.com/feed.xml', size: 0, sha256: 'abc' },
    };
    const assessment = assess(everything);
    expect(assessment.findings.map(({ code }) => code)).toEqual([
      'manifest-invalid',
      'version-invalid',
      'artifact-type',
      'artifact-url-type',
      'artifact-url-insecure',
      'foreign-host',
      'sha256-invalid',
      'size-invalid',
      'unsigned',
    ]);
    expect(assessment).toMatchObject({ verdict: 'reject', generation: null, candidates: [], manifest: null });
    const warnings = codesOf(
      { channel: 'stable', version: '2.0', tag: 'v3' },
      { url: 'http://github.com/evil/Nexy/releases/download/UpdateBeta/appcast.xml', sha256: '' },
    );
    expect(warnings).toEqual([
      'artifact-url-type',
      'artifact-url-insecure',
      'foreign-owner',
      'tag-mismatch',
      'sha256-invalid',
      'fixed-tag',
      'channel-mismatch',
    ]);
  });

  it('says in each message what to do, and shows nothing that a terminal acts on', () => {
    const { findings, version } = assess({
      version: '\u001b]0;x\u0007\u009b2J\u202e',
      artifact: {
        type: '\u001b[2J',
        url: `https://\u202eevil.example/${'a'.repeat(5000)}\u001b`,
        size: 1,
        sha256: '\n',
      },
    });
    expect(version).toBeNull();
    for (const { message } of findings) {
      expect(message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      expect(message.length).toBeLessThan(600);
    }
  });
});

describe('form', () => {
  it.each([
    ['no JSON', 'no JSON'],
    ['nothing', ''],
    ['a part', '{"version": "2.0.0.46", "artifact": {'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a text', '"manifest"'],
    ['a number', '1'],
    ['an XML feed', '<?xml version="1.0"?><rss></rss>'],
    ['nesting without end', '['.repeat(100_000)],
    ['nesting', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  ])('refuses %s', (_name, text) => {
    expect(assess(text)).toMatchObject({ verdict: 'reject', version: null, manifest: null });
    expect(codes(assess(text))).toEqual(['manifest-invalid']);
  });

  it('keeps deep nesting under keys that it does not know', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const text = JSON.stringify(sampleManifest()).replace(/^\{/, `{"future": ${deep},`);
    expect(codes(assess(text))).toEqual([]);
  });

  it('refuses bytes that are not UTF-8, and UTF-16', () => {
    const latin = Buffer.from(JSON.stringify(sampleManifest({ build: 'é' })), 'latin1');
    expect(codes(assessManifest(latin, POLICY, NOBODY))).toEqual(['manifest-invalid']);
    const wide = Buffer.from(`\ufeff${JSON.stringify(sampleManifest())}`, 'utf16le');
    expect(codes(assessManifest(wide, POLICY, NOBODY))).toEqual(['manifest-invalid']);
  });

  it('passes over a byte order mark and keeps it in the bytes', () => {
    const bytes = toBytes(`\ufeff${JSON.stringify(sampleManifest())}`);
    const assessment = assessManifest(bytes, POLICY, NOBODY);
    expect(codes(assessment)).toEqual([]);
    expect(assessment.manifest?.bytes).toBe(bytes);
  });

  it('refuses more than 256 KiB', () => {
    const room = 256 * 1024 - JSON.stringify(sampleManifest({ filling: '' })).length;
    expect(codesOf({ filling: 'x'.repeat(room) })).toEqual([]);
    expect(codesOf({ filling: 'x'.repeat(room + 1) })).toEqual(['manifest-invalid']);
  });

  it('takes the last of a key that occurs twice, as other parsers do', () => {
    const text = JSON.stringify(sampleManifest()).replace(/^\{/, '{"version": "9.9",');
    expect(assess(text)).toMatchObject({ verdict: 'ok', version: '2.0.0.46' });
  });

  it.each(['version', 'artifact', 'artifact.type', 'artifact.size', 'artifact.sha256'])(
    'refuses a manifest without %s and says so',
    (path) => {
      const [key = '', inner] = path.split('.');
      const document =
        inner === undefined
          ? sampleManifest({ [key]: undefined })
          : sampleManifest({}, { [inner]: undefined });
      const assessment = assess(document);
      expect(codes(assessment)).toEqual(['manifest-invalid']);
      expect(assessment.findings[0]?.message).toContain(`${path} is missing`);
    },
  );

  it('does not take what an object inherits for a key', () => {
    const text = `{"__proto__": ${JSON.stringify(sampleManifest())}}`;
    expect(assess(text)).toMatchObject({ version: null, manifest: null, verdict: 'reject' });
  });

  it.each<[string, Keys, Keys?]>([
    ['version as a number', { version: 2 }],
    ['version null', { version: null }],
    ['version as a list', { version: ['2.0'] }],
    ['build as a fraction', { build: 1.5 }],
    ['build too large to be exact', { build: 1e21 }],
    ['build as an object', { build: {} }],
    ['release_date as a number', { release_date: 1_773_273_600 }],
    ['critical as a text', { critical: 'true' }],
    ['critical as a number', { critical: 1 }],
    ['auto_install as a text', { auto_install: 'false' }],
    ['notes_url as a number', { notes_url: 1 }],
    ['tag as a number', { tag: 2 }],
    ['channel as a number', { channel: 1 }],
    ['a channel that nobody knows', { channel: 'nightly' }],
    ['a channel in other case', { channel: 'Beta' }],
    ['an empty channel', { channel: '' }],
    ['a rollout that is a number', { rollout: 50 }],
    ['a rollout without salt', { rollout: { percentage: 50 } }],
    ['a percentage as a text', { rollout: { percentage: '50', salt: 's' } }],
    ['a percentage null (which is what NaN becomes)', { rollout: { percentage: Number.NaN, salt: 's' } }],
    ['minimum_auto_version as a number', { minimum_auto_version: 2 }],
    ['artifact as a list', { artifact: [] }],
    ['artifact null', { artifact: null }],
    ['artifact as a text', { artifact: releaseOf('v2.0.0.46') }],
    ['type as a number', {}, { type: 1 }],
    ['type null', {}, { type: null }],
    ['url as a number', {}, { url: 1 }],
    ['url as a list', {}, { url: [] }],
    ['size as a text', {}, { size: '308005520' }],
    ['size null', {}, { size: null }],
    ['sha256 as a number', {}, { sha256: 1 }],
    ['arch as a list', {}, { arch: ['arm64'] }],
    ['min_os as a number', {}, { min_os: 11 }],
    ['ed25519 as a number', {}, { ed25519: 1 }],
    ['artifacts as an object', { artifacts: {} }],
    ['no artifacts', { artifacts: [] }],
  ])('refuses %s', (_name, keys, artifact) => {
    const assessment = assess(sampleManifest(keys, artifact));
    expect(codes(assessment)).toEqual(['manifest-invalid']);
    expect(assessment).toMatchObject({ manifest: null, generation: null, candidates: [] });
  });

  it.each<[string, Keys, Keys?]>([
    ['build as an integer', { build: 20600 }],
    ['build as 1e3', { build: 1e3 }],
    ['unknown keys', { schema: 2, notes: { url: 'x' }, future: [1, { a: null }] }, { future: true }],
    [
      'optional keys as null',
      {
        build: null,
        release_date: null,
        critical: null,
        auto_install: null,
        notes_url: null,
        channel: null,
        tag: null,
        rollout: null,
        minimum_auto_version: null,
      },
      { arch: null, min_os: null, ed25519: null },
    ],
    [
      'optional keys left out',
      {
        build: undefined,
        release_date: undefined,
        critical: undefined,
        auto_install: undefined,
        notes_url: undefined,
      },
      { arch: undefined, min_os: undefined, ed25519: undefined },
    ],
    ['a rollout', { rollout: { percentage: 12.5, salt: 'x' } }],
    ['a release_date that is none', { release_date: 'soon' }],
    ['notes from anywhere', { notes_url: 'http://localhost:8080/artifacts/test-update.txt' }],
    ['a signature that nobody can check', {}, { ed25519: 'VRcc==' }],
  ])('accepts %s', (_name, keys, artifact) => {
    expect(codesOf(keys, artifact)).toEqual([]);
  });

  it('reads build numbers as text and leaves defaults where keys are absent', () => {
    expect(assess(sampleManifest({ build: 20600 })).manifest?.build).toBe('20600');
    const bare = { critical: undefined, auto_install: undefined, build: undefined, notes_url: '' };
    expect(assess(sampleManifest(bare)).manifest).toMatchObject({
      critical: false,
      autoInstall: true,
      build: null,
      notesUrl: null,
    });
  });
});

describe('version', () => {
  it.each(['', 'v2.0.0.46', '2.0.0.46.1', '02.0', '2.0.0.46 ', '2..0', '2.0-beta', '1234567890', 'latest'])(
    'refuses %j',
    (version) => {
      const assessment = assess(sampleManifest({ version }));
      expect(codes(assessment)).toEqual(['version-invalid']);
      expect(assessment.version).toBe(version === '' ? null : version);
    },
  );

  it.each(['2.0\n', '\n2.0', '2.0é', 'é2.0', '2'.repeat(81)])('shows no version that is %j', (version) => {
    expect(assess(sampleManifest({ version })).version).toBeNull();
  });

  it('shows one of 80 characters', () => {
    expect(assess(sampleManifest({ version: '2'.repeat(80) })).version).toHaveLength(80);
  });

  it('refuses a minimum_auto_version that is none', () => {
    expect(codesOf({ minimum_auto_version: '2.x' })).toEqual(['version-invalid']);
    expect(codesOf({ minimum_auto_version: '2.0' })).toEqual([]);
  });
});

describe('type, size and sha256', () => {
  it.each(['txt', 'zip', '', 'DMG', ' dmg', 'app'])('refuses the type %j', (type) => {
    expect(codesOf({}, { type })).toEqual(['artifact-type']);
  });

  it.each([0, -1, 1.5, 4 * 1024 ** 3 + 1, 2 ** 53, 1e300])('refuses the size %s', (size) => {
    expect(codesOf({}, { size })).toEqual(['size-invalid']);
  });

  it('refuses a size beyond every number', () => {
    const text = JSON.stringify(sampleManifest()).replace('308005520', '1e999');
    expect(codes(assess(text))).toEqual(['size-invalid']);
  });

  it.each([1, 308_005_520, 4 * 1024 ** 3])('accepts the size %s', (size) => {
    expect(codesOf({}, { size })).toEqual([]);
  });

  it.each([
    '',
    SHA256.slice(1),
    `${SHA256}0`,
    `sha256:${SHA256}`,
    SHA256.replace('7', 'g'),
    ` ${SHA256}`,
    `${SHA256}\n`,
  ])('refuses the sha256 %j', (sha256) => {
    expect(codesOf({}, { sha256 })).toEqual(['sha256-invalid']);
  });

  it('gives an upper case sha256 in lower case', () => {
    const assessment = assess(sampleManifest({}, { sha256: SHA256.toUpperCase() }));
    expect(codes(assessment)).toEqual([]);
    expect(assessment.manifest?.artifact.sha256).toBe(SHA256);
  });
});

describe('URL', () => {
  it.each<[string, readonly FindingCode[]]>([
    // Of the owner, under the version's tag, compared by number.
    [releaseOf('v2.0.0.46'), []],
    [releaseOf('v2.0.0.46', 'Nexy-universal.dmg'), []],
    [releaseOf('v2.0.0.46', 'Nexy.DMG'), []],
    [`${releaseOf('v2.0.0.46')}?download=1#top`, []],
    ['HTTPS://GitHub.COM/seregaWPN/NEXY_production/releases/download/v2.0.0.46/Nexy.dmg', []],
    ['https://github.com:443/Seregawpn/Nexy_production/releases/download/v2.0.0.46/Nexy.dmg', []],
    // What is judged is what is fetched: the normalised path.
    ['https://github.com/evil/repo/../../Seregawpn/Nexy_production/releases/download/v2.0.0.46/Nexy.dmg', []],
    [
      'https://github.com/Seregawpn/Nexy_production/%2e%2e/%2E%2e/evil/Nexy/releases/download/v2.0.0.46/Nexy.dmg',
      ['foreign-owner'],
    ],
    // Another file.
    ['https://nexy-server.example/updates/appcast.xml', ['artifact-url-type', 'foreign-host']],
    [releaseOf('v2.0.0.46', 'LATEST_CHANGES.md'), ['artifact-url-type']],
    [releaseOf('v2.0.0.46', 'Nexy.pkg'), ['artifact-url-type']],
    [releaseOf('v2.0.0.46', 'Nexy.dmg.txt'), ['artifact-url-type']],
    [releaseOf('v2.0.0.46', 'dmg'), ['artifact-url-type']],
    [`${releaseOf('v2.0.0.46', 'appcast.xml')}?file=Nexy.dmg`, ['artifact-url-type']],
    [`${releaseOf('v2.0.0.46', 'appcast.xml')}#Nexy.dmg`, ['artifact-url-type']],
    [releaseOf('v2.0.0.46', 'Nexy.dmg;a.txt'), ['artifact-url-type']],
    [releaseOf('v2.0.0.46', '..%2f..%2fNexy.dmg'), ['artifact-url-type']],
    [releaseOf('v2.0.0.46', 'Nexy%2Edmg'), ['artifact-url-type']],
    // Not encrypted, or no complete address.
    [releaseOf('v2.0.0.46').replace('https', 'http'), ['artifact-url-insecure']],
    [releaseOf('v2.0.0.46').replace('https', 'ftp'), ['artifact-url-insecure']],
    ['Nexy.dmg', ['artifact-url-insecure']],
    ['/artifacts/Nexy.dmg', ['artifact-url-insecure']],
    [
      '//github.com/Seregawpn/Nexy_production/releases/download/v2.0.0.46/Nexy.dmg',
      ['artifact-url-insecure'],
    ],
    [
      'https:/github.com/Seregawpn/Nexy_production/releases/download/v2.0.0.46/Nexy.dmg',
      ['artifact-url-insecure'],
    ],
    [
      'https:\\\\github.com\\Seregawpn\\Nexy_production\\releases\\download\\v2.0.0.46\\Nexy.dmg',
      ['artifact-url-insecure'],
    ],
    [
      'https://github.com/Seregawpn\\Nexy_production/releases/download/v2.0.0.46/Nexy.dmg',
      ['artifact-url-insecure'],
    ],
    [` ${releaseOf('v2.0.0.46')}`, ['artifact-url-insecure']],
    [`${releaseOf('v2.0.0.46')}\n`, ['artifact-url-type', 'artifact-url-insecure']],
    [
      'https://git\thub.com/Seregawpn/Nexy_production/releases/download/v2.0.0.46/Nexy.dmg',
      ['artifact-url-insecure'],
    ],
    ['https://', ['artifact-url-type', 'artifact-url-insecure']],
    [' ', ['artifact-url-type', 'artifact-url-insecure']],
    ['javascript:Nexy.dmg', ['artifact-url-insecure']],
    ['data:application/x,Nexy.dmg', ['artifact-url-insecure']],
    ['file:///tmp/Nexy.dmg', ['artifact-url-insecure']],
    [
      'https://user@github.com/Seregawpn/Nexy_production/releases/download/v2.0.0.46/Nexy.dmg',
      ['artifact-url-insecure'],
    ],
    [
      'https://user:secret@github.com/Seregawpn/Nexy_production/releases/download/v2.0.0.46/Nexy.dmg',
      ['artifact-url-insecure'],
    ],
    // Another owner or repository.
    ['https://github.com/Seregawpn/Nexy/releases/download/v2.0.0.46/Nexy.dmg', ['foreign-owner']],
    [
      'https://github.com/Seregawpn/Nexy_production.git/releases/download/v2.0.0.46/Nexy.dmg',
      ['foreign-owner'],
    ],
    ['https://github.com/evil/Nexy_production/releases/download/v2.0.0.46/Nexy.dmg', ['foreign-owner']],
    [
      'https://github.com/%53eregawpn/Nexy_production/releases/download/v2.0.0.46/Nexy.dmg',
      ['foreign-owner'],
    ],
    ['https://github.com/evil/x/releases/download/a/b/v2.0.0.46/Nexy.dmg', ['foreign-owner', 'tag-mismatch']],
    ['https://github.com/evil/x/releases/download/v9/Nexy.dmg', ['foreign-owner', 'tag-mismatch']],
    ['https://github.com/evil/x/releases/download/Update/Nexy.dmg', ['foreign-owner', 'fixed-tag']],
    ['https://github.com/evil/x/releases/latest/download/Nexy.dmg', ['foreign-owner', 'tag-mismatch']],
    // Another host, also one that only looks like GitHub, and GitHub outside its releases.
    ['https://example.com/Nexy.dmg', ['foreign-host']],
    [
      'https://github.com@evil.example/Seregawpn/Nexy_production/releases/download/v2.0.0.46/Nexy.dmg',
      ['artifact-url-insecure', 'foreign-host'],
    ],
    [
      'https://github.com.evil.example/Seregawpn/Nexy_production/releases/download/v2.0.0.46/Nexy.dmg',
      ['foreign-host'],
    ],
    [
      'https://www.github.com/Seregawpn/Nexy_production/releases/download/v2.0.0.46/Nexy.dmg',
      ['foreign-host'],
    ],
    ['https://github.com./Seregawpn/Nexy_production/releases/download/v2.0.0.46/Nexy.dmg', ['foreign-host']],
    [
      'https://github.com:8443/Seregawpn/Nexy_production/releases/download/v2.0.0.46/Nexy.dmg',
      ['foreign-host'],
    ],
    ['https://gіthub.com/Seregawpn/Nexy_production/releases/download/v2.0.0.46/Nexy.dmg', ['foreign-host']],
    ['https://objects.githubusercontent.com/x/Nexy.dmg', ['foreign-host']],
    ['https://github.com/Seregawpn/Nexy_production/raw/main/Nexy.dmg', ['foreign-host']],
    ['https://github.com//Seregawpn/Nexy_production/releases/download/v2.0.0.46/Nexy.dmg', ['foreign-host']],
    ['https://github.com/Seregawpn/Nexy_production/releases%2Fdownload/v2.0.0.46/Nexy.dmg', ['foreign-host']],
    ['https://github.com/Nexy.dmg', ['foreign-host']],
    ['https://127.0.0.1/Nexy.dmg', ['foreign-host']],
    ['http://127.0.0.1:8080/Nexy.dmg', ['artifact-url-insecure', 'foreign-host']],
    ['http://localhost:8080/Nexy.dmg', ['artifact-url-insecure', 'foreign-host']],
    // Another tag, or none.
    [releaseOf('v2.0.0.31'), ['tag-mismatch']],
    [releaseOf('v2.0.0'), ['tag-mismatch']],
    [releaseOf('2.0.0.46'), ['tag-mismatch']],
    [releaseOf('V2.0.0.46'), ['tag-mismatch']],
    [releaseOf('v2.0.0.046'), ['tag-mismatch']],
    [releaseOf('v2.0.0.46-rc1'), ['tag-mismatch']],
    [releaseOf('v2%2E0.0.46'), ['tag-mismatch']],
    [releaseOf('v2.0.0.46%2f..%2fUpdate'), ['tag-mismatch']],
    [releaseOf('update'), ['tag-mismatch']],
    [releaseOf('nightly'), ['tag-mismatch']],
    [releaseOf('x/v2.0.0.46'), ['tag-mismatch']],
    [`https://github.com/${OWNER}/releases/latest/download/Nexy.dmg`, ['tag-mismatch']],
    // Fixed tags.
    [releaseOf('Update'), ['fixed-tag']],
    [releaseOf('UpdateBeta'), ['fixed-tag']],
    [releaseOf('App'), ['fixed-tag']],
    [releaseOf('AppBeta'), ['fixed-tag']],
  ])('judges %s', (url, expected) => {
    expect(codesOfUrl(url)).toEqual(expected);
  });

  it.each([
    ['missing', undefined],
    ['null', null],
    ['empty', ''],
  ])('warns of a URL that is %s', (_name, url) => {
    const assessment = assess(sampleManifest({}, { url }));
    expect(codes(assessment)).toEqual(['url-missing']);
    expect(assessment).toMatchObject({ verdict: 'warn', generation: 'no-url' });
  });

  it('compares a version tag by number', () => {
    expect(codesOf({ version: '2.0.0.0' }, { url: releaseOf('v2.0.0') })).toEqual([]);
    expect(codesOf({ version: '2' }, { url: releaseOf('v2.0.0.0') })).toEqual([]);
  });

  it('says where a DMG lies under a tag that is for packages', () => {
    const finding = assess(sampleManifest({}, { url: releaseOf('App') })).findings[0];
    expect(finding).toMatchObject({ code: 'fixed-tag', severity: 'warn' });
    expect(finding?.message).toContain('should be .pkg files');
  });

  it('accepts a package under its own fixed tag', () => {
    const assessment = assess(sampleManifest({}, { type: 'pkg', url: releaseOf('AppBeta', 'Nexy.pkg') }));
    expect(codes(assessment)).toEqual(['fixed-tag']);
    expect(assessment).toMatchObject({ channel: 'beta', generation: 'fixed-tag' });
    expect(assessment.findings[0]?.message).not.toContain('should be');
  });
});

describe('hosts that the config allows', () => {
  const policy = { ...POLICY, allowedHosts: ['CDN.example', 'mirror.example:8443'] };

  it.each<[string, readonly FindingCode[]]>([
    ['https://cdn.example/files/Nexy.dmg', []],
    ['https://cdn.example:443/Nexy.dmg?token=1', []],
    ['https://mirror.example:8443/Nexy.dmg', []],
    ['https://mirror.example/Nexy.dmg', ['foreign-host']],
    ['https://cdn.example:8443/Nexy.dmg', ['foreign-host']],
    ['https://sub.cdn.example/Nexy.dmg', ['foreign-host']],
    ['http://cdn.example/Nexy.dmg', ['artifact-url-insecure']],
    // A release path promises an owner and a tag, wherever it lies.
    [`https://cdn.example/${OWNER}/releases/download/v2.0.0.46/Nexy.dmg`, []],
    [`https://cdn.example/${OWNER}/releases/download/v2.0.0.31/Nexy.dmg`, ['tag-mismatch']],
    ['https://cdn.example/evil/x/releases/download/v2.0.0.46/Nexy.dmg', ['foreign-owner']],
  ])('judges %s', (url, expected) => {
    expect(codesOfUrl(url, policy)).toEqual(expected);
  });

  it('gives the generation direct to a URL without a release path', () => {
    const url = 'https://cdn.example/files/Nexy.dmg';
    const assessment = assess(sampleManifest({}, { url }), policy);
    expect(assessment).toMatchObject({ generation: 'direct', candidates: [{ url, kind: 'direct' }] });
  });

  it('allows loopback where the caller does', () => {
    for (const url of [
      'http://127.0.0.1:8080/Nexy.dmg',
      'http://localhost/Nexy.dmg',
      'https://127.0.0.1/Nexy.dmg',
    ]) {
      expect(codesOfUrl(url, { ...POLICY, allowLoopback: true })).toEqual([]);
    }
    expect(codesOfUrl('http://127.0.0.2/Nexy.dmg', { ...POLICY, allowLoopback: true })).toEqual([
      'artifact-url-insecure',
      'foreign-host',
    ]);
  });

  it('allows of loopback the download base alone where the caller trusts that', () => {
    const downloadBase = 'http://127.0.0.1:8123';
    const policy = { ...POLICY, downloadBase, trustsDownloadBase: true };
    expect(codesOfUrl(`${downloadBase}/${OWNER}/releases/download/v2.0.0.46/Nexy.dmg`, policy)).toEqual([]);
    expect(codesOfUrl(`${downloadBase}/Nexy.dmg`, policy)).toEqual(['foreign-host']);
    for (const url of ['http://127.0.0.1:8124/Nexy.dmg', 'http://localhost:8123/Nexy.dmg'])
      expect(codesOfUrl(url, policy)).toEqual(['artifact-url-insecure', 'foreign-host']);
    expect(() => assess(sampleManifest(), { ...policy, downloadBase: 'http://example.com' })).toThrow(
      expect.objectContaining({ code: 'usage' }),
    );
  });
});

describe('channel', () => {
  it.each<[string, Keys, string, string | undefined, Asked['channel'], string, readonly FindingCode[]]>([
    ['nothing says', {}, 'v2.0.0.46', undefined, null, 'stable', []],
    ['the file name says', {}, 'v2.0.0.46', 'manifest_beta.json', null, 'beta', []],
    [
      'the last part of an address says',
      {},
      'v2.0.0.46',
      'https://x/y/Manifest_BETA.json?q=1',
      null,
      'beta',
      [],
    ],
    ['a folder says nothing', {}, 'v2.0.0.46', '/srv/beta/manifest.json', null, 'stable', []],
    ['a query says nothing', {}, 'v2.0.0.46', 'https://x/manifest.json?channel=beta', null, 'stable', []],
    [
      'the fixed tag goes before the file name',
      {},
      'Update',
      'manifest_beta.json',
      null,
      'stable',
      ['fixed-tag'],
    ],
    ['the fixed tag says', {}, 'UpdateBeta', 'manifest.json', null, 'beta', ['fixed-tag']],
    ['the key says', { channel: 'beta' }, 'v2.0.0.46', undefined, null, 'beta', []],
    [
      'the key goes first',
      { channel: 'beta' },
      'Update',
      undefined,
      null,
      'beta',
      ['fixed-tag', 'channel-mismatch'],
    ],
    [
      'the fixed tag is of another',
      {},
      'UpdateBeta',
      undefined,
      'stable',
      'beta',
      ['fixed-tag', 'channel-mismatch'],
    ],
    ['the fixed tag is of this one', {}, 'UpdateBeta', undefined, 'beta', 'beta', ['fixed-tag']],
    [
      'the key is of another',
      { channel: 'beta' },
      'v2.0.0.46',
      undefined,
      'stable',
      'beta',
      ['channel-mismatch'],
    ],
    [
      'both are of another',
      { channel: 'beta' },
      'UpdateBeta',
      undefined,
      'stable',
      'beta',
      ['fixed-tag', 'channel-mismatch'],
    ],
    ['a version tag is of every channel', {}, 'v2.0.0.46', undefined, 'beta', 'stable', []],
    ['a file name warns of nothing', {}, 'v2.0.0.46', 'manifest_beta.json', 'stable', 'beta', []],
  ])('%s', (_name, keys, tag, fileName, asked, channel, expected) => {
    const ask = fileName === undefined ? { channel: asked } : { channel: asked, fileName };
    const assessment = assess(sampleManifest(keys, { url: releaseOf(tag) }), POLICY, ask);
    expect(assessment.channel).toBe(channel);
    expect(codes(assessment)).toEqual(expected);
  });
});

describe('tag', () => {
  it.each<[string, string, readonly FindingCode[]]>([
    ['v2.0.0.46', 'v2.0.0.46', []],
    ['', 'v2.0.0.46', []],
    ['v2.0.0.46', 'Update', ['fixed-tag']],
    ['Update', 'Update', ['fixed-tag']],
    ['App', 'Update', ['tag-mismatch', 'fixed-tag']],
    ['Update', 'v2.0.0.46', ['tag-mismatch']],
    ['v2.0.0.31', 'v2.0.0.46', ['tag-mismatch']],
    ['nightly', 'v2.0.0.46', ['tag-mismatch']],
  ])('%j with a URL under %s', (tag, urlTag, expected) => {
    expect(codesOf({ tag }, { url: releaseOf(urlTag) })).toEqual(expected);
  });

  it('is not judged against a version that is none', () => {
    expect(codesOf({ tag: 'v2', version: 'x' })).toEqual(['version-invalid']);
  });

  it('is judged too where the URL has none', () => {
    const policy = { ...POLICY, allowedHosts: ['cdn.example'] };
    const url = 'https://cdn.example/Nexy.dmg';
    expect(codesOf({ tag: 'nightly' }, { url }, policy)).toEqual(['tag-mismatch']);
    expect(codesOf({ tag: 'Update' }, { url }, policy)).toEqual([]);
    expect(codesOf({ tag: 'nightly' }, { url: null })).toEqual(['tag-mismatch', 'url-missing']);
  });

  it('counts by number', () => {
    expect(codesOf({ version: '2.0.0', tag: 'v2' }, { url: releaseOf('v2.0') })).toEqual([]);
  });
});

describe('artifacts', () => {
  const dmg = { ...(sampleManifest()['artifact'] as Keys) };
  const pkg = { ...dmg, type: 'pkg', url: releaseOf('v2.0.0.46', 'Nexy.pkg'), sha256: 'a'.repeat(64) };

  it('gives all, the first being artifact', () => {
    const assessment = assess(sampleManifest({ schema: 2, artifacts: [dmg, pkg] }));
    expect(codes(assessment)).toEqual([]);
    expect(assessment.manifest?.artifacts.map(({ type }) => type)).toEqual(['dmg', 'pkg']);
    expect(assessment.manifest?.artifacts[0]).toEqual(assessment.manifest?.artifact);
  });

  it('judges the first once, in whatever case its sha256 is', () => {
    const first = { ...dmg, sha256: SHA256.toUpperCase(), size: 0 };
    expect(codesOf({ artifacts: [first] }, { size: 0 })).toEqual(['size-invalid']);
  });

  it.each<[string, readonly unknown[], readonly FindingCode[]]>([
    ['another first', [pkg, dmg], ['manifest-invalid']],
    ['a first with another size', [{ ...dmg, size: 1 }], ['manifest-invalid']],
    ['a second without size', [dmg, { ...pkg, size: undefined }], ['manifest-invalid']],
    ['a second that is none', [dmg, null], ['manifest-invalid']],
    ['too many', Array.from({ length: 17 }, () => dmg), ['manifest-invalid']],
    ['a foreign second', [dmg, { ...pkg, url: 'https://evil.example/Nexy.pkg' }], ['foreign-host']],
    ['a second of another version', [dmg, { ...pkg, url: releaseOf('v1', 'Nexy.pkg') }], ['tag-mismatch']],
    ['a second under a fixed tag', [dmg, { ...pkg, url: releaseOf('App', 'Nexy.pkg') }], ['fixed-tag']],
  ])('finds %s', (_name, artifacts, expected) => {
    expect(codesOf({ artifacts })).toEqual(expected);
  });

  it('says which one it means', () => {
    const { findings } = assess(sampleManifest({ artifacts: [dmg, { ...pkg, sha256: 'x' }] }));
    expect(findings[0]?.message).toMatch(/^artifacts\[1\]: /);
  });
});

describe('signature', () => {
  it('rejects everything once the config lists keys, since nothing can be checked yet', () => {
    const assessment = assess(sampleManifest(), { ...POLICY, keys: ['k'] });
    expect(assessment).toMatchObject({ verdict: 'reject', generation: null, candidates: [] });
    expect(assessment.findings).toMatchObject([{ code: 'unsigned', severity: 'reject' }]);
  });
});

describe('download base', () => {
  const path = `${OWNER}/releases/download`;

  it('recognises releases below it and leaves them as they are', () => {
    const url = `http://127.0.0.1:8123/${path}/v2.0.0.46/Nexy.dmg`;
    const assessment = assess(sampleManifest({}, { url }), LOOPBACK);
    expect(assessment).toMatchObject({ verdict: 'ok', generation: 'version-tag', candidates: [{ url }] });
    expect(codesOfUrl(url.replace('v2.0.0.46', 'v1'), LOOPBACK)).toEqual(['tag-mismatch']);
    expect(codesOfUrl(url.replace('Seregawpn', 'evil'), LOOPBACK)).toEqual(['foreign-owner']);
  });

  it("moves GitHub's releases below it, and still judges them", () => {
    const assessment = assess(sampleManifest({}, { url: `${releaseOf('Update')}?a=b` }), LOOPBACK);
    expect(assessment.candidates).toEqual([
      { url: `http://127.0.0.1:8123/${path}/Update/Nexy.dmg?a=b`, kind: 'fixed-tag' },
      { url: `http://127.0.0.1:8123/${path}/v2.0.0.46/Nexy.dmg`, kind: 'version-tag' },
    ]);
    expect(codesOfUrl(releaseOf('v1'), LOOPBACK)).toEqual(['tag-mismatch']);
    expect(codesOfUrl(releaseOf('v2.0.0.46').replace('https', 'http'), LOOPBACK)).toEqual([
      'artifact-url-insecure',
    ]);
  });

  it('may lie below a folder', () => {
    const policy = { ...POLICY, downloadBase: 'https://mirror.example/github/' };
    const url = `https://mirror.example/github/${path}/v2.0.0.46/Nexy.dmg`;
    expect(assess(sampleManifest({}, { url }), policy)).toMatchObject({
      verdict: 'ok',
      candidates: [{ url }],
    });
    expect(assess(sampleManifest(), policy).candidates).toEqual([{ url, kind: 'version-tag' }]);
    expect(codesOfUrl(`https://mirror.example/${path}/v2.0.0.46/Nexy.dmg`, policy)).toEqual(['foreign-host']);
    expect(codesOfUrl(`https://mirror.example/githubevil/${path}/v2.0.0.46/Nexy.dmg`, policy)).toEqual([
      'foreign-host',
    ]);
  });

  it.each([
    ['http://example.com', true],
    ['http://127.0.0.1:8123', false],
    ['ftp://127.0.0.1', true],
    ['https://user:secret@github.com', true],
    ['https://github.com/?a', true],
    ['github.com', true],
    ['', true],
  ])('refuses %s as a wrong use', (downloadBase, allowLoopback) => {
    const policy = { ...POLICY, downloadBase, allowLoopback };
    for (const artifact of [{}, { url: '' }]) {
      expect(() => assess(sampleManifest({}, artifact), policy)).toThrow(
        expect.objectContaining({ code: 'usage' }),
      );
    }
  });
});
