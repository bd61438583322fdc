import { describe, expect, it } from 'vitest';
import type { OfferView } from '../../src/electron/window-contract.ts';
import { type ModelFacts, makeWindowModel } from '../../src/electron/window-model.ts';
import { parseWindowModel } from '../../src/electron/window-schema.ts';
import { UpdateError } from '../../src/errors.ts';
import type { LastInstall } from '../../src/install/last-install.ts';
import { type Offer, type Refusal, states, type UpdaterState } from '../../src/state.ts';

const OFFER: OfferView = {
  version: '2.0.0.46',
  size: 308_005_520,
  releaseDate: '2026-03-12T00:00:00Z',
  isCritical: false,
  notes: '# 2.0.0.46',
};
const FACTS: ModelFacts = {
  appName: 'Nexy',
  currentVersion: '2.0.0.45',
  channel: 'stable',
  lastCheckedAt: '2026-03-12T09:00:00Z',
  managed: { updatesOff: false, channel: null },
  languages: ['ru-RU', 'en'],
  offer: OFFER,
  minimumOs: '13.0',
  failedVersion: '2.0.0.46',
  before: states.idle(),
  refusal: null,
  installsOnQuit: true,
  paused: undefined,
  since: '2026-03-12T10:00:00Z',
  news: null,
  newsNotes: null,
  qa: null,
};
const DECISION: Offer = { action: 'update', reason: 'newer', message: 'Newer.', announceOnly: false };
const refusal = (action: Refusal['action'], reason: Refusal['reason']): Refusal => ({
  action,
  reason,
  message: 'Because.',
  announceOnly: false,
});
const PROGRESS = { transferred: 5, total: 10, bytesPerSecond: 2, secondsLeft: 3 };
const READY = states.ready({
  version: '2.0.0.46',
  needsAuthorization: false,
  download: {
    path: '/x',
    candidate: { url: 'https://x', kind: 'version-tag' },
    size: 1,
    sha256: '',
    bytesDownloaded: 1,
    resumedFrom: 0,
  },
});
const AVAILABLE = states.available({ version: '2.0.0.46', decision: DECISION });
const CHECKING = states.checking({ isManual: false, ready: null });
const NEWS = { from: '2.0.0.44', to: '2.0.0.45', at: '2026-03-11T00:00:00Z', message: 'It was.' } as const;

/** The view, read as the window reads it. */
function view(state: UpdaterState, facts: Partial<ModelFacts> = {}) {
  return parseWindowModel(structuredClone(makeWindowModel(state, { ...FACTS, ...facts }))).view;
}

