import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type DraftMarker,
  draftBody,
  judgeDraft,
  LIFELESS_AFTER,
  lastSignOfLife,
  type Observer,
  type RunIdentity,
  readMarker,
} from '../../../src/release/publication/marker.ts';
import { makeIdentity } from '../../support/publish-world.ts';

const NOW = Date.parse('2026-11-24T12:00:00Z');
const HOUR = 3_600_000;

const identities: fc.Arbitrary<RunIdentity> = fc.record({
  runId: fc.uuid(),
  host: fc.constantFrom('here', 'there', 'a-->b', '<!-- x'),
  system: fc.constantFrom(null, 'boot-1', 'boot-2'),
  pid: fc.integer({ min: 1, max: 5 }),
  processStart: fc.constantFrom(null, '10', '20'),
  ci: fc.option(fc.record({ run: fc.constantFrom('7', '8'), attempt: fc.integer({ min: 1, max: 3 }) })),
});

const markers: fc.Arbitrary<DraftMarker> = fc
  .tuple(identities, fc.integer({ min: NOW - 10 * HOUR, max: NOW }), fc.string())
  .map(([identity, startedAt, name]) => ({
    ...identity,
    startedAt,
    assets: [{ name, size: 3, sha256: 'ab'.repeat(32) }],
  }));

function draft(
  marker: DraftMarker | null,
  ages: Partial<{ createdAt: number; assets: { updatedAt: number }[] }> = {},
) {
  return {
    body: marker === null ? 'By hand.' : draftBody('v1.0', marker),
    createdAt: NOW,
    assets: [],
    ...ages,
  };
}

function observer(parts: Partial<Observer> = {}): Observer {
  return { identity: makeIdentity({ host: 'here' }), now: NOW, isRunning: () => true, ...parts };
}

describe('the marker in a draft', () => {
  it('can be read back, whatever it holds, and also after a browser has changed the line ends', () => {
    fc.assert(
      fc.property(markers, (marker) => {
        const body = draftBody('v1.0', marker);
        expect(readMarker(body)).toEqual(marker);
        expect(readMarker(body.replaceAll('\n', '\r\n'))).toEqual(marker);
        // Nothing in it ends the comment early, so that people see the sentence only.
        expect(body.match(/-->/g)).toHaveLength(1);
        expect(body.match(/<!--/g)).toHaveLength(1);
      }),
    );
  });

  it('is not seen in what is no marker', () => {
    fc.assert(fc.property(fc.string(), (text) => void expect(readMarker(text)).toBeNull()));
    const body = draftBody('v1.0', { ...makeIdentity(), startedAt: NOW, assets: [] });
    for (const damaged of [
      body.replace('"pid":', '"pid":"x",'),
      body.replace('{', '{{'),
      body.replace('"runId"', '"id"'),
      body.replace(/"host":"[^"]*"/, '"host":5'),
      body.replace('nexy-release {', 'other-program {'),
    ]) {
      expect(readMarker(damaged), damaged).toBeNull();
    }
  });

  it('says to people what the draft is', () => {
    expect(draftBody('v2.0.0.46', { ...makeIdentity(), startedAt: NOW, assets: [] })).toMatch(
      /^nexy-release is publishing v2\.0\.0\.46\. .*leave it alone/,
    );
  });
});

describe('whose a draft is', () => {
  const identity = makeIdentity({ host: 'here', system: 'boot-1', ci: { run: '7', attempt: 2 } });
  const other = (parts: Partial<DraftMarker> = {}): DraftMarker => ({
    ...makeIdentity({ host: 'here', system: 'boot-1' }),
    startedAt: NOW,
    assets: [],
    ...parts,
  });
  const gone = { identity, now: NOW, isRunning: () => false };
  const running = { identity, now: NOW, isRunning: () => true };

  it.each([
    ['by-hand', null, gone],
    ['ours', other({ runId: identity.runId }), gone],
    ['dead', other(), gone],
    ['alive', other(), running],
    ['alive', other({ host: 'there' }), gone],
    // A name outlives a restart, and containers may share one.
    ['alive', other({ system: 'boot-2' }), gone],
    ['alive', other({ system: null }), gone],
    ['dead', other({ host: 'there', ci: { run: '7', attempt: 1 } }), running],
    ['alive', other({ host: 'there', ci: { run: '7', attempt: 2 } }), running],
    ['alive', other({ host: 'there', ci: { run: '7', attempt: 3 } }), running],
    ['alive', other({ host: 'there', ci: { run: '8', attempt: 1 } }), running],
  ] as const)('%s: %j', (standing, marker, seen) => {
    expect(judgeDraft(draft(marker), seen)).toBe(standing);
  });

  it('asks for the process by its number and its start', () => {
    const asked: unknown[] = [];
    judgeDraft(draft(other({ pid: 42, processStart: '77' })), {
      ...running,
      isRunning: (...parts) => {
        asked.push(parts);
        return true;
      },
    });
    expect(asked).toEqual([[42, '77']]);
  });

  it.each([
    ['dead', {}, LIFELESS_AFTER + 1],
    ['alive', {}, LIFELESS_AFTER],
    ['alive', { assets: [{ updatedAt: NOW - HOUR }] }, 9 * HOUR],
    ['alive', { createdAt: NOW - HOUR }, 9 * HOUR],
  ])('%s with the signs of life %j when it was begun %i ms ago', (standing, signs, age) => {
    const marker = other({ host: 'there', startedAt: NOW - age });
    expect(judgeDraft(draft(marker, { createdAt: NOW - age, ...signs }), running)).toBe(standing);
  });

  it('does not count what lies in the future as a sign of life', () => {
    const marker = other({ host: 'there', startedAt: NOW + 99 * HOUR });
    expect(judgeDraft(draft(marker, { createdAt: NOW - 7 * HOUR }), running)).toBe('dead');
    expect(lastSignOfLife(draft(marker, { createdAt: NOW - 7 * HOUR }), NOW)).toBe(NOW - 7 * HOUR);
  });

  it('does not take the date of an old commit for that of the draft', () => {
    expect(judgeDraft(draft(other({ host: 'there' }), { createdAt: NOW - 900 * HOUR }), running)).toBe(
      'alive',
    );
  });

  it('a run’s own draft and one by hand are never called dead, and one on a running process never without age', () => {
    fc.assert(
      fc.property(markers, identities, fc.boolean(), (marker, me, isRunning) => {
        const seen = observer({ identity: me, isRunning: () => isRunning });
        const standing = judgeDraft(draft(marker), seen);
        if (marker.runId === me.runId) expect(standing).toBe('ours');
        if (isRunning && (marker.ci === null || me.ci === null)) expect(standing).not.toBe('dead');
        expect(standing).not.toBe('by-hand');
        expect(judgeDraft(draft(null), seen)).toBe('by-hand');
      }),
    );
  });
});
