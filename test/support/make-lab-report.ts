import { CHANNELS } from '../../src/config.ts';
import type { ProvenClient } from '../../src/lab/plan/migration-plan.ts';
import type { HistoryReport, LabReport } from '../../src/lab/report/lab-report.ts';
import { makeTimeline } from '../../src/lab/report/make-timeline.ts';
import {
  type AppFacts,
  type Cell,
  type CheckRecord,
  OUTCOMES,
  type Outcome,
} from '../../src/lab/run/outcome.ts';
import { POLICY, releaseOf, sampleManifest, toBytes } from '../manifest/sample.ts';

const OLD = 'The old client';
const CLIENTS: LabReport['clients'] = [
  ['ours-2.0.0.46-macos15', 'Ours, macOS 15', '15.5', '2.0.0.46'],
  ['ours-2.0.0.46-macos12', 'Ours, macOS 12', '12.7.6', '2.0.0.46'],
  ['old-2.6.0', `${OLD} at 2.6.0`, '13.6', '2.6.0'],
  ['old-2.0.0.46', `${OLD} at 2.0.0.46`, '15.5', '2.0.0.46'],
  ['old-2.0.0.46-macos11', `${OLD}, macOS 11`, '11.7.10', '2.0.0.46'],
  ['old-with-key', `${OLD} with a key`, '14.5', '2.0.0.46'],
  ['sparkle-like', 'Appcast reader', '14.5', '2.0.0.46'],
  ['hard-coded-address', 'Built-in address', '15.5', '1.6.1.33'],
].map(([name = '', title = '', macos = '', installed = '']) => ({
  name,
  title,
  macos,
  installed,
  description: `${title}: a person with a Mac on macOS ${macos}.`,
}));

const HOSTS: LabReport['hosts'] = [
  ['fixed-only', 'Fixed tags only'],
  ['both', 'Both kinds of tags'],
  ['version-only', 'Version tags only'],
  ['bridged', 'Version tags, and a bridge under the fixed tag'],
  ['fixed-tag-changed', 'Fixed tag changed between manifest and download'],
  ['asset-missing', 'The file is missing'],
  ['version-tag-late', 'Version tag published late'],
  ['redirect-down', 'The host of the files is down'],
  ['beta-and-stable-mixed', 'Beta and stable mixed'],
].map(([name = '', title = '']) => ({ name, title, description: `${title}, from the first check on.` }));

const SHOWN = [null, 'bytes-reused', 'fixed-tag', 'version-reused', 'sha256-invalid', 'version-regression'];
const TITLES = [
  'An honest release',
  'Bytes of an older version',
  'An address under the fixed tag',
  'A second build of the same version',
  'A digest that is none',
  'A lower version than before',
];
const ORIGINS = ['real', 'generated', 'given'] as const;

/** What the tests count; the same for the same numbers. */
export interface LabReportOptions {
  readonly offers?: number;
  /** Put into titles, messages and versions everywhere. */
  readonly hostileText?: string;
}

/** A report as the lab makes it, with cells of every outcome, a history with every drift, and a plan. */
export function makeLabReport({ offers = 12, hostileText = '' }: LabReportOptions = {}): LabReport {
  const shownOffers = Array.from({ length: offers }, (_, at) => makeOffer(at, hostileText));
  const cells = shownOffers.flatMap((offer, row) =>
    HOSTS.flatMap((host, place) =>
      CLIENTS.map((client, column) =>
        makeCell({
          scenario: `${offer.name}/${host.name}`,
          offer: offer.name,
          host: host.name,
          client: client.name,
          outcome: outcomeOf(row, place, column),
          before: client.installed,
          hostileText,
        }),
      ),
    ),
  );
  return {
    clients: CLIENTS,
    offers: shownOffers,
    hosts: HOSTS,
    cells,
    failures: [],
    history: makeHistory(hostileText),
    plan: makePlan(hostileText),
    durationMs: 41_200,
  };
}

