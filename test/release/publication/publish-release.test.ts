import { describe, expect, it } from 'vitest';
import { draftBody } from '../../../src/release/publication/marker.ts';
import { parseVersion } from '../../../src/version.ts';
import { PRODUCTION } from '../../support/production.ts';
import { makeAsset, makeIdentity, makeInbox, openPublishWorld } from '../../support/publish-world.ts';

const TAG = 'v2.0.0.46';

describe('publishing a version', () => {
  it('makes a draft, fills it, publishes it, and reads it back', async () => {
    const { host, publish, writes, reporter } = await openPublishWorld();
    const assets = makeInbox();
    const outcome = await publish({ assets });

    const facts = assets.map(({ name, size, sha256 }) => ({ name, size, sha256 }));
    expect(outcome).toEqual({
      result: 'published',
      immutability: 'off',
      release: { tag: TAG, publishedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]{8}Z$/), assets: facts },
      plan: facts.map(({ name, size, sha256 }) => ({
        asset: name,
        action: 'upload',
        size,
        sha256,
        reason: 'not there yet',
      })),
    });
    const [release, ...others] = host.github.releases();
    expect(others).toEqual([]);
    expect(release).toMatchObject({
      tag: TAG,
      name: TAG,
      body: 'Better than ever.\n',
      isDraft: false,
      isPrerelease: false,
      makeLatest: 'false',
      assets: assets.map(({ name, sha256, contentType }) => ({
        name,
        sha256,
        contentType,
        state: 'uploaded',
      })),
    });
    const { id } = release ?? {};
    expect(writes()).toEqual([
      `POST /repos/${PRODUCTION}/releases`,
      ...assets.map(() => `POST /repos/${PRODUCTION}/releases/${id}/assets`),
      `PATCH /repos/${PRODUCTION}/releases/${id}`,
    ]);
    expect(reporter.progressed.at(-1)).toMatchObject({
      transferred: facts.reduce((sum, { size }) => sum + size, 0),
    });
  });

  it('downloads what is published without the token, from the public address', async () => {
    const { host, publish } = await openPublishWorld();
    await publish();
    const downloads = host.log.filter(({ on }) => on === 'release');
    expect(downloads.map(({ path }) => path)).toEqual(
      makeInbox().map(({ name }) => `/${PRODUCTION}/releases/download/${TAG}/${name}`),
    );
    for (const { headers } of host.log.filter(({ on }) => on === 'release' || on === 'asset')) {
      expect(headers['authorization']).toBeUndefined();
    }
  });

  it('uploads with length and type, not in chunks of unknown number', async () => {
    const { host, publish } = await openPublishWorld();
    await publish();
    const [dmg] = makeInbox();
    const [upload] = host.log.filter(({ on }) => on === 'upload');
    expect(upload?.headers).toMatchObject({
      'content-length': String(dmg?.size),
      'content-type': 'application/octet-stream',
    });
    expect(upload?.headers['transfer-encoding']).toBeUndefined();
  });

  it('does nothing a second time, and says so for each file', async () => {
    const { publish, writes, reporter, open } = await openPublishWorld();
    const first = await publish();
    const before = writes().length;
    const github = open();
    const again = await publish({ github });

    expect(again).toMatchObject({ result: 'already-published', release: first.release });
    expect(again.plan.map(({ action, reason }) => `${action}: ${reason}`)).toEqual(
      makeInbox().map(() => `skip: already published, skip (tag=${TAG})`),
    );
    expect(
      reporter.lines.filter((line) => line.includes(`already published, skip (tag=${TAG})`)),
    ).toHaveLength(3);
    expect(writes()).toHaveLength(before);
    expect(github.writes).toBe(0);
  });

  it('counts its writing calls', async () => {
    const { publish, open } = await openPublishWorld();
    const github = open();
    await publish({ github });
    expect(github.writes).toBe(5);
  });

  it('needs no second download where a manifest offers these bytes already', async () => {
    const { host, publish } = await openPublishWorld();
    await publish();
    const before = host.log.filter(({ on }) => on === 'release').length;
    await publish({ rereadPublished: false });
    expect(host.log.filter(({ on }) => on === 'release')).toHaveLength(before);
  });

  it('publishes without a package, if the inbox has none', async () => {
    const { publish } = await openPublishWorld();
    const assets = makeInbox('good', ['Nexy.dmg', 'LATEST_CHANGES.md']);
    expect(await publish({ assets })).toMatchObject({ result: 'published' });
    expect(await publish({ assets })).toMatchObject({ result: 'already-published' });
  });

  it('only reads and plans on a dry run', async () => {
    const { host, publish, writes } = await openPublishWorld();
    expect(await publish({ isDryRun: true })).toMatchObject({
      result: 'dry-run',
      release: null,
      plan: [{ action: 'upload' }, { action: 'upload' }, { action: 'upload' }],
    });
    expect(writes()).toEqual([]);
    expect(host.github.releases()).toEqual([]);
    await publish();
    const before = writes().length;
    expect(await publish({ isDryRun: true })).toMatchObject({ result: 'dry-run', release: { tag: TAG } });
    expect(writes()).toHaveLength(before);
  });

  it('works with immutable releases, and says that they are on', async () => {
    const { host, publish, reporter } = await openPublishWorld();
    host.github.setImmutableReleases(true);
    expect(await publish()).toMatchObject({ result: 'published', immutability: 'on' });
    expect(host.github.releases()).toMatchObject([{ isImmutable: true }]);
    expect(reporter.lines.join('\n')).toContain('immutable releases are on');
    expect(await publish()).toMatchObject({ result: 'already-published' });
  });

  it('finds the release among more than a hundred', async () => {
    const { host, publish, writes } = await openPublishWorld();
    await publish();
    for (let build = 100; build < 330; build += 1)
      host.publish(`v2.0.0.${build}`, 'Nexy.dmg', Buffer.from(`${build}`));
    const before = writes().length;
    expect(await publish()).toMatchObject({ result: 'already-published' });
    expect(writes()).toHaveLength(before);
  });
});

