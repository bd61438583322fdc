import { describe, expect, it } from 'vitest';
import { derivePlan } from '../../../src/lab/plan/derive-plan.ts';
import type { MigrationPlan, PlanProof, PlanStep } from '../../../src/lab/plan/migration-plan.ts';
import type { PlanInput } from '../../../src/lab/plan/plan-input.ts';
import { provePlan } from '../../../src/lab/plan/prove-plan.ts';
import { HAS_FIXTURES, NEEDS_FIXTURES } from '../../support/fixtures.ts';
import { CLIENTS, changed, inputOf, realInput } from './plan-world.ts';

const LYING = { version: '2.0.0.46', build: { version: '2.0.0.31' }, url: 'fixed-tag' };
/** The least that brings the transition release to old clients, without a feed of its own. */
const SHORT = ['pause-stable', 'bridge-stable', 'offer-beta', 'offer-stable'];

/** Outcome and version of each client after a step, on stable unless it is said otherwise. */
function outcomesAfter(
  { stages }: PlanProof,
  step: string,
  channel = 'stable',
): Readonly<Record<string, string>> {
  const clients = stages.find((stage) => stage.after === step)?.clients ?? [];
  return table(clients.filter((each) => each.channel === channel));
}

function table(clients: PlanProof['withoutFixedTags']): Readonly<Record<string, string>> {
  return Object.fromEntries(clients.map(({ client, outcome, version }) => [client, `${outcome} ${version}`]));
}

/** A plan with some of its steps only, each of them possibly another one. */
function withSteps(
  plan: MigrationPlan,
  ids: readonly string[],
  change: (step: PlanStep) => PlanStep = (step) => step,
): MigrationPlan {
  return { ...plan, steps: plan.steps.filter(({ id }) => ids.includes(id)).map(change) };
}

/** All that is said to a channel's old feed instead of the new one. */
function onOldFeed(step: PlanStep): PlanStep {
  return { ...step, command: step.command?.replace('manifests-next', 'manifests') ?? null };
}

function input(clients: PlanInput['clients'], wishes: Partial<PlanInput['wishes']> = {}): PlanInput {
  return inputOf([LYING], { clients, wishes });
}

describe.skipIf(!HAS_FIXTURES)(`the plan for the real manifests, tried${NEEDS_FIXTURES}`, () => {
  it('brings everybody as far as their Mac goes, and harms nobody on the way', async () => {
    const real = await realInput();
    const plan = derivePlan(real);
    const titles: string[] = [];
    const proof = await provePlan(plan, real, { onStep: ({ title }) => titles.push(title) });
    expect(proof.problems).toEqual([]);
    expect(proof.isSafe).toBe(true);
    expect(titles).toEqual(plan.steps.map(({ title }) => title));
    expect(proof.stages.map((stage) => stage.after)).toEqual(['before', ...plan.steps.map(({ id }) => id)]);

    // What the plan says of today without trying is what happens.
    const left = Object.entries(outcomesAfter(proof, 'before')).filter(
      ([, text]) => !text.startsWith('promised'),
    );
    expect(left.map(([client]) => client).sort()).toEqual(plan.stranded.map(({ client }) => client).sort());
    expect(outcomesAfter(proof, 'before')).toMatchObject({
      'integer-build': 'stranded 1.5.0',
      'integer-build-at-2.6.0': 'stranded 2.6.0',
      'fixed-address': 'loops 2.0.0.31',
      appcast: 'loops 2.0.0.31',
      ours: 'stays 1.5.0',
      'ours-at-2.6.0': 'stranded 2.6.0',
    });
    // The first step ends all loops.
    const paused = Object.values(outcomesAfter(proof, 'pause-stable'));
    expect(new Set(paused)).toEqual(new Set(['stays 1.5.0', 'stays 2.6.0']));
    expect(new Set(Object.values(outcomesAfter(proof, 'offer-stable')))).toEqual(
      new Set(['promised 2.6.0.1']),
    );

    for (const channel of ['stable', 'beta']) {
      for (const [client, text] of Object.entries(outcomesAfter(proof, 'promote-following', channel))) {
        const isOld = /-on-macos-1[12]$/.test(client);
        expect(`${client} ${text}`).toBe(`${client} promised ${isOld ? '2.6.0.1' : '2.6.0.2'}`);
      }
    }
    const lost = proof.withoutFixedTags.filter(({ outcome }) => outcome !== 'promised');
    expect(table(lost)).toEqual({
      'fixed-address': 'stranded 1.5.0',
      'fixed-address-on-macos-11': 'stranded 1.5.0',
    });
  }, 180_000);
});

