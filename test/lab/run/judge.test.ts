import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildPlan } from '../../../src/lab/builds/build-plan.ts';
import { isVersion, judge, startsOn } from '../../../src/lab/run/judge.ts';
import { type AppFacts, type CheckRecord, OUTCOMES, type RunRecord } from '../../../src/lab/run/outcome.ts';

const OLD: AppFacts = { version: '2.0.0.31', minimumOs: '11.0', sha256: null };
const BYTES = '8'.repeat(64);
const OTHER_BYTES = '7'.repeat(64);

describe('a person is harmed', () => {
  it('by an app that does not start on this macOS', () => {
    const installed = facts('2.0.0.46', { minimumOs: '12.0' });
    const run = record({ macos: '11.7', checks: [check({ installed })] });
    expect(judge(run)).toEqual({
      outcome: 'harmed',
      why: '2.0.0.46 was installed, needs macOS 12.0 and does not start on 11.7.',
    });
  });

  it('by other bytes than were promised, also where they hold the promised version', () => {
    const run = record({ checks: [check({ installed: facts('2.0.0.46', { sha256: OTHER_BYTES }) })] });
    expect(judge(run)).toEqual({
      outcome: 'harmed',
      why: 'The installed 2.0.0.46 came from other bytes (sha256 77777777) than were promised (sha256 88888888).',
    });
  });

  it('even where a later install made good what an earlier one did', () => {
    const bad = facts('2.0.0.45', { sha256: OTHER_BYTES });
    const run = record({ checks: [check({ installed: bad }), check({ installed: facts('2.0.0.46') })] });
    expect(judge(run).outcome).toBe('harmed');
  });

  it('not by bytes that nobody had promised anything about', () => {
    const run = record({ checks: [check({ installed: facts('2.0.0.46') })], promisedSha256: null });
    expect(judge(run).outcome).toBe('promised');
  });
});

describe('a person loops', () => {
  it('who installs the same older version at every check', () => {
    const again = check({ installed: facts('2.0.0.31'), artifactBytes: 900 });
    expect(judge(record({ checks: [again, again, again] }))).toEqual({
      outcome: 'loops',
      why: '2.0.0.46 was promised, the bytes hold 2.0.0.31: installed again at every check.',
    });
  });

  it('who downloads at every check and fails', () => {
    const failed = check({
      action: 'failed',
      reason: 'sha256-mismatch',
      message: 'The download is not what was promised.',
      artifactBytes: 900,
    });
    expect(judge(record({ checks: [failed, failed] }))).toEqual({
      outcome: 'loops',
      why: '2.0.0.46 was promised; every check downloads it again, and ends with sha256-mismatch: The download is not what was promised.',
    });
  });

  it('who has the promised version and installs it again at every check', () => {
    const again = check({ installed: facts('2.0.0.46'), artifactBytes: 900 });
    expect(judge(record({ checks: [again, again, again] }))).toEqual({
      outcome: 'loops',
      why: '2.0.0.46 was promised and is installed, but is downloaded and installed again at every check.',
    });
  });

  it('not who failed once and then got it', () => {
    const failed = check({ action: 'failed', artifactBytes: 400 });
    const got = check({ installed: facts('2.0.0.46'), artifactBytes: 900 });
    expect(judge(record({ checks: [failed, got] })).outcome).toBe('promised');
  });

  it('not who downloaded once and remembers that it was no good', () => {
    const rejected = check({ action: 'rejected', artifactBytes: 900 });
    const run = record({ checks: [rejected, check({ action: 'held' })], nextArrives: true });
    expect(judge(run).outcome).toBe('stays');
  });

  it('not who fetched one manifest after the other', () => {
    const first = check({ installed: facts('2.0.0.40'), artifactBytes: 900, manifest: 0 });
    const second = check({ action: 'failed', artifactBytes: 900, manifest: 1 });
    expect(judge(record({ checks: [first, second], nextArrives: true })).outcome).toBe('stays');
  });
});

describe('a person has what was promised', () => {
  it('after installing it, however its number is written', () => {
    const run = record({ promisedVersion: '2.6', checks: [check({ installed: facts('2.6.0') })] });
    expect(judge(run)).toEqual({ outcome: 'promised', why: '2.6.0 was promised and is installed.' });
  });

  it('who had it from the start', () => {
    expect(judge(record({ promisedVersion: '2.0.0.31' }))).toEqual({
      outcome: 'promised',
      why: '2.0.0.31 was promised, and was there from the start.',
    });
  });

  it('never where the promise is no version', () => {
    expect(judge(record({ promisedVersion: 'latest', nextArrives: true })).outcome).toBe('stays');
  });
});

