import { createHash } from 'node:crypto';
import { parse } from 'valibot';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Build, buildPlan } from '../../../src/lab/builds/build-plan.ts';
import { makeBuild } from '../../../src/lab/builds/make-build.ts';
import { startReleaseHost } from '../../../src/lab/release-host/release-host.ts';
import { loadLab } from '../../../src/lab/scenario/load-lab.ts';
import { makeOfferedManifest } from '../../../src/lab/scenario/make-offer.ts';
import type { OfferedManifest } from '../../../src/lab/scenario/scenario.ts';
import { HOST_SCHEMA, type HostData, type ManifestData } from '../../../src/lab/scenario/schema.ts';
import { type StagedHost, stageHost } from '../../../src/lab/scenario/stage-host.ts';

const PRODUCTION = 'Seregawpn/Nexy_production';

function offerOf(version: string, more: Partial<ManifestData> = {}): OfferedManifest {
  const data = {
    version,
    channel: 'stable',
    date: '2026-03-12',
    url: 'version-tag',
    changes: {},
    checks: 3,
  } as const;
  return makeOfferedManifest({ ...data, ...more }, 'a.json');
}

const OFFERED = offerOf('2.0.0.46');
const PROMISED = makeBuild(buildPlan('2.0.0.46'));

interface Stage {
  stage(state: Partial<HostData>, offered?: OfferedManifest, promised?: Build | null): StagedHost;
  /** The version that lies there, what else does, or the status that says that nothing can be had. */
  at(tag: string, owner?: string, file?: string): Promise<string | number>;
}

async function openStage(): Promise<Stage> {
  const host = await startReleaseHost();
  onTestFinished(() => host.close());
  const known = ['1.0.0', '2.0.0.31', '2.0.0.45', '2.0.0.46', '2.0.0.47', '2.7.1'].map((version) => {
    return [makeBuild(buildPlan(version)).sha256, version] as const;
  });
  const versions = new Map([
    ...known,
    [makeBuild(buildPlan('2.7.1', { label: 'other channel' })).sha256, 'other'] as const,
  ]);
  return {
    stage: (state, offered = OFFERED, promised = PROMISED) => {
      const data = { title: 'x', publishes: ['version'], ...state };
      return stageHost(host, { ...parse(HOST_SCHEMA, data), name: 'x' }, offered, promised);
    },
    at: async (tag, owner = PRODUCTION, file = 'Nexy.dmg') => {
      const answer = await fetch(`${host.origin}/${owner}/releases/download/${tag}/${file}`);
      const bytes = new Uint8Array(await answer.arrayBuffer());
      if (!answer.ok) return answer.status;
      return versions.get(createHash('sha256').update(bytes).digest('hex')) ?? `${bytes.length} bytes`;
    },
  };
}

