import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Decision, decide, type Facts } from '../../src/check/decide.ts';
import type { Refusal } from '../../src/check/refusals.ts';
import { DECISION_REASONS, type DecisionReason } from '../../src/errors.ts';
import { type Assessment, assessManifest } from '../../src/manifest/assess.ts';
import { parseVersion } from '../../src/version.ts';
import { POLICY, releaseOf, SHA256, sampleManifest, toBytes } from '../manifest/sample.ts';

type Keys = Readonly<Record<string, unknown>>;

const NOW = new Date('2026-03-12T12:00:00Z');
const DAY = 24 * 60 * 60 * 1000;

/** 2.0.0.46 is offered to 2.0.0.45 on a Mac that suits it. */
const FACTS: Facts = {
  currentVersion: parseVersion('2.0.0.45'),
  allowDowngrade: false,
  macosVersion: '26.5.2',
  architecture: 'arm64',
  hasRosetta: false,
  refusals: [],
  isReadOnlyVolume: false,
  isTranslocated: false,
  skippedVersion: null,
  rolloutBucket: 0,
  now: NOW,
  isManual: false,
};

const MISMATCH: Refusal = {
  sha256: SHA256,
  kind: 'payload-version-mismatch',
  contains: ['2.0.0.31'],
  rememberedAt: '2026-03-01T00:00:00Z',
};

function failedStart(age: number): Refusal {
  return { sha256: SHA256, kind: 'failed-start', rememberedAt: new Date(NOW.getTime() - age).toISOString() };
}

function offer(keys: Keys = {}, artifact: Keys = {}): Assessment {
  return assessManifest(toBytes(sampleManifest(keys, artifact)), POLICY, { channel: null });
}

function decideOn(facts: Partial<Facts>, keys: Keys = {}, artifact: Keys = {}): Decision {
  return decide(offer(keys, artifact), { ...FACTS, ...facts });
}

interface Cause {
  readonly reason: DecisionReason;
  readonly action: Decision['action'];
  readonly facts?: Partial<Facts>;
  readonly keys?: Keys;
  readonly artifact?: Keys;
}

/**
 * One way to each reason, in the order of DESIGN.md section 4. They can be combined: each touches facts and
 * keys of its own. `older` and `up-to-date` exclude each other and have no order.
 */
const CAUSES: readonly Cause[] = [
  { reason: 'manifest-rejected', action: 'reject', artifact: { url: 'https://evil.example/Nexy.dmg' } },
  { reason: 'up-to-date', action: 'none', facts: { currentVersion: parseVersion('2.0.0.46') } },
  { reason: 'older', action: 'none', facts: { currentVersion: parseVersion('2.6') } },
  { reason: 'os-too-old', action: 'held', artifact: { min_os: '27.0' } },
  { reason: 'arch-unsupported', action: 'held', artifact: { arch: 'x86_64' } },
  { reason: 'artifact-refused-before', action: 'held', facts: { refusals: [MISMATCH] } },
  { reason: 'read-only-volume', action: 'held', facts: { isReadOnlyVolume: true } },
  { reason: 'translocated', action: 'held', facts: { isTranslocated: true } },
  { reason: 'skipped-by-user', action: 'held', facts: { skippedVersion: parseVersion('2.0.0.46') } },
  {
    reason: 'rollout',
    action: 'held',
    facts: { rolloutBucket: 9000 },
    keys: { rollout: { percentage: 25, salt: 's' } },
  },
  { reason: 'newer', action: 'update' },
];

function decideWith(causes: readonly Cause[], facts: Partial<Facts> = {}, keys: Keys = {}): Decision {
  // A cause that comes first wins a fact that two of them set (the installed version).
  const merged = causes.toReversed().reduce(
    (all, cause) => ({
      facts: { ...all.facts, ...cause.facts },
      keys: { ...all.keys, ...cause.keys },
      artifact: { ...all.artifact, ...cause.artifact },
    }),
    { facts, keys, artifact: {} as Keys },
  );
  return decideOn(merged.facts, merged.keys, merged.artifact);
}

