import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import nock from 'nock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AssetSource } from '../../../src/release/asset.ts';
import { openGitHub } from '../../../src/release/github/open-github.ts';
import type { Fetch } from '../../../src/release/github/transport.ts';

/**
 * GitHub's own answers, recorded by Octokit's maintainers (@octokit/fixtures), replayed to our client
 * in their order. Requests that differ from the recorded ones in address, method, body or recorded header fail.
 */
const TOKEN = '0000000000000000000000000000000000000001';

interface Recorded {
  readonly scope: string;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly status: number;
  readonly response: { readonly digest?: string } & Record<string, unknown>;
  readonly reqheaders: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** What the recording does not hold, or holds in another form than a request on the wire. */
function adapt(recorded: readonly Recorded[]): nock.Definition[] {
  return recorded.map(({ scope, method, path, body, status, response, reqheaders, headers }) => {
    const { authorization, accept, 'content-type': type, 'content-length': length } = reqheaders;
    return {
      scope,
      method: method.toUpperCase(),
      // Lists are asked for by the hundred, and no label is given.
      path: path.replace(/&label=test$/, '').replace(/\/assets$/, '/assets?per_page=100'),
      ...(body === '' ? {} : { body: typeof body === 'string' ? body : { name: 'new-filename.txt' } }),
      status,
      response,
      reqheaders: {
        authorization: String(authorization),
        accept: String(accept),
        ...(method === 'post' ? { 'content-type': String(type), 'content-length': String(length) } : {}),
      },
      rawHeaders: Object.entries(headers).flatMap(([name, value]) => [name, String(value)]),
    } as nock.Definition;
  });
}

function load(name: string): nock.Definition[] {
  const folder = dirname(createRequire(import.meta.url).resolve('@octokit/fixtures'));
  const path = join(folder, 'scenarios', 'api.github.com', name, 'normalized-fixture.json');
  return adapt(JSON.parse(readFileSync(path, 'utf8')));
}

function openReplay(repository: string) {
  const fetch: Fetch = (url, init) => globalThis.fetch(url, init as RequestInit);
  return openGitHub({
    apiUrl: 'https://api.github.com',
    token: TOKEN,
    owner: `octokit-fixture-org/${repository}`,
    fetch,
    isPaced: false,
  });
}

const HELLO: AssetSource = {
  name: 'LATEST_CHANGES.md',
  size: 14,
  sha256: 'd9014c4624844aa5bac314773d6b689ad467fa4e1d1a50a1b8a99d5a95f72ff5',
  contentType: 'text/plain',
  async *openStream() {
    yield Buffer.from('Hello, world!\n');
  },
};
const UPLOADED = { id: 1000, name: 'test-upload.txt', state: 'uploaded', size: 14 };

describe('traffic recorded at GitHub, replayed to our client', () => {
  beforeEach(() => nock.disableNetConnect());
  afterEach(() => {
    nock.cleanAll();
    nock.enableNetConnect();
    nock.restore();
    nock.activate();
  });

  it('release-assets: upload, list, rename, delete', async () => {
    const recorded = load('release-assets');
    const scopes = nock.define(recorded);
    const github = openReplay('release-assets');

    const release = await github.findPublished('v1.0.0');
    expect(release).toMatchObject({ id: 1000, tag: 'v1.0.0', isDraft: false, assets: [] });
    if (release === null) throw new Error('The recording has no release.');
    const upload = await github.uploadAsset(release, HELLO, () => undefined, 'test-upload.txt');
    expect(upload).toMatchObject({ kind: 'done', value: { ...UPLOADED, sha256: null } });
    expect(await github.listAssets(1000)).toMatchObject([UPLOADED]);
    // The recording reads the asset by its id, which this client never does.
    expect(nock.pendingMocks().filter((mock) => mock.startsWith('GET'))).toHaveLength(1);
    expect(await github.renameAsset(1000, 'new-filename.txt')).toMatchObject({
      kind: 'done',
      value: { ...UPLOADED, name: 'new-filename.txt' },
    });
    expect(await github.deleteAsset(1000)).toEqual({ kind: 'done', value: true });
    expect(scopes.flatMap((scope) => scope.pendingMocks())).toHaveLength(1);
    expect(github.writes).toBe(3);
  });

  it('release-assets-conflict: the name is taken, the old asset is deleted, the next upload succeeds', async () => {
    const scopes = nock.define(load('release-assets-conflict'));
    const github = openReplay('release-assets-conflict');

    const release = await github.findPublished('v1.0.0');
    if (release === null) throw new Error('The recording has no release.');
    const refused = await github.uploadAsset(release, HELLO, () => undefined, 'test-upload.txt');
    expect(refused).toMatchObject({
      kind: 'refused',
      status: 422,
      error: {
        code: 'github-failed',
        message: expect.stringContaining('Validation Failed'),
        details: { codes: ['already_exists'] },
      },
    });
    const [old] = (await github.listAssets(1000)) ?? [];
    expect(old).toMatchObject(UPLOADED);
    expect(await github.deleteAsset(old?.id ?? 0)).toMatchObject({ kind: 'done' });
    expect(await github.uploadAsset(release, HELLO, () => undefined, 'test-upload.txt')).toMatchObject({
      kind: 'done',
      value: { ...UPLOADED, id: 1001 },
    });
    expect(scopes.flatMap((scope) => scope.pendingMocks())).toEqual([]);
  });

  it('counts GitHub’s time by its Date header', async () => {
    nock.define(load('release-assets'));
    const github = openReplay('release-assets');
    await github.findPublished('v1.0.0');
    expect(new Date(github.serverTime).toISOString()).toMatch(/^2017-10-10T16:00:/);
  });
});
