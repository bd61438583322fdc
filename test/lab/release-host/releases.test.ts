import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ReleaseHost, startReleaseHost } from '../../../src/lab/release-host/release-host.ts';
import { fieldOf, GitHubClient, numberIn, OWNER, tagsIn, textIn } from '../../support/github-client.ts';

let host: ReleaseHost;
let github: GitHubClient;

beforeEach(async () => {
  host = await startReleaseHost();
  github = new GitHubClient(host);
});
afterEach(() => host.close());

describe('the token', () => {
  it('is accepted in both of the forms that GitHub knows', async () => {
    for (const scheme of ['token', 'Bearer', 'bearer']) {
      const headers = { authorization: `${scheme} ${host.token}` };
      const answer = await github.call('GET', '', { token: null, headers });
      expect(fieldOf(fieldOf(answer.document, 'permissions'), 'push')).toBe(true);
    }
  });

  it('is answered with 401 when it is another one, even where none is needed', async () => {
    for (const authorization of ['Bearer other', 'token', 'Basic eDp5', `Bearer ${host.token}x`]) {
      const answer = await github.call('GET', '/releases', { token: null, headers: { authorization } });
      expect(answer.status).toBe(401);
      expect(answer.document).toEqual({
        message: 'Bad credentials',
        documentation_url: 'https://docs.github.com/rest',
        status: '401',
      });
    }
    expect(host.log.at(-1)).toMatchObject({ on: 'api', credentials: 'refused', status: 401 });
  });

  it('is wanted for every write', async () => {
    const draft = await github.draft('v1');
    const writes: [string, string][] = [
      ['POST', '/releases'],
      ['PATCH', `/releases/${draft.id}`],
      ['DELETE', `/releases/${draft.id}`],
      ['POST', '/git/refs'],
    ];
    for (const [method, path] of writes) {
      const answer = await github.call(method, path, { token: null, body: { tag_name: 'v2' } });
      expect([answer.status, textIn(answer.document, 'message')]).toEqual([401, 'Requires authentication']);
    }
    expect((await github.upload(draft, 'a', 'bytes', { token: null })).status).toBe(401);
    expect(host.github.releases().map(({ tag }) => tag)).toEqual(['v1']);
  });

  it('is never kept', async () => {
    await github.upload(await github.draft('v1'), 'a', 'bytes');
    expect(JSON.stringify(host.log)).not.toContain(host.token);
    expect(host.log.map(({ on, credentials }) => [on, credentials])).toEqual([
      ['api', 'accepted'],
      ['upload', 'accepted'],
    ]);
  });
});

describe('a draft', () => {
  it('is seen with the token alone, and by its id or in the list alone', async () => {
    const { id } = await github.draft('v1');
    expect(tagsIn((await github.call('GET', '/releases')).document)).toEqual(['v1']);
    expect((await github.call('GET', `/releases/${id}`)).status).toBe(200);
    expect((await github.call('GET', '/releases/tags/v1')).status).toBe(404);
    expect((await github.call('GET', '/releases/latest')).status).toBe(404);
    expect((await github.call('GET', '/git/ref/tags/v1')).status).toBe(404);
    expect((await github.call('GET', '/releases', { token: null })).document).toEqual([]);
    expect((await github.call('GET', `/releases/${id}`, { token: null })).status).toBe(404);
    expect((await github.call('GET', `/releases/${id}/assets`, { token: null })).status).toBe(404);
  });

  it('may share its tag with other drafts, also with a published release', async () => {
    const drafts = [await github.draft('v1'), await github.draft('v1')];
    await github.create({ tag_name: 'v1' });
    drafts.push(await github.draft('v1'));
    expect(new Set(drafts.map(({ id }) => id)).size).toBe(3);
    expect(host.github.releases().map(({ tag, isDraft }) => [tag, isDraft])).toEqual([
      ['v1', true],
      ['v1', true],
      ['v1', true],
      ['v1', false],
    ]);
  });

  it('names an address of its own, which is there for nobody', async () => {
    const draft = await github.draft('v1');
    const asset = await github.upload(draft, 'Nexy.dmg', 'bytes');
    const address = textIn(asset.document, 'browser_download_url');
    expect(address).toMatch(/\/releases\/download\/untagged-[0-9a-f]{20}\/Nexy\.dmg$/);
    expect((await fetch(address)).status).toBe(404);
    expect((await fetch(address.replace(/untagged-[0-9a-f]+/, 'v1'))).status).toBe(404);
    await github.publish(draft);
    expect(await (await fetch(address.replace(/untagged-[0-9a-f]+/, 'v1'))).text()).toBe('bytes');
    expect((await fetch(address)).status).toBe(404);
  });

  it('goes when it is deleted, and nothing is left of it', async () => {
    const draft = await github.draft('v1');
    const asset = await github.upload(draft, 'Nexy.dmg', 'bytes');
    const answer = await github.call('DELETE', `/releases/${draft.id}`);
    expect([answer.status, answer.document]).toEqual([204, null]);
    expect((await github.call('DELETE', `/releases/${draft.id}`)).status).toBe(404);
    expect((await github.call('GET', `/releases/assets/${numberIn(asset.document, 'id')}`)).status).toBe(404);
    expect(host.github.releases()).toEqual([]);
  });
});

