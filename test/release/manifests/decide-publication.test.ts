import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Channel } from '../../../src/config.ts';
import { UpdateError } from '../../../src/errors.ts';
import { decidePublication, standingOf } from '../../../src/release/manifests/decide-publication.ts';
import { compareVersions, parseVersion } from '../../../src/version.ts';
import { apply, shelfOf } from '../../support/manifest-shelf.ts';
import { publishedManifest } from '../../support/manifests-world.ts';

const TEXT = publishedManifest('2.0.0.46', 'beta');

function failure(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

describe('decidePublication', () => {
  it('begins a channel: archive copy first, then the offer', () => {
    expect(decidePublication(shelfOf({}), 'beta', TEXT)).toEqual({
      files: [
        { name: 'manifest_2.0.0.46.json', text: TEXT },
        { name: 'manifest_beta.json', text: TEXT },
      ],
      message: '2.0.0.46 is offered on the beta channel',
      remarks: [],
      standing: 'newer',
    });
  });

  it('follows a lower version, also one of the legacy script', () => {
    const legacy = JSON.stringify({
      version: '2.0.0.31',
      build: 20031,
      artifact: { type: 'dmg', url: 'https://example.org/x.dmg', size: 33, sha256: 'b'.repeat(64) },
    });
    const { files } = decidePublication(shelfOf({ 'manifest_beta.json': legacy }), 'beta', TEXT);
    expect(files.map(({ name }) => name)).toEqual(['manifest_2.0.0.46.json', 'manifest_beta.json']);
  });

  it('finishes what a killed run began, and then has nothing left to do', () => {
    const begun = { 'manifest_2.0.0.46.json': TEXT };
    const rest = decidePublication(shelfOf(begun), 'beta', TEXT);
    expect(rest.files).toEqual([{ name: 'manifest_beta.json', text: TEXT }]);
    expect(decidePublication(shelfOf(apply(begun, rest)), 'beta', TEXT).files).toEqual([]);
  });

  it('changes nothing of what is offered already, and says what was asked for in vain', () => {
    const files = { 'manifest_beta.json': TEXT, 'manifest_2.0.0.46.json': TEXT };
    const other = publishedManifest('2.0.0.46', 'beta', { rolloutPercentage: 10, critical: true });
    expect(decidePublication(shelfOf(files), 'beta', other)).toMatchObject({
      files: [],
      standing: 'offered',
      remarks: [
        expect.stringContaining('"nexy-release rollout"'),
        expect.stringContaining('not as critical'),
      ],
    });
  });

  it('leaves a channel that has gone past it, and completes the archive', () => {
    const files = { 'manifest_beta.json': publishedManifest('2.0.0.47', 'beta', { build: 'c' }) };
    expect(decidePublication(shelfOf(files), 'beta', TEXT)).toMatchObject({
      files: [{ name: 'manifest_2.0.0.46.json' }],
      standing: 'superseded',
      remarks: [expect.stringContaining('2.0.0.47')],
    });
  });

  it.each(['manifest_beta.json', 'manifest_2.0.0.46.json'])(
    'refuses other bytes of a version that is there (%s), and shows both digests',
    (name) => {
      const other = publishedManifest('2.0.0.46', 'beta', { build: 'e' });
      const error = failure(() => decidePublication(shelfOf({ [name]: other }), 'beta', TEXT));
      expect(error).toMatchObject({
        code: 'manifest-conflict',
        message: expect.stringMatching(/e{64}.*a{64}/),
        details: { held: { dmg: 'e'.repeat(64) }, offered: { dmg: 'a'.repeat(64) } },
      });
    },
  );

  it('never rewrites the archive copy, also when the channel differs', () => {
    const archived = { 'manifest_2.0.0.46.json': TEXT, 'manifest_beta.json': TEXT };
    const stable = publishedManifest('2.0.0.46', 'stable');
    expect(decidePublication(shelfOf(archived), 'stable', stable).files).toEqual([
      { name: 'manifest.json', text: stable },
    ]);
  });

  it('refuses to replace what cannot be read', () => {
    for (const name of ['manifest_beta.json', 'manifest_2.0.0.46.json']) {
      const error = failure(() => decidePublication(shelfOf({ [name]: '{' }), 'beta', TEXT));
      expect(error).toMatchObject({ code: 'manifest-conflict' });
    }
    expect(decidePublication(shelfOf({ 'manifest.json': '{' }), 'beta', TEXT).files).toHaveLength(2);
  });

  it('never takes a channel back, never changes what a version is, and comes to rest, whatever is published', () => {
    const publication = fc.record({
      version: fc.integer({ min: 1, max: 4 }).map((number) => `2.0.0.${number}`),
      channel: fc.constantFrom<Channel>('stable', 'beta'),
      build: fc.constantFrom('a', 'b'),
    });
    fc.assert(
      fc.property(fc.array(publication, { maxLength: 12 }), (publications) => {
        let files: Readonly<Record<string, string>> = {};
        const bytesOf = new Map<string, string>();
        for (const { version, channel, build } of publications) {
          const text = publishedManifest(version, channel, { build });
          const before = shelfOf(files);
          const change = failure(() => decidePublication(before, channel, text));
          const isOther = bytesOf.has(version) && bytesOf.get(version) !== build;
          if (change instanceof UpdateError) {
            expect(change.code).toBe('manifest-conflict');
            expect(isOther).toBe(true);
            continue;
          }
          expect(isOther).toBe(false);
          bytesOf.set(version, build);
          const after = apply(files, change as ReturnType<typeof decidePublication>);
          for (const name of Object.keys(files).filter((one) => /^manifest_\d/.test(one)))
            expect(after[name]).toBe(files[name]);
          for (const each of ['stable', 'beta'] as const) {
            const [old, now] = [before, shelfOf(after)].map(
              (shelf) => shelf.channels[each]?.manifest?.version,
            );
            if (old !== undefined && now !== undefined) expect(compareVersions(now, old)).not.toBe(-1);
          }
          expect(decidePublication(shelfOf(after), channel, text).files).toEqual([]);
          files = after;
        }
      }),
    );
  });
});

describe('standingOf', () => {
  it.each([
    ['2.0.0.45', 'superseded'],
    ['2.0.0.46', 'offered'],
    ['2.0.0.47', 'newer'],
  ])('%s is %s', (version, standing) => {
    const shelf = shelfOf({ 'manifest_beta.json': TEXT });
    expect(standingOf(shelf, 'beta', parseVersion(version))).toBe(standing);
    expect(standingOf(shelf, 'stable', parseVersion(version))).toBe('newer');
  });
});
