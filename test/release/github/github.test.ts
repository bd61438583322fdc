import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { GitHubRelease } from '../../../src/release/github/answers.ts';
import type { GitHub } from '../../../src/release/github/github.ts';
import { type GitHubOptions, openGitHub } from '../../../src/release/github/open-github.ts';
import { startServer } from '../../support/http-server.ts';
import { PRODUCTION } from '../../support/production.ts';
import { makeAsset, openPublishWorld } from '../../support/publish-world.ts';

const TOKEN = 'ghp_thisMayNeverBeSeen';

type Handler = (request: IncomingMessage, response: ServerResponse, origin: string) => void | Promise<void>;

/** A server in GitHub's place that does as it likes. */
async function openHostile(handler: Handler, options: Partial<GitHubOptions> = {}) {
  const requests: {
    readonly method: string;
    readonly path: string;
    readonly authorization: string | undefined;
  }[] = [];
  const { origin, close } = await startServer((request, response) => {
    const { method = '', url: path = '', headers } = request;
    requests.push({ method, path, authorization: headers.authorization });
    void handler(request, response, origin);
  });
  onTestFinished(close);
  const github = openGitHub({ apiUrl: origin, token: TOKEN, owner: PRODUCTION, second: 1, ...options });
  onTestFinished(() => github.close());
  return { github, requests, origin };
}

function answer(
  response: ServerResponse,
  status: number,
  document: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(typeof document === 'string' ? document : JSON.stringify(document));
}

const ASSET = {
  id: 7,
  name: 'Nexy.dmg',
  state: 'uploaded',
  size: 3,
  digest: null,
  updated_at: '2026-11-24T00:00:00Z',
};
const RELEASE = {
  id: 5,
  tag_name: 'v1.0',
  body: null,
  draft: true,
  prerelease: false,
  created_at: '2026-11-24T00:00:00Z',
  published_at: null,
  upload_url: 'http://127.0.0.1/repos/o/r/releases/5/assets{?name,label}',
  assets: [],
};

async function failureOf(promise: Promise<unknown>): Promise<Error> {
  const failure = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(failure instanceof Error)) throw new Error('It did not fail.');
  return failure;
}

function textOf(error: Error): string {
  const cause = error.cause instanceof Error ? textOf(error.cause) : '';
  return `${error.stack} ${JSON.stringify(error)} ${cause}`;
}

describe('opening GitHub', () => {
  it.each([null, '', '  ', 'ghp_with\nline', 'ghp_ümlaut'])(
    'without a usable token is refused: %j',
    (token) => {
      const open = (): GitHub => openGitHub({ apiUrl: 'https://api.github.com', token, owner: PRODUCTION });
      expect(open).toThrow(expect.objectContaining({ code: 'github-auth' }));
      if (token?.includes('ghp_')) expect(open).not.toThrow(token.slice(0, 6));
    },
  );
});

describe('the token', () => {
  it('goes to no other host that a list of pages names', async () => {
    const other = await openHostile((_, response) => answer(response, 200, []));
    const { github } = await openHostile((_, response) =>
      answer(response, 200, [], { link: `<${other.origin}/repos/x/y/releases?page=2>; rel="next"` }),
    );
    await expect(github.listReleases()).rejects.toMatchObject({ code: 'github-failed' });
    expect(other.requests).toEqual([]);
  });

  it.each([
    'https://uploads.example.com/repos/o/r/releases/5/assets{?name,label}',
    'http://127.0.0.1:1/repos/o/r/releases/6/assets{?name,label}',
    'http://user:word@127.0.0.1:1/repos/o/r/releases/5/assets',
    'nonsense',
  ])('does not go to the upload address %s', async (uploadUrl) => {
    const { github, requests } = await openHostile((_, response) => answer(response, 201, ASSET));
    const release = { id: 5, uploadUrl };
    const upload = github.uploadAsset(release, makeAsset('Nexy.dmg', Buffer.from('abc')), () => undefined);
    await expect(upload).rejects.toMatchObject({ code: 'github-failed' });
    expect(requests).toEqual([]);
    expect(github.writes).toBe(0);
  });

  it.each([301, 302, 307, 308])(
    'does not follow a redirect (%i), which says that the repository has moved',
    async (status) => {
      const other = await openHostile((_, response) => answer(response, 200, []));
      const { github } = await openHostile((_, response) =>
        answer(response, status, {}, { location: `${other.origin}/x` }),
      );
      await expect(github.readRelease(5)).rejects.toMatchObject({
        code: 'github-failed',
        message: expect.stringContaining('somewhere else'),
      });
      expect(await failureOf(github.createDraft({ tag: 'v1', body: '' }))).toMatchObject({
        code: 'github-failed',
      });
      expect(other.requests).toEqual([]);
    },
  );

  it('stays behind when an asset is downloaded from another address', async () => {
    const files = await openHostile((_, response) => void response.end('abc'));
    const { github, requests } = await openHostile((_, response) =>
      answer(response, 302, '', { location: `${files.origin}/signed?secret` }),
    );
    expect(await github.hashAsset({ ...ASSET, sha256: null, updatedAt: 0, downloads: 0 })).toMatchObject({
      size: 3,
      sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    });
    expect(requests).toMatchObject([{ authorization: `token ${TOKEN}` }]);
    expect(files.requests).toMatchObject([{ authorization: undefined }]);
  });

  it.each([401, 403, 404, 422, 500])('is in no error, even if the answer (%i) shows it', async (status) => {
    const { github } = await openHostile((_, response) =>
      answer(response, status, {
        message: `Token ${TOKEN} is bad`,
        errors: [{ message: TOKEN, code: TOKEN }],
      }),
    );
    const failures = [
      await failureOf(github.listReleases()),
      await failureOf(
        github.deleteRelease(5).then((result) => ('error' in result ? Promise.reject(result.error) : result)),
      ),
    ];
    for (const failure of failures) expect(textOf(failure)).not.toContain(TOKEN);
  });

  it('is in no error of a connection that fails', async () => {
    const { github } = await openHostile((request) => void request.socket.destroy());
    expect(textOf(await failureOf(github.listReleases()))).not.toContain(TOKEN);
  });
});

