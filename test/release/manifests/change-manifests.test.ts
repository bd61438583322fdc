import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tryFileLock } from '../../../src/file-lock.ts';
import { changeManifests, readManifests } from '../../../src/release/manifests/change-manifests.ts';
import { decidePublication } from '../../../src/release/manifests/decide-publication.ts';
import {
  listeningReporter,
  publishedManifest,
  readFolder,
  stampsOf,
  writeFolder,
} from '../../support/manifests-world.ts';
import { runScript } from '../../support/run-script.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const OLD = publishedManifest('2.0.0.45', 'beta');
const NEW = publishedManifest('2.0.0.46', 'beta');
const CHILD = 'change-manifests-child.ts';

async function openFolder(files: Readonly<Record<string, string>> = {}): Promise<string> {
  return writeFolder(join(await temporaryFolder(), 'manifests'), files);
}

describe('changeManifests', () => {
  it('writes once, and then changes not even a date', async () => {
    const folder = await openFolder();
    const options = { folder, push: false, reporter: listeningReporter() };
    const publish = () => changeManifests(options, (shelf) => decidePublication(shelf, 'beta', NEW));
    const written = ['manifest_2.0.0.46.json', 'manifest_beta.json'].map((name) => join(folder, name));
    expect(await publish()).toMatchObject({ written, isPushed: false });
    const stamps = stampsOf(folder);
    expect(Object.keys(stamps).sort()).toEqual(['manifest_2.0.0.46.json', 'manifest_beta.json']);
    expect(await publish()).toMatchObject({ written: [], isPushed: false });
    expect(stampsOf(folder)).toEqual(stamps);
  });

  it('changes nothing, not even the lock, in a dry run', async () => {
    const folder = await openFolder({ 'manifest_beta.json': OLD });
    const stamps = stampsOf(folder);
    const { lock } = await tryFileLock(join(folder, '.nexy-release.lock'), 0o644);
    const options = { folder, push: true, isDryRun: true, reporter: listeningReporter() };
    const outcome = await changeManifests(options, (shelf) => decidePublication(shelf, 'beta', NEW));
    expect(outcome.written).toEqual(
      ['manifest_2.0.0.46.json', 'manifest_beta.json'].map((name) => join(folder, name)),
    );
    await lock?.release();
    expect(stampsOf(folder)).toEqual(stamps);
  });

  it('waits for another run, says so once, and goes on when that ends', async () => {
    const folder = await openFolder();
    const { lock } = await tryFileLock(join(folder, '.nexy-release.lock'), 0o644);
    const reporter = listeningReporter();
    const running = changeManifests({ folder, push: false, reporter }, (shelf) =>
      decidePublication(shelf, 'beta', NEW),
    );
    await expect.poll(() => reporter.steps).toEqual(['wait']);
    expect(readFolder(folder)).not.toHaveProperty('manifest_beta.json');
    await lock?.release();
    await running;
    expect(reporter.steps).toEqual(['wait']);
    expect(readFolder(folder)['manifest_beta.json']).toBe(NEW);
  });

  it('gives up when another run does not end, and says which it is', async () => {
    const folder = await openFolder();
    const { lock } = await tryFileLock(join(folder, '.nexy-release.lock'), 0o644);
    const options = { folder, push: false, reporter: listeningReporter(), patience: 0 };
    await expect(
      changeManifests(options, (shelf) => decidePublication(shelf, 'beta', NEW)),
    ).rejects.toMatchObject({
      code: 'manifest-conflict',
      message: expect.stringContaining(`process ${process.pid}`),
    });
    await lock?.release();
  });

  it('can be cancelled while it waits', async () => {
    const folder = await openFolder();
    const { lock } = await tryFileLock(join(folder, '.nexy-release.lock'), 0o644);
    const controller = new AbortController();
    const reporter = listeningReporter();
    const options = { folder, push: false, reporter, signal: controller.signal };
    const running = changeManifests(options, (shelf) => decidePublication(shelf, 'beta', NEW));
    await expect.poll(() => reporter.steps).toEqual(['wait']);
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    await lock?.release();
  });

  it('refuses --push in a folder that is in no clone', async () => {
    const folder = await openFolder();
    const options = { folder, push: true, reporter: listeningReporter() };
    await expect(readManifests(options)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('Git clone'),
    });
  });

  it('ends with the highest version whole, whatever races', async () => {
    const folder = await openFolder();
    const versions = ['2.0.0.44', '2.0.0.47', '2.0.0.45', '2.0.0.46', '2.0.0.47'];
    const results = await Promise.all(versions.map((version) => runScript(CHILD, [folder, version])));
    expect(results.map(({ status }) => status)).toEqual([0, 0, 0, 0, 0]);
    const files = readFolder(folder);
    expect(Object.keys(files).sort()).toEqual([
      'manifest_2.0.0.44.json',
      'manifest_2.0.0.45.json',
      'manifest_2.0.0.46.json',
      'manifest_2.0.0.47.json',
      'manifest_beta.json',
    ]);
    expect(files['manifest_beta.json']).toBe(publishedManifest('2.0.0.47', 'beta'));
  });

  it('lets one of two different builds of a version win, whole', async () => {
    const folder = await openFolder();
    const builds = ['a', 'b', 'a', 'b'];
    const results = await Promise.all(
      builds.map((build) => runScript(CHILD, [folder, '2.0.0.46', 'beta', build])),
    );
    const files = readFolder(folder);
    const winner = files['manifest_beta.json'] === NEW ? 'a' : 'b';
    expect(files['manifest_beta.json']).toBe(publishedManifest('2.0.0.46', 'beta', { build: winner }));
    expect(files['manifest_2.0.0.46.json']).toBe(files['manifest_beta.json']);
    for (const [index, { status, json }] of results.entries()) {
      expect(status).toBe(builds[index] === winner ? 0 : 1);
      if (status !== 0) expect(json).toMatchObject({ error: { code: 'manifest-conflict' } });
    }
  });

  it('converges when it is killed after any call that writes, and is run again', async () => {
    const parent = await temporaryFolder();
    for (let killAfter = 1; ; killAfter += 1) {
      const folder = join(parent, String(killAfter));
      mkdirSync(folder);
      writeFolder(folder, { 'manifest_beta.json': OLD, 'manifest_2.0.0.45.json': OLD });
      const killed = await runScript(CHILD, [folder, '2.0.0.46'], { killAfter });
      // What clients read is at every moment the old or the new one.
      expect([OLD, NEW]).toContain(readFolder(folder)['manifest_beta.json']);
      expect([undefined, NEW]).toContain(readFolder(folder)['manifest_2.0.0.46.json']);
      const whole = {
        'manifest_beta.json': NEW,
        'manifest_2.0.0.45.json': OLD,
        'manifest_2.0.0.46.json': NEW,
      };
      const options = { folder, push: false, reporter: listeningReporter() };
      const publish = () => changeManifests(options, (shelf) => decidePublication(shelf, 'beta', NEW));
      await publish();
      expect(readFolder(folder)).toEqual(whole);
      const stamps = stampsOf(folder);
      expect(await publish()).toMatchObject({ written: [] });
      expect(stampsOf(folder)).toEqual(stamps);
      if (killed.signal === 'SIGKILL') continue;
      expect(killed).toMatchObject({ status: 0 });
      // Lock, two files with open, write, mode, sync, rename, sync of the folder each, and the lock's end.
      expect(killAfter).toBeGreaterThan(12);
      return;
    }
  });
});