describe('a published release that differs', () => {
  it('is never changed: both digests are shown', async () => {
    const { host, publish, writes } = await openPublishWorld();
    await publish();
    const before = [writes().length, host.github.releases()];
    const other = makeInbox('other');
    const failure = await publish({ assets: other }).catch((error: unknown) => error);

    expect(failure).toMatchObject({
      code: 'asset-conflict',
      details: { tag: TAG, plan: [{ action: 'conflict' }, {}, {}] },
    });
    for (const { sha256 } of [...makeInbox(), ...other]) expect(String(failure)).toContain(sha256);
    expect([writes().length, host.github.releases()]).toEqual(before);
  });

  it.each([
    [
      'lacks a file of the inbox',
      ['Nexy.dmg', 'LATEST_CHANGES.md'],
      ['Nexy.dmg', 'Nexy.pkg', 'LATEST_CHANGES.md'],
      'incomplete-release',
    ],
    [
      'has a file that the inbox lacks',
      ['Nexy.dmg', 'Nexy.pkg', 'LATEST_CHANGES.md'],
      ['Nexy.dmg', 'LATEST_CHANGES.md'],
      'asset-conflict',
    ],
  ] as const)('is refused when it %s', async (_, published, inbox, code) => {
    const { publish, writes } = await openPublishWorld();
    await publish({ assets: makeInbox('good', published) });
    const before = writes().length;
    await expect(publish({ assets: makeInbox('good', inbox) })).rejects.toMatchObject({ code });
    expect(writes()).toHaveLength(before);
  });

  it('is not shadowed by another spelling of the same version', async () => {
    const { publish, writes } = await openPublishWorld();
    await publish({ version: parseVersion('2.1') });
    const before = writes().length;
    await expect(publish({ version: parseVersion('2.1.0.0') })).rejects.toMatchObject({
      code: 'duplicate-releases',
    });
    expect(writes()).toHaveLength(before);
  });

  it('is compared by its bytes where GitHub gives no digest', async () => {
    const { host, publish, writes } = await openPublishWorld();
    for (const { name, openStream } of makeInbox()) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of openStream()) chunks.push(chunk);
      host.publish(TAG, name, Buffer.concat(chunks));
    }
    host.fault({ on: 'api', fault: { kind: 'null-digest' } });
    expect(await publish({ rereadPublished: false })).toMatchObject({ result: 'already-published' });
    await expect(publish({ assets: makeInbox('evil') })).rejects.toMatchObject({
      code: 'asset-conflict',
      message: expect.stringContaining(makeInbox()[0]?.sha256 ?? '-'),
    });
    expect(writes()).toEqual([]);
  });
});

