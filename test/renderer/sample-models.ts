import type { OfferView, UpdateView, WindowModel } from '../../src/electron/window-contract.ts';
import { DECISION_REASONS } from '../../src/errors.ts';
import { FAILURE_TOPICS, type FailureTopic, failureTopic } from '../../src/texts/failure-topic.ts';

export const NOTES = `# Nexy 2.0.0.46

A calmer voice, and **fewer interruptions**. [All changes](https://example.com/changes?from=45&to=46)

## New
- Answers in \`Markdown\`, read out by VoiceOver heading by heading
- A shortcut for the microphone: <kbd>Option</kbd> and <kbd>Space</kbd>

#### Fixed
1. The tray icon after waking up
2. ~~Two~~ Three memory leaks

> Please tell us what you think.

| Mac | From | To | Time until the first word, in milliseconds |
| --- | --- | --- | --- |
| Apple silicon | 410 | 260 | on average over thirty days |
| Intel | 900 | 720 | on average over thirty days |
`;

export const OFFER: OfferView = {
  version: '2.0.0.46',
  size: 308_005_520,
  releaseDate: '2026-03-12T09:00:00Z',
  isCritical: false,
  notes: NOTES,
};

const CRITICAL: OfferView = { ...OFFER, isCritical: true };
const BARE: OfferView = { ...OFFER, size: null, releaseDate: null, notes: null };

function failed(code: string, version: string | null = '2.0.0.46'): UpdateView {
  const message = `The updater's own words about ${code}: https://github.com/Seregawpn/Nexy_production/releases/download/v2.0.0.46/Nexy.dmg`;
  return { kind: 'failed', failure: { code, message, version, at: '2026-11-24T09:30:00Z' } };
}

export function held(reason: (typeof DECISION_REASONS)[number]): UpdateView {
  const minimumOs = reason === 'os-too-old' ? '14.0' : null;
  const message = `Version 2.0.0.46 is held back (${reason}).`;
  return { kind: 'held', reason, message, version: '2.0.0.46', minimumOs };
}

export function downloading(transferred: number, isPaused = false): UpdateView {
  const total = 308_005_520;
  const bytesPerSecond = 5_300_000;
  const progress = {
    transferred,
    total,
    bytesPerSecond,
    secondsLeft: (total - transferred) / bytesPerSecond,
  };
  return { kind: 'downloading', offer: OFFER, progress, isPaused };
}

/** One code for each topic. */
const CODES: Readonly<Partial<Record<FailureTopic, string>>> = Object.fromEntries(
  [...Object.keys(FAILURE_TOPICS), 'a-code-of-tomorrow'].map((code) => [failureTopic(code), code]),
);

const STATES: Readonly<Record<UpdateView['kind'], Readonly<Record<string, UpdateView>>>> = {
  idle: { idle: { kind: 'idle' } },
  checking: { checking: { kind: 'checking' } },
  'up-to-date': { 'up-to-date': { kind: 'up-to-date' } },
  available: {
    available: { kind: 'available', offer: OFFER },
    'available-critical': { kind: 'available', offer: CRITICAL },
    'available-bare': { kind: 'available', offer: BARE },
  },
  downloading: {
    'downloading-start': { kind: 'downloading', offer: OFFER, progress: null, isPaused: false },
    downloading: downloading(123_000_000),
    'downloading-paused': downloading(123_000_000, true),
  },
  verifying: {
    'verifying-opening': { kind: 'verifying', offer: OFFER, step: 'opening' },
    verifying: { kind: 'verifying', offer: OFFER, step: 'verifying' },
    'verifying-staging': { kind: 'verifying', offer: BARE, step: 'staging' },
  },
  ready: {
    ready: { kind: 'ready', offer: OFFER, needsAuthorization: false, installsOnQuit: true },
    'ready-not-on-quit': { kind: 'ready', offer: BARE, needsAuthorization: false, installsOnQuit: false },
    'ready-password': { kind: 'ready', offer: CRITICAL, needsAuthorization: true, installsOnQuit: false },
  },
  installing: { installing: { kind: 'installing', offer: OFFER } },
  failed: Object.fromEntries(
    Object.entries(CODES).map(([topic, code]) => [`failed-${topic}`, failed(code)] as const),
  ),
  held: Object.fromEntries(DECISION_REASONS.map((reason) => [`held-${reason}`, held(reason)] as const)),
  managed: { managed: { kind: 'managed' } },
  installed: {
    installed: { kind: 'installed', from: '2.0.0.45', offer: OFFER },
    'installed-bare': { kind: 'installed', from: '2.0.0.45', offer: BARE },
  },
  'rolled-back': Object.fromEntries(
    (['failed-starts', 'requested', 'interrupted', 'package-failed'] as const).map((reason) => [
      `rolled-back-${reason}`,
      { kind: 'rolled-back', from: '2.0.0.45', to: '2.0.0.46', reason } as const,
    ]),
  ),
};

/** Every state, by a name for its picture. */
export const VIEWS: Readonly<Record<string, UpdateView>> = Object.assign({}, ...Object.values(STATES));

export function makeModel(view: UpdateView, parts: Partial<WindowModel> = {}): WindowModel {
  return {
    view,
    appName: 'Nexy',
    currentVersion: '2.0.0.45',
    channel: 'stable',
    lastCheckedAt: new Date(Date.now() - 5 * 60_000).toISOString(),
    managed: { updatesOff: view.kind === 'managed', channel: null },
    languages: ['en-GB'],
    qa: null,
    ...parts,
  };
}

export const QA: NonNullable<WindowModel['qa']> = {
  decision: {
    action: 'held',
    reason: 'rollout',
    message: 'Version 2.0.0.46 goes to 10 % of installations so far.',
  },
  facts: [
    { name: 'currentVersion', value: '2.0.0.45', pretended: false },
    { name: 'macosVersion', value: '11.0', pretended: true },
    { name: 'rolloutBucket', value: '9876', pretended: false },
  ],
  findings: [
    {
      code: 'fixed-tag',
      severity: 'warn',
      message: 'The artifact lies under a fixed tag, whose assets are replaced in place.',
    },
    { code: 'unsigned', severity: 'info', message: 'The manifest is not signed.' },
  ],
  candidates: [
    {
      url: 'https://github.com/Seregawpn/Nexy_production/releases/download/v2.0.0.46/Nexy.dmg',
      kind: 'version-tag',
    },
  ],
  network: [
    {
      at: '2026-11-24T09:30:00Z',
      method: 'GET',
      url: 'https://seregawpn.github.io/Nexy_production/manifest.json',
      status: 304,
      bytes: 412,
      milliseconds: 87.4,
      error: null,
    },
    {
      at: '2026-11-24T09:30:01Z',
      method: 'GET',
      url: 'https://seregawpn.github.io/Nexy_production/LATEST_CHANGES.md',
      status: null,
      bytes: 0,
      milliseconds: 30_000,
      error: 'ETIMEDOUT',
    },
  ],
  journal: [
    '{"step":"begin","at":"2026-11-20T08:00:00Z","from":"2.0.0.44","to":"2.0.0.45"}',
    '{"step":"confirmed","at":"2026-11-20T08:00:09Z"}',
  ],
  manifestUrl: 'https://seregawpn.github.io/Nexy_production/manifest.json',
};