describe('publishing', () => {
  it('makes the tag, the date and the public addresses, at once', async () => {
    const draft = await github.create({ tag_name: 'v1', name: 'One', body: 'Marker', draft: true });
    await github.upload(draft, 'Nexy.dmg', 'bytes');
    const body = { draft: false, name: 'Two', body: 'Notes', prerelease: false, make_latest: 'false' };
    const { status, document } = await github.call('PATCH', `/releases/${draft.id}`, { body });
    expect(status).toBe(200);
    expect(document).toMatchObject({
      id: draft.id,
      draft: false,
      name: 'Two',
      body: 'Notes',
      immutable: false,
    });
    expect(Date.parse(textIn(document, 'published_at'))).toBeGreaterThan(Date.now() - 60_000);
    expect((await github.call('GET', '/releases/tags/v1', { token: null })).document).toEqual(document);
    expect((await github.call('GET', '/git/ref/tags/v1')).document).toMatchObject({ ref: 'refs/tags/v1' });
    const url = `${host.origin}/${OWNER}/releases/download/v1/Nexy.dmg`;
    expect(await (await fetch(url)).text()).toBe('bytes');
  });

  it('dates a release by its commit, not by the moment at which it was made', async () => {
    const { document } = await github.publish(await github.draft('v1'));
    expect(Date.parse(textIn(document, 'created_at'))).toBeLessThan(
      Date.parse(textIn(document, 'published_at')) - 60_000,
    );
  });

  it('is refused for a tag that is published already, and the draft stays as it was', async () => {
    await github.create({ tag_name: 'v1' });
    const draft = await github.create({ tag_name: 'v1', name: 'Mine', draft: true });
    const body = { draft: false, name: 'Other' };
    const refusals = [
      await github.call('PATCH', `/releases/${draft.id}`, { body }),
      await github.call('POST', '/releases', { body: { tag_name: 'v1' } }),
    ];
    for (const { status, document } of refusals) {
      expect(status).toBe(422);
      expect(document).toMatchObject({
        message: 'Validation Failed',
        errors: [{ resource: 'Release', code: 'already_exists', field: 'tag_name' }],
      });
    }
    expect(host.github.releases()[0]).toMatchObject({ id: draft.id, isDraft: true, name: 'Mine' });
  });

  it('lets one of many win who publish the same tag at once', async () => {
    const drafts = await Promise.all(Array.from({ length: 30 }, () => github.draft('v1')));
    const answers = await Promise.all([
      ...drafts.map((draft) => github.publish(draft)),
      ...drafts.map(() => github.call('POST', '/releases', { body: { tag_name: 'v1' } })),
    ]);
    const statuses = answers.map(({ status }) => status).filter((status) => status !== 422);
    expect(statuses).toHaveLength(1);
    expect(host.github.releases().filter(({ isDraft }) => !isDraft)).toHaveLength(1);
  });

  it('makes its tag at the commit that is asked for, unless there is a tag', async () => {
    const [one, two] = ['1'.repeat(40), '2'.repeat(40)];
    await github.create({ tag_name: 'v1', target_commitish: one });
    await github.call('POST', '/git/refs', { body: { ref: 'refs/tags/v2', sha: two } });
    await github.create({ tag_name: 'v2', target_commitish: 'no-such-branch' });
    for (const [tag, sha] of [
      ['v1', one],
      ['v2', two],
    ]) {
      const { document } = await github.call('GET', `/git/ref/tags/${tag}`);
      expect(fieldOf(fieldOf(document, 'object'), 'sha')).toBe(sha);
    }
    const refused = await github.call('POST', '/releases', {
      body: { tag_name: 'v3', target_commitish: 'no-such-branch' },
    });
    expect(refused.document).toMatchObject({ errors: [{ code: 'invalid', field: 'target_commitish' }] });
  });

  it('is undone for a release whose tag is deleted', async () => {
    await github.create({ tag_name: 'v1' });
    expect((await github.call('DELETE', '/git/refs/tags/v1')).status).toBe(204);
    expect(host.github.releases()).toMatchObject([{ tag: 'v1', isDraft: true }]);
  });
});

