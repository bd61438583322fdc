import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assessManifest } from '../../../src/manifest/assess.ts';
import {
  decidePromotion,
  type PromotedRelease,
  type PromotionOptions,
  promote,
} from '../../../src/release/manifests/promote.ts';
import { setRollout } from '../../../src/release/manifests/set-rollout.ts';
import { apply, shelfOf } from '../../support/manifest-shelf.ts';
import {
  listeningReporter,
  POLICY,
  publishedManifest,
  readFolder,
  stampsOf,
  writeFolder,
} from '../../support/manifests-world.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const NOW = new Date('2026-04-01T12:34:56.789Z');
const OPTIONS: PromotionOptions = {
  from: 'beta',
  to: 'stable',
  policy: POLICY,
  rolloutPercentage: null,
  critical: false,
  now: NOW,
};
const BETA = publishedManifest('2.0.0.46', 'beta');
const FILES = { 'manifest_beta.json': BETA, 'manifest_2.0.0.46.json': BETA };

function decide(files: Readonly<Record<string, string>>, options: Partial<PromotionOptions> = {}): unknown {
  try {
    return decidePromotion(shelfOf(files), { ...OPTIONS, ...options });
  } catch (error) {
    return error;
  }
}

function promoted(
  files: Readonly<Record<string, string>>,
  options: Partial<PromotionOptions> = {},
): Record<string, unknown> {
  const { files: changed } = decidePromotion(shelfOf(files), { ...OPTIONS, ...options });
  return JSON.parse(changed[0]?.text ?? '{}');
}

function edit(text: string, change: (document: Record<string, unknown>) => void): string {
  const document = JSON.parse(text);
  change(document);
  return JSON.stringify(document);
}

describe('decidePromotion', () => {
  it('offers the same tag and the same bytes on the other channel, from now on', () => {
    expect(promoted(FILES)).toEqual({
      ...JSON.parse(BETA),
      channel: 'stable',
      release_date: '2026-04-01T12:34:56Z',
    });
    expect(decide(FILES)).toMatchObject({
      tag: 'v2.0.0.46',
      files: [{ name: 'manifest.json' }],
      remarks: [],
    });
  });

  it('begins a rollout of its own, whatever that of the other channel is', () => {
    const limited = publishedManifest('2.0.0.46', 'beta', { rolloutPercentage: 50 });
    expect(promoted({ 'manifest_beta.json': limited })).not.toHaveProperty('rollout');
    expect(promoted({ 'manifest_beta.json': limited }, { rolloutPercentage: 5 })).toMatchObject({
      rollout: { percentage: 5, salt: '2.0.0.46' },
    });
  });

  it('warns where the offer was stopped on the other channel', () => {
    const stopped = publishedManifest('2.0.0.46', 'beta', { rolloutPercentage: 0 });
    expect(decide({ 'manifest_beta.json': stopped })).toMatchObject({
      remarks: [expect.stringContaining('to nobody')],
    });
  });

  it('can make a version critical, and keeps one critical', () => {
    expect(promoted(FILES, { critical: true })).toMatchObject({ critical: true });
    const critical = publishedManifest('2.0.0.46', 'beta', { critical: true });
    expect(promoted({ 'manifest_beta.json': critical })).toMatchObject({ critical: true });
  });

  it('keeps what it does not know', () => {
    const text = edit(BETA, (document) => {
      document['minimum_auto_version'] = '2.0';
      document['x-team'] = { note: 'kept' };
    });
    expect(promoted({ 'manifest_beta.json': text })).toMatchObject({
      minimum_auto_version: '2.0',
      'x-team': { note: 'kept' },
    });
  });

  it('goes the other way just as well', () => {
    const files = { 'manifest.json': publishedManifest('2.0.0.46', 'stable') };
    expect(promoted(files, { from: 'stable', to: 'beta' })).toMatchObject({ channel: 'beta' });
  });

  it('changes nothing where the channel offers it already', () => {
    const files = { ...FILES, 'manifest.json': publishedManifest('2.0.0.46', 'stable') };
    expect(decide(files, { rolloutPercentage: 5 })).toMatchObject({
      files: [],
      remarks: [expect.stringContaining('offers 2.0.0.46 already')],
    });
  });

  it.each([
    ['one channel to itself', FILES, { to: 'beta' }, 'usage'],
    ['a channel that offers nothing', {}, {}, 'manifest-conflict'],
    ['a manifest that cannot be read', { 'manifest_beta.json': '{' }, {}, 'manifest-conflict'],
    ['over one that cannot be read', { ...FILES, 'manifest.json': '{' }, {}, 'manifest-conflict'],
    [
      'over a higher version',
      { ...FILES, 'manifest.json': publishedManifest('2.0.0.47', 'stable') },
      {},
      'version-not-newer',
    ],
    [
      'the same version with other bytes',
      { ...FILES, 'manifest.json': publishedManifest('2.0.0.46', 'stable', { build: 'c' }) },
      {},
      'manifest-conflict',
    ],
    [
      'what is not what was published',
      { ...FILES, 'manifest_2.0.0.46.json': publishedManifest('2.0.0.46', 'beta', { build: 'c' }) },
      {},
      'manifest-conflict',
    ],
    ['a percentage that is none', FILES, { rolloutPercentage: 101 }, 'usage'],
    [
      'a foreign release',
      { 'manifest_beta.json': BETA.replaceAll('Seregawpn', 'evil') },
      {},
      'foreign-owner',
    ],
    [
      'another version in the URL',
      { 'manifest_beta.json': BETA.replaceAll('download/v2.0.0.46', 'download/v2.0.0.45') },
      {},
      'tag-mismatch',
    ],
    [
      'what works through the legacy path only',
      {
        'manifest_beta.json': edit(BETA, (document) => {
          const artifact = {
            ...(document['artifact'] as object),
            url: 'https://github.com/Seregawpn/Nexy_production/releases/download/UpdateBeta/Nexy.dmg',
          };
          document['artifact'] = artifact;
          document['artifacts'] = [artifact];
        }),
      },
      {},
      'fixed-tag',
    ],
    [
      'the manifest of another channel',
      { 'manifest_beta.json': publishedManifest('2.0.0.46', 'stable') },
      {},
      'channel-mismatch',
    ],
  ] as const)('refuses %s', (_what, files, options, code) => {
    expect(decide(files, options)).toMatchObject({ code });
  });

  it('refuses what lies under no tag, on a host that the config allows', () => {
    const text = BETA.replaceAll(
      'https://github.com/Seregawpn/Nexy_production/releases/download/v2.0.0.46',
      'https://cdn.example.org/files',
    );
    const policy = { ...POLICY, allowedHosts: ['cdn.example.org'] };
    expect(decide({ 'manifest_beta.json': text }, { policy })).toMatchObject({ code: 'tag-mismatch' });
  });

  it('makes manifests that clients accept, of the same bytes, and comes to rest', () => {
    const options = fc.record({
      rolloutPercentage: fc.option(fc.integer({ min: 0, max: 100 })),
      critical: fc.boolean(),
      now: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-01-01') }),
    });
    fc.assert(
      fc.property(options, (more) => {
        const change = decidePromotion(shelfOf(FILES), { ...OPTIONS, ...more });
        const [file] = change.files;
        const bytes = Buffer.from(file?.text ?? '');
        const { verdict, manifest } = assessManifest(bytes, POLICY, { channel: 'stable' });
        expect(verdict).toBe('ok');
        expect(manifest?.artifacts).toEqual(change.manifest.artifacts);
        expect(manifest?.tag).toBe('v2.0.0.46');
        expect(decidePromotion(shelfOf(apply(FILES, change)), { ...OPTIONS, ...more }).files).toEqual([]);
      }),
    );
  });
});

