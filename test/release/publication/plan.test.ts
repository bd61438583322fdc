import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AssetFacts, AssetName } from '../../../src/release/asset.ts';
import {
  type HostedAsset,
  isTagOf,
  planRelease,
  reviewDraft,
} from '../../../src/release/publication/plan.ts';
import { parseVersion } from '../../../src/version.ts';

const VERSION = parseVersion('2.0.0.46');
const TAG = 'v2.0.0.46';
const A = 'a'.repeat(64);
const B = 'b'.repeat(64);

const DMG: AssetFacts = { name: 'Nexy.dmg', size: 10, sha256: A };
const PKG: AssetFacts = { name: 'Nexy.pkg', size: 20, sha256: B };
const NOTES: AssetFacts = { name: 'LATEST_CHANGES.md', size: 3, sha256: A };
const INBOX = [DMG, PKG, NOTES];

const whole = (facts: AssetFacts): HostedAsset => ({ ...facts, state: 'uploaded' });
const release = (assets: readonly HostedAsset[], tag = TAG, id = 1) => ({ id, tag, assets });
const draft = (standing: 'ours' | 'dead' | 'alive' | 'by-hand', id = 9) => ({ id, tag: TAG, standing });

const names = fc.constantFrom<AssetName>('Nexy.dmg', 'Nexy.pkg', 'LATEST_CHANGES.md');
const facts = fc.record({ name: names, size: fc.integer({ min: 1, max: 3 }), sha256: fc.constantFrom(A, B) });
const inboxes = fc.uniqueArray(facts, { minLength: 1, selector: ({ name }) => name });
const hosted: fc.Arbitrary<HostedAsset> = fc.record({
  name: fc.oneof(names, fc.constant('other.zip')),
  size: fc.integer({ min: 1, max: 3 }),
  sha256: fc.constantFrom(A, B, null),
  state: fc.constantFrom('uploaded', 'uploaded', 'uploaded', 'starter'),
});
const published = fc.array(
  fc.record({
    id: fc.integer({ min: 1 }),
    tag: fc.constantFrom(TAG, TAG, 'v2.0.0.046'),
    assets: fc.uniqueArray(hosted, { selector: ({ name }) => name }),
  }),
  { maxLength: 2 },
);
const drafts = fc.array(
  fc
    .constantFrom<'ours' | 'dead' | 'alive' | 'by-hand'>('ours', 'dead', 'alive', 'by-hand')
    .map((each) => draft(each)),
  { maxLength: 3 },
);