describe('an asset without a digest', () => {
  const asset = {
    id: 7,
    name: 'Nexy.dmg',
    state: 'uploaded',
    size: 3,
    sha256: null,
    updatedAt: 0,
    downloads: 0,
  };
  const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

  it('is hashed where the API itself hands out its bytes', async () => {
    const { github } = await openHostile((_, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).end('abc');
    });
    expect(await github.hashAsset(asset)).toEqual({ size: 3, sha256 });
  });

  it('is downloaded again when the connection breaks, and no more than it is said to have', async () => {
    let asked = 0;
    const { github } = await openHostile((_, response) => {
      asked += 1;
      response.writeHead(200, {
        'content-type': 'application/octet-stream',
        'content-length': asked < 3 ? 3 : 4,
      });
      if (asked < 3) response.write('ab', () => response.destroy());
      else response.end('abcd');
    });
    const { size } = await github.hashAsset(asset);
    expect(size).toBeGreaterThan(3);
    expect(asked).toBe(3);
  });

  it('that never comes whole, or is gone, is told', async () => {
    const broken = await openHostile((_, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': 3 });
      response.write('ab', () => response.destroy());
    });
    await expect(broken.github.hashAsset(asset)).rejects.toMatchObject({ code: 'github-failed' });
    const elsewhere = await openHostile((_, response) =>
      answer(response, 302, '', { location: 'http://127.0.0.1:1/x' }),
    );
    await expect(elsewhere.github.hashAsset(asset)).rejects.toMatchObject({ code: 'github-failed' });
    const gone = await openHostile((_, response) => answer(response, 404, { message: 'Not Found' }));
    await expect(gone.github.hashAsset(asset)).rejects.toMatchObject({
      message: expect.stringContaining('gone'),
    });
  });
});