describe('promote', () => {
  async function openFolder(): Promise<string> {
    return writeFolder(join(await temporaryFolder(), 'manifests'), FILES);
  }

  it('writes nothing before it is known that the release is there', async () => {
    const folder = await openFolder();
    const asked: PromotedRelease[] = [];
    const verify = async (release: PromotedRelease): Promise<void> => {
      asked.push(release);
      expect(readFolder(folder)).not.toHaveProperty('manifest.json');
    };
    const options = { folder, push: false, reporter: listeningReporter() };
    const outcome = await promote(OPTIONS, options, verify);
    expect(asked).toMatchObject([
      { tag: 'v2.0.0.46', manifest: { artifacts: [{ type: 'dmg' }, { type: 'pkg' }] } },
    ]);
    expect(outcome).toMatchObject({ written: [join(folder, 'manifest.json')], isPushed: false });
    expect(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))).toMatchObject({
      channel: 'stable',
    });
    // Neither the other channel nor the archive copy was touched.
    expect(readFolder(folder)).toMatchObject(FILES);

    const stamps = stampsOf(folder);
    await promote({ ...OPTIONS, now: new Date() }, options, verify);
    expect(asked).toHaveLength(1);
    expect(stampsOf(folder)).toEqual(stamps);
  });

  it('does not hold up others while the release is looked at', async () => {
    const folder = await openFolder();
    const options = { folder, push: false, reporter: listeningReporter() };
    const other = { channel: 'beta', percentage: 5, policy: POLICY } as const;
    const verify = async (): Promise<void> => void (await setRollout(other, options));
    await promote(OPTIONS, options, verify);
    expect(JSON.parse(readFolder(folder)['manifest_beta.json'] ?? '')).toMatchObject({
      rollout: { percentage: 5 },
    });
    expect(readFolder(folder)).toHaveProperty('manifest.json');
  });

  it('writes nothing when it is not there', async () => {
    const folder = await openFolder();
    const before = stampsOf(folder);
    const options = { folder, push: false, reporter: listeningReporter() };
    const verify = (): Promise<void> => Promise.reject(new Error('gone'));
    await expect(promote(OPTIONS, options, verify)).rejects.toThrow('gone');
    expect(stampsOf(folder)).toEqual(before);
  });

  it('only says what it would do in a dry run', async () => {
    const folder = await openFolder();
    const before = stampsOf(folder);
    const options = { folder, push: false, isDryRun: true, reporter: listeningReporter() };
    const outcome = await promote(OPTIONS, options, async () => undefined);
    expect(outcome.written).toEqual([join(folder, 'manifest.json')]);
    expect(stampsOf(folder)).toEqual(before);
  });
});
