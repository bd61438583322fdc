import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { REPOSITORY } from '../support/fixtures.ts';
import { fillInbox, openReleaseWorld, PUBLISH_TO_BETA, type ReleaseWorld } from '../support/release-world.ts';
import type { StartOptions } from '../support/run-cli.ts';

const PUBLISH = [...PUBLISH_TO_BETA, '--json'];
const BRIDGE = ['bridge', '--channel', 'beta', '--manifests', 'manifests', '--json'];
const KILLER = pathToFileURL(join(REPOSITORY, 'test', 'support', 'kill-after-write.ts')).href;

/** `KILL_EVERY=5 npm run test:chaos` kills at every fifth moment only, for a short run. */
const EVERY = Number(process.env['KILL_EVERY'] ?? 1);

/** Where a run is killed: when a call of the API took effect, when it was answered, or after a file was written. */
type Moment = 'effect' | 'answered' | 'write';

async function openWorld(): Promise<ReleaseWorld> {
  const world = await openReleaseWorld();
  await fillInbox(world);
  return world;
}

/** @returns whether it was killed; false where it ended before the moment came */
async function runAndKill(
  world: ReleaseWorld,
  args: readonly string[],
  moment: Moment,
  number: number,
): Promise<boolean> {
  const environment = {
    NODE_OPTIONS: `--import=${KILLER}`,
    KILL_AFTER_WRITE: String(number),
    KILL_AFTER_WRITE_BELOW: join(world.folder, 'manifests'),
  };
  const options: StartOptions = moment === 'write' ? { environment } : {};
  const { child, result } = world.startRelease(args, options);
  let met = 0;
  const stop = world.host.github.onApiCall(({ when }) => {
    if (when !== moment) return;
    met += 1;
    if (met === number) child.kill('SIGKILL');
  });
  const { status } = await result;
  stop();
  return status === null;
}

function manifestsOf({ folder }: ReleaseWorld): Readonly<Record<string, string>> {
  const names = readdirSync(join(folder, 'manifests')).sort();
  return Object.fromEntries(
    names.map((name) => [name, readFileSync(join(folder, 'manifests', name), 'utf8')]),
  );
}

function tagsOf({ host }: ReleaseWorld): readonly string[] {
  return host.github
    .releases()
    .map(({ tag, isDraft }) => (isDraft ? `draft of ${tag}` : tag))
    .sort();
}

describe.each<Moment>(['effect', 'answered', 'write'])('a command that is killed (%s)', (moment) => {
  it('publish: run again it finishes, and once more it writes nothing', async () => {
    let number = 1;
    for (; ; number += EVERY) {
      const world = await openWorld();
      if (!(await runAndKill(world, PUBLISH, moment, number))) break;
      const again = await world.release(PUBLISH);
      expect(again, `${number}: ${again.stdout}`).toMatchObject({ status: 0 });
      expect(tagsOf(world)).toEqual(['v2.0.0.46']);
      const manifests = manifestsOf(world);
      expect(Object.keys(manifests)).toEqual(['manifest_2.0.0.46.json', 'manifest_beta.json']);
      expect(manifests['manifest_beta.json']).toBe(manifests['manifest_2.0.0.46.json']);
      const third = await world.release(PUBLISH);
      expect(third.json).toMatchObject({
        result: 'already-published',
        manifest: { changed: false },
        writes: 0,
      });
      expect(manifestsOf(world)).toEqual(manifests);
      await world.host.close();
    }
    // It was killed at all: a publish has many such moments.
    expect(number).toBeGreaterThan(4);
  });
});

describe.each<Moment>(['effect', 'answered'])('a bridge that is killed (%s)', (moment) => {
  it('finishes when it is run again, and once more it writes nothing', async () => {
    let number = 1;
    for (; ; number += EVERY) {
      const world = await openWorld();
      expect(await world.release(PUBLISH)).toMatchObject({ status: 0 });
      world.host.publish('UpdateBeta', 'Nexy.dmg', Buffer.from('what old installations got before'));
      if (!(await runAndKill(world, BRIDGE, moment, number))) break;
      const again = await world.release(BRIDGE);
      expect(again, `${number}: ${again.stdout}`).toMatchObject({ status: 0 });
      expect(tagsOf(world)).toEqual(['AppBeta', 'UpdateBeta', 'v2.0.0.46']);
      for (const tag of ['UpdateBeta', 'AppBeta']) {
        const release = world.host.github.releases().find((each) => each.tag === tag);
        expect(release?.assets.map(({ name }) => name)).toEqual([
          tag === 'AppBeta' ? 'Nexy.pkg' : 'Nexy.dmg',
        ]);
      }
      expect((await world.release(BRIDGE)).json).toMatchObject({ writes: 0 });
      await world.host.close();
    }
    expect(number).toBeGreaterThan(4);
  });
});
