import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Answer, ask } from '../support/ask.ts';
import { keepLog, offerText, releaseUrl, ServerWorld, until } from '../support/server-world.ts';

interface Health {
  readonly status: string;
  readonly problems: readonly string[];
  readonly channels: Readonly<
    Record<string, { readonly version: string; readonly isLastGood: boolean } | null>
  >;
  readonly findings: readonly { readonly file: string; readonly code: string; readonly severity: string }[];
  readonly refused: readonly { readonly file: string; readonly stillOffered: string | null }[];
}

async function health(origin: string): Promise<Health> {
  return JSON.parse((await ask(origin, '/health')).body.toString());
}

async function offered(origin: string, path = '/manifest.json'): Promise<string> {
  const { status, body } = await ask(origin, path);
  return status === 200 ? (JSON.parse(body.toString()) as { version: string }).version : String(status);
}

async function serve() {
  const world = await ServerWorld.open();
  world.put('manifest.json', offerText('1.0'));
  const { log, lines } = keepLog();
  const { origin } = await world.serve({ log });
  return { world, origin, lines };
}

/** Manifests with a `reject` finding, or that are none. */
const REJECTED: readonly (readonly [string, string, string])[] = [
  [
    'foreign-owner',
    'another owner',
    offerText('2.0', { url: releaseUrl('2.0').replace('Seregawpn', 'evil') }),
  ],
  ['tag-mismatch', 'the tag of another version', offerText('2.0', { url: releaseUrl('1.9') })],
  ['sha256-invalid', 'no digest', offerText('2.0', { artifact: { sha256: 'TODO' } })],
  [
    'artifact-url-insecure',
    'plain http',
    offerText('2.0', { url: releaseUrl('2.0').replace('https', 'http') }),
  ],
  ['artifact-url-type', 'a feed', offerText('2.0', { url: releaseUrl('2.0', 'appcast.xml') })],
  ['manifest-invalid', 'half of one', offerText('2.0').slice(0, 200)],
  ['manifest-invalid', 'an empty file', ''],
  [
    'manifest-invalid',
    'too much',
    JSON.stringify({ ...JSON.parse(offerText('2.0')), x: 'x'.repeat(300_000) }),
  ],
];

describe('fails closed', () => {
  it.each(REJECTED)('%s (%s): the last good one stays, and /health says so', async (code, _what, text) => {
    const { world, origin, lines } = await serve();
    const good = await ask(origin, '/manifest.json');
    const appcast = await ask(origin, '/appcast.xml');
    world.put('manifest.json', text);
    await until(async () => (await health(origin)).status === 'degraded');
    expect((await ask(origin, '/health')).status).toBe(200);
    expect(await health(origin)).toMatchObject({
      problems: [expect.stringContaining('manifest.json')],
      channels: { stable: { version: '1.0', isLastGood: true } },
      findings: expect.arrayContaining([
        expect.objectContaining({ file: 'manifest.json', code, severity: 'reject' }),
      ]),
      refused: [{ file: 'manifest.json', stillOffered: '1.0' }],
    });
    expect((await ask(origin, '/manifest.json')).body.equals(good.body)).toBe(true);
    expect((await ask(origin, '/appcast.xml')).body.equals(appcast.body)).toBe(true);
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 40, msg: expect.stringContaining('manifest.json') }),
    );
    // And it recovers by itself.
    world.put('manifest.json', offerText('2.1'));
    await until(async () => (await offered(origin)) === '2.1');
    expect(await health(origin)).toMatchObject({ status: 'ok', problems: [], refused: [] });
  });

  it('follows no link, whatever is behind it', async () => {
    const { world, origin } = await serve();
    writeFileSync(join(world.folder, 'elsewhere.json'), offerText('2.0'));
    rmSync(join(world.manifests, 'manifest.json'));
    symlinkSync(join(world.folder, 'elsewhere.json'), join(world.manifests, 'manifest.json'));
    await until(async () => (await health(origin)).status === 'degraded');
    expect((await health(origin)).problems[0]).toContain('symbolic link');
    expect(await offered(origin)).toBe('1.0');
  });

  it('stands in for a rejected manifest with nothing when it never had a good one, as 503 for the sake of caches', async () => {
    const world = await ServerWorld.open();
    world.put('manifest.json', 'nonsense');
    const { origin } = await world.serve();
    expect(await ask(origin, '/manifest.json')).toMatchObject({
      status: 503,
      headers: { 'cache-control': 'no-store', 'retry-after': '60' },
    });
    expect((await ask(origin, '/health')).status).toBe(503);
    expect(await health(origin)).toMatchObject({
      status: 'unavailable',
      channels: { stable: null, beta: null },
    });
    world.put('manifest_beta.json', offerText('2.0', { top: { channel: 'beta' } }));
    await until(async () => (await ask(origin, '/health')).status === 200);
    expect(await health(origin)).toMatchObject({ status: 'degraded', channels: { stable: null } });
  });

  it('serves an archive copy under no other version than its own', async () => {
    const { world, origin } = await serve();
    world.put('manifest_3.0.json', offerText('2.0'));
    world.put('manifest_2.0.0.json', offerText('2.0'));
    await until(async () => (await offered(origin, '/manifests/manifest_2.0.0.json')) === '2.0');
    expect(await offered(origin, '/manifests/manifest_3.0.json')).toBe('404');
    expect((await health(origin)).problems[0]).toContain('named for 3.0 but offers 2.0');
  });
});