describe('what the window shows', () => {
  const failed = states.failed({ error: new UpdateError('disk-full', 'No room.') });

  it.each<[UpdaterState, object]>([
    [states.idle(), { kind: 'idle' }],
    [states.checking({ isManual: true, ready: null }), { kind: 'checking' }],
    [states['not-available']({ decision: refusal('none', 'up-to-date') }), { kind: 'up-to-date' }],
    [states['not-available']({ decision: refusal('none', 'older') }), { kind: 'up-to-date' }],
    [
      states['not-available']({ decision: refusal('held', 'os-too-old') }),
      { kind: 'held', reason: 'os-too-old', message: 'Because.', version: '2.0.0.46', minimumOs: '13.0' },
    ],
    [
      states['not-available']({ decision: refusal('reject', 'manifest-rejected') }),
      {
        kind: 'failed',
        failure: { code: 'manifest-rejected', message: 'Because.', version: '2.0.0.46', at: FACTS.since },
      },
    ],
    [AVAILABLE, { kind: 'available', offer: OFFER }],
    [
      states.downloading({ version: '2.0.0.46', progress: PROGRESS }),
      { kind: 'downloading', offer: OFFER, progress: PROGRESS, isPaused: false },
    ],
    [
      states.preparing({ version: '2.0.0.46', step: 'staging' }),
      { kind: 'verifying', offer: OFFER, step: 'staging' },
    ],
    [READY, { kind: 'ready', offer: OFFER, needsAuthorization: false, installsOnQuit: true }],
    [states.authorizing({ version: '2.0.0.46' }), { kind: 'installing', offer: OFFER }],
    [states.quitting({ version: '2.0.0.46', relaunches: true }), { kind: 'installing', offer: OFFER }],
    [states.installing({ version: '2.0.0.46' }), { kind: 'installing', offer: OFFER }],
    [states.installed({ from: '2.0.0.45', to: '2.0.0.46' }), { kind: 'installing', offer: OFFER }],
    [
      failed,
      {
        kind: 'failed',
        failure: { code: 'disk-full', message: 'No room.', version: '2.0.0.46', at: FACTS.since },
      },
    ],
    [states['rolling-back'](), { kind: 'idle' }],
    [
      states['rolled-back']({ from: '2.0.0.46', to: '2.0.0.45' }),
      { kind: 'rolled-back', from: '2.0.0.45', to: '2.0.0.46', reason: 'requested' },
    ],
  ])('of %j', (state, expected) => expect(view(state)).toEqual(expected));

  it('says why a restart came to nothing, although the update is ready as before', () => {
    const refusal = { code: 'authorization-denied', message: 'You did not allow it.' };
    expect(view(READY, { refusal })).toEqual({
      kind: 'failed',
      failure: { ...refusal, version: '2.0.0.46', at: FACTS.since },
    });
  });

  it('is never installed on quit by itself where an administrator is needed, or nobody wants it', () => {
    const needing = states.ready({ ...READY, needsAuthorization: true });
    expect(view(needing)).toMatchObject({ needsAuthorization: true, installsOnQuit: false });
    expect(view(READY, { installsOnQuit: false })).toMatchObject({ installsOnQuit: false });
  });

  it('knows of a version what is known, before the check has answered', () => {
    expect(view(AVAILABLE, { offer: null })).toEqual({
      kind: 'available',
      offer: { version: '2.0.0.46', size: null, releaseDate: null, isCritical: false, notes: null },
    });
    expect(view(AVAILABLE, { offer: { ...OFFER, version: '2.0.0.44' } })).toMatchObject({
      offer: { version: '2.0.0.46', notes: null },
    });
  });

  it('is a paused download, though the updater has only an offer', () => {
    expect(view(AVAILABLE, { paused: PROGRESS })).toMatchObject({ isPaused: true, progress: PROGRESS });
    expect(view(AVAILABLE, { paused: null })).toMatchObject({ isPaused: true, progress: null });
  });

  it('stays what it was while a check goes on that nobody asked for', () => {
    expect(view(CHECKING)).toEqual({ kind: 'checking' });
    expect(view(CHECKING, { before: READY })).toMatchObject({ kind: 'ready' });
    expect(view(CHECKING, { before: failed })).toMatchObject({ kind: 'failed' });
    expect(view(CHECKING, { before: AVAILABLE, paused: PROGRESS })).toMatchObject({ isPaused: true });
    const asked = states.checking({ isManual: true, ready: '2.0.0.46' });
    expect(view(asked, { before: READY })).toEqual({ kind: 'checking' });
  });

  it('is that updates are off, whatever else there is', () => {
    const managed = { updatesOff: true, channel: null };
    expect(view(READY, { managed, news: { ...NEWS, outcome: 'installed' } })).toEqual({ kind: 'managed' });
  });

  it.each<[LastInstall, object]>([
    [
      { ...NEWS, outcome: 'installed' },
      { kind: 'installed', from: '2.0.0.44', offer: { version: '2.0.0.45', notes: '- Faster.' } },
    ],
    [
      { ...NEWS, outcome: 'rolled-back', reason: 'failed-starts' },
      { kind: 'rolled-back', from: '2.0.0.44', to: '2.0.0.45', reason: 'failed-starts' },
    ],
    [
      { ...NEWS, outcome: 'failed', code: 'swap-failed' },
      {
        kind: 'failed',
        failure: { code: 'swap-failed', message: 'It was.', version: '2.0.0.45', at: NEWS.at },
      },
    ],
  ])('is what became of the last install: %j', (news, expected) => {
    const facts = { news, newsNotes: '- Faster.' };
    expect(view(states.idle(), facts)).toMatchObject(expected);
    expect(view(CHECKING, facts)).toMatchObject(expected);
    expect(view(states['not-available']({ decision: refusal('none', 'up-to-date') }), facts)).toMatchObject(
      expected,
    );
    // What can be done now matters more than what was.
    expect(view(READY, facts)).toMatchObject({ kind: 'ready' });
  });

  it('holds what else the window needs, and QA only for QA', () => {
    expect(makeWindowModel(states.idle(), FACTS)).toEqual({
      view: { kind: 'idle' },
      appName: 'Nexy',
      currentVersion: '2.0.0.45',
      channel: 'stable',
      lastCheckedAt: '2026-03-12T09:00:00Z',
      managed: { updatesOff: false, channel: null },
      languages: ['ru-RU', 'en'],
      qa: null,
    });
  });
});
