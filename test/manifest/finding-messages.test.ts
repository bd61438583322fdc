import { describe, expect, it } from 'vitest';
import type { FindingCode } from '../../src/errors.ts';
import { type Assessment, assessManifest } from '../../src/manifest/assess.ts';
import type { Finding } from '../../src/manifest/finding.ts';
import { OWNER, POLICY, releaseOf, sampleManifest, toBytes } from './sample.ts';

type Keys = Readonly<Record<string, unknown>>;

function findingOf(document: unknown, code: FindingCode, channel: 'stable' | 'beta' | null = null) {
  const { findings } = assessManifest(toBytes(document), POLICY, { channel });
  const found = findings.filter((finding) => finding.code === code);
  expect(found).toHaveLength(1);
  return found[0];
}

function reject(code: FindingCode, message: string): Finding {
  return { code, severity: 'reject', message };
}

function warn(code: FindingCode, message: string): Finding {
  return { code, severity: 'warn', message };
}

// The sentences of docs and support tickets: what is wrong, what it means, what to do.
describe('what a person reads of each finding', () => {
  it.each<[string, Keys, Keys, Finding]>([
    [
      'a version that is none',
      { version: '2.0-beta' },
      {},
      reject(
        'version-invalid',
        'The version "2.0-beta" is not 1 to 4 numbers such as 2.0.0.46, so it cannot be compared. The publisher has to correct it.',
      ),
    ],
    [
      'a minimum that is none',
      { minimum_auto_version: 'all' },
      {},
      reject(
        'version-invalid',
        'The minimum_auto_version "all" is not 1 to 4 numbers such as 2.0.0.46, so it cannot be compared. The publisher has to correct it.',
      ),
    ],
    [
      'another type',
      {},
      { type: 'zip' },
      reject(
        'artifact-type',
        'The artifact is of type "zip", which cannot be installed. The publisher has to offer a "dmg" or a "pkg".',
      ),
    ],
    [
      'another file',
      {},
      { url: releaseOf('v2.0.0.46', 'Nexy.pkg') },
      reject(
        'artifact-url-type',
        'The URL\'s file "Nexy.pkg" is no .dmg file, so there is nothing to install behind it. The publisher has to give the artifact\'s own URL.',
      ),
    ],
    [
      'another file, of a type that nobody knows',
      {},
      { type: 'zip', url: releaseOf('v2.0.0.46', 'Nexy.zip') },
      reject(
        'artifact-url-type',
        'The URL\'s file "Nexy.zip" is no .dmg or .pkg file, so there is nothing to install behind it. The publisher has to give the artifact\'s own URL.',
      ),
    ],
    [
      'no address, without what a server would not see of it',
      {},
      { url: 'downloads/feed.xml?version=2#top' },
      reject(
        'artifact-url-type',
        'The URL\'s file "feed.xml" is no .dmg file, so there is nothing to install behind it. The publisher has to give the artifact\'s own URL.',
      ),
    ],
    [
      'no address',
      {},
      { url: 'Nexy.dmg' },
      reject(
        'artifact-url-insecure',
        '"Nexy.dmg" is not a complete https address. Nothing was fetched from it. The publisher has to correct the address.',
      ),
    ],
    [
      'another owner',
      {},
      { url: 'https://github.com/evil/Nexy/releases/download/v2.0.0.46/Nexy.dmg' },
      reject(
        'foreign-owner',
        `The URL is a release of "evil/Nexy", and this client trusts only releases of ${OWNER}. The publisher has to release the artifact there.`,
      ),
    ],
    [
      'another host',
      {},
      { url: 'https://evil.example:8443/Nexy.dmg' },
      reject(
        'foreign-host',
        `The URL is at "evil.example:8443" and is not a release file of ${OWNER}, nor is that host allowed. Nothing is downloaded from there. The publisher has to release the artifact where clients expect it.`,
      ),
    ],
    [
      'the tag of another version',
      {},
      { url: releaseOf('v2.0.0.31') },
      reject(
        'tag-mismatch',
        'The URL is under the tag v2.0.0.31, but the manifest offers 2.0.0.46: the bytes are those of another version. The publisher has to give the URL under v2.0.0.46.',
      ),
    ],
    [
      'a tag of no version',
      {},
      { url: releaseOf('nightly') },
      reject(
        'tag-mismatch',
        'The URL is under the tag "nightly", which says nothing about the version. The publisher has to give the URL under the tag v2.0.0.46.',
      ),
    ],
    [
      'no tag, and no version either',
      { version: 'x' },
      { url: `https://github.com/${OWNER}/releases/latest/download/Nexy.dmg` },
      reject(
        'tag-mismatch',
        'The URL is under whatever release is the latest, which says nothing about the version. The publisher has to give the URL under the tag of its version.',
      ),
    ],
    [
      'a key tag of another version',
      { tag: 'v2.0.0.31' },
      {},
      reject(
        'tag-mismatch',
        'The key tag says "v2.0.0.31", which is neither v2.0.0.46 nor the tag of the URL. The publisher has to correct it.',
      ),
    ],
    [
      'a key tag of no version, and no version',
      { tag: 'nightly', version: 'x' },
      {},
      reject(
        'tag-mismatch',
        'The key tag says "nightly", which is neither the version\'s own tag nor the tag of the URL. The publisher has to correct it.',
      ),
    ],
    [
      'a digest that is none',
      {},
      { sha256: 'TODO' },
      reject(
        'sha256-invalid',
        'The sha256 "TODO" is not 64 hexadecimal digits, so no download could be checked. The publisher has to correct it.',
      ),
    ],
    [
      'a size that is none',
      {},
      { size: 1.5 },
      reject(
        'size-invalid',
        'The size 1.5 is not a whole number of bytes between 1 and 4294967296 (4 GiB). The publisher has to correct it.',
      ),
    ],
    [
      'a fixed tag',
      {},
      { url: releaseOf('Update') },
      warn(
        'fixed-tag',
        "The URL is under the fixed tag Update, whose files are replaced in place: the bytes may no longer be these. They are checked, and the version tag is tried next. A manifest should name the version tag's URL.",
      ),
    ],
    [
      'no URL',
      { channel: 'beta' },
      { url: null },
      warn(
        'url-missing',
        "No URL: the fixed tag of the beta channel is tried, then the version tag. A manifest should name the version tag's URL.",
      ),
    ],
    [
      'a fixed tag of another channel than the manifest',
      { channel: 'beta' },
      { url: releaseOf('Update') },
      warn(
        'channel-mismatch',
        "The URL's fixed tag Update belongs to the stable channel, not to beta. The publisher has to correct whichever is wrong.",
      ),
    ],
  ])('%s', (_name, keys, artifact, finding) => {
    expect(findingOf(sampleManifest(keys, artifact), finding.code)).toEqual(finding);
  });

  it('a manifest of another channel than was asked for', () => {
    expect(findingOf(sampleManifest({ channel: 'beta' }), 'channel-mismatch', 'stable')).toEqual(
      warn(
        'channel-mismatch',
        'The manifest is of the beta channel, and stable was asked for. Ask for beta, or correct the address that the manifest was read from.',
      ),
    );
  });

  it('no signature, where the config has no keys and where it has some', () => {
    const assess = (keys: readonly string[]): Assessment =>
      assessManifest(toBytes(sampleManifest()), { ...POLICY, keys }, { channel: null });
    expect(assess([]).findings).toEqual([
      {
        code: 'unsigned',
        severity: 'info',
        message:
          'There is no signature that this client can check: https and the host are all that vouches for it.',
      },
    ]);
    expect(assess(['k']).findings).toEqual([
      reject(
        'unsigned',
        'The config lists keys, and there is no signature that this client can check. Nothing is downloaded. The publisher has to sign the manifest, or the client has to be updated.',
      ),
    ]);
  });

  it('a download base that cannot be used', () => {
    const assess = (downloadBase: string): unknown =>
      assessManifest(toBytes(sampleManifest()), { ...POLICY, downloadBase }, { channel: null });
    const advice = 'Give an https address, or http on 127.0.0.1 together with --allow-loopback.';
    expect(() => assess('github.com')).toThrow(
      `The download base cannot be used: "github.com" is not an address such as https://github.com. ${advice}`,
    );
    expect(() => assess('http://example.com')).toThrow(
      `The download base cannot be used: http://example.com is not encrypted (https). Nothing was fetched from it. The publisher has to correct the address. ${advice}`,
    );
  });
});

