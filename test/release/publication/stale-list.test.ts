import { describe, expect, it } from 'vitest';
import type { Fetch } from '../../../src/release/github/transport.ts';
import { makeIdentity, makeInbox, openPublishWorld } from '../../support/publish-world.ts';

type Release = Readonly<Record<string, unknown>> & { readonly draft: boolean };

/** GitHub's list of releases, changed on its way: it may be behind what was just done. */
function behind(change: (releases: readonly Release[], list: number) => readonly Release[]): Fetch {
  let lists = 0;
  return async (url, init) => {
    const response = await globalThis.fetch(url, init as RequestInit);
    if (init.method !== 'GET' || !new URL(url).pathname.endsWith('/releases')) return response;
    lists += 1;
    return Response.json(change((await response.json()) as readonly Release[], lists), {
      headers: { date: new Date().toUTCString() },
    });
  };
}

const withoutPublished = (releases: readonly Release[]): readonly Release[] =>
  releases.filter(({ draft }) => draft);
const asDrafts = (releases: readonly Release[]): readonly Release[] =>
  releases.map((release) => ({ ...release, draft: true, published_at: null }));

describe('a list that is behind', () => {
  it('is read again until it shows what was published', async () => {
    const { host, publish } = await openPublishWorld();
    const fetch = behind((releases, list) => (list < 4 ? withoutPublished(releases) : releases));
    expect(await publish({}, { fetch })).toMatchObject({ result: 'published' });
    expect(host.github.releases()).toMatchObject([{ isDraft: false }]);
  });

  it('for too long is told, and what was published stays', async () => {
    const { host, publish } = await openPublishWorld();
    await expect(publish({}, { fetch: behind(withoutPublished) })).rejects.toMatchObject({
      code: 'github-failed',
      message: expect.stringContaining('was published'),
    });
    expect(host.github.releases()).toMatchObject([{ isDraft: false }]);
    expect(await publish()).toMatchObject({ result: 'already-published' });
  });

  it('and calls what this run published a draft of its own does not make it delete that', async () => {
    const { host, publish, writes } = await openPublishWorld();
    const rewritten = behind((releases, list) =>
      list === 1 ? releases : asDrafts(releases).map((each) => ({ ...each, body: bodyOfDraft })),
    );
    let bodyOfDraft: unknown = '';
    const fetch: Fetch = async (url, init) => {
      if (init.method === 'POST' && typeof init.body === 'string') bodyOfDraft = JSON.parse(init.body).body;
      return rewritten(url, init);
    };
    await expect(publish({}, { fetch })).rejects.toMatchObject({ code: 'github-failed' });
    expect(writes().filter((call) => call.startsWith('DELETE'))).toEqual([]);
    expect(host.github.releases()).toMatchObject([{ isDraft: false }]);
  });

  it('and hides what another published: GitHub refuses, and the tag’s own address shows it', async () => {
    const { host, publish } = await openPublishWorld();
    await publish({ assets: makeInbox('first') });
    const fetch = behind(withoutPublished);
    const identity = makeIdentity();
    await expect(publish({ assets: makeInbox('second'), identity }, { fetch })).rejects.toMatchObject({
      code: 'asset-conflict',
    });
    expect(await publish({ assets: makeInbox('first'), identity }, { fetch })).toMatchObject({
      result: 'already-published',
    });
    expect(host.github.releases()).toMatchObject([{ isDraft: false }]);
  });

  it('and shows two published releases of one tag is told as duplicate-releases', async () => {
    const { publish } = await openPublishWorld();
    const fetch = behind((releases) => [...releases, ...releases.map((each) => ({ ...each, id: 4711 }))]);
    await expect(publish({}, { fetch })).rejects.toMatchObject({ code: 'duplicate-releases' });
  });
});
