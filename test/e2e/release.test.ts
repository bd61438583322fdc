import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { canMakeImages } from '../support/make-image.ts';
import { fillInbox, openReleaseWorld, PUBLISH_TO_BETA, type ReleaseWorld } from '../support/release-world.ts';
import { runCli } from '../support/run-cli.ts';

const WITHOUT_IMAGES = canMakeImages() ? '' : ' (skipped: xorriso is not installed)';

/** With files that nobody can look into: quick, and warned of. */
async function openQuickWorld(): Promise<ReleaseWorld> {
  const world = await openReleaseWorld();
  await fillInbox(world);
  return world;
}

function replace(args: readonly string[], option: string, value: string): readonly string[] {
  const at = args.indexOf(option);
  return args.map((each, index) => (index === at + 1 ? value : each));
}

describe('nexy-release publish', () => {
  it(`publishes a build: what is inside is read, and the manifest says it${WITHOUT_IMAGES}`, {
    skip: !canMakeImages(),
  }, async () => {
    const world = await openReleaseWorld();
    await world.build('2.0.0.46');
    const { status, json, stderr } = await world.release([...PUBLISH_TO_BETA, '--json']);
    expect(status, stderr).toBe(0);
    expect(json).toMatchObject({
      tag: 'v2.0.0.46',
      result: 'published',
      plan: [
        {
          asset: 'Nexy.dmg',
          action: 'upload',
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
          reason: 'not there yet',
        },
        { asset: 'Nexy.pkg', action: 'upload' },
        { asset: 'LATEST_CHANGES.md', action: 'upload' },
      ],
      manifest: { path: join('manifests', 'manifest_beta.json'), changed: true },
      writes: 5,
    });
    expect(Object.keys(json as object).sort()).toEqual(['manifest', 'plan', 'result', 'tag', 'writes']);
    const manifest = JSON.parse(readFileSync(join(world.folder, 'manifests', 'manifest_beta.json'), 'utf8'));
    expect(manifest).toMatchObject({
      version: '2.0.0.46',
      channel: 'beta',
      tag: 'v2.0.0.46',
      artifact: { type: 'dmg', min_os: expect.stringMatching(/^\d+/), arch: expect.any(String), ed25519: '' },
      artifacts: [{ type: 'dmg' }, { type: 'pkg' }],
    });
    expect(stderr).not.toContain('warning');
    const other = await world.release([...replace(PUBLISH_TO_BETA, '--version', '2.0.0.47'), '--json']);
    expect(other).toMatchObject({ status: 1, json: { error: { code: 'bundle-version-mismatch' } } });
    const minimum = await world.release([...PUBLISH_TO_BETA, '--min-os', '99.0', '--json']);
    expect(minimum).toMatchObject({ status: 1, json: { error: { code: 'bundle-minimum-mismatch' } } });
  });

  it('offers an app with a whole build number to the oldest clients, and to all others as ever', async () => {
    const world = await openReleaseWorld();
    await world.build('2.0.0.46', 'inbox', { shortVersion: '2.0.0.46', bundleVersion: '20646' });
    const published = await world.release([...PUBLISH_TO_BETA, '--json']);
    expect(published, published.stderr).toMatchObject({ status: 0, json: { result: 'published' } });
    const promotion = ['promote', '--from', 'beta', '--to', 'stable', '--manifests', 'manifests'];
    expect(await world.release(promotion)).toMatchObject({ status: 0 });
    const file = join(world.folder, 'manifests', 'manifest.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ version: '2.0.0.46', build: 20_646 });

    const verified = await world.release(['verify', '--channel', 'stable', '--manifests', 'manifests']);
    expect(verified, verified.stderr).toMatchObject({ status: 0 });
    const status = await world.release(['status', '--manifests', 'manifests', '--json']);
    expect(status.json).toMatchObject({
      channels: [{ version: '2.0.0.46', verdict: 'ok' }, { verdict: 'ok' }],
    });

    const trust = ['--download-base', world.host.origin, '--allow-loopback', '--json'];
    const doctor = await runCli(['doctor', file, ...trust]);
    expect(doctor.json).toMatchObject({ manifests: [{ version: '2.0.0.46', verdict: 'ok' }] });
    const check = async (current: string) =>
      (await runCli(['check', '--manifest', file, '--current', current, ...trust])).json;
    expect(await check('2.0.0.45')).toMatchObject({ action: 'update', offered: '2.0.0.46' });
    // Ours goes by versions: 20646 is no higher version than this.
    expect(await check('2.0.0.47')).toMatchObject({ action: 'none', reason: 'older' });

    const site = ['export', '--manifests', 'manifests', '--out', 'site'];
    const options = ['--download-base', world.host.origin, '--allow-loopback'];
    const exported = await runCli([...site, ...options], {
      program: 'nexy-update-server',
      folder: world.folder,
    });
    expect(exported, exported.stderr).toMatchObject({ status: 0 });
    expect(readFileSync(join(world.folder, 'site', 'appcast.xml'), 'utf8')).toContain(
      '<sparkle:version>20646</sparkle:version>',
    );

    expect(published.stderr).not.toContain('THE OLDEST INSTALLATIONS');
    const app = { shortVersion: '2.0.0.47', bundleVersion: '20647', minimumSystemVersion: '13.0' };
    await world.build('2.0.0.47', 'inbox', app);
    const next = await world.release(replace(PUBLISH_TO_BETA, '--version', '2.0.0.47'));
    expect(next).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('THE OLDEST INSTALLATIONS'),
    });
  });

  it('does nothing the second time, says so for each file, and warns of what it could not look into', async () => {
    const world = await openQuickWorld();
    const first = await world.release(PUBLISH_TO_BETA);
    expect(first).toMatchObject({ status: 0, stdout: expect.stringContaining('Published v2.0.0.46') });
    expect(first.stderr).toContain('NOBODY KNOWS WHAT IS IN Nexy.dmg');
    const before = world.writes().length;
    const second = await world.release(PUBLISH_TO_BETA);
    expect(second.status).toBe(0);
    expect(second.stdout.match(/already published, skip \(tag=v2\.0\.0\.46\)/g)).toHaveLength(3);
    expect(world.writes()).toHaveLength(before);
  });

  it('refuses other bytes with both digests, and touches nothing', async () => {
    const world = await openQuickWorld();
    await world.release(PUBLISH_TO_BETA);
    const before = world.host.github.releases();
    await fillInbox(world, 'built once more');
    const refused = await world.release([...PUBLISH_TO_BETA, '--json']);
    expect(refused).toMatchObject({ status: 1, json: { error: { code: 'asset-conflict' } } });
    const published = before[0]?.assets.find(({ name }) => name === 'Nexy.dmg')?.sha256 ?? 'none';
    expect(refused.stdout).toContain(published);
    expect(refused.stdout.match(/[0-9a-f]{64}/g)?.length).toBeGreaterThan(5);
    expect(world.host.github.releases()).toEqual(before);
  });

  it('only reads in a dry run', async () => {
    const world = await openQuickWorld();
    const { status, json } = await world.release([...PUBLISH_TO_BETA, '--dry-run', '--json']);
    expect(status).toBe(0);
    expect(json).toMatchObject({ result: 'dry-run', manifest: { changed: true }, writes: 0 });
    expect(world.writes()).toEqual([]);
    expect(readdirSync(join(world.folder, 'manifests'))).toEqual([]);
  });

  it('leaves a channel alone that has gone further, and publishes nothing older', async () => {
    const world = await openQuickWorld();
    await world.release(PUBLISH_TO_BETA);
    await fillInbox(world, 'of 2.0.0.47');
    expect(await world.release(replace(PUBLISH_TO_BETA, '--version', '2.0.0.47'))).toMatchObject({
      status: 0,
    });
    await fillInbox(world);
    const again = await world.release([...PUBLISH_TO_BETA, '--json']);
    expect(again).toMatchObject({
      status: 0,
      json: { result: 'already-published', manifest: { changed: false }, writes: 0 },
    });
    const older = await world.release([...replace(PUBLISH_TO_BETA, '--version', '2.0.0.45'), '--json']);
    expect(older).toMatchObject({ status: 1, json: { error: { code: 'version-not-newer' } } });
    const tags = world.host.github.releases().map(({ tag }) => tag);
    expect(tags.sort()).toEqual(['v2.0.0.46', 'v2.0.0.47']);
  });

  it('publishes to stable directly only where the configuration says so', async () => {
    const world = await openQuickWorld();
    const stable = [...replace(PUBLISH_TO_BETA, '--channel', 'stable'), '--json'];
    expect(await world.release(stable)).toMatchObject({
      status: 1,
      json: { error: { code: 'promotion-required' } },
    });
    const config = join(world.folder, 'acme.yml');
    const manifests =
      'manifests: {stable: "https://a.example/manifest.json", beta: "https://a.example/manifest_beta.json"}';
    writeFileSync(
      config,
      `owner: acme/releases\nbundle_id: com.acme.app\n${manifests}\npublish: {stable: direct}\n`,
    );
    const owned = await world.release([...stable, '--config', config, '--owner', 'Acme/Releases']);
    expect(owned.json).toMatchObject({ error: { code: 'github-auth' } });
    expect(owned.stdout).toContain('acme/releases');
  });

  it.each([
    ['another owner', ['--owner', 'somebody/else'], 'owner-mismatch', 1],
    ['a version that is none', ['--version', '2.0.0.046'], 'version-invalid', 1],
    ['an inbox that is not there', ['--inbox', 'nowhere'], 'inbox-incomplete', 1],
    ['a folder that is not there', ['--manifests', 'nowhere'], 'usage', 2],
    ['a channel that is none', ['--channel', 'nightly'], 'usage', 2],
    ['a percentage that is none', ['--rollout', '110'], 'usage', 2],
    ['plain http elsewhere than here', ['--api-url', 'http://api.example.com'], 'usage', 2],
  ])('refuses %s before any request', async (_, options, code, status) => {
    const world = await openQuickWorld();
    // Of an option that is given twice the last counts; the world's own come last, so its API goes first here.
    const args = [...PUBLISH_TO_BETA, ...options, '--json'];
    const result = await runCli(
      [...(args.includes('--api-url') ? args : [...args, '--api-url', world.host.apiOrigin])],
      {
        program: 'nexy-release',
        folder: world.folder,
        environment: { GITHUB_TOKEN: world.host.token },
      },
    );
    expect(result).toMatchObject({ status, json: { error: { code } } });
    expect(world.host.log).toEqual([]);
  });

  it('needs a token, takes it from either variable, and never shows it', async () => {
    const world = await openQuickWorld();
    const without = await world.release([...PUBLISH_TO_BETA, '--json'], {
      environment: { GITHUB_TOKEN: undefined },
    });
    expect(without).toMatchObject({ status: 1, json: { error: { code: 'github-auth' } } });
    const secret = 'ghp_thisOneIsWrongAndMustNotBeSeen';
    const wrong = await world.release(PUBLISH_TO_BETA, { environment: { GITHUB_TOKEN: secret } });
    expect(wrong).toMatchObject({ status: 1, stderr: expect.stringContaining('github-auth') });
    expect(wrong.stdout + wrong.stderr).not.toContain(secret);
    const other = await world.release(PUBLISH_TO_BETA, {
      environment: { GITHUB_TOKEN: undefined, GH_TOKEN: world.host.token },
    });
    expect(other.status).toBe(0);
    expect(other.stdout + other.stderr).not.toContain(world.host.token);
  });

  it('removes its draft on Ctrl-C, and ends as cancelled', async () => {
    const world = await openQuickWorld();
    world.host.fault({ on: 'upload', fault: { kind: 'silent' } });
    const { child, result } = world.startRelease([...PUBLISH_TO_BETA, '--json']);
    await expect.poll(() => world.host.log.some(({ on }) => on === 'upload'), { timeout: 30_000 }).toBe(true);
    expect(world.host.github.releases()).toHaveLength(1);
    child.kill('SIGINT');
    expect(await result).toMatchObject({ status: 1, json: { error: { code: 'cancelled' } } });
    expect(world.host.github.releases()).toEqual([]);
    expect(readdirSync(join(world.folder, 'manifests'))).toEqual([]);
  });
});