describe('decide', () => {
  it('knows a cause for every reason, in the order of the contract', () => {
    expect(CAUSES.map(({ reason }) => reason)).toEqual([...DECISION_REASONS]);
  });

  it.each(CAUSES)('$reason: $action', (cause) => {
    expect(decideWith([cause])).toMatchObject({ reason: cause.reason, action: cause.action });
  });

  it.each(
    CAUSES.slice(0, -1).map(
      (cause, index) => [cause.reason, CAUSES[index + 1]?.reason, cause, CAUSES[index + 1]] as const,
    ),
  )('%s goes before %s', (reason, _later, earlier, later) => {
    expect(decideWith(later === undefined ? [earlier] : [earlier, later]).reason).toBe(reason);
  });

  it('gives the first reason of any combination', () => {
    fc.assert(
      fc.property(fc.subarray([...CAUSES], { minLength: 1 }), (causes) => {
        expect(decideWith(causes)).toMatchObject({ reason: causes[0]?.reason, action: causes[0]?.action });
      }),
      { numRuns: 1000 },
    );
  });

  it.each(CAUSES)('says of $reason what it is about, in sentences', (cause) => {
    const { message } = decideWith([cause]);
    expect(message).toMatch(/^\S.+\.$/);
    expect(message).toContain('2.0.0.4');
  });
});

describe('a manual check, and critical', () => {
  const passedOver = (facts: Partial<Facts>, keys: Keys) =>
    CAUSES.filter(
      (cause) => cause.action !== 'update' && decideWith([cause], facts, keys).reason !== cause.reason,
    );

  it('a manual check passes over skip and rollout, never over the others', () => {
    expect(passedOver({ isManual: true }, {}).map(({ reason }) => reason)).toEqual([
      'skipped-by-user',
      'rollout',
    ]);
  });

  it('critical passes over skip and rollout, never over the others', () => {
    expect(passedOver({}, { critical: true }).map(({ reason }) => reason)).toEqual([
      'skipped-by-user',
      'rollout',
    ]);
  });

  it('both leave the reasons that remain', () => {
    for (const cause of CAUSES.slice(0, 8)) {
      expect(decideWith([cause], { isManual: true }, { critical: true }).reason).toBe(cause.reason);
    }
  });
});