describe('what a person reads of a manifest that clients cannot read', () => {
  it.each<[string, unknown, string]>([
    ['too many bytes', ' '.repeat(256 * 1024 + 1), 'it is larger than 256 KiB'],
    ['no JSON', '<rss/>', 'it is not JSON'],
    ['no object', '[]', 'it is not a JSON object'],
    ['a missing key', sampleManifest({ version: undefined }), 'version is missing'],
    ['no artifact', sampleManifest({ artifact: undefined }), 'artifact is missing'],
    ['a text of a wrong type', sampleManifest({ version: 2 }), 'version must be a text'],
    ['an optional text of a wrong type', sampleManifest({ tag: 2 }), 'tag must be a text'],
    ['a switch of a wrong type', sampleManifest({ critical: 'yes' }), 'critical must be true or false'],
    ['a build of a wrong type', sampleManifest({ build: 1.5 }), 'build must be a text or a whole number'],
    ['a channel that nobody knows', sampleManifest({ channel: 'x' }), 'channel must be "stable" or "beta"'],
    [
      'a rollout of a wrong type',
      sampleManifest({ rollout: 50 }),
      'rollout must be an object with percentage and salt',
    ],
    [
      'a percentage of a wrong type',
      sampleManifest({ rollout: { percentage: '50', salt: '' } }),
      'rollout.percentage must be a number',
    ],
    ['an artifact of a wrong type', sampleManifest({ artifact: [] }), 'artifact must be an object'],
    ['a size of a wrong type', sampleManifest({}, { size: '1' }), 'artifact.size must be a number'],
    ['no list of artifacts', sampleManifest({ artifacts: [] }), 'artifacts must be a list of 1 to 16'],
    [
      'a further artifact that is none',
      sampleManifest({ artifacts: [sampleManifest()['artifact'], null] }),
      'artifacts[1] must be an object',
    ],
    [
      'another first artifact',
      sampleManifest({ artifacts: [{ ...(sampleManifest()['artifact'] as Keys), size: 1 }] }),
      'the first of artifacts differs from artifact',
    ],
    [
      'several faults at once',
      { version: 1, artifact: { url: 2, sha256: '' } },
      'version must be a text; artifact.type is missing; artifact.url must be a text; artifact.size is missing',
    ],
    [
      'one fault of an artifact that is listed too, without a comparison of what is not whole',
      sampleManifest({ artifacts: [{ type: 'pkg', sha256: '' }] }, { size: undefined }),
      'artifact.size is missing; artifacts[0].size is missing',
    ],
    [
      'the same of its type',
      sampleManifest({ artifacts: [{ size: 1, sha256: '' }] }, { type: undefined }),
      'artifact.type is missing; artifacts[0].type is missing',
    ],
  ])('%s', (_name, document, problems) => {
    expect(findingOf(document, 'manifest-invalid')).toEqual(
      reject(
        'manifest-invalid',
        `The manifest is not one that clients can read: ${problems}. Nothing is offered from it. The publisher has to correct it.`,
      ),
    );
  });
});