describe('nexy-release', () => {
  it('promotes, verifies and shows where things stand; finds what does not fit', async () => {
    const world = await openQuickWorld();
    await world.release(PUBLISH_TO_BETA);
    const promote = ['promote', '--from', 'beta', '--to', 'stable', '--manifests', 'manifests', '--json'];
    expect((await world.release(promote)).json).toMatchObject({
      from: 'beta',
      to: 'stable',
      version: '2.0.0.46',
      tag: 'v2.0.0.46',
      manifest: { changed: true },
    });
    expect((await world.release(promote)).json).toMatchObject({ manifest: { changed: false } });
    expect((await world.release(['verify', '--manifests', 'manifests', '--json'])).json).toMatchObject({
      manifests: [
        { file: 'manifest.json', tag: 'v2.0.0.46' },
        { file: 'manifest_beta.json', tag: 'v2.0.0.46' },
      ],
    });
    const status = ['status', '--manifests', 'manifests', '--json'];
    expect((await world.release(status)).json).toMatchObject({
      owner: 'Seregawpn/Nexy_production',
      immutableReleases: 'off',
      channels: [
        { channel: 'stable', version: '2.0.0.46', verdict: 'ok', rollout: 100 },
        { channel: 'beta', version: '2.0.0.46', verdict: 'ok' },
      ],
      tags: [{ tag: 'v2.0.0.46', offeredOn: ['stable', 'beta'] }],
      fixedTags: [
        { tag: 'Update', isThere: false },
        { tag: 'App' },
        { tag: 'UpdateBeta' },
        { tag: 'AppBeta' },
      ],
      drafts: [],
    });
    expect((await world.release(status, { environment: { GITHUB_TOKEN: undefined } })).json).toMatchObject({
      tags: null,
      drafts: null,
    });
    // What nobody may do, and somebody did.
    world.host.replace('v2.0.0.46', 'Nexy.pkg', Buffer.from('other bytes'));
    const broken = await world.release([
      'verify',
      '--version',
      '2.0.0.46',
      '--manifests',
      'manifests',
      '--json',
    ]);
    expect(broken).toMatchObject({ status: 1, json: { error: { code: 'digest-mismatch' } } });
    const next = await world.release([...promote.filter((each) => each !== '--json'), '--rollout', '10']);
    expect(next.status).toBe(0);
    world.host.withdraw('v2.0.0.46', 'Nexy.dmg');
    const anonymous = { environment: { GITHUB_TOKEN: undefined } };
    const missing = await world.release(
      ['verify', '--channel', 'stable', '--manifests', 'manifests', '--json'],
      anonymous,
    );
    expect(missing).toMatchObject({ status: 1, json: { error: { code: 'not-published' } } });
  });

  it('does not promote what is not there', async () => {
    const world = await openQuickWorld();
    await world.release(PUBLISH_TO_BETA);
    world.host.replace('v2.0.0.46', 'Nexy.pkg', Buffer.from('other bytes'));
    const promote = ['promote', '--from', 'beta', '--to', 'stable', '--manifests', 'manifests', '--json'];
    expect(await world.release(promote)).toMatchObject({
      status: 1,
      json: { error: { code: 'digest-mismatch' } },
    });
    expect(readdirSync(join(world.folder, 'manifests')).sort()).toEqual([
      'manifest_2.0.0.46.json',
      'manifest_beta.json',
    ]);
  });

  it('shows drafts that were left behind, whose they are, and a person’s', async () => {
    const world = await openQuickWorld();
    const { child, result } = world.startRelease(PUBLISH_TO_BETA);
    world.host.github.onApiCall(({ method, when }) => {
      if (method === 'POST' && when === 'answered') child.kill('SIGKILL');
    });
    await result;
    const status = await world.release(['status', '--manifests', 'manifests', '--json']);
    expect(status.json).toMatchObject({ drafts: [{ tag: 'v2.0.0.46', standing: 'dead' }] });
    expect((await world.release(['status', '--manifests', 'manifests'])).stdout).toContain(
      'the next publish removes it',
    );
  });

  it('explains itself', async () => {
    const help = await runCli(['--help'], { program: 'nexy-release' });
    expect(help.status).toBe(0);
    for (const command of ['publish', 'promote', 'rollout', 'verify', 'bridge', 'status']) {
      expect(help.stdout).toContain(command);
    }
    expect((await runCli(['bridge', '--json'], { program: 'nexy-release' })).json).toMatchObject({
      error: { code: 'usage' },
    });
  });
});