describe('a person who has not', () => {
  const checks = [check({ action: 'none', reason: 'older', message: '1.0.1 is older.' })];

  it('is stranded where the next release does not arrive either', () => {
    expect(judge(record({ promisedVersion: '1.0.1', checks, nextArrives: false }))).toEqual({
      outcome: 'stranded',
      why: '1.0.1 was promised; 2.0.0.31 stays (older: 1.0.1 is older). The next release does not arrive either.',
    });
  });

  it('stays where the next release arrives', () => {
    expect(judge(record({ promisedVersion: '1.0.1', checks, nextArrives: true }))).toEqual({
      outcome: 'stays',
      why: '1.0.1 was promised; 2.0.0.31 stays (older: 1.0.1 is older). The next release arrives.',
    });
  });

  it('stays where nobody has tried', () => {
    expect(judge(record({ promisedVersion: null, checks, nextArrives: null }))).toEqual({
      outcome: 'stays',
      why: 'No version was promised; 2.0.0.31 stays (older: 1.0.1 is older).',
    });
  });
});

describe('any run', () => {
  it('has exactly one outcome, and the worst of those that apply', () => {
    fc.assert(
      fc.property(anyRun, (run) => {
        const { outcome, why } = judge(run);
        const applies = facetsOf(run);
        expect(outcome).toBe(OUTCOMES.find((name) => applies[name]));
        expect(why).toMatch(/\S.*\.$/s);
      }),
      { numRuns: 2000 },
    );
  });
});

/** Each outcome's own sentence from the contract, told without regard to the others. */
function facetsOf(run: RunRecord): Record<(typeof OUTCOMES)[number], boolean> {
  const [previous, last] = [run.checks.at(-2), run.checks.at(-1)];
  const isPromised = isVersion(run.after.version, run.promisedVersion);
  const fetchedTwice =
    previous?.manifest === last?.manifest &&
    (previous?.artifactBytes ?? 0) > 0 &&
    (last?.artifactBytes ?? 0) > 0;
  const versions = [run.before, ...run.checks.flatMap(({ installed }) => installed ?? [])];
  const isNew = last?.installed != null && !isVersion(versions.at(-2)?.version ?? '', run.promisedVersion);
  return {
    harmed: run.installs.some(
      ({ installed, promisedSha256 }) =>
        !startsOn(run.macos, installed.minimumOs) ||
        (promisedSha256 !== null && promisedSha256 !== installed.sha256),
    ),
    loops: fetchedTwice && !(isPromised && isNew),
    promised: isPromised,
    stranded: run.nextArrives === false,
    stays: true,
  };
}

const anyFacts = fc.record({
  version: fc.constantFrom('2.0.0.31', '2.0.0.46', '2.6', '2.6.0'),
  minimumOs: fc.constantFrom('11.0', '12.0', '99'),
  sha256: fc.constantFrom(BYTES, OTHER_BYTES),
});

const anyCheck: fc.Arbitrary<CheckRecord> = fc.record({
  manifest: fc.constantFrom(0, 1),
  check: fc.integer({ min: 1, max: 3 }),
  action: fc.constantFrom('none', 'held', 'rejected', 'failed'),
  reason: fc.constantFrom('newer', 'older', 'sha256-mismatch'),
  message: fc.constantFrom('It is so.', 'It is not so.'),
  artifactBytes: fc.constantFrom(0, 900),
  installed: fc.option(anyFacts),
});

const anyRun: fc.Arbitrary<RunRecord> = fc
  .record({
    macos: fc.constantFrom('11.7', '15.5'),
    promisedVersion: fc.constantFrom('2.0.0.46', '2.6.0', 'latest', null),
    checks: fc.array(anyCheck, { maxLength: 4 }),
    promisedSha256: fc.constantFrom(BYTES, null),
    nextArrives: fc.constantFrom(true, false, null),
  })
  .map(record);

function record({
  promisedSha256 = BYTES,
  ...more
}: Partial<RunRecord> & { readonly promisedSha256?: string | null }): RunRecord {
  const checks = more.checks ?? [check({})];
  const installs = checks.flatMap(({ installed }) =>
    installed === null ? [] : [{ installed, promisedSha256 }],
  );
  return {
    macos: '15.5',
    before: OLD,
    after: installs.at(-1)?.installed ?? OLD,
    promisedVersion: '2.0.0.46',
    promised: { plan: buildPlan('2.0.0.46'), sha256: BYTES },
    installs,
    nextArrives: null,
    ...more,
    checks,
  };
}

function check(more: Partial<CheckRecord>): CheckRecord {
  const action = more.installed == null ? 'none' : 'installed';
  return {
    manifest: 0,
    check: 1,
    action,
    reason: 'newer',
    message: 'So.',
    artifactBytes: 0,
    installed: null,
    ...more,
  };
}

function facts(version: string, more: Partial<AppFacts> = {}): AppFacts {
  return { version, minimumOs: '11.0', sha256: BYTES, ...more };
}