describe('stageHost', () => {
  it('puts builds under the tags that are meant', async () => {
    const { stage, at } = await openStage();
    stage({
      releases: [
        { tag: 'fixed', holds: { version: '2.0.0.31' } as never },
        { tag: 'version', holds: 'promised' },
        { tag: 'other-fixed', holds: { version: '2.0.0.45' } as never },
        { tag: { name: 'Extra', owner: 'a/b' }, holds: { version: '1.0.0' } as never },
      ],
    });
    expect(await at('Update')).toBe('2.0.0.31');
    expect(await at('v2.0.0.46')).toBe('2.0.0.46');
    expect(await at('UpdateBeta')).toBe('2.0.0.45');
    expect(await at('Extra', 'a/b')).toBe('1.0.0');
    expect(await at('Extra')).toBe(404);
  });

  it.each([
    ['version-tag', 'v2.0.0.46'],
    ['fixed-tag', 'Update'],
    ['none', 'Update'],
    [{ address: `https://github.com/${PRODUCTION}/releases/download/v1.6.1.42/Nexy.dmg` }, 'v1.6.1.42'],
    [{ address: 'https://example.com/Nexy.dmg' }, 'Update'],
  ] as const)('puts a build where the manifest says: %j is %s', async (url, tag) => {
    const { stage, at } = await openStage();
    stage({ releases: [{ tag: 'named', holds: 'promised' }] }, offerOf('2.0.0.46', { url }));
    const held = await Promise.all(
      ['v2.0.0.46', 'v1.6.1.42', 'Update'].map(async (each) => [each, await at(each)]),
    );
    expect(held.filter(([, found]) => found !== 404)).toEqual([[tag, '2.0.0.46']]);
  });

  it('the other channel has the fixed tags the other way round', async () => {
    const { stage, at } = await openStage();
    stage({ releases: [{ tag: 'fixed', holds: 'promised' }] }, offerOf('2.0.0.46', { channel: 'beta' }));
    expect(await at('UpdateBeta')).toBe('2.0.0.46');
    expect(await at('Update')).toBe(404);
  });

  it('leaves what lay there from the manifest before, unless the state says otherwise', async () => {
    const { stage, at } = await openStage();
    stage({
      releases: [
        { tag: 'version', holds: 'promised' },
        { tag: 'fixed', holds: 'promised' },
      ],
    });
    const next = makeBuild(buildPlan('2.0.0.47'));
    stage(
      {
        releases: [
          { tag: 'version', holds: 'promised' },
          { tag: 'fixed', holds: 'nothing' },
        ],
      },
      offerOf('2.0.0.47'),
      next,
    );
    expect(await Promise.all(['v2.0.0.46', 'v2.0.0.47', 'Update'].map((tag) => at(tag)))).toEqual([
      '2.0.0.46',
      '2.0.0.47',
      404,
    ]);
  });

  it('has no version tag for what is no version, and no release of what is no image or nowhere', async () => {
    const { stage, at } = await openStage();
    const both = [
      { tag: 'version', holds: 'promised' },
      { tag: 'fixed', holds: 'promised' },
    ] as const;
    stage({ releases: [...both] }, offerOf('2.0.0.46-rc1'));
    expect(await at('v2.0.0.46-rc1')).toBe(404);
    expect(await at('Update')).toBe('2.0.0.46');
    stage(
      { releases: [...both] },
      offerOf('2.0.0.46', {
        url: { address: 'https://example.com/a.txt' },
        changes: { artifact: { type: 'txt' } },
      }),
      makeBuild(buildPlan('1', { kind: 'text' })),
    );
    expect(await at('v2.0.0.46')).toBe(404);
    expect(await at('Update'), 'what lay there before').toBe('2.0.0.46');
    stage({ releases: [...both] }, OFFERED, null);
    expect(await at('Update')).toBe(404);
  });

  it('believes a release URL of another owner: it was there when that was offered', async () => {
    const { stage, at } = await openStage();
    const address = 'https://github.com/Seregawpn/Nexy/releases/download/v2.0.0.46/Nexy.dmg';
    stage({}, offerOf('2.0.0.46', { url: { address } }));
    expect(await at('v2.0.0.46', 'Seregawpn/Nexy')).toBe('2.0.0.46');
    expect(await at('v2.0.0.46')).toBe(404);
  });

  it('lets each event happen once, at its moment', async () => {
    const { stage, at } = await openStage();
    const staged = stage({
      releases: [{ tag: 'fixed', holds: 'promised' }],
      events: [
        { after: 'feed', check: 2, tag: 'fixed', holds: { version: '2.0.0.47' } as never },
        { after: 'check', check: 2, tag: 'fixed', holds: 'nothing' },
      ],
    });
    const seen: (string | number)[] = [];
    for (const check of [1, 2, 3]) {
      staged.feedServed(check);
      staged.feedServed(check);
      seen.push(await at('Update'));
      staged.checkEnded(check);
      seen.push(await at('Update'));
    }
    expect(seen).toEqual(['2.0.0.46', '2.0.0.46', '2.0.0.47', 404, 404, 404]);
  });

  it('has the faults of its own state only, and nothing at all once it is cleared', async () => {
    const { stage, at } = await openStage();
    const releases = [{ tag: 'fixed', holds: 'promised' }] as const;
    stage({ releases: [...releases], faults: [{ on: 'release', status: 500 }] });
    expect(await at('Update')).toBe(500);
    stage({ releases: [...releases], faults: [{ on: 'asset', status: 503 }] });
    expect(await at('Update')).toBe(503);
    const staged = stage({ releases: [...releases] });
    expect(await at('Update')).toBe('2.0.0.46');
    staged.clear();
    expect(await at('Update')).toBe(404);
  });
});

describe('the states of resources/lab, for 2.0.0.46 on the stable channel', () => {
  it.each([
    // Update, version tag and UpdateBeta: before the first check, during the download of it, and after it.
    ['fixed-tags-only', ['2.0.0.46', 404, 404]],
    ['both', ['2.0.0.31', '2.0.0.46', 404]],
    ['version-tags-only', [404, '2.0.0.46', 404]],
    ['bridged', ['2.0.0.46', '2.0.0.46', 404]],
    ['fixed-tag-changed', ['2.0.0.46', 404, 404], ['2.7.1', 404, 404], ['2.7.1', 404, 404]],
    ['asset-missing', [404, 404, 404]],
    ['version-tag-late', [404, 404, 404], [404, 404, 404], [404, '2.0.0.46', 404]],
    ['redirect-host-down', [503, 503, 404]],
    ['channels-mixed', ['other', '2.0.0.46', '2.0.0.46']],
  ])('%s', async (name, before, during = before, after = during) => {
    const { stage, at } = await openStage();
    const look = () => Promise.all(['Update', 'v2.0.0.46', 'UpdateBeta'].map((tag) => at(tag)));
    const state = (await loadLab()).hosts.find((host) => host.name === name);
    const { name: _, ...data } = state ?? { name };
    const staged = stage(data);
    expect(await look()).toEqual(before);
    staged.feedServed(1);
    expect(await look()).toEqual(during);
    staged.checkEnded(1);
    expect(await look()).toEqual(after);
  });
});