describe('what a person reads', () => {
  const messageOf = (facts: Partial<Facts>, keys: Keys = {}, artifact: Keys = {}): string =>
    decideOn(facts, keys, artifact).message;

  it.each<[string, Partial<Facts>, Keys, Keys, string]>([
    [
      'an update',
      {},
      {},
      {},
      'Version 2.0.0.46 is offered and 2.0.0.45 is installed. It fits this Mac. It can be installed now.',
    ],
    [
      'an update that is only announced',
      {},
      { auto_install: false },
      {},
      'Version 2.0.0.46 is offered and 2.0.0.45 is installed. It fits this Mac. It is installed only when somebody asks for it.',
    ],
    [
      'going back',
      { currentVersion: parseVersion('2.6'), allowDowngrade: true },
      {},
      {},
      'Version 2.0.0.46 is offered and 2.6 is installed. It is older, and going back was explicitly allowed. It can be installed now.',
    ],
    [
      'what is installed',
      { currentVersion: parseVersion('2.0.0.46') },
      {},
      {},
      'Version 2.0.0.46 is installed, and that is what is offered. There is nothing to do.',
    ],
    [
      'an older one',
      { currentVersion: parseVersion('2.6') },
      {},
      {},
      'Version 2.0.0.46 is offered, which is older than the installed 2.6. Nothing is changed; going back has to be allowed explicitly.',
    ],
    [
      'a macOS that is too old',
      { macosVersion: '12.7.6' },
      {},
      { min_os: '13.0' },
      'Version 2.0.0.46 needs macOS 13.0 or later, and this Mac runs 12.7.6. It is held back until macOS is updated.',
    ],
    [
      'a requirement that is no version',
      {},
      {},
      { min_os: 'Big Sur' },
      'Version 2.0.0.46 asks for macOS "Big Sur", which is no version, so nobody can tell whether it runs here. It is held back. The publisher has to correct min_os.',
    ],
    [
      'Rosetta that is missing',
      {},
      {},
      { arch: 'x86_64' },
      'Version 2.0.0.46 is built for "x86_64" and does not run on this Mac (arm64). It is held back. Install Rosetta (softwareupdate --install-rosetta), or wait for a version for Apple silicon.',
    ],
    [
      'another architecture',
      { architecture: 'x86_64' },
      {},
      { arch: 'arm64' },
      'Version 2.0.0.46 is built for "arm64" and does not run on this Mac (x86_64). It is held back. The publisher has to offer a version for it.',
    ],
    [
      'bytes of other versions',
      { refusals: [{ ...MISMATCH, contains: ['2.0.0.31', '31'] }] },
      {},
      {},
      'Version 2.0.0.46 is not downloaded again: its bytes contain "2.0.0.31" and "31". Nothing was changed. The release team has to publish it again.',
    ],
    [
      'bytes whose two version keys say the same',
      { refusals: [{ ...MISMATCH, contains: ['2.0.0.31', '2.0.0.31'] }] },
      {},
      {},
      'Version 2.0.0.46 is not downloaded again: its bytes contain "2.0.0.31". Nothing was changed. The release team has to publish it again.',
    ],
    [
      'bytes of nobody knows what',
      { refusals: [{ ...MISMATCH, contains: [] }] },
      {},
      {},
      'Version 2.0.0.46 is not downloaded again: its bytes contain another version. Nothing was changed. The release team has to publish it again.',
    ],
    [
      'a failed start',
      { refusals: [failedStart(DAY)] },
      {},
      {},
      'Version 2.0.0.46 was installed before and taken back, since it did not stay up or somebody asked for it. It is not tried again by itself for 7 days; ask for the update to try it now.',
    ],
    [
      'a volume that cannot be written to',
      { isReadOnlyVolume: true },
      {},
      {},
      'Version 2.0.0.46 cannot be installed where the app is: that volume cannot be written to, as with an open disk image. Move the app to the Applications folder and start it from there.',
    ],
    [
      'a translocated app',
      { isTranslocated: true },
      {},
      {},
      'Version 2.0.0.46 cannot be installed while macOS runs the app from a temporary copy (App Translocation). Quit it, move it to the Applications folder with the Finder and start it from there.',
    ],
    [
      'a skipped version',
      { skippedVersion: parseVersion('2.0.0.46') },
      {},
      {},
      'Version 2.0.0.46 was skipped by the user. It is not offered again until somebody asks for updates; a newer version will be.',
    ],
    [
      'a rollout',
      { rolloutBucket: 7301 },
      { rollout: { percentage: 12.5, salt: '' } },
      {},
      'Version 2.0.0.46 goes to 12.5 % of installations so far, which are the buckets below 1250 of 10000. This installation is in bucket 7301 and gets it when the rollout reaches it, or as soon as somebody asks for the update.',
    ],
    [
      'two rejections',
      {},
      {},
      { size: 0, sha256: 'TODO' },
      'The offer of version "2.0.0.46" was rejected, and nothing was downloaded. The sha256 "TODO" is not 64 hexadecimal digits, so no download could be checked. The publisher has to correct it. The size 0 is not a whole number of bytes between 1 and 4294967296 (4 GiB). The publisher has to correct it.',
    ],
    [
      'a rejection without a version',
      {},
      { version: undefined },
      {},
      'The offer was rejected, and nothing was downloaded. The manifest is not one that clients can read: version is missing. Nothing is offered from it. The publisher has to correct it.',
    ],
  ])('of %s', (_name, facts, keys, artifact, message) => {
    expect(messageOf(facts, keys, artifact)).toBe(message);
  });
});