describe('what GitHub answers', () => {
  it.each([
    ['no JSON', '<html>Unicorn!</html>'],
    ['an object instead of a list', {}],
    ['a list of something else', [1]],
    ['a release without a tag', [{ ...RELEASE, tag_name: undefined }]],
    ['a published release without a date', [{ ...RELEASE, draft: false }]],
    ['an id that is no number', [{ ...RELEASE, id: '5' }]],
    [
      'an id beyond all numbers',
      `[${JSON.stringify(RELEASE).replace('"id":5', '"id":99999999999999999999')}]`,
    ],
    ['an asset with a negative size', [{ ...RELEASE, assets: [{ ...ASSET, size: -1 }] }]],
    ['a date that is none', [{ ...RELEASE, created_at: 'yesterday' }]],
  ])('is not believed when it is %s', async (_, document) => {
    const { github } = await openHostile((_request, response) => answer(response, 200, document));
    await expect(github.listReleases()).rejects.toMatchObject({ code: 'github-failed' });
  });

  it('to a writing call in another form than documented leaves open whether it took effect', async () => {
    const { github } = await openHostile((_, response) => answer(response, 201, { id: 5 }));
    expect(await github.createDraft({ tag: 'v1.0', body: '' })).toMatchObject({ kind: 'unknown' });
  });

  it('with a digest of an unknown kind counts as none', async () => {
    const { github } = await openHostile((_, response) =>
      answer(response, 200, [{ ...ASSET, digest: `sha512:${'0'.repeat(128)}` }]),
    );
    expect(await github.listAssets(5)).toMatchObject([{ sha256: null }]);
  });

  it('without an end is cut off', async () => {
    const { github } = await openHostile(async (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const chunk = Buffer.alloc(1024 * 1024, ' ');
      for (let sent = 0; sent < 500 && !response.destroyed; sent += 1) {
        if (!response.write(chunk)) await wait(1);
      }
      response.end('[]');
    });
    await expect(github.listReleases()).rejects.toMatchObject({ code: 'github-failed' });
  });

  it('in pages that go in circles ends', async () => {
    const { github, requests } = await openHostile((_, response, origin) =>
      answer(response, 200, [], { link: `<${origin}/repos/o/r/releases?page=2>; rel="next"` }),
    );
    await expect(github.listReleases()).rejects.toMatchObject({
      message: expect.stringContaining('1000 pages'),
    });
    expect(requests).toHaveLength(1000);
  });

  it('409 to a list is no empty list', async () => {
    const { github } = await openHostile((_, response) => answer(response, 409, { message: 'Conflict' }));
    await expect(github.listReleases()).rejects.toMatchObject({ code: 'github-failed' });
  });

  it('200 with nothing is no empty list', async () => {
    const { github } = await openHostile((_, response) => void response.writeHead(200).end());
    await expect(github.listReleases()).rejects.toMatchObject({ code: 'github-failed' });
  });

  it('404 to the list of releases is about the repository or the token', async () => {
    const { github } = await openHostile((_, response) => answer(response, 404, { message: 'Not Found' }));
    await expect(github.listReleases()).rejects.toMatchObject({ code: 'github-auth' });
    expect(await github.readRelease(5)).toBeNull();
    expect(await github.listAssets(5)).toBeNull();
  });

  it.each([
    [200, { enabled: true, enforced_by_owner: false }, 'on'],
    [200, { enabled: false, enforced_by_owner: false }, 'off'],
    [404, { message: 'Not Found' }, 'off'],
    [403, { message: 'Must have admin rights to Repository.' }, 'unknown'],
    [200, { immutable: 'yes' }, 'unknown'],
  ])('about immutable releases: %i %o means %s', async (status, document, expected) => {
    const { github } = await openHostile((_, response) => answer(response, status, document));
    expect(await github.readImmutability()).toBe(expected);
  });
});

describe('repeating', () => {
  it('is for reads', async () => {
    let asked = 0;
    const { github } = await openHostile((_, response) => {
      asked += 1;
      answer(response, asked < 3 ? 502 : 200, []);
    });
    expect(await github.listReleases()).toEqual([]);
    expect(asked).toBe(3);
  });

  it.each([
    'createDraft',
    'publishDraft',
    'deleteRelease',
    'renameAsset',
    'deleteAsset',
    'uploadAsset',
  ] as const)('is not for %s', async (operation) => {
    const { github, requests, origin } = await openHostile((request, response) => {
      request.resume();
      request.on('end', () => answer(response, 502, { message: 'Server Error' }));
    });
    const release = { id: 5, uploadUrl: `${origin}/repos/o/r/releases/5/assets{?name,label}` };
    const calls = {
      createDraft: () => github.createDraft({ tag: 'v1', body: '' }),
      publishDraft: () => github.publishDraft(5, { tag: 'v1', notes: '' }),
      deleteRelease: () => github.deleteRelease(5),
      renameAsset: () => github.renameAsset(7, 'Nexy.dmg'),
      deleteAsset: () => github.deleteAsset(7),
      uploadAsset: () =>
        github.uploadAsset(release, makeAsset('Nexy.dmg', Buffer.from('abc')), () => undefined),
    };
    expect(await calls[operation]()).toMatchObject({ kind: 'unknown', error: { code: 'github-failed' } });
    expect(requests).toHaveLength(1);
    expect(github.writes).toBe(1);
  });

  it.each([
    [false, 'at a double'],
    [true, 'where calls are spaced'],
  ])('after a rate limit is for all, and waits as long as GitHub asks (spaced: %s, %s)', async (isPaced) => {
    const waits: number[] = [];
    const bodies: string[] = [];
    const { github, origin } = await openHostile(
      async (request, response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk);
        bodies.push(Buffer.concat(chunks).toString());
        if (bodies.length < 3) answer(response, 429, { message: 'slow down' }, { 'retry-after': '17' });
        else answer(response, 201, ASSET);
      },
      { isPaced, onWait: (seconds) => waits.push(seconds) },
    );
    const release = { id: 5, uploadUrl: `${origin}/repos/o/r/releases/5/assets` };
    const upload = await github.uploadAsset(
      release,
      makeAsset('Nexy.dmg', Buffer.from('abc')),
      () => undefined,
    );
    expect(upload).toMatchObject({ kind: 'done', value: { id: 7 } });
    expect(waits).toEqual([17, 17]);
    expect(bodies).toEqual(['abc', 'abc', 'abc']);
  });

  it('ends when the waits are longer than ten minutes in all', async () => {
    const { github, requests } = await openHostile((_, response) =>
      answer(response, 403, { message: 'secondary rate limit' }, { 'retry-after': '250' }),
    );
    const failure = await failureOf(github.listReleases());
    expect(failure).toMatchObject({ code: 'github-rate-limited' });
    expect(requests).toHaveLength(3);
  });
});

