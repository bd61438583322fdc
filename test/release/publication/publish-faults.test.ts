import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FaultKind, FaultPlace } from '../../../src/lab/release-host/fault.ts';
import { parseVersion } from '../../../src/version.ts';
import { makeIdentity, makeInbox, openPublishWorld } from '../../support/publish-world.ts';

/** What a publish makes that meets no fault. */
const CALLS = { api: 6, upload: 3 } as const;

const FAULTS: readonly (readonly [string, FaultKind, readonly FaultPlace[]])[] = [
  ['a 502 before any effect', { kind: 'status', status: 502 }, ['api', 'upload']],
  ['a 502 after the effect', { kind: 'after-effect', status: 502 }, ['api', 'upload']],
  ['a 500 after the effect', { kind: 'after-effect', status: 500 }, ['api', 'upload']],
  ['an answer that is lost', { kind: 'lost' }, ['api', 'upload']],
  ['a reset after half of the bytes', { kind: 'reset', after: 10_000 }, ['upload']],
  [
    '429 with Retry-After',
    { kind: 'status', status: 429, headers: { 'retry-after': '3' } },
    ['api', 'upload'],
  ],
  [
    '403 for a secondary limit',
    { kind: 'status', status: 403, headers: { 'retry-after': '3' } },
    ['api', 'upload'],
  ],
  ['no digest', { kind: 'null-digest' }, ['api', 'upload']],
  ['no answer at all', { kind: 'silent' }, ['api', 'upload']],
  ['an answer that breaks off', { kind: 'cut', after: 40 }, ['api', 'upload']],
];

const CASES = FAULTS.flatMap(([name, fault, places]) =>
  places.flatMap((on) => {
    if (on !== 'api' && on !== 'upload') return [];
    return Array.from({ length: CALLS[on] }, (_, skip) => ({ name, fault, on, skip, number: skip + 1 }));
  }),
);

describe('one call of a publish meets a fault, and the release is whole in the end', () => {
  it.each(CASES)('$name at $on call $number', async ({ fault, on, skip }) => {
    const { host, publish, writes } = await openPublishWorld();
    host.fault({ on, skip, times: 1, fault });
    const limits = { call: 300, stall: 300 };
    expect(await publish({}, { limits })).toMatchObject({ result: 'published' });
    const releases = host.github.releases();
    expect(releases).toMatchObject([{ isDraft: false, body: 'Better than ever.\n' }]);
    const digests = makeInbox().map(({ sha256 }) => sha256);
    expect(releases[0]?.assets.map(({ sha256 }) => sha256).toSorted()).toEqual(digests.toSorted());
    host.clearFaults();
    const before = writes().length;
    expect(await publish()).toMatchObject({ result: 'already-published' });
    expect(writes()).toHaveLength(before);
  });

  it('meets every call that a publish makes', async () => {
    const { host, publish } = await openPublishWorld();
    await publish();
    const count = (place: FaultPlace): number => host.log.filter(({ on }) => on === place).length;
    expect(count('api')).toBe(CALLS.api);
    expect(count('upload')).toBe(CALLS.upload);
  });
});