describe('a plan that is not right is found out', () => {
  it('without the bridge: who has an address built in gets other bytes than were promised', async () => {
    const given = input([CLIENTS.fixed, CLIENTS.ours]);
    const plan = withSteps(derivePlan(given), ['pause-stable', 'offer-beta', 'offer-stable']);
    const proof = await provePlan(plan, given);
    expect(outcomesAfter(proof, 'offer-stable')).toEqual({
      fixed: 'harmed 2.0.0.31',
      ours: 'promised 2.0.0.47',
    });
    expect(proof.isSafe).toBe(false);
    expect(proof.problems).toEqual([
      expect.stringMatching(/^After "Offer 2\.0\.0\.47 .* "fixed" \(stable\) is harmed: .*other bytes/),
      expect.stringMatching(/^In the end .*"fixed" \(stable\) is harmed/),
    ]);
  }, 120_000);

  it('without the pause: the fixed tag changes under a manifest that promises something else', async () => {
    const given = input([CLIENTS.fixed, CLIENTS.ours]);
    const ids = ['publish-transition', 'open-feed', 'bridge-stable', 'offer-beta', 'offer-stable'];
    const proof = await provePlan(withSteps(derivePlan(given), ids), given);
    expect(outcomesAfter(proof, 'bridge-stable')).toMatchObject({ fixed: 'harmed 2.0.0.47' });
    // In the end all is well: the harm was on the way.
    expect(new Set(Object.values(outcomesAfter(proof, 'offer-stable')))).toEqual(
      new Set(['promised 2.0.0.47']),
    );
    expect(proof.isSafe).toBe(false);
    expect(proof.problems).toEqual([
      expect.stringMatching(/^After "Copy 2\.0\.0\.47 .*"fixed" \(stable\) is harmed/),
      expect.stringMatching(/^After "Copy 2\.0\.0\.47 .*"ours" \(stable\) loops: .*size-mismatch/),
    ]);
  }, 120_000);

  it('without the freeze: an old Mac installs what does not start', async () => {
    const given = input([CLIENTS.wholeOn11, CLIENTS.whole]);
    const ids = ['pause-stable', 'offer-beta', 'offer-stable', 'publish-following'];
    const proof = await provePlan(withSteps(derivePlan(given), ids, onOldFeed), given);
    expect(outcomesAfter(proof, 'offer-stable', 'beta')).toEqual({
      'whole-on-11': 'promised 2.0.0.47',
      whole: 'promised 2.0.0.47',
    });
    expect(outcomesAfter(proof, 'publish-following', 'beta')).toEqual({
      'whole-on-11': 'harmed 2.0.0.48',
      whole: 'promised 2.0.0.48',
    });
    expect(proof.isSafe).toBe(false);
    expect(proof.problems[0]).toMatch(/"whole-on-11" \(beta\) is harmed: .*needs macOS 13\.0/);
  }, 120_000);

  it('with a dotted build number: who compares whole numbers stays cut off', async () => {
    const given = input([CLIENTS.whole, CLIENTS.ours]);
    const plan = withSteps(derivePlan(given), ['pause-stable', 'offer-beta', 'offer-stable']);
    const transition = { ...plan.transition, bundleVersion: plan.transition.version };
    const proof = await provePlan({ ...plan, transition }, given);
    expect(outcomesAfter(proof, 'offer-stable')).toEqual({
      whole: 'stranded 1.5.0',
      ours: 'promised 2.0.0.47',
    });
    expect(proof.isSafe).toBe(false);
    expect(proof.problems).toEqual([
      expect.stringMatching(/"whole" \(stable\) is stranded/),
      expect.stringMatching(/"whole" \(beta\) is stranded/),
    ]);
  }, 120_000);

  it('with a wish that leaves an old Mac out', async () => {
    const given = input([CLIENTS.wholeOn11], { nextMinimumOs: '12.0' });
    const proof = await provePlan(withSteps(derivePlan(given), SHORT.slice(2)), given);
    expect(outcomesAfter(proof, 'offer-stable')).toEqual({ 'whole-on-11': 'harmed 2.0.0.47' });
    expect(proof.isSafe).toBe(false);
  }, 120_000);

  it('with a step that cannot be taken: nothing is tried after it', async () => {
    const given = input([CLIENTS.ours]);
    const proof = await provePlan(withSteps(derivePlan(given), ['open-feed', 'offer-beta']), given);
    expect(proof.problems[0]).toMatch(
      /^"Offer 2\.0\.0\.47 on the new feed's stable channel too" cannot be done: /,
    );
    expect(proof.problems[0]).toContain('manifest_beta.json');
    expect(proof.isSafe).toBe(false);
    expect(proof.stages.map((stage) => stage.after)).toEqual(['before']);
  }, 60_000);
});

describe('the proof', () => {
  it('blames no plan for a client that nothing can reach', async () => {
    const address = 'https://20.151.51.172/updates/Nexy.dmg';
    const dead = changed(CLIENTS.fixed, { downloads: { address } });
    const given = inputOf([{ version: '2.0.0.46' }], { clients: [dead] });
    const proof = await provePlan(withSteps(derivePlan(given), SHORT.slice(2)), given);
    expect(outcomesAfter(proof, 'before')).toEqual({ fixed: 'stranded 1.5.0' });
    expect(outcomesAfter(proof, 'offer-stable')).toEqual({ fixed: 'stranded 1.5.0' });
    expect(proof.problems).toEqual([]);
  }, 60_000);

  it('begins with the release host as it is: a built-in address with nothing behind it is bridged', async () => {
    const host = { versionTags: ['v2.0.0.46'], fixedTags: [] };
    const given = inputOf([{ version: '2.0.0.46' }], { clients: [CLIENTS.fixed], host });
    const plan = derivePlan(given);
    const ids = ['publish-transition', 'open-feed', ...SHORT];
    const proof = await provePlan(withSteps(plan, ids), given);
    expect(outcomesAfter(proof, 'before')).toEqual({ fixed: 'stranded 1.5.0' });
    expect(outcomesAfter(proof, 'offer-stable')).toEqual({ fixed: 'promised 2.0.0.47' });
    expect(proof.isSafe).toBe(true);
    expect(table(proof.withoutFixedTags)).toEqual({ fixed: 'stranded 1.5.0' });
  }, 120_000);

  it('can be stopped', async () => {
    const given = input([CLIENTS.ours]);
    const stopped = provePlan(derivePlan(given), given, { signal: AbortSignal.abort() });
    await expect(stopped).rejects.toMatchObject({ code: 'cancelled' });
  });
});