describe('manifest-rejected', () => {
  it('holds without a manifest, whatever the verdict', () => {
    const assessment = { ...offer({ version: 'x' }), verdict: 'ok' } as const;
    expect(assessment.manifest).toBeNull();
    expect(decide(assessment, FACTS)).toMatchObject({ action: 'reject', reason: 'manifest-rejected' });
  });

  it('gives the reasons of the rejection, without those that do not reject', () => {
    const { message } = decideOn({}, {}, { url: releaseOf('Update'), size: 0 });
    expect(message).toContain('2.0.0.46');
    expect(message).toContain('The size 0');
    expect(message).not.toContain('fixed tag');
  });

  it('holds for what is no manifest at all', () => {
    const assessment = assessManifest(toBytes('<rss/>'), POLICY, { channel: null });
    expect(decide(assessment, { ...FACTS, isManual: true })).toMatchObject({ action: 'reject' });
  });

  it('does not hold for a manifest that is only warned of', () => {
    expect(decideOn({}, {}, { url: releaseOf('Update') }).reason).toBe('newer');
    expect(decideOn({}, {}, { url: null }).reason).toBe('newer');
  });
});

describe('up-to-date, older', () => {
  it.each([
    ['2.0.0', '2.0.0.0', false, 'up-to-date'],
    ['2.0.0', '2', true, 'up-to-date'],
    ['2.0.0.46', '2.6', false, 'older'],
    ['2.0.0.9', '2.0.0.10', false, 'older'],
    ['2.0.0.10', '2.0.0.9', false, 'newer'],
    ['2.0.0.46', '2.6', true, 'newer'],
  ])('%s offered to %s, going back allowed: %s', (offered, current, allowDowngrade, reason) => {
    const facts = { currentVersion: parseVersion(current), allowDowngrade };
    expect(decideOn(facts, { version: offered }, { url: '' }).reason).toBe(reason);
  });

  it('calls going back by its name', () => {
    const { message } = decideOn({ currentVersion: parseVersion('2.6'), allowDowngrade: true });
    expect(message).toContain('older');
  });
});

describe('os-too-old', () => {
  it.each<[string | null | undefined, string | null, boolean]>([
    ['11.0', '26.5.2', true],
    ['26.5.2', '26.5.2', true],
    ['26.5', '26.5.2', true],
    ['26.5.3', '26.5.2', false],
    ['26', '26.0', true],
    ['26.5.3', '26.5', false],
    ['26.0.0', '26', true],
    // Only 10.16 is a number that says nothing.
    ['99', '26.16', false],
    ['13', '12.7.6', false],
    ['13', '13', true],
    ['13.0.0', '13', true],
    ['9.0', '10.15.7', true],
    [' 13.0 ', '13.1', true],
    // No requirement.
    [undefined, '11.0', true],
    [null, '11.0', true],
    ['', '11.0', true],
    [' ', '11.0', true],
    // An unknown macOS never blocks, nor does the number that new ones give to old programs.
    ['99', null, true],
    ['99', 'unknown', true],
    ['99', '', true],
    ['13.0', '10.16', true],
    ['13.0', '10.15.7', false],
    // A requirement that nobody can read holds, unless macOS is unknown anyway.
    ['Big Sur', '26.5.2', false],
    ['11.0+', '26.5.2', false],
    ['-1', '26.5.2', false],
    ['1e1', '26.5.2', false],
    ['11.'.repeat(10_000), '26.5.2', false],
    ['Big Sur', null, true],
  ])('needs %j on %j: offered %s', (minOs, macosVersion, isOffered) => {
    const decision = decideOn({ macosVersion }, {}, { min_os: minOs });
    expect(decision).toMatchObject(
      isOffered ? { action: 'update', reason: 'newer' } : { action: 'held', reason: 'os-too-old' },
    );
  });

  it('names both versions', () => {
    const { message } = decideOn({ macosVersion: '12.7.6' }, {}, { min_os: '13' });
    expect(message).toContain('macOS 13 ');
    expect(message).toContain('12.7.6');
  });
});

