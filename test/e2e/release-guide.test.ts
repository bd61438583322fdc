import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { REPOSITORY } from '../support/fixtures.ts';
import { canMakeImages } from '../support/make-image.ts';
import { openReleaseWorld, PUBLISH_TO_BETA, type ReleaseWorld } from '../support/release-world.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';

const WITHOUT_IMAGES = canMakeImages() ? '' : ' (skipped: xorriso is not installed)';

function readText(...path: string[]): string {
  return readFileSync(join(REPOSITORY, ...path), 'utf8');
}

/** The commands that a guide shows, in its order. */
function commandsOf(document: string): readonly string[] {
  const blocks = [...readText('docs', document).matchAll(/^```sh\n(.*?)^```$/gms)];
  return blocks.flatMap(([, block = '']) => block.trim().split('\n'));
}

/** A release manager's folder as the guide supposes it: two builds, and the manifests as a Git work tree. */
async function openGuideWorld(): Promise<ReleaseWorld> {
  const world = await openReleaseWorld();
  await world.build('2.0.0.46');
  await world.build('2.0.0.47', 'inbox-2.0.0.47');
  const git = (...args: string[]): void => {
    execFileSync('git', args, { cwd: world.folder, stdio: 'pipe' });
  };
  git('init', '--quiet', '--bare', '--initial-branch=manifests', 'upstream.git');
  git('init', '--quiet', '--initial-branch=manifests', 'manifests');
  const inManifests = ['-C', 'manifests'];
  git(...inManifests, 'config', 'user.name', 'Release manager');
  git(...inManifests, 'config', 'user.email', 'release@example.com');
  git(...inManifests, 'commit', '--quiet', '--allow-empty', '--message', 'The manifests');
  git(...inManifests, 'remote', 'add', 'origin', '../upstream.git');
  git(...inManifests, 'push', '--quiet', '--set-upstream', 'origin', 'manifests');
  return world;
}

/** Runs a command as it is written, with what leads it to the double of GitHub instead of the real one. */
async function run(world: ReleaseWorld, command: string): Promise<CliResult> {
  const { host, folder } = world;
  const [program = '', ...args] = command.split(' ');
  const judged = ['--download-base', host.origin, '--allow-loopback'];
  switch (program) {
    case 'nexy-release':
      return world.release(args);
    case 'nexy-updater':
      return runCli([...args, ...(args[0] === 'check' ? judged : [])], { folder });
    case 'nexy-update-server':
      return runCli([...args, ...judged], { program, folder });
    default:
      throw new Error(`The guide names a program that is none of ours: ${command}`);
  }
}

function manifest(world: ReleaseWorld, file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(world.folder, 'manifests', file), 'utf8'));
}

