import { describe, expect, it } from 'vitest';
import type { Decision } from '../src/check/decide.ts';
import { UpdateError } from '../src/errors.ts';
import { type StateKind, type StateOf, states, TRANSITIONS, tellApart, transition } from '../src/state.ts';

// The point of this file is that tsc checks it: an illegal transition does not compile, so that each row below
// `@ts-expect-error` must be an error, and the rows without it must be none. That they throw as well is for JavaScript.

const decision: Decision = {
  action: 'update',
  reason: 'newer',
  message: 'It is newer.',
  announceOnly: false,
};
const offer = tellApart(decision);
const refusal = tellApart({ ...decision, action: 'none', reason: 'up-to-date' });
if (offer.action !== 'update' || refusal.action === 'update') throw new Error('told apart wrongly');
const version = '2.0.0.46';
const download = {
  path: '/tmp/Nexy.dmg',
  candidate: { url: 'https://example.com/Nexy.dmg', kind: 'direct' },
  size: 1,
  sha256: '0'.repeat(64),
  bytesDownloaded: 1,
  resumedFrom: 0,
} as const;

const made: { readonly [Kind in StateKind]: StateOf<Kind> } = {
  idle: states.idle(),
  checking: states.checking({ isManual: false, ready: null }),
  'not-available': states['not-available']({ decision: refusal }),
  available: states.available({ version, decision: offer }),
  downloading: states.downloading({ version, progress: null }),
  preparing: states.preparing({ version, step: 'opening' }),
  ready: states.ready({ version, needsAuthorization: false, download }),
  authorizing: states.authorizing({ version }),
  quitting: states.quitting({ version, relaunches: true }),
  installing: states.installing({ version }),
  installed: states.installed({ from: '2.0.0.45', to: version }),
  failed: states.failed({ error: new UpdateError('disk-full', 'There is no space left.') }),
  'rolling-back': states['rolling-back'](),
  'rolled-back': states['rolled-back']({ from: version, to: '2.0.0.45' }),
};

const legal = [
  () => transition(made.idle, made.checking),
  () => transition(made.idle, made['rolling-back']),
  () => transition(made.checking, made.idle),
  () => transition(made.checking, made['not-available']),
  () => transition(made.checking, made.available),
  () => transition(made.checking, made.ready),
  () => transition(made.checking, made.installed),
  () => transition(made.checking, made.failed),
  () => transition(made.checking, made['rolled-back']),
  () => transition(made['not-available'], made.checking),
  () => transition(made['not-available'], made['rolling-back']),
  () => transition(made.available, made.checking),
  () => transition(made.available, made.downloading),
  () => transition(made.available, made['rolling-back']),
  () => transition(made.downloading, made.available),
  () => transition(made.downloading, made.downloading),
  () => transition(made.downloading, made.preparing),
  () => transition(made.downloading, made.failed),
  () => transition(made.preparing, made.available),
  () => transition(made.preparing, made.preparing),
  () => transition(made.preparing, made.ready),
  () => transition(made.preparing, made.failed),
  () => transition(made.ready, made.checking),
  () => transition(made.ready, made.available),
  () => transition(made.ready, made.authorizing),
  () => transition(made.ready, made.quitting),
  () => transition(made.ready, made.installing),
  () => transition(made.authorizing, made.ready),
  () => transition(made.authorizing, made.quitting),
  () => transition(made.quitting, made.ready),
  () => transition(made.quitting, made.installing),
  () => transition(made.installing, made.ready),
  () => transition(made.installing, made.installed),
  () => transition(made.installing, made.failed),
  () => transition(made.installed, made.checking),
  () => transition(made.installed, made['rolling-back']),
  () => transition(made.failed, made.checking),
  () => transition(made.failed, made.downloading),
  () => transition(made.failed, made['rolling-back']),
  () => transition(made['rolling-back'], made.idle),
  () => transition(made['rolling-back'], made.failed),
  () => transition(made['rolling-back'], made['rolled-back']),
  () => transition(made['rolled-back'], made.checking),
];