describe('arch-unsupported', () => {
  const both = ['arm64', 'x86_64', 'x86_64 by Rosetta'];

  it.each<[string | null | undefined, readonly string[]]>([
    ['universal2', both],
    ['universal', both],
    ['Universal2', both],
    ['arm64', ['arm64', 'x86_64 by Rosetta']],
    ['aarch64', ['arm64', 'x86_64 by Rosetta']],
    ['x86_64', ['x86_64', 'x86_64 by Rosetta']],
    ['x64', ['x86_64', 'x86_64 by Rosetta']],
    ['x86_64 arm64', both],
    ['arm64,x64', both],
    [undefined, both],
    [null, both],
    ['', both],
    ['ppc', []],
    ['constructor', []],
    ['__proto__', []],
  ])('%j runs on %j', (arch, expected) => {
    const machines = {
      arm64: { architecture: 'arm64', hasRosetta: false },
      x86_64: { architecture: 'x86_64', hasRosetta: false },
      'x86_64 by Rosetta': { architecture: 'arm64', hasRosetta: true },
    } as const;
    const found = Object.entries(machines).filter(
      ([, facts]) => decideOn(facts, {}, { arch }).action === 'update',
    );
    expect(found.map(([name]) => name)).toEqual(expected);
    expect(decideOn({ architecture: null }, {}, { arch }).action).toBe('update');
  });

  it('advises Rosetta where that is what is missing', () => {
    expect(decideOn({}, {}, { arch: 'x86_64' }).message).toContain('Rosetta');
    expect(
      decideOn({ architecture: 'x86_64', hasRosetta: true }, {}, { arch: 'arm64' }).message,
    ).not.toContain('Rosetta');
  });
});

describe('artifact-refused-before', () => {
  it.each<[string, readonly string[], string, boolean]>([
    ['another version inside', ['2.0.0.31'], '2.0.0.46', true],
    ['the version inside', ['2.0.0.46'], '2.0.0.46', false],
    ['one of the versions inside, by number', ['100', '2.0.0.46.0', '2.0.0'], '2', false],
    ['versions that are none', ['2.0.0.46-beta', ''], '2.0.0.46', true],
    ['no version at all', [], '2.0.0.46', true],
  ])('bytes with %s', (_name, contains, version, isHeld) => {
    const refusals = [{ ...MISMATCH, contains }];
    const facts = { refusals, currentVersion: parseVersion('1') };
    const decision = decideOn(facts, { version }, { url: '' });
    expect(decision.reason).toBe(isHeld ? 'artifact-refused-before' : 'newer');
    expect(decideOn({ ...facts, isManual: true }, { version, critical: true }, { url: '' })).toMatchObject({
      reason: decision.reason,
    });
  });

  it('is for good, and for these bytes only', () => {
    const years = { ...MISMATCH, rememberedAt: '2001-01-01T00:00:00Z' };
    expect(decideOn({ refusals: [years] }).reason).toBe('artifact-refused-before');
    expect(decideOn({ refusals: [{ ...MISMATCH, sha256: 'a'.repeat(64) }] }).reason).toBe('newer');
    expect(decideOn({ refusals: [MISMATCH] }).message).toContain('"2.0.0.31"');
  });

  it('finds the bytes whatever the case of their digest', () => {
    expect(decideOn({ refusals: [MISMATCH] }, {}, { sha256: SHA256.toUpperCase() }).reason).toBe(
      'artifact-refused-before',
    );
  });

  it.each([
    [0, true],
    [7 * DAY - 1, true],
    [7 * DAY, false],
    [30 * DAY, false],
    // A clock that was ahead must not hold for longer.
    [-1 * DAY, true],
    [-30 * DAY, false],
  ])('a failed start %s ms ago holds: %s', (age, isHeld) => {
    expect(decideOn({ refusals: [failedStart(age)] }).reason).toBe(
      isHeld ? 'artifact-refused-before' : 'newer',
    );
    expect(decideOn({ refusals: [failedStart(age)], isManual: true }).reason).toBe('newer');
  });

  it('does not let critical pass over a failed start', () => {
    expect(decideOn({ refusals: [failedStart(0)] }, { critical: true }).reason).toBe(
      'artifact-refused-before',
    );
  });

  it('holds a manual check when both are remembered', () => {
    for (const refusals of [
      [failedStart(0), MISMATCH],
      [MISMATCH, failedStart(0)],
    ]) {
      const decision = decideOn({ refusals, isManual: true });
      expect(decision.reason).toBe('artifact-refused-before');
      expect(decision.message).toContain('2.0.0.31');
    }
  });
});

