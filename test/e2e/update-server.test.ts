import { createHash } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { XMLParser } from 'fast-xml-parser';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { ask } from '../support/ask.ts';
import { FIXTURES, HAS_FIXTURES, NEEDS_FIXTURES } from '../support/fixtures.ts';
import { canMakeImages } from '../support/make-image.ts';
import { runCli } from '../support/run-cli.ts';
import { OWNER, offerText, ServerWorld, until } from '../support/server-world.ts';
import { describeTree } from '../support/tree.ts';
import { makeUpdatePair, NEW_VERSION } from '../support/update-pair.ts';
import { UpdateWorld } from '../support/update-world.ts';

const skipped = canMakeImages() ? '' : ' (skipped: xorriso, which makes disk images, is not installed)';

/** What an installation from before reads: these keys alone, the build as a text or an integer. */
interface OldManifest {
  readonly version: string;
  readonly build: string | number;
  readonly artifact: {
    readonly type: string;
    readonly url: string;
    readonly size: number;
    readonly sha256: string;
  };
}

describe.skipIf(!canMakeImages())(`clients of the server${skipped}`, async () => {
  const pair = canMakeImages() ? await makeUpdatePair() : null;
  let world: ServerWorld;
  let mac: UpdateWorld;

  beforeEach(async () => {
    if (pair === null) return;
    world = await ServerWorld.open();
    mac = await UpdateWorld.open();
    onTestFinished(() => mac.close());
    mac.install(pair.oldApp);
  });

  /** Offers the image at this address, and gives the server of that offer. */
  async function offer(
    image: Buffer,
    urlOf: (origin: string) => string,
    more: Readonly<Record<string, unknown>> = {},
  ) {
    const trust = ['--allow-loopback', '--download-base', mac.host.origin];
    const server = await world.start(trust);
    const url = urlOf(server.origin);
    world.put('manifest.json', offerText(NEW_VERSION, { url, bytes: image, top: more }));
    await until(async () => (await ask(server.origin, '/manifest.json')).status === 200);
    return server;
  }

  const flags = () => [
    '--allow-loopback',
    '--download-base',
    mac.host.origin,
    '--app',
    mac.app,
    '--json',
    ...mac.folderOptions(),
  ];

  it.each(['', '/updates'])('nexy-updater checks and updates from %s/manifest.json', async (prefix) => {
    const image = readFileSync(pair?.image ?? '');
    const url = mac.host.publish(`v${NEW_VERSION}`, 'Nexy.dmg', image, OWNER);
    const { origin, stop } = await offer(image, () => url, { rollout: { percentage: 100, salt: 's' } });
    const manifest = `${origin}${prefix}/manifest.json`;
    expect(await runCli(['check', '--manifest', manifest, ...flags()])).toMatchObject({
      status: 3,
      json: { action: 'update', offered: NEW_VERSION, generation: 'version-tag' },
    });
    // A second one with nothing new is answered by 304.
    expect((await runCli(['check', '--manifest', manifest, ...flags()])).status).toBe(3);
    const update = await runCli(['update', '--manifest', manifest, '--yes', '--no-relaunch', ...flags()]);
    expect(update).toMatchObject({ status: 0, json: { installed: true, to: NEW_VERSION } });
    expect(mac.installedTree()).toEqual(pair?.newTree);
    expect((await stop()).stderr).toContain('"status":304');
  });

  it('nexy-updater updates from a file that the server itself has in downloads', async () => {
    const image = readFileSync(pair?.image ?? '');
    world.putDownload('Nexy.dmg', image);
    const { origin } = await offer(image, (at) => `${at}/updates/downloads/Nexy.dmg`);
    await until(async () => (await ask(origin, '/downloads/Nexy.dmg', { method: 'HEAD' })).status === 200);
    const args = ['update', '--manifest', `${origin}/manifest.json`, '--yes', '--no-relaunch', ...flags()];
    expect(await runCli(args)).toMatchObject({
      status: 0,
      json: { installed: true, artifact: { kind: 'direct' } },
    });
    expect(describeTree(mac.app)).toEqual(pair?.newTree);
  });

  it.each([{}, { build: 20046 }])(
    'an old installation reads the fields that it knows, and fetches what they name: %j',
    async (more) => {
      const image = readFileSync(pair?.image ?? '');
      const url = mac.host.publish(`v${NEW_VERSION}`, 'Nexy.dmg', image, OWNER);
      const { origin } = await offer(image, () => url, { ...more, schema: 2, channel: 'stable' });
      const response = await fetch(`${origin}/updates/manifest.json`);
      const manifest = (await response.json()) as OldManifest;
      expect(['string', 'number']).toContain(typeof manifest.build);
      const bytes = Buffer.from(await (await fetch(manifest.artifact.url)).arrayBuffer());
      expect(manifest).toMatchObject({
        version: NEW_VERSION,
        artifact: {
          type: 'dmg',
          size: bytes.length,
          sha256: createHash('sha256').update(bytes).digest('hex'),
        },
      });
    },
  );

  it('what the appcast encloses is the very file that the manifest promises', async () => {
    const image = readFileSync(pair?.image ?? '');
    const url = mac.host.publish(`v${NEW_VERSION}`, 'Nexy.dmg', image, OWNER);
    const { origin } = await offer(image, () => url);
    const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '', removeNSPrefix: false });
    const { item } = parser.parse((await ask(origin, '/appcast.xml')).body.toString()).rss.channel;
    const bytes = Buffer.from(await (await fetch(item.enclosure.url)).arrayBuffer());
    expect(bytes.equals(image)).toBe(true);
    expect(item.enclosure.length).toBe(String(image.length));
    expect(String(item['sparkle:version'])).toBe(NEW_VERSION);
  });
});