const illegal = [
  // @ts-expect-error
  () => transition(made.idle, made.idle),
  // @ts-expect-error
  () => transition(made.idle, made['not-available']),
  // @ts-expect-error
  () => transition(made.idle, made.available),
  // @ts-expect-error
  () => transition(made.idle, made.downloading),
  // @ts-expect-error
  () => transition(made.idle, made.preparing),
  // @ts-expect-error
  () => transition(made.idle, made.ready),
  // @ts-expect-error
  () => transition(made.idle, made.authorizing),
  // @ts-expect-error
  () => transition(made.idle, made.quitting),
  // @ts-expect-error
  () => transition(made.idle, made.installing),
  // @ts-expect-error
  () => transition(made.idle, made.installed),
  // @ts-expect-error
  () => transition(made.idle, made.failed),
  // @ts-expect-error
  () => transition(made.idle, made['rolled-back']),
  // @ts-expect-error
  () => transition(made.checking, made.checking),
  // @ts-expect-error
  () => transition(made.checking, made.downloading),
  // @ts-expect-error
  () => transition(made.checking, made.preparing),
  // @ts-expect-error
  () => transition(made.checking, made.authorizing),
  // @ts-expect-error
  () => transition(made.checking, made.quitting),
  // @ts-expect-error
  () => transition(made.checking, made.installing),
  // @ts-expect-error
  () => transition(made.checking, made['rolling-back']),
  // @ts-expect-error
  () => transition(made['not-available'], made.idle),
  // @ts-expect-error
  () => transition(made['not-available'], made['not-available']),
  // @ts-expect-error
  () => transition(made['not-available'], made.available),
  // @ts-expect-error
  () => transition(made['not-available'], made.downloading),
  // @ts-expect-error
  () => transition(made['not-available'], made.preparing),
  // @ts-expect-error
  () => transition(made['not-available'], made.ready),
  // @ts-expect-error
  () => transition(made['not-available'], made.authorizing),
  // @ts-expect-error
  () => transition(made['not-available'], made.quitting),
  // @ts-expect-error
  () => transition(made['not-available'], made.installing),
  // @ts-expect-error
  () => transition(made['not-available'], made.installed),
  // @ts-expect-error
  () => transition(made['not-available'], made.failed),
  // @ts-expect-error
  () => transition(made['not-available'], made['rolled-back']),
  // @ts-expect-error
  () => transition(made.available, made.idle),
  // @ts-expect-error
  () => transition(made.available, made['not-available']),
  // @ts-expect-error
  () => transition(made.available, made.available),
  // @ts-expect-error
  () => transition(made.available, made.preparing),
  // @ts-expect-error
  () => transition(made.available, made.ready),
  // @ts-expect-error
  () => transition(made.available, made.authorizing),
  // @ts-expect-error
  () => transition(made.available, made.quitting),
  // @ts-expect-error
  () => transition(made.available, made.installing),
  // @ts-expect-error
  () => transition(made.available, made.installed),
  // @ts-expect-error
  () => transition(made.available, made.failed),
  // @ts-expect-error
  () => transition(made.available, made['rolled-back']),
  // @ts-expect-error
  () => transition(made.downloading, made.idle),
  // @ts-expect-error
  () => transition(made.downloading, made.checking),
  // @ts-expect-error
  () => transition(made.downloading, made['not-available']),
  // @ts-expect-error
  () => transition(made.downloading, made.ready),
  // @ts-expect-error
  () => transition(made.downloading, made.authorizing),
  // @ts-expect-error
  () => transition(made.downloading, made.quitting),
  // @ts-expect-error
  () => transition(made.downloading, made.installing),
  // @ts-expect-error
  () => transition(made.downloading, made.installed),
  // @ts-expect-error
  () => transition(made.downloading, made['rolling-back']),
  // @ts-expect-error
  () => transition(made.downloading, made['rolled-back']),
  // @ts-expect-error
  () => transition(made.preparing, made.idle),
  // @ts-expect-error
  () => transition(made.preparing, made.checking),
  // @ts-expect-error
  () => transition(made.preparing, made['not-available']),
  // @ts-expect-error
  () => transition(made.preparing, made.downloading),
  // @ts-expect-error
  () => transition(made.preparing, made.authorizing),
  // @ts-expect-error
  () => transition(made.preparing, made.quitting),
  // @ts-expect-error
  () => transition(made.preparing, made.installing),
  // @ts-expect-error
  () => transition(made.preparing, made.installed),
  // @ts-expect-error
  () => transition(made.preparing, made['rolling-back']),
  // @ts-expect-error
  () => transition(made.preparing, made['rolled-back']),
  // @ts-expect-error
  () => transition(made.ready, made.idle),
  // @ts-expect-error
  () => transition(made.ready, made['not-available']),
  // @ts-expect-error
  () => transition(made.ready, made.downloading),
  // @ts-expect-error
  () => transition(made.ready, made.preparing),
  // @ts-expect-error
  () => transition(made.ready, made.ready),
  // @ts-expect-error
  () => transition(made.ready, made.installed),
  // @ts-expect-error
  () => transition(made.ready, made.failed),
  // @ts-expect-error
  () => transition(made.ready, made['rolling-back']),
  // @ts-expect-error
  () => transition(made.ready, made['rolled-back']),
  // @ts-expect-error
  () => transition(made.authorizing, made.idle),
  // @ts-expect-error
  () => transition(made.authorizing, made.checking),
  // @ts-expect-error
  () => transition(made.authorizing, made['not-available']),
  // @ts-expect-error
  () => transition(made.authorizing, made.available),
  // @ts-expect-error
  () => transition(made.authorizing, made.downloading),
  // @ts-expect-error
  () => transition(made.authorizing, made.preparing),
  // @ts-expect-error
  () => transition(made.authorizing, made.authorizing),
  // @ts-expect-error
  () => transition(made.authorizing, made.installing),
  // @ts-expect-error
  () => transition(made.authorizing, made.installed),
  // @ts-expect-error
  () => transition(made.authorizing, made.failed),
  // @ts-expect-error
  () => transition(made.authorizing, made['rolling-back']),
  // @ts-expect-error
  () => transition(made.authorizing, made['rolled-back']),
  // @ts-expect-error
  () => transition(made.quitting, made.idle),
  // @ts-expect-error
  () => transition(made.quitting, made.checking),
  // @ts-expect-error
  () => transition(made.quitting, made['not-available']),
  // @ts-expect-error
  () => transition(made.quitting, made.available),
  // @ts-expect-error
  () => transition(made.quitting, made.downloading),
  // @ts-expect-error
  () => transition(made.quitting, made.preparing),
  // @ts-expect-error
  () => transition(made.quitting, made.authorizing),
  // @ts-expect-error
  () => transition(made.quitting, made.quitting),
  // @ts-expect-error
  () => transition(made.quitting, made.installed),
  // @ts-expect-error
  () => transition(made.quitting, made.failed),
  // @ts-expect-error
  () => transition(made.quitting, made['rolling-back']),
  // @ts-expect-error
  () => transition(made.quitting, made['rolled-back']),
  // @ts-expect-error
  () => transition(made.installing, made.idle),
  // @ts-expect-error
  () => transition(made.installing, made.checking),
  // @ts-expect-error
  () => transition(made.installing, made['not-available']),
  // @ts-expect-error
  () => transition(made.installing, made.available),
  // @ts-expect-error
  () => transition(made.installing, made.downloading),
  // @ts-expect-error
  () => transition(made.installing, made.preparing),
  // @ts-expect-error
  () => transition(made.installing, made.authorizing),
  // @ts-expect-error
  () => transition(made.installing, made.quitting),
  // @ts-expect-error
  () => transition(made.installing, made.installing),
  // @ts-expect-error
  () => transition(made.installing, made['rolling-back']),
  // @ts-expect-error
  () => transition(made.installing, made['rolled-back']),
  // @ts-expect-error
  () => transition(made.installed, made.idle),
  // @ts-expect-error
  () => transition(made.installed, made['not-available']),
  // @ts-expect-error
  () => transition(made.installed, made.available),
  // @ts-expect-error
  () => transition(made.installed, made.downloading),
  // @ts-expect-error
  () => transition(made.installed, made.preparing),
  // @ts-expect-error
  () => transition(made.installed, made.ready),
  // @ts-expect-error
  () => transition(made.installed, made.authorizing),
  // @ts-expect-error
  () => transition(made.installed, made.quitting),
  // @ts-expect-error
  () => transition(made.installed, made.installing),
  // @ts-expect-error
  () => transition(made.installed, made.installed),
  // @ts-expect-error
  () => transition(made.installed, made.failed),
  // @ts-expect-error
  () => transition(made.installed, made['rolled-back']),
  // @ts-expect-error
  () => transition(made.failed, made.idle),
  // @ts-expect-error
  () => transition(made.failed, made['not-available']),
  // @ts-expect-error
  () => transition(made.failed, made.available),
  // @ts-expect-error
  () => transition(made.failed, made.preparing),
  // @ts-expect-error
  () => transition(made.failed, made.ready),
  // @ts-expect-error
  () => transition(made.failed, made.authorizing),
  // @ts-expect-error
  () => transition(made.failed, made.quitting),
  // @ts-expect-error
  () => transition(made.failed, made.installing),
  // @ts-expect-error
  () => transition(made.failed, made.installed),
  // @ts-expect-error
  () => transition(made.failed, made.failed),
  // @ts-expect-error
  () => transition(made.failed, made['rolled-back']),
  // @ts-expect-error
  () => transition(made['rolling-back'], made.checking),
  // @ts-expect-error
  () => transition(made['rolling-back'], made['not-available']),
  // @ts-expect-error
  () => transition(made['rolling-back'], made.available),
  // @ts-expect-error
  () => transition(made['rolling-back'], made.downloading),
  // @ts-expect-error
  () => transition(made['rolling-back'], made.preparing),
  // @ts-expect-error
  () => transition(made['rolling-back'], made.ready),
  // @ts-expect-error
  () => transition(made['rolling-back'], made.authorizing),
  // @ts-expect-error
  () => transition(made['rolling-back'], made.quitting),
  // @ts-expect-error
  () => transition(made['rolling-back'], made.installing),
  // @ts-expect-error
  () => transition(made['rolling-back'], made.installed),
  // @ts-expect-error
  () => transition(made['rolling-back'], made['rolling-back']),
  // @ts-expect-error
  () => transition(made['rolled-back'], made.idle),
  // @ts-expect-error
  () => transition(made['rolled-back'], made['not-available']),
  // @ts-expect-error
  () => transition(made['rolled-back'], made.available),
  // @ts-expect-error
  () => transition(made['rolled-back'], made.downloading),
  // @ts-expect-error
  () => transition(made['rolled-back'], made.preparing),
  // @ts-expect-error
  () => transition(made['rolled-back'], made.ready),
  // @ts-expect-error
  () => transition(made['rolled-back'], made.authorizing),
  // @ts-expect-error
  () => transition(made['rolled-back'], made.quitting),
  // @ts-expect-error
  () => transition(made['rolled-back'], made.installing),
  // @ts-expect-error
  () => transition(made['rolled-back'], made.installed),
  // @ts-expect-error
  () => transition(made['rolled-back'], made.failed),
  // @ts-expect-error
  () => transition(made['rolled-back'], made['rolling-back']),
  // @ts-expect-error
  () => transition(made['rolled-back'], made['rolled-back']),
];