describe('drafts that are there already', () => {
  it('stop it when a person made them', async () => {
    const { host, open, publish, writes } = await openPublishWorld();
    await open().createDraft({ tag: TAG, body: 'My notes, not finished.' });
    const before = [writes().length, host.github.releases()];
    await expect(publish()).rejects.toMatchObject({ code: 'release-in-progress' });
    expect([writes().length, host.github.releases()]).toEqual(before);
  });

  it('do not matter when a person made them for another version', async () => {
    const { host, open, publish } = await openPublishWorld();
    await open().createDraft({ tag: 'v3.0', body: 'My notes, not finished.' });
    expect(await publish()).toMatchObject({ result: 'published' });
    expect(host.github.releases().filter(({ isDraft }) => isDraft)).toMatchObject([{ tag: 'v3.0' }]);
  });

  it.each([
    ['a process of this machine that is gone', { pid: 2 ** 22 + 1 }],
    ['an earlier attempt of the same CI run', { host: 'runner-1', ci: { run: '77', attempt: 1 } }],
  ])('are removed when they are of %s', async (_, parts) => {
    const { host, open, publish } = await openPublishWorld();
    await leaveDraft(open(), makeIdentity(parts));
    const identity = makeIdentity({ ci: { run: '77', attempt: 2 } });
    expect(await publish({ identity })).toMatchObject({ result: 'published' });
    expect(host.github.releases()).toMatchObject([{ isDraft: false }]);
  });

  it('are left alone when their run may be alive', async () => {
    const { host, open, publish } = await openPublishWorld();
    await leaveDraft(open(), makeIdentity({ host: 'another-machine' }));
    expect(await publish({ identity: makeIdentity() })).toMatchObject({ result: 'published' });
    expect(
      host.github
        .releases()
        .map(({ isDraft }) => isDraft)
        .toSorted(),
    ).toEqual([false, true]);
  });

  it('are removed after six hours without a sign of life, by the clock of GitHub', async () => {
    let now = Date.now() - 10 * 365 * 24 * 3_600_000;
    const { host, open, publish } = await openPublishWorld({ now: () => now });
    await leaveDraft(open(), makeIdentity({ host: 'another-machine' }));
    now += 6 * 3_600_000 + 60_000;
    expect(await publish({ identity: makeIdentity() })).toMatchObject({ result: 'published' });
    expect(host.github.releases()).toHaveLength(1);
  });

  it('are removed also when everything is published; with none there is no writing call', async () => {
    const { host, open, publish } = await openPublishWorld();
    await publish();
    await leaveDraft(open(), makeIdentity({ pid: 2 ** 22 + 1 }));
    const github = open();
    expect(await publish({ github, identity: makeIdentity() })).toMatchObject({
      result: 'already-published',
    });
    expect(github.writes).toBe(1);
    expect(host.github.releases()).toHaveLength(1);
  });

  it('are not deleted when they became a release in the meantime', async () => {
    const { host, open, publish } = await openPublishWorld();
    const dead = makeIdentity({ pid: 2 ** 22 + 1 });
    const github = open();
    const id = await leaveDraft(github, dead, makeInbox());
    // The call that publishes was on its way when its run was killed.
    const stop = host.github.onApiCall(({ path, when }) => {
      if (when !== 'answered' || !path.includes('/releases?')) return;
      stop();
      void github.publishDraft(id, { tag: TAG, notes: 'Better than ever.\n' });
    });
    expect(await publish({ identity: makeIdentity() })).toMatchObject({ result: 'already-published' });
    expect(host.github.releases()).toMatchObject([{ id, isDraft: false }]);
  });
});

