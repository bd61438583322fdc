import { describe, expect, it } from 'vitest';
import { derivePlan } from '../../../src/lab/plan/derive-plan.ts';
import type { MigrationPlan } from '../../../src/lab/plan/migration-plan.ts';
import { hostFactsOfState, hostFactsOfStatus } from '../../../src/lab/plan/plan-input.ts';
import { loadLab } from '../../../src/lab/scenario/load-lab.ts';
import type { StatusReport } from '../../../src/release/status.ts';
import { HAS_FIXTURES, NEEDS_FIXTURES } from '../../support/fixtures.ts';
import { CLIENTS, changed, inputOf, realInput } from './plan-world.ts';

const HONEST = { version: '2.0.0.46' };
const LYING = { version: '2.0.0.46', build: { version: '2.0.0.31' }, url: 'fixed-tag' };

function idsOf({ steps }: MigrationPlan): readonly string[] {
  return steps.map(({ id }) => id);
}

function unsafe({ facts }: MigrationPlan): readonly string[] {
  return facts.filter((fact) => fact.startsWith('NOT SAFE'));
}

describe.skipIf(!HAS_FIXTURES)(`the plan for the real manifests${NEEDS_FIXTURES}`, () => {
  it('has a release that is above all that was ever offered, and that every old Mac starts', async () => {
    const plan = derivePlan(await realInput());
    expect(plan).toMatchObject({
      transition: { version: '2.6.0.1', bundleVersion: '20601', minimumOs: '11.0' },
      following: { version: '2.6.0.2', bundleVersion: '20602', minimumOs: '13.0' },
      lastVersions: [
        { macos: '11', version: '2.6.0.1' },
        { macos: '12', version: '2.6.0.1' },
      ],
      proof: null,
    });
    expect(unsafe(plan)).toEqual([]);
    expect(plan.facts.join('\n')).toMatch(
      /stable channel offers "2\.0\.0\.46".*first offered as 2\.0\.0\.31/,
    );
    expect(plan.facts.join('\n')).toMatch(/2\.6\.0 \(offered by "2025-11-05_v2\.6\.0/);
    expect(plan.facts.join('\n')).toContain('highest whole build number is 20600');
  });

  it('stops the offer that loops first, and changes each fixed tag while no manifest is there', async () => {
    expect(idsOf(derivePlan(await realInput()))).toEqual([
      'pause-stable',
      'build-transition',
      'publish-transition',
      'open-feed',
      'verify-feed',
      'pause-beta',
      'bridge-beta',
      'offer-beta',
      'bridge-stable',
      'offer-stable',
      'verify',
      'freeze',
      'publish-following',
      'promote-following',
    ]);
  });

  it('knows of every client why it gets nothing today, and what reaches it', async () => {
    const { stranded } = derivePlan(await realInput());
    expect(stranded.map(({ client }) => client).sort()).toEqual(
      (await loadLab()).clients.map(({ name }) => name).sort(),
    );
    expect(stranded.filter(({ reachedBy }) => reachedBy === null)).toEqual([]);
    const whys = Object.fromEntries(stranded.map(({ client, why }) => [client, why]));
    expect(whys['integer-build']).toContain('"2.0.0.46" is none');
    expect(whys['ours-at-2.6.0']).toContain('the history went back');
    expect(whys['fixed-address']).toContain('at every check');
    expect(whys['ours']).toContain('refuses what it is offered');
  });
});

describe('versions of the transition release', () => {
  it.each([
    ['one above the highest offer', [HONEST], {}, '2.0.0.47'],
    ['above what came earlier and was higher', [{ version: '2.6.0' }, { version: '1.0.1' }], {}, '2.6.0.1'],
    ['above the other channel', [HONEST, { version: '3.1', channel: 'beta' }], {}, '3.1.0.1'],
    ['above a tag that was never offered', [HONEST], { versionTags: ['v2.0.0.99'] }, '2.0.0.100'],
    ['past the largest number', [{ version: '1.5.2.999999999' }], {}, '1.5.3.0'],
  ])('are %s', (_what, manifests, host, version) => {
    const facts = { versionTags: [], fixedTags: [], ...host };
    expect(derivePlan(inputOf(manifests, { host: facts })).transition.version).toBe(version);
  });

  it('are above what a client has that was never offered here', () => {
    const clients = [changed(CLIENTS.ours, { installed: { version: '4.0' } })];
    expect(derivePlan(inputOf([HONEST], { clients })).transition.version).toBe('4.0.0.1');
  });

  it('are those that are wished for, which may be no help', () => {
    const fine = derivePlan(inputOf([HONEST], { wishes: { nextVersion: '3.0' } }));
    expect(fine).toMatchObject({ transition: { version: '3.0' }, following: { version: '3.0.0.1' } });
    expect(unsafe(fine)).toEqual([]);
    const low = derivePlan(inputOf([{ version: '2.6.0' }, HONEST], { wishes: { nextVersion: '2.0.0.47' } }));
    expect(unsafe(low)).toEqual([expect.stringMatching(/2\.0\.0\.47 is not above 2\.6\.0/)]);
    expect(() => derivePlan(inputOf([HONEST], { wishes: { nextVersion: 'next' } }))).toThrow(
      expect.objectContaining({ code: 'version-invalid' }),
    );
  });
});

describe('build numbers', () => {
  it.each([
    ['above the highest that was offered', [{ ...HONEST, buildNumber: 30_000 }], CLIENTS.whole, '30001'],
    ['also one that stood there as a text', [{ ...HONEST, buildNumber: '30000' }], CLIENTS.whole, '30001'],
    ['above the highest that is installed', [HONEST], CLIENTS.whole, '10501'],
    // Sparkle compares a whole number with the first part of a dotted one.
    ['above every dotted one', [{ version: '90000.1' }], CLIENTS.whole, '90001'],
    ['dotted where nobody compares whole numbers', [HONEST], CLIENTS.ours, '2.0.0.47'],
  ])('are %s', (_what, manifests, spec, bundleVersion) => {
    expect(derivePlan(inputOf(manifests, { clients: [spec] })).transition.bundleVersion).toBe(bundleVersion);
  });
});

describe('the minimum of the transition release', () => {
  it.each([
    ['that which was promised to all', [HONEST], [CLIENTS.whole], '11.0'],
    [
      'that of the oldest Mac that does not look',
      [{ ...HONEST, build: { version: '2.0.0.46', minimumOs: '13.0' } }],
      [CLIENTS.wholeOn11],
      '11.0',
    ],
    [
      'no lower for who looks',
      [{ ...HONEST, build: { version: '2.0.0.46', minimumOs: '13.0' } }],
      [CLIENTS.oursOn12],
      '13.0',
    ],
  ])('is %s', (_what, manifests, clients, minimumOs) => {
    expect(derivePlan(inputOf(manifests, { clients })).transition.minimumOs).toBe(minimumOs);
  });

  it('is said to be unsafe where a wish leaves an old Mac with an app that does not start', () => {
    const plan = derivePlan(inputOf([HONEST], { wishes: { nextMinimumOs: '12.0' } }));
    expect(plan.transition.minimumOs).toBe('12.0');
    expect(unsafe(plan)).toEqual([expect.stringMatching(/macOS 12\.0.*"whole-on-11" \(macOS 11\.7\.10\)/)]);
    expect(plan.lastVersions[0]).toMatchObject({ macos: '11', version: 'what it has' });
    expect(plan.lastVersions[1]).toMatchObject({ macos: '12', version: '2.0.0.47' });
  });

  it('is refused where it is no version of macOS', () => {
    expect(() => derivePlan(inputOf([HONEST], { wishes: { nextMinimumOs: 'Big Sur' } }))).toThrow(
      expect.objectContaining({ code: 'usage' }),
    );
  });
});

describe('the steps', () => {
  it.each([
    ['a lie on stable comes first', [LYING], ['pause-stable', 'build-transition']],
    ['so does one on beta', [HONEST, { ...LYING, channel: 'beta' }], ['pause-beta', 'build-transition']],
    [
      'what does not start on an old Mac',
      [{ ...HONEST, build: { version: '2.0.0.46', minimumOs: '13.0' } }],
      ['pause-stable', 'build-transition'],
    ],
    [
      'a build number that the app does not have',
      [{ ...HONEST, buildNumber: 20_046, build: { version: '2.0.0.46' } }],
      ['pause-stable', 'build-transition'],
    ],
    [
      'what our client refuses',
      [{ ...HONEST, url: { address: 'https://example.org/Nexy.dmg' } }],
      ['pause-stable', 'build-transition'],
    ],
    [
      'a text file is one',
      [{ ...HONEST, build: { version: '2.0.0.46', kind: 'text' } }],
      ['pause-stable', 'build-transition'],
    ],
    ['an honest offer may stay for now', [HONEST], ['build-transition', 'publish-transition']],
  ])('%s', (_what, manifests, first) => {
    expect(idsOf(derivePlan(inputOf(manifests))).slice(0, 2)).toEqual(first);
  });

  it('pause no channel that offers nothing, and bridge none that nobody follows', () => {
    const ids = idsOf(derivePlan(inputOf([HONEST])));
    expect(ids).toContain('bridge-stable');
    expect(ids).not.toContain('bridge-beta');
    expect(ids).not.toContain('pause-beta');
    // To the old feed it comes through beta all the same: stable takes promotions only.
    expect(ids.filter((id) => id.startsWith('offer-'))).toEqual(['offer-beta', 'offer-stable']);
    const host = { versionTags: [], fixedTags: [{ tag: 'UpdateBeta', downloads: 3 }] };
    expect(idsOf(derivePlan(inputOf([HONEST], { host })))).toContain('bridge-beta');
  });

  it('never write the old folder once it is frozen', () => {
    const { steps } = derivePlan(inputOf([HONEST]));
    const after = steps.slice(steps.findIndex(({ id }) => id === 'freeze') + 1);
    expect(after.map(({ command }) => command)).toEqual([
      'nexy-release publish --version 2.0.0.48 --inbox inbox-2.0.0.48 --channel beta --manifests manifests-next --push',
      'nexy-release promote --from beta --to stable --manifests manifests-next --push',
    ]);
  });
});

describe('who gets nothing today', () => {
  it.each([
    ['nobody, where all is well', [{ ...HONEST, buildNumber: 20_046 }], []],
    ['who reads whole numbers, where there is none', [HONEST], ['whole', 'whole-on-11']],
    [
      'who has more than is offered',
      [{ version: '1.0.1', buildNumber: 10_001 }],
      ['whole', 'whole-on-11', 'versions', 'fixed', 'ours', 'ours-on-12'],
    ],
    [
      'who installs a lie, or refuses it',
      [{ ...LYING, buildNumber: 20_046 }],
      ['whole', 'whole-on-11', 'versions', 'fixed', 'sparkle', 'ours', 'ours-on-12'],
    ],
    [
      'everybody, where nothing is offered',
      [{ ...HONEST, channel: 'beta', buildNumber: 20_046 }],
      ['whole', 'whole-on-11', 'versions', 'fixed', 'sparkle', 'ours', 'ours-on-12'],
    ],
  ])('%s', (_what, manifests, names) => {
    const { stranded } = derivePlan(inputOf(manifests));
    expect(stranded.map(({ client }) => client)).toEqual(names);
    expect(stranded.every(({ reachedBy }) => reachedBy !== null)).toBe(true);
  });

  it('is told how to help themselves where nothing reaches them', () => {
    const address = 'https://20.151.51.172/updates/Nexy.dmg';
    const dead = changed(CLIENTS.fixed, { downloads: { address } });
    const { stranded } = derivePlan(inputOf([HONEST], { clients: [dead] }));
    expect(stranded).toEqual([
      { client: 'fixed', why: expect.stringMatching(/20\.151\.51\.172.*by hand/), reachedBy: null },
    ]);
  });

  it('includes who looks for a file that is not there', () => {
    const host = { versionTags: ['v2.0.0.46'], fixedTags: [] };
    const { stranded } = derivePlan(inputOf([HONEST], { clients: [CLIENTS.fixed], host }));
    expect(stranded).toEqual([
      {
        client: 'fixed',
        why: expect.stringContaining('nothing lies there'),
        reachedBy: expect.stringContaining('the fixed tag Update'),
      },
    ]);
  });
});

describe('the release host', () => {
  it('is known from a status with a token', () => {
    const base = { owner: 'o/r', channels: [], immutableReleases: null, drafts: [] } as const;
    const report = (more: Pick<StatusReport, 'tags' | 'fixedTags'>): StatusReport => ({ ...base, ...more });
    const tag = { tag: 'v2.0.0.46', publishedAt: null, isImmutable: null, assets: [], offeredOn: [] };
    const fixed = { channel: 'stable', asset: 'Nexy.dmg', version: null, isCurrent: false } as const;
    const status = report({
      tags: [tag],
      fixedTags: [
        { ...fixed, tag: 'Update', isThere: true, downloads: 812 },
        { ...fixed, tag: 'App', isThere: false, downloads: null },
      ],
    });
    const facts = hostFactsOfStatus(status);
    expect(facts).toEqual({ versionTags: ['v2.0.0.46'], fixedTags: [{ tag: 'Update', downloads: 812 }] });
    expect(derivePlan(inputOf([HONEST], { host: facts })).retirement.join(' ')).toContain('today Update 812');
    expect(hostFactsOfStatus(report({ tags: null, fixedTags: null }))).toBeNull();
  });

  it('is known from a state of the lab', async () => {
    const { manifests } = inputOf([HONEST, { ...HONEST, channel: 'beta' }]);
    const { hosts } = await loadLab();
    const factsOf = (name: string) => {
      const state = hosts.find((each) => each.name === name);
      if (state === undefined) throw new Error(`no host ${name}`);
      return hostFactsOfState(state, manifests);
    };
    const fixedTags = [
      { tag: 'Update', downloads: null },
      { tag: 'UpdateBeta', downloads: null },
    ];
    expect(factsOf('fixed-tags-only')).toEqual({ versionTags: [], fixedTags });
    expect(factsOf('version-tags-only')).toEqual({ versionTags: ['v2.0.0.46'], fixedTags: [] });
    expect(factsOf('both')).toEqual({ versionTags: ['v2.0.0.46'], fixedTags });
  });
});