describe('at the real GitHub', () => {
  it('writing calls come one after the other, as it asks, and elsewhere at once', async () => {
    for (const isPaced of [true, false]) {
      const arrived: ServerResponse[] = [];
      const { github } = await openHostile(
        ({ method }, response) => {
          if (method === 'GET') response.writeHead(404).end();
          else arrived.push(response);
        },
        { isPaced },
      );
      const calls = Promise.all([github.deleteAsset(1), github.deleteAsset(2)]);
      await expect.poll(() => arrived.length).toBeGreaterThan(0);
      // A read that is sent after both is answered meanwhile.
      expect(await github.readRelease(1)).toBeNull();
      expect(arrived).toHaveLength(isPaced ? 1 : 2);
      for (let answered = 0; answered < 2; answered += 1) {
        await expect.poll(() => arrived.length, { timeout: 30_000 }).toBeGreaterThan(answered);
        arrived[answered]?.writeHead(204).end();
      }
      expect(await calls).toMatchObject([{ kind: 'done' }, { kind: 'done' }]);
    }
  });
});

describe('uploading', () => {
  it('may take longer than the limit for silence, as long as it goes on', async () => {
    const { github, origin } = await openHostile(
      async (request, response) => {
        // Takes the body in sips: a second and a half in all.
        for await (const _ of request) await wait(10);
        answer(response, 201, { ...ASSET, size: 8 * 1024 * 1024 });
      },
      { limits: { call: 50, stall: 500 } },
    );
    const release = { id: 5, uploadUrl: `${origin}/repos/o/r/releases/5/assets` };
    const asset = makeAsset('Nexy.dmg', Buffer.alloc(8 * 1024 * 1024));
    const startedAt = performance.now();
    expect(await github.uploadAsset(release, asset, () => undefined)).toMatchObject({ kind: 'done' });
    expect(performance.now() - startedAt).toBeGreaterThan(500);
  });

  it('ends when the server takes nothing more', async () => {
    const { github, origin } = await openHostile((request) => void request.pause(), {
      limits: { call: 50, stall: 500 },
    });
    const release = { id: 5, uploadUrl: `${origin}/repos/o/r/releases/5/assets` };
    const asset = makeAsset('Nexy.dmg', Buffer.alloc(32 * 1024 * 1024));
    expect(await github.uploadAsset(release, asset, () => undefined)).toMatchObject({ kind: 'unknown' });
  });

  it.each([2, 4])('of a file that was hashed with %i bytes and has 3 now is given up', async (size) => {
    const { open } = await openPublishWorld();
    const github = open();
    const asset = { ...makeAsset('Nexy.dmg', Buffer.from('abc')), size };
    const upload = github.uploadAsset(await draftOf(github), asset, () => undefined);
    await expect(upload).rejects.toMatchObject({ code: 'inbox-incomplete' });
  });

  it('is refused in GitHub’s own words even where that answers before the file is sent', async () => {
    const { open } = await openPublishWorld();
    const github = open();
    const draft = await draftOf(github);
    const asset = makeAsset('Nexy.dmg', Buffer.alloc(16 * 1024 * 1024));
    expect(await github.uploadAsset(draft, asset, () => undefined)).toMatchObject({ kind: 'done' });
    expect(await github.uploadAsset(draft, asset, () => undefined)).toMatchObject({
      kind: 'refused',
      status: 422,
      error: { details: { codes: ['already_exists'] } },
    });
  });

  it('tells how far it is', async () => {
    const { open } = await openPublishWorld();
    const github = open();
    const positions: number[] = [];
    const asset = makeAsset('Nexy.pkg', Buffer.alloc(100_000));
    await github.uploadAsset(await draftOf(github), asset, (position) => positions.push(position));
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
    expect(positions.at(-1)).toBe(100_000);
  });
});

async function draftOf(github: GitHub): Promise<GitHubRelease> {
  const made = await github.createDraft({ tag: 'v1.0', body: '' });
  if (made.kind !== 'done') throw made.error;
  return made.value;
}