describe('the latest release', () => {
  const latest = async () => textIn((await github.call('GET', '/releases/latest')).document, 'tag_name');

  it('is the one that was last published as such', async () => {
    await github.create({ tag_name: 'v1' });
    await github.create({ tag_name: 'v2', make_latest: 'false' });
    expect(await latest()).toBe('v1');
    await github.create({ tag_name: 'v3', prerelease: true });
    expect(await latest()).toBe('v1');
    const { id } = await github.create({ tag_name: 'v4', draft: true });
    expect(await latest()).toBe('v1');
    await github.call('PATCH', `/releases/${id}`, { body: { draft: false } });
    expect(await latest()).toBe('v4');
    await github.call('DELETE', `/releases/${id}`);
    expect(await latest()).toBe('v2');
  });

  it('is never a draft or a prerelease', async () => {
    for (const kind of [{ draft: true }, { prerelease: true }]) {
      const body = { tag_name: 'v1', make_latest: 'true', ...kind };
      const answer = await github.call('POST', '/releases', { body });
      expect(answer.document).toMatchObject({
        errors: [{ code: 'custom', message: 'Latest release cannot be draft or prerelease' }],
      });
    }
    expect((await github.call('GET', '/releases/latest')).status).toBe(404);
  });
});

describe('the list', () => {
  it('comes in pages, the newest first, with links to the others', async () => {
    for (let number = 1; number <= 35; number += 1) await github.draft(`v${number}`);
    const first = await github.call('GET', '/releases');
    expect(tagsIn(first.document)).toHaveLength(30);
    expect(tagsIn(first.document)[0]).toBe('v35');
    const path = `${host.apiOrigin}/repos/${OWNER}/releases`;
    expect(first.headers.get('link')).toBe(`<${path}?page=2>; rel="next", <${path}?page=2>; rel="last"`);
    const middle = await github.call('GET', '/releases?per_page=10&page=2');
    expect(tagsIn(middle.document).at(-1)).toBe('v16');
    expect(middle.headers.get('link')).toBe(
      [
        `<${path}?per_page=10&page=1>; rel="prev"`,
        `<${path}?per_page=10&page=3>; rel="next"`,
        `<${path}?per_page=10&page=4>; rel="last"`,
        `<${path}?per_page=10&page=1>; rel="first"`,
      ].join(', '),
    );
    expect(tagsIn((await github.call('GET', '/releases?per_page=1000')).document)).toHaveLength(35);
    expect((await github.call('GET', '/releases?page=9')).document).toEqual([]);
  });
});