function makeOffer(at: number, hostileText: string): LabReport['offers'][number] {
  const kind = at % TITLES.length;
  return {
    name: `offer-${at}`,
    title: `${TITLES[kind]} (${at})${hostileText}`,
    description: `An offer of 2.0.0.${46 + at} for tests.`,
    shows: SHOWN[kind] ?? null,
    origin: ORIGINS[at % ORIGINS.length] ?? 'given',
  };
}

/** Ours is never worse than `stays`; the others are what the numbers say. */
function outcomeOf(row: number, place: number, column: number): Outcome {
  const seed = (row * 31 + place * 17 + column * 7) % 16;
  if (column < 2) return seed < 9 ? 'promised' : 'stays';
  if (row % TITLES.length === 0 && place < 4) return 'promised';
  if (seed < 2) return 'harmed';
  if (seed < 4) return 'loops';
  if (seed < 7) return 'stranded';
  return seed < 11 ? 'stays' : 'promised';
}

interface CellPlan extends Pick<Cell, 'scenario' | 'offer' | 'host' | 'client' | 'outcome'> {
  readonly before: string;
  readonly hostileText: string;
}

const WHY: Readonly<Record<Outcome, string>> = {
  harmed: 'The app that is installed now needs macOS 13.0, and does not start on this one.',
  loops: 'It downloaded the same bytes at each of 3 checks, and refused them each time.',
  promised: 'It has the version that was promised, with the promised bytes.',
  stranded: 'Its build is higher than any that will be offered, and the next release did not arrive either.',
  stays: 'The file was not there; the next release arrived.',
};

function makeCell({ before, hostileText, ...names }: CellPlan): Cell {
  const { outcome } = names;
  const isInstalled = outcome === 'promised' || outcome === 'harmed';
  const after: AppFacts = isInstalled
    ? { version: '2.0.0.99', minimumOs: outcome === 'harmed' ? '13.0' : '11.0', sha256: 'ab'.repeat(32) }
    : { version: before, minimumOs: '11.0', sha256: null };
  const downloads = outcome === 'loops' ? 3 : Number(isInstalled);
  const checks = [1, 2, 3].map((check): CheckRecord => {
    const isFirst = check === 1;
    const action = isInstalled && isFirst ? 'installed' : outcome === 'loops' ? 'failed' : 'none';
    const reason = action === 'installed' ? 'newer' : action === 'failed' ? 'sha256-mismatch' : 'up-to-date';
    return {
      manifest: 0,
      check,
      action,
      reason,
      message: `Check ${check}: ${reason}.${hostileText}`,
      artifactBytes: action === 'none' ? 0 : 14_336,
      installed: action === 'installed' ? after : null,
    };
  });
  const last = checks.at(-1);
  return {
    ...names,
    why: `${WHY[outcome]}${hostileText}`,
    action: last?.action ?? 'none',
    reason: last?.reason ?? '',
    promisedVersion: '2.0.0.99',
    promised: { version: '2.0.0.99', minimumOs: '11.0', sha256: 'ab'.repeat(32) },
    installed: after,
    starts: outcome !== 'harmed',
    downloads,
    artifactBytes: downloads * 14_336,
    checks,
  };
}

const SERIES = [
  ['2.6.0', '2025-09-20T00:30:06Z', '1', 'stable', 'Update'],
  ['1.6.1.33', '2026-02-13T16:39:17Z', '1', 'stable', 'Update'],
  ['1.6.1.36', '2026-02-14T13:25:00Z', '3', 'stable', 'v1.6.1.36'],
  ['1.6.1.36', '2026-02-14T16:14:12Z', '4', 'stable', 'v1.6.1.36'],
  ['1.6.1.40', '2026-02-16T16:01:34Z', '5', 'stable', 'Update'],
  ['2.0.0.6', '2026-02-23T19:23:12Z', '6', 'stable', 'v2.0.0.6'],
  ['2.0.0.31', '2026-03-03T20:06:42Z', '7', 'beta', 'UpdateBeta'],
  ['2.0.0.40', '2026-03-09T00:30:26Z', '7', 'stable', 'Update'],
  ['2.0.0.46', '2026-03-12T15:39:11Z', '7', 'stable', 'v2.0.0.45'],
] as const;

