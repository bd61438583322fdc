import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ReleaseHost, startReleaseHost } from '../../../src/lab/release-host/release-host.ts';
import { GitHubClient, numberIn, textIn } from '../../support/github-client.ts';

let host: ReleaseHost;
let github: GitHubClient;

beforeEach(async () => {
  host = await startReleaseHost();
  github = new GitHubClient(host);
});
afterEach(() => host.close());

async function publishImmutably(): Promise<{ id: number; uploadUrl: string; asset: string }> {
  host.github.setImmutableReleases(true);
  const draft = await github.draft('v1');
  const asset = await github.upload(draft, 'Nexy.dmg', 'bytes');
  await github.publish(draft);
  return { ...draft, asset: `/releases/assets/${numberIn(asset.document, 'id')}` };
}

describe('the repository’s setting', () => {
  it('is told to those who may see it', async () => {
    expect((await github.call('GET', '/immutable-releases')).status).toBe(404);
    host.github.setImmutableReleases(true);
    const { status, document } = await github.call('GET', '/immutable-releases');
    expect([status, document]).toEqual([200, { enabled: true, enforced_by_owner: false }]);
    expect((await github.call('GET', '/immutable-releases', { token: null })).status).toBe(401);
    expect((await new GitHubClient(host, 'nobody/nothing').call('GET', '/immutable-releases')).status).toBe(
      404,
    );
  });

  it('counts for what is published while it is on, for ever', async () => {
    await github.create({ tag_name: 'v0' });
    await publishImmutably();
    host.github.setImmutableReleases(false);
    await github.create({ tag_name: 'v2' });
    const immutable = host.github.releases().map(({ tag, isImmutable }) => [tag, isImmutable]);
    expect(immutable).toEqual([
      ['v2', false],
      ['v1', true],
      ['v0', false],
    ]);
    expect((await github.call('GET', '/releases/tags/v1')).document).toMatchObject({ immutable: true });
  });

  it('leaves a draft open to change', async () => {
    host.github.setImmutableReleases(true);
    const draft = await github.draft('v1');
    const { document } = await github.upload(draft, 'Nexy.dmg', 'bytes');
    expect((await github.call('DELETE', `/releases/assets/${numberIn(document, 'id')}`)).status).toBe(204);
    expect(host.github.releases()).toMatchObject([{ isDraft: true, isImmutable: false, assets: [] }]);
  });
});

describe('an immutable release', () => {
  it('takes no asset, and gives none away', async () => {
    const release = await publishImmutably();
    const before = host.github.releases();
    const added = await github.upload(release, 'Nexy.pkg', 'bytes');
    expect(added.status).toBe(422);
    expect(added.document).toEqual({
      message: 'Cannot upload assets to an immutable release.',
      request_id: expect.any(String),
      documentation_url: 'https://docs.github.com/rest',
    });
    const deleted = await github.call('DELETE', release.asset);
    expect([deleted.status, deleted.document]).toMatchObject([
      422,
      { errors: [{ message: 'Cannot delete asset from an immutable release' }] },
    ]);
    expect((await github.call('PATCH', release.asset, { body: { name: 'Other.dmg' } })).status).toBe(422);
    expect(host.github.releases()).toEqual(before);
  });

  it('keeps its tag and stays published, while title and notes may change', async () => {
    const { id } = await publishImmutably();
    for (const body of [{ tag_name: 'v2' }, { target_commitish: '1'.repeat(40) }, { draft: true }]) {
      const refused = await github.call('PATCH', `/releases/${id}`, { body });
      const message = `${Object.keys(body)[0]} cannot be changed when release is immutable`;
      expect([refused.status, refused.document]).toMatchObject([422, { errors: [{ message }] }]);
    }
    const tag = await github.call('DELETE', '/git/refs/tags/v1');
    expect([tag.status, textIn(tag.document, 'message')]).toEqual([422, 'Cannot delete this tag']);
    const body = { name: 'New', body: 'Notes', tag_name: 'v1', prerelease: false, make_latest: 'true' };
    expect((await github.call('PATCH', `/releases/${id}`, { body })).status).toBe(200);
    expect(host.github.releases()).toMatchObject([
      { tag: 'v1', name: 'New', body: 'Notes', isImmutable: true },
    ]);
  });

  it('may be deleted, but its tag is never published again, whatever the setting', async () => {
    const { id } = await publishImmutably();
    expect((await github.call('DELETE', `/releases/${id}`)).status).toBe(204);
    expect((await github.call('DELETE', '/git/refs/tags/v1')).status).toBe(204);
    host.github.setImmutableReleases(false);
    const draft = await github.draft('v1');
    const created = { tag_name: 'v1' };
    for (const answer of [
      await github.publish(draft),
      await github.call('POST', '/releases', { body: created }),
    ]) {
      expect(answer.status).toBe(422);
      expect(answer.document).toMatchObject({
        errors: [{ field: 'tag_name', message: 'tag_name was used by an immutable release' }],
      });
    }
    const ref = { ref: 'refs/tags/v1', sha: '1'.repeat(40) };
    expect((await github.call('POST', '/git/refs', { body: ref })).status).toBe(422);
    expect(host.github.releases()).toMatchObject([{ id: draft.id, isDraft: true }]);
  });
});
