import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ReleaseHost, startReleaseHost } from '../../../src/lab/release-host/release-host.ts';
import { GitHubClient, numberIn, textIn } from '../../support/github-client.ts';
import { randomBody } from '../../support/random-body.ts';

let host: ReleaseHost;
let github: GitHubClient;

beforeEach(async () => {
  host = await startReleaseHost();
  github = new GitHubClient(host);
});
afterEach(() => host.close());

const tags = () => host.github.releases().map(({ tag }) => tag);
const create = (tag: string) => github.call('POST', '/releases', { body: { tag_name: tag, draft: true } });

describe('an answer of 502', () => {
  it('may come instead of the effect', async () => {
    host.fault({ on: 'api', method: 'POST', times: 1, fault: { kind: 'status', status: 502 } });
    const { status, document } = await create('v1');
    expect([status, document]).toMatchObject([502, { message: 'Server Error', status: '502' }]);
    expect(tags()).toEqual([]);
    expect((await create('v2')).status).toBe(201);
  });

  it('may come after the effect', async () => {
    host.fault({ on: 'api', method: 'POST', times: 1, fault: { kind: 'after-effect', status: 502 } });
    expect((await create('v1')).status).toBe(502);
    expect(tags()).toEqual(['v1']);
  });

  it('may come before or after an upload’s effect', async () => {
    const draft = await github.draft('v1');
    host.fault({ on: 'upload', file: 'before', fault: { kind: 'status', status: 502 } });
    host.fault({ on: 'upload', file: 'after', fault: { kind: 'after-effect', status: 502 } });
    const body = randomBody(2_000_000);
    expect((await github.upload(draft, 'before', body)).status).toBe(502);
    expect((await github.upload(draft, 'after', body)).status).toBe(502);
    expect(host.github.releases()[0]?.assets).toMatchObject([{ name: 'after', state: 'uploaded' }]);
  });
});

describe('a lost answer', () => {
  it('leaves its effect', async () => {
    const draft = await github.draft('v1');
    host.fault({ on: 'api', method: 'PATCH', times: 1, fault: { kind: 'lost' } });
    await expect(github.publish(draft)).rejects.toThrow();
    expect(host.github.releases()).toMatchObject([{ id: draft.id, isDraft: false }]);
    host.fault({ on: 'upload', times: 1, fault: { kind: 'lost' } });
    await expect(github.upload(draft, 'Nexy.dmg', 'bytes')).rejects.toThrow();
    expect(host.github.releases()[0]?.assets).toMatchObject([{ name: 'Nexy.dmg', state: 'uploaded' }]);
  });
});

describe('a reset in mid-upload', () => {
  it('leaves a broken asset behind', async () => {
    const draft = await github.draft('v1');
    host.fault({ on: 'upload', tag: 'v1', times: 1, fault: { kind: 'reset', after: 300_000 } });
    await expect(github.upload(draft, 'Nexy.dmg', randomBody(1_000_000))).rejects.toThrow();
    const [asset] = host.github.releases()[0]?.assets ?? [];
    expect(asset).toMatchObject({ name: 'Nexy.dmg', state: 'starter', size: 1_000_000, sha256: null });
    const { received = 0 } = host.log.at(-1) ?? {};
    expect(received).toBeGreaterThan(300_000);
    expect(received).toBeLessThan(1_000_000);
  });

  it('comes though the whole of a small body has arrived', async () => {
    const draft = await github.draft('v1');
    host.fault({ on: 'upload', fault: { kind: 'reset', after: 0 } });
    await expect(github.upload(draft, 'Nexy.dmg', 'bytes')).rejects.toThrow();
    expect(host.github.releases()[0]?.assets).toMatchObject([{ state: 'starter' }]);
  });
});