describe.skipIf(!HAS_FIXTURES)(`real manifests of the team${NEEDS_FIXTURES}`, () => {
  const folder = join(FIXTURES, 'manifests');
  const names = HAS_FIXTURES ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];

  it.each(names)('%s is served byte for byte, or not at all when the doctor rejects it', async (name) => {
    const world = await ServerWorld.open();
    const file = name.includes('_beta_') ? 'manifest_beta.json' : 'manifest.json';
    copyFileSync(join(folder, name), join(world.manifests, file));
    const { origin } = await world.serve();
    const { json } = await runCli(['doctor', join(world.manifests, file), '--json']);
    const isRejected = (json as { manifests: { verdict: string }[] }).manifests[0]?.verdict === 'reject';
    const { status, body } = await ask(origin, `/updates/${file}`);
    expect(status).toBe(isRejected ? 503 : 200);
    if (!isRejected) expect(body.equals(readFileSync(join(folder, name)))).toBe(true);
    const appcast = (await ask(origin, file === 'manifest.json' ? '/appcast.xml' : '/appcast-beta.xml')).body;
    expect(appcast.includes('<enclosure')).toBe(!isRejected);
  });
});

describe('nexy-update-server', () => {
  const run = (...args: readonly string[]) => runCli(args, { program: 'nexy-update-server' });

  it.each(['serve', 'export'])('%s --help says what it is for, with an example', async (command) => {
    const { status, stdout } = await run(command, '--help');
    expect(status).toBe(0);
    expect(stdout).toContain(`$ nexy-update-server ${command}`);
    for (const option of ['--manifests', '--downloads', '--no-beta', '--owner', '--json']) {
      expect(stdout).toContain(option);
    }
  });

  it.each([
    [[], 2],
    [['serve'], 2],
    [['export', '--manifests', '.'], 2],
    [['serve', '--manifests', '.', '--port', '65536'], 2],
    [['serve', '--manifests', '.', '--rate-limit', 'x'], 2],
    [['serve', '--manifests', '.', '--public-url', 'ftp://example.com'], 2],
    [['serve', '--manifests', '.', '--trust-proxy', 'everybody'], 2],
    [['serve', '--manifests', '.', '--download-base', 'http://example.com'], 2],
    [['serve', '--manifests', '/nowhere'], 1],
  ])('%j exits with %d and the error document', async (args, status) => {
    const result = await run(...args, '--json');
    expect(result.status).toBe(status);
    expect(result.json).toMatchObject({
      error: { code: expect.any(String), message: expect.any(String), details: {} },
    });
  });

  it('says in one line where it listens, and logs JSON lines without colours', async () => {
    const world = await ServerWorld.open();
    world.put('manifest.json', offerText('1.0'));
    const { origin, stop } = await world.start();
    await ask(origin, '/manifest.json?token=hidden');
    const { stdout, stderr, status } = await stop('SIGINT');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^[^\n]+\n$/);
    expect(JSON.parse(stdout)).toEqual({
      listening: origin,
      port: Number(new URL(origin).port),
      manifests: world.manifests,
    });
    const lines = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ msg }) => msg)).toEqual([
      'Manifest offered',
      'Answered',
      'Finishing the answers that are under way',
      'Ended',
    ]);
    expect(stderr).not.toContain('hidden');
  });

  it('says what to do when its address is taken', async () => {
    const world = await ServerWorld.open();
    world.put('manifest.json', offerText('1.0'));
    const { port } = await world.serve();
    expect(
      await run('serve', '--manifests', world.manifests, '--port', String(port), '--json'),
    ).toMatchObject({
      status: 1,
      json: {
        error: {
          code: 'address-unavailable',
          message: expect.stringContaining('Another program listens there'),
        },
      },
    });
  });

  it('offers no beta with --no-beta, and beta without', async () => {
    const world = await ServerWorld.open();
    world.put('manifest.json', offerText('1.0'));
    world.put('manifest_beta.json', offerText('2.0', { top: { channel: 'beta' } }));
    for (const [args, status] of [
      [[], 200],
      [['--beta'], 200],
      [['--no-beta'], 404],
    ] as const) {
      const { origin, stop } = await world.start(args);
      expect((await ask(origin, '/manifest_beta.json')).status).toBe(status);
      expect((await ask(origin, '/appcast-beta.xml')).status).toBe(status);
      await stop();
    }
  });

  it('judges by another owner when it is told to', async () => {
    const world = await ServerWorld.open();
    world.put('manifest.json', offerText('1.0'));
    const { origin } = await world.start(['--owner', 'acme/app']);
    expect((await ask(origin, '/manifest.json')).status).toBe(503);
  });
});
