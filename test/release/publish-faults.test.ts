import { describe, expect, it } from 'vitest';
import type { FaultKind, FaultPlace } from '../../src/lab/release-host/fault.ts';
import { makeInbox, openPublishWorld } from '../support/publish-world.ts';

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