describe('a digest that is null', () => {
  it('is so for good after an upload of that kind', async () => {
    const draft = await github.draft('v1');
    host.fault({ on: 'upload', times: 1, fault: { kind: 'null-digest' } });
    const { document } = await github.upload(draft, 'Nexy.dmg', 'bytes');
    expect(document).toMatchObject({ state: 'uploaded', digest: null });
    const path = `/releases/assets/${numberIn(document, 'id')}`;
    expect((await github.call('GET', path)).document).toMatchObject({ digest: null });
    expect(host.github.releases()[0]?.assets).toMatchObject([{ digest: null, size: 5 }]);
    expect(host.github.releases()[0]?.assets[0]?.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('is so in a single answer of the API', async () => {
    const draft = await github.draft('v1');
    await github.upload(draft, 'Nexy.dmg', 'bytes');
    host.fault({ on: 'api', path: /\/releases$/, times: 1, fault: { kind: 'null-digest' } });
    expect((await github.call('GET', '/releases')).document).toMatchObject([{ assets: [{ digest: null }] }]);
    const digest = expect.stringMatching(/^sha256:[0-9a-f]{64}$/);
    expect((await github.call('GET', '/releases')).document).toMatchObject([{ assets: [{ digest }] }]);
  });
});

describe('limits', () => {
  it('are met with the headers and in the words that a client tells them by', async () => {
    const reset = String(Math.ceil(Date.now() / 1000) + 60);
    const primary = { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': reset };
    host.fault({ on: 'api', times: 1, fault: { kind: 'status', status: 403, headers: primary } });
    host.fault({
      on: 'api',
      skip: 1,
      times: 1,
      fault: { kind: 'status', status: 429, headers: { 'Retry-After': '7' } },
    });
    host.fault({ on: 'api', skip: 2, times: 1, fault: { kind: 'status', status: 403 } });
    const [first, second, third] = [await create('v1'), await create('v1'), await create('v1')];
    expect(first.status).toBe(403);
    expect(textIn(first.document, 'message')).toMatch(/^API rate limit exceeded/);
    expect(first.headers.get('x-ratelimit-remaining')).toBe('0');
    expect(first.headers.get('x-ratelimit-reset')).toBe(reset);
    expect(second.status).toBe(429);
    expect(textIn(second.document, 'message')).toContain('secondary rate limit');
    expect(second.headers.get('retry-after')).toBe('7');
    expect(textIn(third.document, 'message')).toBe('Resource not accessible by integration');
    expect(third.headers.get('x-ratelimit-remaining')).not.toBe('0');
    expect(tags()).toEqual([]);
  });
});

describe('slowness and silence', () => {
  it('may keep a client waiting longer than it will, and take effect all the same', async () => {
    host.fault({ on: 'api', method: 'POST', times: 1, fault: { kind: 'delay', milliseconds: 300 } });
    const headers = { authorization: `Bearer ${host.token}` };
    const url = `${host.apiOrigin}/repos/Seregawpn/Nexy_production/releases`;
    const body = JSON.stringify({ tag_name: 'v1', draft: true });
    const effect = new Promise<number>((resolve) => {
      host.github.onApiCall(({ when, status }) => when === 'effect' && resolve(status));
    });
    await expect(
      fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(100) }),
    ).rejects.toThrow();
    expect(tags()).toEqual([]);
    expect(await effect).toBe(201);
    expect(tags()).toEqual(['v1']);
  });

  it('may never answer, without an effect', async () => {
    host.fault({ on: 'api', fault: { kind: 'silent' } });
    const headers = { authorization: `Bearer ${host.token}` };
    const url = `${host.apiOrigin}/repos/Seregawpn/Nexy_production/releases`;
    const body = JSON.stringify({ tag_name: 'v1' });
    await expect(
      fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(100) }),
    ).rejects.toThrow();
    expect(tags()).toEqual([]);
  });

  it('may send its answer bit by bit, or break off in it', async () => {
    host.fault({ on: 'api', times: 1, fault: { kind: 'trickle', bytesPerSecond: 50_000 } });
    expect((await create('v1')).status).toBe(201);
    host.fault({ on: 'api', times: 1, fault: { kind: 'cut', after: 100 } });
    await expect(create('v2')).rejects.toThrow();
    expect(tags()).toEqual(['v2', 'v1']);
  });
});

describe('what GitHub promises nobody', () => {
  it('may read as it was before the last change', async () => {
    const first = await github.draft('v1');
    const second = await github.draft('v2');
    await github.upload(second, 'Nexy.dmg', 'bytes');
    const stale = { on: 'api', method: 'GET', times: 1, fault: { kind: 'stale' } } as const;
    host.fault(stale);
    expect((await github.call('GET', `/releases/${second.id}/assets`)).document).toEqual([]);
    expect((await github.call('GET', `/releases/${second.id}/assets`)).document).toHaveLength(1);
    await github.publish(second);
    host.fault(stale);
    expect((await github.call('GET', '/releases/tags/v2')).status).toBe(404);
    expect((await github.call('GET', '/releases/tags/v2')).status).toBe(200);
    await github.call('DELETE', `/releases/${first.id}`);
    host.fault(stale);
    expect((await github.call('GET', '/releases')).document).toMatchObject([
      { id: first.id },
      { id: second.id },
    ]);
    expect((await github.call('GET', '/releases')).document).toMatchObject([{ id: second.id }]);
  });

  it('is never stale for who writes', async () => {
    host.fault({ on: 'api', fault: { kind: 'stale' } });
    const draft = await github.draft('v1');
    expect((await github.publish(draft)).status).toBe(200);
    expect((await github.publish(await github.draft('v1'))).status).toBe(422);
  });

  it('may publish a tag twice', async () => {
    await github.publish(await github.draft('v1'));
    host.fault({ on: 'api', method: 'PATCH', times: 1, fault: { kind: 'unguarded' } });
    const second = await github.draft('v1');
    expect((await github.publish(second)).status).toBe(200);
    host.fault({ on: 'api', method: 'POST', times: 1, fault: { kind: 'unguarded' } });
    await github.create({ tag_name: 'v1' });
    expect(host.github.releases().map(({ isDraft }) => isDraft)).toEqual([false, false, false]);
    expect((await github.publish(await github.draft('v1'))).status).toBe(422);
  });
});

describe('a fault', () => {
  it('meets only the method and the path that it is meant for, so many times', async () => {
    host.fault({
      on: 'api',
      method: 'GET',
      path: /^\/repos\/[^/]+\/[^/]+\/releases\/\d+$/,
      times: 1,
      fault: { kind: 'status', status: 500 },
    });
    const { id } = await github.draft('v1');
    const path = `/releases/${id}`;
    const statuses = [
      await github.call('PATCH', path, { body: {} }),
      await github.call('GET', '/releases?x=/releases/1'),
      await github.call('GET', path),
      await github.call('GET', path),
    ].map(({ status }) => status);
    expect(statuses).toEqual([200, 200, 500, 200]);
  });
});