describe('publishers at the same time', () => {
  it.each([
    ['on one machine', ['build-machine', 'build-machine']],
    ['on two machines', ['build-machine', 'another-machine']],
  ])('with the same bytes %s end with one release', async (_, hosts) => {
    const { host, publish } = await openPublishWorld();
    const outcomes = await Promise.all(
      hosts.map((name) => publish({ identity: makeIdentity({ host: name }) })),
    );
    expect(outcomes.map(({ result }) => result).toSorted()).toEqual(['already-published', 'published']);
    expect(host.github.releases()).toMatchObject([{ isDraft: false }]);
  });

  it('with other bytes: one is published, the other is told of the conflict', async () => {
    const { host, publish } = await openPublishWorld();
    const settled = await Promise.allSettled(
      ['one', 'two'].map((label) => publish({ assets: makeInbox(label), identity: makeIdentity() })),
    );
    expect(settled.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(settled.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'asset-conflict' },
    });
    const winner = settled[0]?.status === 'fulfilled' ? 'one' : 'two';
    expect(host.github.releases()).toMatchObject([
      { isDraft: false, assets: makeInbox(winner).map(({ name, sha256 }) => ({ name, sha256 })) },
    ]);
  });

  it('with different versions do not disturb each other', async () => {
    const { host, publish } = await openPublishWorld();
    const outcomes = await Promise.all(
      ['2.0.0.47', '2.0.0.48'].map((text) =>
        publish({ version: parseVersion(text), assets: makeInbox(text) }),
      ),
    );
    expect(outcomes.map(({ result }) => result)).toEqual(['published', 'published']);
    expect(host.github.releases().every(({ isDraft }) => !isDraft)).toBe(true);
  });

  it('begins anew when its draft is deleted under it', async () => {
    const { host, open, publish } = await openPublishWorld();
    const stop = host.github.onApiCall(({ method, path, when }) => {
      if (method !== 'POST' || !path.includes('Nexy.pkg') || when !== 'answered') return;
      stop();
      const [draft] = host.github.releases();
      void open().deleteRelease(draft?.id ?? 0);
    });
    expect(await publish()).toMatchObject({ result: 'published' });
    expect(host.github.releases()).toMatchObject([{ isDraft: false, assets: [{}, {}, {}] }]);
  });

  it('gives up when its drafts are deleted again and again', async () => {
    const { host, open, publish } = await openPublishWorld();
    host.github.onApiCall(({ method, path, when }) => {
      if (method !== 'POST' || !path.includes('Nexy.pkg') || when !== 'answered') return;
      for (const { id } of host.github.releases()) void open().deleteRelease(id);
    });
    await expect(publish()).rejects.toMatchObject({
      code: 'github-failed',
      message: expect.stringContaining('removed'),
    });
    expect(host.github.releases()).toEqual([]);
  });
});

describe('what goes wrong', () => {
  it('with the bytes that the world gets is a digest-mismatch', async () => {
    const { host, publish } = await openPublishWorld();
    host.fault({ on: 'asset', file: 'Nexy.pkg', fault: { kind: 'flip', at: 7 } });
    await expect(publish()).rejects.toMatchObject({
      code: 'digest-mismatch',
      details: { tag: TAG, expected: { sha256: makeInbox()[1]?.sha256 } },
    });
  });

  it('with a public address that takes a moment to know the release is waited for', async () => {
    const { host, publish } = await openPublishWorld();
    host.fault({ on: 'release', times: 3, fault: { kind: 'status', status: 404 } });
    host.fault({ on: 'asset', times: 1, fault: { kind: 'cut', after: 100 } });
    expect(await publish()).toMatchObject({ result: 'published' });
  });

  it('with a public address that never knows it is told, and the rerun goes on', async () => {
    const { host, publish } = await openPublishWorld();
    const stop = host.fault({ on: 'release', fault: { kind: 'status', status: 404 } });
    await expect(publish()).rejects.toMatchObject({
      code: 'github-failed',
      message: expect.stringContaining('Is the repository public?'),
    });
    stop();
    expect(await publish()).toMatchObject({ result: 'already-published' });
  });

  it('with a file that changed since it was hashed ends it, and leaves no draft', async () => {
    const { host, publish } = await openPublishWorld();
    const [dmg = makeAsset('Nexy.dmg', Buffer.from('x')), ...others] = makeInbox();
    const changed = {
      ...dmg,
      async *openStream() {
        yield Buffer.from('other');
        throw new Error('Nexy.dmg has changed.');
      },
    };
    await expect(publish({ assets: [changed, ...others] })).rejects.toThrow('Nexy.dmg has changed.');
    expect(host.github.releases()).toEqual([]);
  });

  it('with a name that comes back changed ends it, and leaves no draft', async () => {
    const { host, publish } = await openPublishWorld();
    const odd = makeInbox().map((asset) => ({
      ...asset,
      name: asset.name.replace('Nexy', 'Nexy App') as typeof asset.name,
    }));
    await expect(publish({ assets: odd })).rejects.toMatchObject({
      code: 'github-failed',
      details: { other: 'Nexy.App.dmg' },
    });
    expect(host.github.releases()).toEqual([]);
  });

  it('with a tag that GitHub does not give again is not tried for ever', async () => {
    const { host, open, publish } = await openPublishWorld();
    host.github.setImmutableReleases(true);
    await publish();
    await open().deleteRelease(host.github.releases()[0]?.id ?? 0);
    await expect(publish()).rejects.toMatchObject({
      code: 'github-failed',
      message: expect.stringContaining('tag_name was used by an immutable release'),
    });
    expect(host.github.releases()).toEqual([]);
  });

  it('with notes that are too long is told before anything is sent', async () => {
    const { host, publish } = await openPublishWorld();
    await expect(publish({ notes: 'x'.repeat(125_001) })).rejects.toMatchObject({ code: 'inbox-incomplete' });
    expect(host.log).toEqual([]);
  });

  it('with a wrong token is github-auth, and the token is nowhere', async () => {
    const { publish, reporter } = await openPublishWorld();
    const token = 'ghp_0000WRONG0000';
    const failure = await publish({}, { token }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'github-auth' });
    expect(everythingOf(failure) + reporter.lines.join('') + reporter.warnings.join('')).not.toContain(token);
  });

  it('with a rate limit that lasts too long ends with the time to come back', async () => {
    const { host, publish } = await openPublishWorld();
    const reset = Math.floor(Date.now() / 1000) + 3000;
    host.fault({
      on: 'api',
      fault: {
        kind: 'status',
        status: 403,
        headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(reset) },
      },
    });
    await expect(publish()).rejects.toMatchObject({
      code: 'github-rate-limited',
      details: { retryAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) },
    });
  });
});

