import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assessManifest } from '../../../src/manifest/assess.ts';
import {
  decideRollout,
  type RolloutOptions,
  setRollout,
} from '../../../src/release/manifests/set-rollout.ts';
import { apply, shelfOf } from '../../support/manifest-shelf.ts';
import {
  listeningReporter,
  POLICY,
  publishedManifest,
  readFolder,
  writeFolder,
} from '../../support/manifests-world.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const OPTIONS: RolloutOptions = { channel: 'stable', percentage: 25, policy: POLICY };
const STABLE = publishedManifest('2.0.0.46', 'stable', { rolloutPercentage: 10 });
const FILES = { 'manifest.json': STABLE, 'manifest_2.0.0.46.json': STABLE };

function change(text: string, percentage: number): string | undefined {
  return decideRollout(shelfOf({ 'manifest.json': text }), { ...OPTIONS, percentage }).files[0]?.text;
}

describe('decideRollout', () => {
  it('changes the percentage and nothing else', () => {
    const text = change(STABLE, 25);
    expect(text).toBe(STABLE.replace('"percentage": 10', '"percentage": 25'));
  });

  it('takes the key away at 100, and begins with the version as salt', () => {
    const full = publishedManifest('2.0.0.46', 'stable');
    expect(change(STABLE, 100)).toBe(full);
    expect(change(full, 10)).toBe(STABLE);
  });

  it('stops an offer at 0, also one of the legacy script', () => {
    expect(JSON.parse(change(STABLE, 0) ?? '')).toMatchObject({ rollout: { percentage: 0 } });
    const url = 'https://github.com/Seregawpn/Nexy_production/releases/download/Update/Nexy.dmg';
    const artifact = { type: 'dmg', url, size: 33, sha256: 'b'.repeat(64) };
    const legacy = JSON.stringify({
      version: '2.0.0.46',
      build: 20046,
      release_date: '2026-03-12',
      artifact,
    });
    expect(JSON.parse(change(legacy, 0) ?? '')).toEqual({
      ...JSON.parse(legacy),
      rollout: { percentage: 0, salt: '2.0.0.46' },
    });
  });

  it('keeps a salt, so that nobody who was offered it is left out', () => {
    const salted = STABLE.replace('"salt": "2.0.0.46"', '"salt": "spring"');
    expect(JSON.parse(change(salted, 25) ?? '')).toMatchObject({
      rollout: { percentage: 25, salt: 'spring' },
    });
  });

  it('changes nothing where it is so already', () => {
    expect(change(STABLE, 10)).toBeUndefined();
    expect(change(publishedManifest('2.0.0.46', 'stable'), 100)).toBeUndefined();
    expect(decideRollout(shelfOf(FILES), { ...OPTIONS, percentage: 10 })).toMatchObject({
      remarks: [expect.stringContaining('10 % already')],
    });
  });

  it('warns that clients are offered a critical version whatever the rollout says', () => {
    const critical = publishedManifest('2.0.0.46', 'stable', { critical: true });
    const decision = decideRollout(shelfOf({ 'manifest.json': critical }), { ...OPTIONS, percentage: 0 });
    expect(decision.remarks).toEqual([expect.stringContaining('critical')]);
  });

  it.each([
    ['a channel that offers nothing', {}, 25, 'manifest-conflict'],
    ['a manifest that cannot be read', { 'manifest.json': '{' }, 25, 'manifest-conflict'],
    ['a percentage above 100', FILES, 101, 'usage'],
    ['a percentage below 0', FILES, -1, 'usage'],
    ['what clients reject', { 'manifest.json': STABLE.replaceAll('Seregawpn', 'evil') }, 25, 'foreign-owner'],
  ] as const)('refuses %s', (_what, files, percentage, code) => {
    expect(() => decideRollout(shelfOf(files), { ...OPTIONS, percentage })).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it('comes to rest, and leads back to the same bytes by any way', () => {
    const percentage = fc.integer({ min: 0, max: 10_000 }).map((hundredths) => hundredths / 100);
    fc.assert(
      fc.property(fc.array(percentage, { minLength: 1 }), (ways) => {
        let files: Readonly<Record<string, string>> = FILES;
        for (const each of [...ways, 10]) {
          files = apply(files, decideRollout(shelfOf(files), { ...OPTIONS, percentage: each }));
          expect(decideRollout(shelfOf(files), { ...OPTIONS, percentage: each }).files).toEqual([]);
          const { verdict } = assessManifest(Buffer.from(files['manifest.json'] ?? ''), POLICY, {
            channel: 'stable',
          });
          expect(verdict).toBe('ok');
        }
        expect(files).toEqual(FILES);
      }),
    );
  });
});

describe('setRollout', () => {
  it('writes the channel, and never the archive copy', async () => {
    const folder = writeFolder(join(await temporaryFolder(), 'manifests'), FILES);
    const outcome = await setRollout(OPTIONS, { folder, push: false, reporter: listeningReporter() });
    expect(outcome).toMatchObject({ written: [join(folder, 'manifest.json')], change: { before: 10 } });
    expect(readFileSync(join(folder, 'manifest.json'), 'utf8')).toContain('"percentage": 25');
    expect(readFolder(folder)['manifest_2.0.0.46.json']).toBe(STABLE);
  });
});
