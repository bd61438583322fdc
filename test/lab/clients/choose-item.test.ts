import { describe, expect, test } from 'vitest';
import { chooseItem, type SparkleFacts } from '../../../src/lab/clients/choose-item.ts';
import type { AppcastItem } from '../../../src/lab/clients/read-appcast.ts';

const DAY = 24 * 60 * 60;
const RELEASED = Date.parse('2026-03-12T00:00:00Z');

function item(version: string, more: Partial<AppcastItem> = {}): AppcastItem {
  return {
    version,
    shortVersion: version,
    minimumSystemVersion: null,
    maximumSystemVersion: null,
    hardwareRequirements: null,
    channel: null,
    date: RELEASED,
    rolloutInterval: null,
    isCritical: false,
    minimumAutoupdateVersion: null,
    url: `https://github.com/x/${version}.dmg`,
    isPackage: false,
    hasSignature: false,
    ...more,
  };
}

const FACTS: SparkleFacts = {
  version: '2.0.0.31',
  macos: '15.5',
  architecture: 'arm64',
  channel: 'stable',
  group: 0,
  now: new Date(RELEASED + 3 * DAY * 1000),
};

interface Case {
  readonly items: readonly AppcastItem[];
  readonly facts?: Partial<SparkleFacts>;
}

function choose({ items, facts }: Case): string {
  const choice = chooseItem(items, { ...FACTS, ...facts });
  return choice.kind === 'update' ? `update ${choice.item.version}` : `${choice.kind} ${choice.reason}`;
}

const NEW = '2.0.0.46';

describe('what a scheduled check of Sparkle comes to', () => {
  test.each<[string, Case, string]>([
    ['a newer item', { items: [item(NEW)] }, `update ${NEW}`],
    [
      'the highest, wherever it stands',
      { items: [item('2.0.0.40'), item(NEW), item('1.9')] },
      `update ${NEW}`,
    ],
    ['no item', { items: [] }, 'none nothing-offered'],
    ['what is installed', { items: [item('2.0.0.31')] }, 'none up-to-date'],
    ['the same, written otherwise', { items: [item('2.0')], facts: { version: '2' } }, 'none up-to-date'],
    ['an older one', { items: [item('1.0.1')] }, 'none older'],
    [
      'a dotted version is below a whole-number build: never again an update',
      { items: [item(NEW)], facts: { version: '20600' } },
      'none older',
    ],
  ])('%s', (_, given, expected) => {
    expect(choose(given)).toBe(expected);
  });

  test('of two equal ones the first', () => {
    const first = item('2.0.0.46');
    const choice = chooseItem([first, item('2.0.0.46.0')], FACTS);
    expect(choice).toEqual({ kind: 'update', item: first });
  });
});

describe('macOS and processor', () => {
  const needs13 = item(NEW, { minimumSystemVersion: '13.0' });

  test.each<[string, Case, string]>([
    ['one that this Mac meets', { items: [needs13], facts: { macos: '13.0' } }, `update ${NEW}`],
    ['the same, written otherwise', { items: [needs13], facts: { macos: '13' } }, `update ${NEW}`],
    ['one that it does not', { items: [needs13], facts: { macos: '12.7.6' } }, 'held os-too-old'],
    [
      'then the highest of those that it meets',
      { items: [needs13, item('2.0.0.40', { minimumSystemVersion: '11.0' })], facts: { macos: '12.7' } },
      'update 2.0.0.40',
    ],
    ['a highest macOS', { items: [item(NEW, { maximumSystemVersion: '14' })] }, 'held os-too-new'],
    [
      'Apple silicon, on an Intel Mac',
      { items: [item(NEW, { hardwareRequirements: 'arm64' })], facts: { architecture: 'x86_64' } },
      'held arch-unsupported',
    ],
    ['Apple silicon, on one', { items: [item(NEW, { hardwareRequirements: 'arm64' })] }, `update ${NEW}`],
  ])('%s', (_, given, expected) => {
    expect(choose(given)).toBe(expected);
  });
});

describe('channels', () => {
  const beta = item('2.0.0.50', { channel: 'beta' });

  test.each<[string, Case, string]>([
    ['a marked item is not for who does not ask for it', { items: [beta] }, 'none nothing-offered'],
    ['but for who does', { items: [beta], facts: { channel: 'beta' } }, 'update 2.0.0.50'],
    ['a higher beta leaves the stable one', { items: [beta, item(NEW)] }, `update ${NEW}`],
    [
      'who asks for beta gets stable items too',
      { items: [item(NEW)], facts: { channel: 'beta' } },
      `update ${NEW}`,
    ],
    [
      'an unknown channel',
      { items: [item(NEW, { channel: 'x' })], facts: { channel: 'beta' } },
      'none nothing-offered',
    ],
  ])('%s', (_, given, expected) => {
    expect(choose(given)).toBe(expected);
  });
});

describe('a rollout: seven groups, one interval after the other', () => {
  const daily = item(NEW, { rolloutInterval: DAY });

  test.each([0, 1, 2, 3])('after three days group %i is let in', (group) => {
    expect(choose({ items: [daily], facts: { group } })).toBe(`update ${NEW}`);
  });

  test.each([4, 5, 6])('and group %i is not', (group) => {
    expect(choose({ items: [daily], facts: { group } })).toBe('held rollout');
  });

  test.each<[string, Partial<AppcastItem>]>([
    ['a critical item is for all', { isCritical: true }],
    ['one without a date, too', { date: null }],
  ])('%s', (_, more) => {
    expect(choose({ items: [{ ...daily, ...more }], facts: { group: 6 } })).toBe(`update ${NEW}`);
  });

  test('who is not let in gets the highest of the others', () => {
    expect(choose({ items: [daily, item('2.0.0.40')], facts: { group: 6 } })).toBe('update 2.0.0.40');
  });
});

describe('what may not be installed unasked', () => {
  const major = item('3.0', { minimumAutoupdateVersion: '2.5' });

  test.each<[string, Case, string]>([
    ['is announced below its minimum', { items: [major] }, 'held announced'],
    ['is installed from there on', { items: [major], facts: { version: '2.5' } }, 'update 3.0'],
    ['a lower one that may be goes before it', { items: [major, item(NEW)] }, `update ${NEW}`],
    ['an item without a download', { items: [item(NEW, { url: null })] }, 'held informational'],
  ])('%s', (_, given, expected) => {
    expect(choose(given)).toBe(expected);
  });
});