describe('skipped-by-user', () => {
  it.each([
    ['2.0.0.46', true],
    ['2.0.0.45', false],
    ['2.0.0.47', false],
  ])('%s skipped: held %s', (skipped, isHeld) => {
    expect(decideOn({ skippedVersion: parseVersion(skipped) }).reason).toBe(
      isHeld ? 'skipped-by-user' : 'newer',
    );
  });

  it('compares by number', () => {
    const facts = { skippedVersion: parseVersion('2.1'), currentVersion: parseVersion('2.0') };
    expect(decideOn(facts, { version: '2.1.0.0' }, { url: '' }).reason).toBe('skipped-by-user');
  });
});

describe('rollout', () => {
  it.each<[number, number, boolean]>([
    [0, 0, false],
    [0.01, 0, true],
    [0.01, 1, false],
    [0.07, 6, true],
    [0.07, 7, false],
    [25, 2499, true],
    [25, 2500, false],
    [33.3, 3329, true],
    [33.3, 3330, false],
    [100, 9999, true],
    [150, 9999, true],
    [-5, 0, false],
  ])('%s %% and bucket %s: offered %s', (percentage, rolloutBucket, isOffered) => {
    const decision = decideOn({ rolloutBucket }, { rollout: { percentage, salt: '' } });
    expect(decision.reason).toBe(isOffered ? 'newer' : 'rollout');
  });

  it('names bucket and percentage', () => {
    const { message } = decideOn({ rolloutBucket: 7301 }, { rollout: { percentage: 12.5, salt: '' } });
    expect(message).toContain('7301');
    expect(message).toContain('12.5 %');
    expect(message).toContain('1250');
  });

  // A manifest holding these is invalid; whoever makes one otherwise must still not serve everybody.
  it.each([Number.NaN, '100', null, undefined, {}, true])('holds at a percentage of %s', (percentage) => {
    const assessment = offer({ rollout: { percentage: 100, salt: '' } });
    const { manifest } = assessment;
    if (manifest === null) throw new Error('The sample must be valid');
    const rollout = { percentage: percentage as number, salt: '' };
    const decision = decide({ ...assessment, manifest: { ...manifest, rollout } }, FACTS);
    expect(decision.reason).toBe('rollout');
    expect(decision.message).toContain(
      `The rollout percentage "${percentage}" is not a number, so nobody is served. This installation`,
    );
  });

  it('holds at a bucket that is none', () => {
    for (const rolloutBucket of [Number.NaN, -1]) {
      expect(decideOn({ rolloutBucket }, { rollout: { percentage: 100, salt: '' } }).reason).toBe('rollout');
    }
  });
});