describe('Ctrl-C', () => {
  it.each(['Nexy.dmg', 'LATEST_CHANGES.md'])('while %s is uploaded removes the draft', async (name) => {
    const { host, publish } = await openPublishWorld();
    const controller = new AbortController();
    const assets = makeInbox().map((asset) => ({
      ...asset,
      async *openStream() {
        if (asset.name === name) controller.abort();
        yield* asset.openStream();
      },
    }));
    await expect(publish({ assets, signal: controller.signal })).rejects.toMatchObject({ code: 'cancelled' });
    expect(host.github.releases()).toEqual([]);
  });

  it('while GitHub asks to wait is obeyed at once', async () => {
    const { host, publish } = await openPublishWorld();
    const controller = new AbortController();
    host.fault({
      on: 'api',
      method: 'POST',
      fault: { kind: 'status', status: 429, headers: { 'retry-after': '500' } },
    });
    const github = { onWait: () => controller.abort(), second: 1000 };
    await expect(publish({ signal: controller.signal }, github)).rejects.toMatchObject({ code: 'cancelled' });
    expect(host.github.releases()).toEqual([]);
  });

  it('after the release was published says so, and leaves it', async () => {
    const { host, publish } = await openPublishWorld();
    const controller = new AbortController();
    host.github.onApiCall(({ method, when }) => {
      if (method === 'PATCH' && when === 'effect') controller.abort();
    });
    await expect(publish({ signal: controller.signal })).rejects.toMatchObject({
      code: 'cancelled',
      message: expect.stringContaining('is published'),
    });
    expect(host.github.releases()).toMatchObject([{ isDraft: false }]);
  });
});

async function leaveDraft(
  github: Awaited<ReturnType<typeof openPublishWorld>>['open'] extends (...args: never[]) => infer Opened
    ? Opened
    : never,
  identity: ReturnType<typeof makeIdentity>,
  uploaded: ReturnType<typeof makeInbox> = [],
): Promise<number> {
  const body = draftBody(TAG, {
    ...identity,
    startedAt: github.serverTime,
    assets: makeInbox().map(({ name, size, sha256 }) => ({ name, size, sha256 })),
  });
  const made = await github.createDraft({ tag: TAG, body });
  if (made.kind !== 'done') throw made.error;
  for (const asset of uploaded) await github.uploadAsset(made.value, asset, () => undefined);
  return made.value.id;
}

function everythingOf(error: unknown): string {
  const texts: string[] = [];
  for (let each = error; each instanceof Error; each = each.cause)
    texts.push(String(each.stack), JSON.stringify(each));
  return texts.join('\n');
}