describe('picks up changes without a restart', () => {
  const WRITINGS: readonly (readonly [string, (world: ServerWorld, text: string) => void])[] = [
    ['a rename', (world, text) => world.put('manifest.json', text)],
    ['a write in place', (world, text) => writeFileSync(join(world.manifests, 'manifest.json'), text)],
    [
      'a removal and a new file',
      (world, text) => {
        world.remove('manifest.json');
        world.put('manifest.json', text);
      },
    ],
    [
      'another folder in its place',
      (world, text) => {
        const next = join(world.folder, 'next');
        mkdirSync(next);
        writeFileSync(join(next, 'manifest.json'), text);
        renameSync(world.manifests, join(world.folder, `old-${Math.random()}`));
        renameSync(next, world.manifests);
      },
    ],
  ];

  it.each(WRITINGS)('by %s, again and again', async (_how, write) => {
    const { world, origin } = await serve();
    for (const version of ['2.0', '3.0', '4.0']) {
      write(world, offerText(version));
      await until(async () => (await offered(origin)) === version);
      expect((await ask(origin, '/appcast.xml')).body.toString()).toContain(`<title>${version}</title>`);
    }
    expect((await health(origin)).status).toBe('ok');
  });

  it('by git pull, into a folder that is a working copy', async () => {
    const world = await ServerWorld.open();
    const origin = join(world.folder, 'origin');
    const git = (folder: string, ...args: readonly string[]) =>
      execFileSync('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args]);
    mkdirSync(origin);
    git(origin, 'init', '-q', '-b', 'main');
    const commit = (version: string): void => {
      writeFileSync(join(origin, 'manifest.json'), offerText(version));
      git(origin, 'add', '.');
      git(origin, 'commit', '-qm', version);
    };
    commit('1.0');
    git(world.folder, 'clone', '-q', origin, world.manifests);
    const server = await world.serve();
    expect(await offered(server.origin)).toBe('1.0');
    for (const version of ['2.0', '3.0']) {
      commit(version);
      git(world.manifests, 'pull', '-q');
      await until(async () => (await offered(server.origin)) === version);
    }
    expect((await ask(server.origin, '/.git/config')).status).toBe(404);
  });

  it('by a link on the way that leads elsewhere', async () => {
    const world = await ServerWorld.open();
    for (const version of ['1.0', '2.0']) {
      mkdirSync(join(world.folder, version));
      writeFileSync(join(world.folder, version, 'manifest.json'), offerText(version));
    }
    const current = join(world.folder, 'current');
    const lead = (version: string): void => {
      symlinkSync(version, `${current}.new`);
      renameSync(`${current}.new`, current);
    };
    lead('1.0');
    const { origin } = await world.serve({ manifestsFolder: current });
    expect(await offered(origin)).toBe('1.0');
    lead('2.0');
    await until(async () => (await offered(origin)) === '2.0');
  });

  it('a manifest that is removed is no longer offered', async () => {
    const { world, origin } = await serve();
    world.put('manifest_beta.json', offerText('2.0', { top: { channel: 'beta' } }));
    await until(async () => (await offered(origin, '/manifest_beta.json')) === '2.0');
    world.remove('manifest_beta.json');
    await until(async () => (await offered(origin, '/manifest_beta.json')) === '404');
    expect(await health(origin)).toMatchObject({
      status: 'ok',
      channels: { stable: { version: '1.0' }, beta: null },
    });
  });

  it('goes on serving what it has when the folder itself is gone, and says so', async () => {
    const { world, origin } = await serve();
    renameSync(world.manifests, join(world.folder, 'away'));
    await until(async () => (await health(origin)).status === 'degraded');
    expect((await health(origin)).problems[0]).toContain('There is no such folder');
    expect(await offered(origin)).toBe('1.0');
    renameSync(join(world.folder, 'away'), world.manifests);
    await until(async () => (await health(origin)).status === 'ok');
  });

  it.skipIf(process.getuid?.() === 0)('keeps a manifest that it may no longer read', async () => {
    const { world, origin } = await serve();
    chmodSync(join(world.manifests, 'manifest.json'), 0);
    await until(async () => (await health(origin)).status === 'degraded');
    expect(await offered(origin)).toBe('1.0');
  });
});

describe('under load', () => {
  it('drops no request and shows no half, while manifests come, good and bad, in every way', async () => {
    const { world, origin } = await serve();
    const seen = new Map<string, string>();
    const offers = new Set([offerText('1.0')]);
    let isOver = false;
    const hammer = async (): Promise<void> => {
      while (!isOver) {
        const answer: Answer = await ask(origin, '/manifest.json');
        const text = answer.body.toString();
        if (answer.status !== 200 || !offers.has(text)) throw new Error(`${answer.status}: ${text}`);
        const etag = answer.headers.etag ?? '';
        if ((seen.get(etag) ?? text) !== text) throw new Error('One tag for two texts');
        seen.set(etag, text);
        const appcast = (await ask(origin, '/appcast.xml')).body.toString();
        if (!appcast.includes('<enclosure')) throw new Error(appcast);
      }
    };
    const hammers = Array.from({ length: 8 }, hammer);
    const path = join(world.manifests, 'manifest.json');
    const write = async (): Promise<void> => {
      for (let round = 2; round < 12; round += 1) {
        const text = offerText(`${round}.0`);
        offers.add(text);
        const bad = REJECTED[round % REJECTED.length]?.[2] ?? '';
        // Slowly, a piece at a time.
        for (let end = 0; end < text.length; end += 120) {
          writeFileSync(path, text.slice(0, end));
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        writeFileSync(path, text);
        await until(async () => (await offered(origin)) === `${round}.0`);
        if (round % 2 === 0) {
          world.put('manifest.json', bad);
          await until(async () => (await health(origin)).status === 'degraded');
        }
        if (round % 3 === 0) {
          world.remove('manifest.json');
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      }
    };
    try {
      await Promise.race([write(), Promise.all(hammers)]);
    } finally {
      isOver = true;
    }
    await Promise.all(hammers);
    expect(seen.size).toBeGreaterThan(8);
    expect(readFileSync(path, 'utf8')).toBe(offerText('11.0'));
  });
});