describe('announceOnly', () => {
  it.each<[string, Keys, Partial<Facts>, boolean]>([
    ['by default', {}, {}, false],
    ['auto_install false', { auto_install: false }, {}, true],
    ['auto_install false, asked by a person', { auto_install: false }, { isManual: true }, false],
    ['critical does not change it', { auto_install: false, critical: true }, {}, true],
    ['current below minimum_auto_version', { minimum_auto_version: '2.0.0.46' }, {}, true],
    ['current at minimum_auto_version', { minimum_auto_version: '2.0.0.45' }, {}, false],
    [
      'current at minimum_auto_version by number',
      { minimum_auto_version: '2.0' },
      { currentVersion: parseVersion('2') },
      false,
    ],
    ['below, asked by a person', { minimum_auto_version: '2.0.0.46' }, { isManual: true }, false],
  ])('%s', (_name, keys, facts, expected) => {
    const decision = decideOn(facts, keys);
    expect(decision).toMatchObject({ action: 'update', reason: 'newer', announceOnly: expected });
    expect(decision.message.includes('only when somebody asks')).toBe(expected);
  });

  it('is only said of updates', () => {
    for (const cause of CAUSES.slice(0, -1)) {
      expect(decideWith([cause], {}, { auto_install: false }).announceOnly).toBe(false);
    }
  });
});

describe('any facts', () => {
  const version = fc.constantFrom('1', '2.0', '2.0.0.45', '2.0.0.46', '2.0.0.47', '3').map(parseVersion);
  const facts: fc.Arbitrary<Facts> = fc.record({
    currentVersion: version,
    allowDowngrade: fc.boolean(),
    macosVersion: fc.option(fc.oneof(fc.constantFrom('10.15', '10.16', '11', '26.5.2'), fc.string())),
    architecture: fc.constantFrom('arm64' as const, 'x86_64' as const, null),
    hasRosetta: fc.boolean(),
    refusals: fc.subarray<Refusal>([MISMATCH, failedStart(0), failedStart(8 * DAY)]),
    isReadOnlyVolume: fc.boolean(),
    isTranslocated: fc.boolean(),
    skippedVersion: fc.option(version),
    rolloutBucket: fc.integer({ min: 0, max: 9999 }),
    now: fc.constant(NOW),
    isManual: fc.boolean(),
  });
  const manifest = fc.record({
    keys: fc.record(
      {
        critical: fc.boolean(),
        auto_install: fc.boolean(),
        rollout: fc.record({ percentage: fc.double(), salt: fc.string() }),
        minimum_auto_version: fc.constantFrom('1', '3'),
      },
      { requiredKeys: [] },
    ),
    artifact: fc.record({ min_os: fc.string(), arch: fc.string(), size: fc.integer() }, { requiredKeys: [] }),
  });

  it('never throws, decides once and for all, and never updates what must not be', () => {
    fc.assert(
      fc.property(facts, manifest, (each, { keys, artifact }) => {
        const assessment = offer(keys, artifact);
        const decision = decide(assessment, each);
        expect(decide(assessment, each)).toEqual(decision);
        expect(decision.action === 'reject').toBe(assessment.verdict === 'reject');
        expect(decision.action === 'update').toBe(decision.reason === 'newer');
        if (decision.action !== 'update') return;
        expect(each.isReadOnlyVolume || each.isTranslocated).toBe(false);
        expect(each.refusals).not.toContain(MISMATCH);
        const isGoingBack = ['2.0.0.47', '3'].includes(each.currentVersion.text);
        expect(isGoingBack && !each.allowDowngrade).toBe(false);
        expect(each.currentVersion.text).not.toBe('2.0.0.46');
      }),
      { numRuns: 5000 },
    );
  });

  it('what automatic checks get, manual checks get too', () => {
    fc.assert(
      fc.property(facts, manifest, (each, { keys, artifact }) => {
        const assessment = offer(keys, artifact);
        const automatic = decide(assessment, { ...each, isManual: false });
        if (automatic.action !== 'update') return;
        expect(decide(assessment, { ...each, isManual: true }).action).toBe('update');
      }),
      { numRuns: 5000 },
    );
  });
});