describe('the plan for a version', () => {
  it('is to upload all where nothing is there, or only drafts of publishers', () => {
    for (const seen of [[], [draft('ours')], [draft('dead'), draft('alive')]]) {
      const plan = planRelease(VERSION, INBOX, { published: [], drafts: seen });
      expect(plan).toMatchObject({ kind: 'publish' });
      expect(plan.assets.map(({ asset, action }) => [asset, action])).toEqual(
        INBOX.map(({ name }) => [name, 'upload']),
      );
    }
  });

  it('is to skip all where all is there', () => {
    const plan = planRelease(VERSION, INBOX, {
      published: [release(INBOX.map(whole))],
      drafts: [draft('by-hand')],
    });
    expect(plan).toMatchObject({ kind: 'published', release: { id: 1 } });
    for (const { action, reason } of plan.assets) {
      expect([action, reason]).toEqual(['skip', `already published, skip (tag=${TAG})`]);
    }
  });

  it.each([
    ['another digest', [whole({ ...DMG, sha256: B }), whole(PKG), whole(NOTES)], 'asset-conflict', [A, B]],
    [
      'another size',
      [whole({ ...DMG, size: 11 }), whole(PKG), whole(NOTES)],
      'asset-conflict',
      ['11 bytes', '10 bytes'],
    ],
    [
      'an unknown digest',
      [{ ...whole(DMG), sha256: null }, whole(PKG), whole(NOTES)],
      'asset-conflict',
      ['unknown', A],
    ],
    [
      'another file',
      [...INBOX.map(whole), whole({ ...DMG, name: 'Nexy.zip' as AssetName })],
      'asset-conflict',
      ['"Nexy.zip"'],
    ],
    ['a file missing', [whole(DMG), whole(NOTES)], 'incomplete-release', ['Nexy.pkg']],
    [
      'a file that is broken',
      [{ ...whole(DMG), state: 'starter' }, whole(PKG), whole(NOTES)],
      'incomplete-release',
      ['Nexy.dmg'],
    ],
    ['a file missing and one that differs', [whole({ ...DMG, sha256: B })], 'asset-conflict', [A, B]],
  ])('is a refusal for a published release with %s', (_, assets, code, words) => {
    const plan = planRelease(VERSION, INBOX, { published: [release(assets)], drafts: [] });
    expect(plan).toMatchObject({ kind: 'refused', error: { code, details: { tag: TAG } } });
    const message = plan.kind === 'refused' ? plan.error.message : '';
    for (const word of words) expect(message).toContain(word);
    expect(message).toContain('Nothing was uploaded and nothing deleted');
  });

  it.each([
    [
      'two published releases',
      [release(INBOX.map(whole)), release(INBOX.map(whole), TAG, 2)],
      [],
      'duplicate-releases',
    ],
    [
      'the version under another spelling',
      [release(INBOX.map(whole), 'v2.0.0.46.0')],
      [],
      'duplicate-releases',
    ],
    ['a draft by hand', [], [draft('alive'), draft('by-hand')], 'release-in-progress'],
  ])('is a refusal for %s', (_, releases, seen, code) => {
    const plan = planRelease(VERSION, INBOX, { published: releases, drafts: seen });
    expect(plan).toMatchObject({ kind: 'refused', error: { code } });
  });

  it('never touches what is published, and calls only equal bytes published', () => {
    fc.assert(
      fc.property(inboxes, published, drafts, (inbox, releases, seen) => {
        const plan = planRelease(VERSION, inbox, { published: releases, drafts: seen });
        expect(plan.assets.map(({ asset }) => asset)).toEqual(inbox.map(({ name }) => name));
        if (releases.length > 0) expect(plan.kind).not.toBe('publish');
        const [first] = releases;
        const isEqual =
          releases.length === 1 &&
          first?.tag === TAG &&
          first.assets.length === inbox.length &&
          inbox.every((each) =>
            first.assets.some(
              ({ name, size, sha256, state }) =>
                name === each.name && size === each.size && sha256 === each.sha256 && state === 'uploaded',
            ),
          );
        expect(plan.kind === 'published').toBe(isEqual);
        const isFree = releases.length === 0 && seen.every(({ standing }) => standing !== 'by-hand');
        expect(plan.kind === 'publish').toBe(isFree);
      }),
    );
  });
});

describe('the review of a draft of one’s own', () => {
  it('finds nothing to do exactly where the files are equal, each once', () => {
    fc.assert(
      fc.property(inboxes, fc.array(hosted, { maxLength: 5 }), (inbox, found) => {
        const { missing, broken, unproven } = reviewDraft(inbox, found);
        const isDone = missing.length + broken.length + unproven.length === 0;
        const isEqual =
          found.length === inbox.length &&
          inbox.every((each) =>
            found.some(
              ({ name, size, sha256, state }) =>
                name === each.name && size === each.size && sha256 === each.sha256 && state === 'uploaded',
            ),
          );
        expect(isDone).toBe(isEqual);
      }),
    );
  });

  it('once what it calls broken is deleted and what is missing is uploaded, leaves nothing to do', () => {
    fc.assert(
      fc.property(inboxes, fc.array(hosted, { maxLength: 5 }), (inbox, found) => {
        const { missing, broken } = reviewDraft(inbox, found);
        const after = [...found.filter((asset) => !broken.includes(asset)), ...missing.map(whole)];
        expect(reviewDraft(inbox, after)).toMatchObject({ missing: [], broken: [] });
      }),
    );
  });
});

describe('a tag of a version', () => {
  it.each([
    ['v2.0.0.46', '2.0.0.46', true],
    ['v2.1', '2.1.0.0', true],
    ['v2.1.0', '2.1', true],
    ['V2.1', '2.1', false],
    ['2.1', '2.1', false],
    ['v2.1-beta', '2.1', false],
    ['Update', '2.1', false],
  ])('%s of %s: %s', (tag, version, expected) => expect(isTagOf(parseVersion(version), tag)).toBe(expected));
});