describe('the transitions of an update', () => {
  it('are those of the table, and no others', () => {
    const kinds = Object.keys(TRANSITIONS).length;
    expect(legal.length + illegal.length).toBe(kinds * kinds);
    expect(legal.length).toBe(Object.values(TRANSITIONS).flat().length);
  });

  it('give the next state when they are legal', () => {
    for (const step of legal) expect(Object.values(made)).toContain(step());
  });

  it('throw when they are not', () => {
    const refused = illegal.map((step) => {
      try {
        return step();
      } catch (error) {
        return String(error);
      }
    });
    expect(new Set(refused).size).toBe(illegal.length);
    for (const each of refused)
      expect(each).toMatch(/^Error: An update cannot go from "[a-z-]+" to "[a-z-]+"\.$/);
  });

  it('of a union are those that all its members have', () => {
    const either = made.available as StateOf<'available' | 'ready'>;
    expect(transition(either, made.checking)).toBe(made.checking);
    // @ts-expect-error: nothing is downloaded from `ready`
    expect(transition(either, made.downloading)).toBe(made.downloading);
  });
});

describe('a state', () => {
  it('cannot be made but by its constructor', () => {
    // @ts-expect-error: an object that only looks like one
    const forged: StateOf<'installing'> = { kind: 'installing', version };
    expect(forged).toEqual(made.installing);
    // @ts-expect-error: without what belongs to it
    states.installed({ from: '2.0.0.45' });
    // @ts-expect-error: an update is not available for a reason against it
    states.available({ version, decision: refusal });
    // @ts-expect-error: nor unavailable for a reason for it
    states['not-available']({ decision: offer });
  });

  it('is plain data that cannot be changed, and can be sent to a window', () => {
    for (const state of Object.values(made)) expect(Object.isFrozen(state)).toBe(true);
    const { failed: _, ...sent } = made;
    expect(structuredClone(sent)).toEqual(sent);
  });
});
