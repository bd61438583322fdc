import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { changeManifests, readManifests } from '../../../src/release/manifests/change-manifests.ts';
import { decidePublication } from '../../../src/release/manifests/decide-publication.ts';
import { type Clone, isSettled, openGitWorld } from '../../support/git-world.ts';
import { publishAndPush, publishKilledAfter } from '../../support/killed-push.ts';
import { listeningReporter, publishedManifest, readFolder, stampsOf } from '../../support/manifests-world.ts';
import { runScript } from '../../support/run-script.ts';

const CHILD = 'change-manifests-child.ts';
const OLD = publishedManifest('2.0.0.45', 'beta');
const NEW = publishedManifest('2.0.0.46', 'beta');

function failure(act: Promise<unknown>): Promise<unknown> {
  return act.then(
    () => 'no failure',
    (error: unknown) => error,
  );
}

describe('a publication with --push', () => {
  it.each(['', 'public/updates'])(
    'is committed and pushed, from the folder "%s" of a clone',
    async (below) => {
      const world = await openGitWorld(below);
      const clone = world.clone('mine');
      expect(await publishAndPush(clone)).toMatchObject({ isPushed: true });
      expect(world.log()).toEqual(['2.0.0.46 is offered on the beta channel', 'First']);
      expect(world.read(join(below, 'manifest_beta.json'))).toBe(NEW);
      expect(world.read(join(below, 'manifest_2.0.0.46.json'))).toBe(NEW);
      expect(readFolder(clone.manifests)).toMatchObject({
        'manifest_beta.json': NEW,
        'manifest_2.0.0.46.json': NEW,
      });
      expect(statSync(join(clone.manifests, 'manifest_beta.json')).mode & 0o777).toBe(0o644);
      expect(isSettled(clone)).toBe(true);
    },
  );

  it('is done once: again it makes no commit and touches no file', async () => {
    const world = await openGitWorld();
    const clone = world.clone('mine');
    await publishAndPush(clone);
    const stamps = stampsOf(clone.manifests);
    expect(await publishAndPush(clone)).toMatchObject({ written: [], isPushed: false });
    expect(world.log()).toHaveLength(2);
    expect(stampsOf(clone.manifests)).toEqual(stamps);
    // Another clone has nothing to do either.
    expect(await publishAndPush(world.clone('other'))).toMatchObject({ isPushed: false });
    expect(world.log()).toHaveLength(2);
  });

  it('decides from what the upstream has, not from what the clone had', async () => {
    const world = await openGitWorld();
    const clone = world.clone('mine');
    const higher = publishedManifest('2.0.0.47', 'beta');
    world.commit({ 'manifest_beta.json': higher });
    expect((await publishAndPush(clone)).change.standing).toBe('superseded');
    expect(world.read('manifest_beta.json')).toBe(higher);
    const reporter = listeningReporter();
    const shelf = await readManifests({ folder: clone.manifests, push: true, reporter });
    expect(shelf.channels.beta?.manifest?.version.text).toBe('2.0.0.47');
  });

  it('leaves all other work in the clone as it is', async () => {
    const world = await openGitWorld('updates');
    const clone = world.clone('mine');
    writeFileSync(join(clone.folder, 'README.md'), 'changed\n');
    writeFileSync(join(clone.folder, 'staged.txt'), 'staged\n');
    writeFileSync(join(clone.manifests, 'notes.txt'), 'untracked\n');
    clone.git('add', 'staged.txt');
    const before = clone.git('status', '--porcelain', '--untracked-files=all');
    world.commit({ 'elsewhere.txt': 'somebody' });
    await publishAndPush(clone);
    expect(clone.git('status', '--porcelain', '--untracked-files=all')).toBe(before);
    expect(world.read('staged.txt')).toBeNull();
    expect(world.read('README.md')).toBe('updates\n');
    expect(clone.git('show', '--name-only', '--format=', 'HEAD').split('\n')).toEqual([
      'updates/manifest_2.0.0.46.json',
      'updates/manifest_beta.json',
    ]);
  });

  it('runs no hook for commits, which might ask or change something', async () => {
    const world = await openGitWorld();
    const clone = world.clone('mine');
    for (const name of ['pre-commit', 'commit-msg', 'prepare-commit-msg', 'post-commit'])
      writeFileSync(join(clone.folder, '.git/hooks', name), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    expect(await publishAndPush(clone)).toMatchObject({ isPushed: true });
  });

  it('works in a clone of depth 1, as workflows have it', async () => {
    const world = await openGitWorld();
    world.commit({ 'manifest_beta.json': OLD });
    const clone = world.clone('unused');
    const shallow = join(world.folder, 'shallow');
    clone.git('clone', '--quiet', '--depth=1', `file://${world.remote}`, shallow);
    world.commit({ 'elsewhere.txt': 'somebody' });
    await publishAndPush({ ...clone, folder: shallow, manifests: shallow });
    expect(world.read('manifest_beta.json')).toBe(NEW);
  });
});

describe('a publication with --push is refused', () => {
  it.each([
    ['changed', (clone: Clone) => writeFileSync(join(clone.manifests, 'manifest_beta.json'), NEW)],
    ['new', (clone: Clone) => writeFileSync(join(clone.manifests, 'manifest.json'), NEW)],
    ['gone', (clone: Clone) => rmSync(join(clone.manifests, 'manifest_beta.json'))],
  ])('when a manifest is %s and nobody committed that', async (_how, change) => {
    const world = await openGitWorld('updates');
    world.commit({ 'updates/manifest_beta.json': OLD });
    const clone = world.clone('mine');
    change(clone);
    const files = readFolder(clone.manifests);
    expect(await failure(publishAndPush(clone))).toMatchObject({
      code: 'manifest-conflict',
      message: expect.stringContaining('were not committed'),
    });
    expect(readFolder(clone.manifests)).toEqual(files);
    expect(world.log()).toHaveLength(2);
  });

  it.each([false, true])('when the branch has commits of its own (diverged: %s)', async (isDiverged) => {
    const world = await openGitWorld();
    const clone = world.clone('mine');
    clone.git('commit', '--quiet', '--allow-empty', '--message', 'Mine');
    if (isDiverged) world.commit({ 'other.txt': 'other' });
    const head = clone.git('rev-parse', 'HEAD');
    expect(await failure(publishAndPush(clone))).toMatchObject({
      code: 'manifest-conflict',
      message: expect.stringContaining('1 commit that origin does not have'),
    });
    expect(clone.git('rev-parse', 'HEAD')).toBe(head);
    expect(clone.git('status', '--porcelain')).toBe('');
  });

  it('when the remote does not want it, with its words and without secrets', async () => {
    const world = await openGitWorld();
    const clone = world.clone('mine');
    world.hook('pre-receive', 'echo "see https://bot:s3cret@example.org/policy"; exit 1');
    const error = await failure(publishAndPush(clone));
    expect(error).toMatchObject({
      code: 'manifest-conflict',
      message: expect.stringContaining('see https://example.org/policy'),
    });
    expect(JSON.stringify(error)).not.toContain('s3cret');
    expect(readFolder(clone.folder)).toEqual({ 'README.md': 'updates\n' });
    expect(isSettled(clone)).toBe(true);
  });

  it('when the remote cannot be reached, with nothing changed', async () => {
    const world = await openGitWorld();
    const clone = world.clone('mine');
    clone.git('remote', 'set-url', 'origin', 'http://bot:s3cret@127.0.0.1:9/none.git');
    const error = await failure(publishAndPush(clone));
    expect(error).toMatchObject({
      code: 'manifest-conflict',
      message: expect.stringContaining('http://127.0.0.1:9/none.git'),
    });
    expect(String((error as Error).cause) + JSON.stringify(error)).not.toContain('s3cret');
  });

  it.each([
    ['on no branch', (clone: Clone) => clone.git('checkout', '--quiet', '--detach'), 'on no branch'],
    [
      'on a branch without an upstream',
      (clone: Clone) => clone.git('checkout', '--quiet', '-b', 'own'),
      'no upstream',
    ],
    [
      'without a commit',
      (clone: Clone) => clone.git('checkout', '--quiet', '--orphan', 'new'),
      'no commit yet',
    ],
  ])('in a clone %s', async (_where, change, sentence) => {
    const world = await openGitWorld();
    const clone = world.clone('mine');
    change(clone);
    expect(await failure(publishAndPush(clone))).toMatchObject({
      code: 'usage',
      message: expect.stringContaining(sentence),
    });
  });

  it('where nobody is named as committer, before anything is done', async () => {
    const world = await openGitWorld();
    const clone = world.clone('mine');
    const names = Object.keys(world.environment).filter((name) => /^GIT_(?:AUTHOR|COMMITTER)_/.test(name));
    for (const name of names) delete process.env[name];
    clone.git('config', 'user.useConfigOnly', 'true');
    try {
      expect(await failure(publishAndPush(clone))).toMatchObject({
        code: 'usage',
        message: expect.stringContaining('git config user.name'),
      });
    } finally {
      Object.assign(process.env, world.environment);
    }
    expect(world.log()).toEqual(['First']);
  });
});

describe('when somebody else pushes meanwhile', () => {
  it('is decided again from what they pushed', async () => {
    const world = await openGitWorld();
    const clone = world.clone('mine');
    const reporter = listeningReporter();
    let calls = 0;
    const options = { folder: clone.manifests, push: true, reporter };
    const outcome = await changeManifests(options, (shelf) => {
      calls += 1;
      if (calls <= 2) world.commit({ 'manifest.json': publishedManifest(`2.0.0.${calls}`, 'stable') });
      return decidePublication(shelf, 'beta', NEW);
    });
    expect([calls, outcome.isPushed]).toEqual([3, true]);
    expect(reporter.steps.filter((step) => step === 'retry')).toHaveLength(2);
    expect(world.log()).toEqual([
      '2.0.0.46 is offered on the beta channel',
      'Somebody else',
      'Somebody else',
      'First',
    ]);
    expect(isSettled(clone)).toBe(true);
  });

  it('gives way to a higher version, and refuses other bytes of the same one', async () => {
    const world = await openGitWorld();
    const clone = world.clone('mine');
    const options = { folder: clone.manifests, push: true, reporter: listeningReporter() };
    const rival = publishedManifest('2.0.0.46', 'beta', { build: 'b' });
    let isFirst = true;
    const running = changeManifests(options, (shelf) => {
      if (isFirst) world.commit({ 'manifest_beta.json': rival, 'manifest_2.0.0.46.json': rival });
      isFirst = false;
      return decidePublication(shelf, 'beta', NEW);
    });
    expect(await failure(running)).toMatchObject({ code: 'manifest-conflict' });
    expect(world.read('manifest_beta.json')).toBe(rival);
    expect(isSettled(clone)).toBe(true);
  });

  it('ends with the highest version, whole, from two clones in several processes', async () => {
    const world = await openGitWorld('updates');
    const clones = ['one', 'two'].map((name) => world.clone(name));
    const runs = [46, 47, 45, 47, 44, 46].map((number, index) =>
      runScript(CHILD, [clones[index % 2]?.manifests ?? '', `2.0.0.${number}`, 'beta', 'a', 'push']),
    );
    for (const { status, json, stderr } of await Promise.all(runs))
      expect({ status, json, stderr }).toMatchObject({ status: 0 });
    const highest = publishedManifest('2.0.0.47', 'beta');
    expect(world.read('updates/manifest_beta.json')).toBe(highest);
    for (const number of [44, 45, 46, 47])
      expect(world.read(`updates/manifest_2.0.0.${number}.json`)).toBe(
        publishedManifest(`2.0.0.${number}`, 'beta'),
      );
    for (const clone of clones) {
      await publishAndPush(clone, highest);
      expect(isSettled(clone)).toBe(true);
      expect(readFolder(clone.manifests)['manifest_beta.json']).toBe(highest);
    }
  });
});

describe('a publication with --push that is killed', () => {
  // Every point there is: test/chaos/push-kill.test.ts.
  it('is finished by the next run, with one commit', async () => {
    const points = Array.from({ length: 9 }, (_, index) => 2 + index * 5);
    const isKilled = await Promise.all(points.map(publishKilledAfter));
    expect(isKilled.slice(0, 6)).not.toContain(false);
  });

  it('whose answer was lost counts what the remote has', async () => {
    const world = await openGitWorld();
    const clone = world.clone('mine');
    // The remote takes the commit, and then fails as if the line had gone.
    world.hook('post-receive', 'kill -9 $PPID');
    expect(await publishAndPush(clone)).toMatchObject({ isPushed: true });
    expect(world.log()).toHaveLength(2);
    expect(isSettled(clone)).toBe(true);
  });
});