describe(`docs/RELEASE_AND_UPDATE_GUIDE.md${WITHOUT_IMAGES}`, { skip: !canMakeImages() }, () => {
  it('leads from a build to a rollout and past a bad release, each command as it is written', async () => {
    const world = await openGuideWorld();
    const commands = commandsOf('RELEASE_AND_UPDATE_GUIDE.md');
    const ran: string[] = [];
    for (const command of commands) {
      const { status, stdout, stderr } = await run(world, command);
      // "check" says by its status that an update is offered.
      const expected = command.startsWith('nexy-updater check') ? 3 : 0;
      expect(status, `${command}\n${stdout}${stderr}`).toBe(expected);
      ran.push(command);
      if (command.includes('--dry-run')) expect(world.writes()).toEqual([]);
      if (command.includes('promote') && command.includes('--rollout 10'))
        expect(manifest(world, 'manifest.json')).toMatchObject({
          version: '2.0.0.46',
          rollout: { percentage: 10 },
        });
      if (command.includes('--percentage 0 '))
        expect(manifest(world, 'manifest.json')).toMatchObject({
          version: '2.0.0.46',
          rollout: { percentage: 0 },
        });
    }
    expect(ran.map((command) => command.split(' ').slice(0, 2).join(' '))).toEqual(
      expect.arrayContaining([
        'nexy-updater inspect',
        'nexy-release publish',
        'nexy-release verify',
        'nexy-updater check',
        'nexy-release promote',
        'nexy-release rollout',
        'nexy-release status',
        'nexy-release bridge',
        'nexy-update-server export',
      ]),
    );
    expect(manifest(world, 'manifest.json')).toMatchObject({ version: '2.0.0.47', critical: true });
    const tags = world.host.github.releases().filter(({ isDraft }) => !isDraft);
    expect(tags.map(({ tag }) => tag).sort()).toEqual(['App', 'Update', 'v2.0.0.46', 'v2.0.0.47']);
    // What the guide deploys is what the guide published.
    const served = readFileSync(join(world.folder, 'site', 'manifest.json'));
    expect(served).toEqual(readFileSync(join(world.folder, 'manifests', 'manifest.json')));
    // And what is pushed is what lies there.
    const pushed = execFileSync('git', ['show', 'manifests:manifest.json'], {
      cwd: join(world.folder, 'upstream.git'),
    });
    expect(pushed).toEqual(readFileSync(join(world.folder, 'manifests', 'manifest.json')));
  });

  it('compares a server with the folder, as its last section says', async () => {
    const world = await openReleaseWorld();
    await world.build('2.0.0.46');
    expect(await world.release(PUBLISH_TO_BETA)).toMatchObject({ status: 0 });
    const path = '/manifest_beta.json';
    const server = world.host
      .setManifest(path, readFileSync(join(world.folder, 'manifests', path)))
      .slice(0, -path.length);
    const verify = ['verify', '--manifests', 'manifests', '--server', server, '--json'];
    expect(await world.release(verify)).toMatchObject({ status: 0 });
    world.host.setManifest(path, '{"version":"2.0.0.45"}');
    expect(await world.release(verify)).toMatchObject({
      status: 1,
      json: { error: { code: 'manifest-conflict' } },
    });
  });
});

describe('.github/workflows/release.yml', () => {
  interface Job {
    readonly permissions?: Readonly<Record<string, string>>;
    readonly steps: readonly { readonly run?: string; readonly uses?: string; readonly with?: object }[];
  }
  const workflow = parse(readText('.github', 'workflows', 'release.yml')) as {
    readonly permissions: object;
    readonly jobs: Readonly<Record<string, Job>>;
  };

  it('gives no permission to all jobs, and the right to write to the two that need it', () => {
    expect(workflow.permissions).toEqual({});
    const permissions = Object.fromEntries(
      Object.entries(workflow.jobs).map(([name, job]) => [name, job.permissions]),
    );
    expect(permissions).toEqual({
      build: { contents: 'read' },
      release: { contents: 'write' },
      export: { contents: 'read' },
      deploy: { pages: 'write', 'id-token': 'write' },
    });
  });

  it('never writes what somebody typed into the text of a script', () => {
    const scripts = Object.values(workflow.jobs).flatMap(({ steps }) =>
      steps.map(({ run: script = '' }) => script),
    );
    expect(scripts.length).toBeGreaterThan(5);
    for (const script of scripts) expect(script).not.toContain('${{');
  });

  it(`runs commands that work${WITHOUT_IMAGES}`, { skip: !canMakeImages() }, async () => {
    const world = await openGuideWorld();
    const values: Readonly<Record<string, string>> = {
      VERSION: '2.0.0.46',
      CHANNEL: 'stable',
      PERCENTAGE: '50',
      GITHUB_REPOSITORY: 'Seregawpn/Nexy_production',
    };
    const scripts = ['release', 'export'].flatMap((name) => workflow.jobs[name]?.steps ?? []);
    const commands = scripts
      .flatMap(({ run: script = '' }) => script.split('\n'))
      .filter((line) => line.startsWith('npx nexy-'))
      .map((line) =>
        line.slice('npx '.length).replace(/"\$(\w+)"/g, (_, name: string) => values[name] ?? ''),
      );
    expect(commands.map((command) => command.split(' ').slice(0, 2).join(' '))).toEqual([
      'nexy-release publish',
      'nexy-release promote',
      'nexy-release rollout',
      'nexy-release bridge',
      'nexy-release verify',
      'nexy-update-server export',
    ]);
    for (const command of commands) {
      const { status, stdout, stderr } = await run(world, command);
      expect(status, `${command}\n${stdout}${stderr}`).toBe(0);
    }
    expect(existsSync(join(world.folder, 'site', 'manifest.json'))).toBe(true);
  });
});