describe('all calls of a kind fail', () => {
  it.each([
    ['making a draft', 'api', 'POST'],
    ['uploading', 'upload', 'POST'],
    ['publishing', 'api', 'PATCH'],
    ['reading', 'api', 'GET'],
  ] as const)('%s: it ends as github-failed without a release', async (_, on, method) => {
    const { host, publish } = await openPublishWorld();
    const stop = host.fault({ on, method, fault: { kind: 'status', status: 502 } });
    await expect(publish()).rejects.toMatchObject({ code: 'github-failed' });
    expect(host.github.releases().filter(({ isDraft }) => !isDraft)).toEqual([]);
    stop();
    expect(await publish()).toMatchObject({ result: 'published' });
  });

  it('with effect: a draft whose making never gets an answer is found by the id of its run', async () => {
    const { host, publish, writes } = await openPublishWorld();
    host.fault({ on: 'api', method: 'POST', fault: { kind: 'lost' } });
    expect(await publish()).toMatchObject({ result: 'published' });
    expect(writes().filter((call) => call.startsWith('POST') && call.endsWith('/releases'))).toHaveLength(1);
    expect(host.github.releases()).toHaveLength(1);
  });

  it('with effect: a release whose publishing never gets an answer is found by its id', async () => {
    const { host, publish, writes } = await openPublishWorld();
    host.fault({ on: 'api', method: 'PATCH', fault: { kind: 'lost' } });
    expect(await publish()).toMatchObject({ result: 'published' });
    expect(writes().filter((call) => call.startsWith('PATCH'))).toHaveLength(1);
  });

  it('404 to publishing, with the draft still there, is not tried with one draft after the other', async () => {
    const { host, publish, writes } = await openPublishWorld();
    host.fault({ on: 'api', method: 'PATCH', fault: { kind: 'status', status: 404 } });
    await expect(publish()).rejects.toMatchObject({ code: 'github-auth' });
    expect(writes().filter((call) => call.endsWith('/assets'))).toHaveLength(3);
    expect(host.github.releases()).toEqual([]);
  });

  it.each([
    [404, 'workflows'],
    [403, 'may not do this'],
    [401, 'does not accept the token'],
  ])('a token that may read but not write (%i) is told so', async (status, words) => {
    const { host, publish } = await openPublishWorld();
    host.fault({ on: 'api', method: 'POST', fault: { kind: 'status', status } });
    await expect(publish()).rejects.toMatchObject({
      code: 'github-auth',
      message: expect.stringContaining(words),
    });
    expect(host.github.releases()).toEqual([]);
  });

  it('a draft that cannot be removed is told, and the next run removes it', async () => {
    const { host, publish, reporter } = await openPublishWorld();
    const stops = [
      host.fault({ on: 'upload', fault: { kind: 'status', status: 422 } }),
      host.fault({ on: 'api', method: 'DELETE', fault: { kind: 'status', status: 502 } }),
    ];
    const gone = makeIdentity({ pid: 2 ** 22 + 1 });
    await expect(publish({ identity: gone })).rejects.toMatchObject({ code: 'github-failed' });
    expect(reporter.warnings.join()).toContain('The next run does it.');
    expect(host.github.releases()).toMatchObject([{ isDraft: true }]);
    for (const stop of stops) stop();
    expect(await publish({ identity: makeIdentity() })).toMatchObject({ result: 'published' });
    expect(host.github.releases()).toHaveLength(1);
  });

  it('a draft whose removal gets no answer is looked for before it is tried again', async () => {
    const { host, publish, writes } = await openPublishWorld();
    host.fault({ on: 'upload', fault: { kind: 'status', status: 422 } });
    host.fault({ on: 'api', method: 'DELETE', fault: { kind: 'lost' } });
    await expect(publish()).rejects.toMatchObject({ code: 'github-failed' });
    expect(writes().filter((call) => call.startsWith('DELETE'))).toHaveLength(1);
    expect(host.github.releases()).toEqual([]);
  });

  it('uploads that always break leave no draft', async () => {
    const { host, publish } = await openPublishWorld();
    host.fault({ on: 'upload', fault: { kind: 'reset', after: 100 } });
    await expect(publish()).rejects.toMatchObject({ code: 'github-failed' });
    expect(host.github.releases()).toEqual([]);
  });

  it('bytes that always arrive damaged are never published', async () => {
    const { host, publish } = await openPublishWorld();
    const assets = makeInbox().map((asset) => ({ ...asset, sha256: '0'.repeat(64) }));
    await expect(publish({ assets })).rejects.toMatchObject({ code: 'github-failed' });
    expect(host.github.releases()).toEqual([]);
  });

  it('when nobody can say whether it was published, the draft is not deleted, and the rerun finds out', async () => {
    const { host, publish, reporter } = await openPublishWorld();
    const stops = [
      host.fault({ on: 'api', method: 'PATCH', fault: { kind: 'lost' } }),
      host.fault({
        on: 'api',
        method: 'GET',
        path: /\/releases\/\d+$/,
        fault: { kind: 'status', status: 502 },
      }),
    ];
    await expect(publish()).rejects.toMatchObject({ code: 'github-failed' });
    expect(reporter.warnings.join()).toContain('is not known');
    expect(host.github.releases()).toMatchObject([{ isDraft: false }]);
    for (const stop of stops) stop();
    expect(await publish()).toMatchObject({ result: 'already-published' });
  });
});

describe('several calls of several publishers meet faults of any kind', () => {
  const kinds = fc.constantFrom<FaultKind>(
    { kind: 'status', status: 502 },
    { kind: 'after-effect', status: 502 },
    { kind: 'lost' },
    { kind: 'reset', after: 5_000 },
    { kind: 'null-digest' },
    { kind: 'cut', after: 40 },
    { kind: 'delay', milliseconds: 30 },
    { kind: 'status', status: 429, headers: { 'retry-after': '2' } },
  );
  const faults = fc.array(
    fc.record({
      on: fc.constantFrom<FaultPlace>('api', 'upload'),
      skip: fc.nat(14),
      times: fc.integer({ min: 1, max: 5 }),
      fault: kinds,
    }),
    { minLength: 1, maxLength: 5 },
  );

  it('and what is published is whole, from one of them, and stays; reruns end as they should', async () => {
    const { host, publish, writes } = await openPublishWorld({
      rateLimit: { token: 1_000_000, anonymous: 1_000_000 },
    });
    let build = 0;
    await fc.assert(
      fc.asyncProperty(faults, async (rules) => {
        build += 1;
        const version = parseVersion(`3.0.0.${build}`);
        const tag = `v${version.text}`;
        const publishAs = (label: string) =>
          publish({ version, assets: makeInbox(label), rereadPublished: false }).catch(
            (error: unknown) => error,
          );
        const published = () => host.github.releases().filter((each) => !each.isDraft && each.tag === tag);
        for (const rule of rules) host.fault(rule);
        await Promise.all(['red', 'blue'].map(publishAs));
        host.clearFaults();

        const seen = published();
        expect(seen.length).toBeLessThanOrEqual(1);
        const outcomes = [await publishAs('red'), await publishAs('blue')];
        const [release, ...others] = published();
        expect(others).toEqual([]);
        if (seen.length > 0) expect([release]).toEqual(seen);
        const digests = (label: string) =>
          makeInbox(label)
            .map(({ sha256 }) => sha256)
            .toSorted();
        const held = release?.assets.map(({ sha256 }) => sha256).toSorted();
        const winner = ['red', 'blue'].find((label) => digests(label).join() === held?.join());
        expect(winner).toBeDefined();
        expect(outcomes).toMatchObject(
          winner === 'red'
            ? [{ release: { tag } }, { code: 'asset-conflict' }]
            : [{ code: 'asset-conflict' }, { release: { tag } }],
        );
        const before = writes().length;
        expect(await publishAs(winner ?? '')).toMatchObject({ result: 'already-published' });
        expect(writes()).toHaveLength(before);
      }),
      { numRuns: 30 },
    );
  });
});