describe('requests that make no sense', () => {
  it('are refused in GitHub’s words', async () => {
    const { id } = await github.draft('v1');
    const refusals: [string, string, unknown, number, string][] = [
      ['POST', '/releases', {}, 422, 'Invalid request.\n\n"tag_name" wasn\'t supplied.'],
      [
        'PATCH',
        `/releases/${id}`,
        { draft: 'no' },
        422,
        'Invalid request.\n\nFor \'properties/draft\', "no" is not a boolean.',
      ],
      [
        'PATCH',
        `/releases/${id}`,
        { name: null },
        422,
        "Invalid request.\n\nFor 'properties/name', nil is not a string.",
      ],
      ['POST', '/releases', [], 400, 'Body should be a JSON object'],
      ['POST', '/releases', { tag_name: 'a b' }, 422, 'Validation Failed'],
      ['POST', '/releases', { tag_name: 'v2', body: 'x'.repeat(125_001) }, 422, 'Validation Failed'],
      ['GET', '/releases/99', undefined, 404, 'Not Found'],
    ];
    for (const [method, path, body, status, message] of refusals) {
      const answer = await github.call(method, path, { body });
      expect([answer.status, textIn(answer.document, 'message')]).toEqual([status, message]);
    }
    const broken = await github.send('POST', `${host.apiOrigin}/repos/${OWNER}/releases`, { body: '{' });
    expect([broken.status, textIn(broken.document, 'message')]).toEqual([400, 'Problems parsing JSON']);
    expect((await new GitHubClient(host, 'nobody/nothing').call('GET', '/releases')).status).toBe(404);
    expect(host.github.releases()).toHaveLength(1);
  });
});

describe('a draft’s date', () => {
  it('can be that of its commit, as GitHub’s documentation has it of releases', async () => {
    const other = await startReleaseHost({ datesDraftsByCommit: true });
    try {
      await new GitHubClient(other).draft('v1');
      const [draft] = other.github.releases();
      expect(draft?.createdAt.getTime()).toBeLessThan(Date.now() - 7 * 24 * 3_600_000);
    } finally {
      await other.close();
    }
  });
});

describe('limits', () => {
  it('are told with every answer, and held to', async () => {
    const limited = await startReleaseHost({ rateLimit: { token: 3, anonymous: 1 } });
    try {
      const own = new GitHubClient(limited);
      const first = await own.call('GET', '/releases');
      expect(Object.fromEntries(first.headers)).toMatchObject({
        'x-ratelimit-limit': '3',
        'x-ratelimit-remaining': '2',
        'x-ratelimit-used': '1',
        'x-ratelimit-resource': 'core',
      });
      const headers = { 'if-none-match': first.headers.get('etag') ?? '' };
      const unchanged = await own.call('GET', '/releases', { headers });
      expect([unchanged.status, unchanged.headers.get('x-ratelimit-remaining')]).toEqual([304, '2']);
      await own.call('GET', '/releases');
      await own.draft('v1');
      const refused = await own.call('POST', '/releases', { body: { tag_name: 'v2' } });
      expect(refused.status).toBe(403);
      expect(textIn(refused.document, 'message')).toMatch(/^API rate limit exceeded/);
      expect(refused.headers.get('x-ratelimit-remaining')).toBe('0');
      expect(Number(refused.headers.get('x-ratelimit-reset')) * 1000).toBeGreaterThan(Date.now());
      expect((await own.call('GET', '/releases', { token: null })).status).toBe(200);
      expect((await own.call('GET', '/releases', { token: null })).status).toBe(403);
      const told = await own.send('GET', `${limited.apiOrigin}/rate_limit`, {});
      expect(told.document).toMatchObject({ rate: { limit: 3, remaining: 0, used: 3 } });
      expect(limited.github.releases().map(({ tag }) => tag)).toEqual(['v1']);
    } finally {
      await limited.close();
    }
  });
});

describe('the clock', () => {
  it('is the host’s own, in the Date header as in the documents', async () => {
    let now = Date.parse('2026-03-12T10:00:00.900Z');
    const timed = await startReleaseHost({ now: () => now });
    try {
      const own = new GitHubClient(timed);
      const { id } = await own.draft('v1');
      now += 7 * 3_600_000;
      const { headers, document } = await own.call('GET', `/releases/${id}`);
      expect(headers.get('date')).toBe('Thu, 12 Mar 2026 17:00:00 GMT');
      expect(textIn(document, 'created_at')).toBe('2026-03-12T10:00:00Z');
    } finally {
      await timed.close();
    }
  });
});