function makeHistory(hostileText: string): HistoryReport {
  const entries = SERIES.map(([version, date, digit, channel, tag], at) => {
    const signature = at < 5 ? { ed25519: 'VRccoPWghg4P5GNhLj6t' } : {};
    const artifact = { sha256: digit.repeat(64), url: releaseOf(tag), ...signature };
    return {
      file: `${date.slice(0, 10)}_v${version}_${digit}_${channel}_${at}.json`,
      bytes: toBytes(sampleManifest({ version, release_date: date, channel }, artifact)),
    };
  });
  const unreadable = { file: `broken${hostileText}.json`, bytes: toBytes(`{"version": "${hostileText}`) };
  const walks = CLIENTS.map(({ name, installed }, at) => {
    const plan = { scenario: 'history', offer: 'history', host: 'as-it-was', client: name };
    const cell = makeCell({
      ...plan,
      outcome: OUTCOMES[at % OUTCOMES.length] ?? 'stays',
      before: installed,
      hostileText,
    });
    return {
      ...cell,
      checks: entries.flatMap((_, manifest) => cell.checks.map((check) => ({ ...check, manifest }))),
    };
  });
  return {
    ...makeTimeline([...entries, unreadable], POLICY),
    offered: entries.map(({ file }) => file),
    walks,
  };
}

function makePlan(hostileText: string): LabReport['plan'] {
  const release = { version: '2.0.0.47', bundleVersion: '20700', minimumOs: '11.0' };
  const steps = [
    [
      'publish-transition',
      'Publish the transition release',
      'nexy-release publish --inbox <folder> --version 2.0.0.47',
    ],
    ['bridge', 'Put its bytes under the fixed tag', 'nexy-release bridge --version 2.0.0.47 --tag Update'],
    ['tell-by-mail', 'Write to those whom nothing reaches', null],
    ['retire', 'Retire the fixed tags', 'nexy-release bridge --remove --tag Update'],
  ] as const;
  return {
    facts: [
      `19 manifests were read; 4 of them carry one signature.${hostileText}`,
      'The fixed tag Update holds the bytes of 2.0.0.31.',
    ],
    transition: release,
    following: { version: '2.1.0', bundleVersion: '20800', minimumOs: '13.0' },
    steps: steps.map(([id, title, command]) => ({
      id,
      title: `${title}${hostileText}`,
      why: 'Clients of every generation can read it.',
      command,
      withdraws: id === 'retire' ? 'manifests/manifest_old.json' : null,
      channel: id === 'bridge' ? 'stable' : null,
    })),
    stranded: [
      {
        client: 'old-2.6.0',
        why: 'It takes 20600 for higher than all that follow.',
        reachedBy: 'publish-transition',
      },
      { client: 'hard-coded-address', why: 'Its address holds no release.', reachedBy: null },
    ],
    lastVersions: [
      { macos: '11', version: '2.0.0.47', why: '2.1.0 needs macOS 13.0.' },
      { macos: '12', version: '2.0.0.47', why: '2.1.0 needs macOS 13.0.' },
    ],
    retirement: [
      'Once no request for the fixed tags was seen for 90 days.',
      'It costs those who never updated since.',
    ],
    proof: {
      isSafe: hostileText === '',
      problems: hostileText === '' ? [] : [`One client loops.${hostileText}`],
      stages: ['before', ...steps.map(([id]) => id)].map((after, stage) => ({
        after,
        clients: stage === 0 ? proveBefore() : proveAfter('promised'),
      })),
      withoutFixedTags: proveAfter('stays'),
    },
  };
}

function proveBefore(): readonly ProvenClient[] {
  return CLIENTS.flatMap(({ name, installed }, at) =>
    CHANNELS.map((channel) => ({
      client: name,
      channel,
      outcome: OUTCOMES[at % OUTCOMES.length] ?? 'stays',
      version: installed,
      why: `It looks where nothing lies for ${channel}.`,
    })),
  );
}

function proveAfter(outcome: Outcome): readonly ProvenClient[] {
  return proveBefore().map((proven) => ({
    ...proven,
    outcome,
    version: '2.0.0.47',
    why: 'The transition release arrived.',
  }));
}
