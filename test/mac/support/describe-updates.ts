import { appendFile, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { AppPlan } from '../../support/make-app.ts';
import { describeTree } from '../../support/tree.ts';
import { BUNDLE_ID, makeNexy } from '../../support/update-world.ts';
import { watchTarget } from '../../support/watch-target.ts';
import { type MacKit, RECEIPT } from './mac-kit.ts';
import { MacWorld } from './mac-world.ts';
import { signArguments } from './tool-arguments.ts';

const [OLD, NEW] = ['2.0.0.45', '2.0.0.46'];

/**
 * The life of an installed app under the command line, told to Apple's tools or to the doubles. To be called inside of
 * a `describe`.
 */
export function describeUpdates(kit: MacKit): void {
  let made: string;
  let oldApp: string;
  let newApp: string;
  let image: string;
  let world: MacWorld;

  const make = async (name: string, version: string, plan: Partial<AppPlan> = {}): Promise<string> => {
    const tools = kit.toolsFolder ?? '/usr/bin';
    return makeNexy(join(made, name), version, { hasFramework: false, sign: false, tools, ...plan });
  };
  const sign = async (app: string): Promise<string> => {
    for (const words of signArguments(app, BUNDLE_ID)) {
      const { status, stderr } = await kit.tools.run('codesign', words);
      if (status !== 0) throw new Error(stderr);
    }
    return app;
  };

  beforeAll(async () => {
    made = await realpath(await mkdtemp(join(tmpdir(), 'nexy-mac-made-')));
    oldApp = await sign(await make('old', OLD));
    newApp = await sign(await make('new', NEW));
    image = await kit.makeImage(join(made, 'new'), join(made, 'Nexy.dmg'));
  });
  afterAll(() => rm(made, { recursive: true, force: true }));
  beforeEach(async () => {
    world = await MacWorld.open(kit);
  });
  afterEach(() => world.close());

  it('whose image and package it can look into', async () => {
    const place = join(world.folder, 'Applications');
    const file = await kit.makePackage(newApp, join(world.folder, 'Nexy.pkg'), place);
    const known = { bundleId: BUNDLE_ID, shortVersion: NEW, bundleVersion: NEW };
    const looked = [await world.inspect(image), await world.inspect(file)];
    expect(looked[0], looked[0]?.stderr).toMatchObject({ status: 0, json: { ...known, type: 'dmg' } });
    expect(looked[1], looked[1]?.stderr).toMatchObject({ status: 0, json: { ...known, type: 'pkg' } });
    // Nobody has signed it: recorded in pkgutil__check-signature-none.txt.
    const { status, stdout } = await kit.tools.run('pkgutil', ['--check-signature', file]);
    expect(stdout).toContain('Status: no signature');
    expect(status).toBe(1);
    expect(await world.attached()).toEqual([]);
  });

  it('from a disk image, while the app is never missing, until it confirms', async () => {
    await world.install(oldApp);
    await world.publish(NEW, image, 'dmg');
    const watch = await watchTarget(world.app);
    const result = await world.update();
    const { polls, missed } = await watch.end();
    expect(result, result.stderr).toMatchObject({
      status: 0,
      json: { installed: true, from: OLD, to: NEW, artifact: { kind: 'version-tag' } },
    });
    expect(polls).toBeGreaterThan(0);
    expect(missed).toBe(0);
    expect(describeTree(world.app)).toEqual(describeTree(newApp));
    expect(await world.isIntact()).toBe(true);
    expect(await world.attached()).toEqual([]);
    expect((await world.installation('status')).json).toMatchObject({ state: 'swapped' });
    expect((await world.installation('confirm')).json).toMatchObject({ state: 'confirmed' });
    expect(await world.beside()).toEqual([expect.stringMatching(/\.journal$/)]);
    expect((await world.update()).json).toMatchObject({ installed: false, reason: 'up-to-date' });
  });

  it('and back again, while the app is never missing', async () => {
    await world.install(oldApp);
    await world.publish(NEW, image, 'dmg');
    expect((await world.update()).json).toMatchObject({ installed: true });
    const watch = await watchTarget(world.app);
    const { json } = await world.installation('rollback');
    expect(await watch.end()).toMatchObject({ missed: 0 });
    expect(json).toMatchObject({ state: 'rolled-back' });
    expect(describeTree(world.app)).toEqual(describeTree(oldApp));
    expect(await world.isIntact()).toBe(true);
  });

  it('not from an image with a file that was changed after it had been signed', async () => {
    const changed = await sign(await make('changed', NEW));
    await appendFile(join(changed, 'Contents', 'Resources', 'app.asar'), 'more');
    await world.install(oldApp);
    await world.publish(NEW, await kit.makeImage(join(made, 'changed'), join(made, 'changed.dmg')), 'dmg');
    const { status, json } = await world.update();
    expect({ status, json }).toMatchObject({ status: 1, json: { error: { code: 'signature-invalid' } } });
    expect(describeTree(world.app)).toEqual(describeTree(oldApp));
    expect(await world.beside()).toEqual([]);
    expect(await world.attached()).toEqual([]);
  });

  it('not where the installed app is signed ad hoc without a requirement: that is its own digest', async () => {
    await world.install(await make('plain', OLD, { sign: {} }));
    await world.publish(NEW, image, 'dmg');
    expect((await world.update()).json).toMatchObject({ error: { code: 'requirement-mismatch' } });
    expect(await world.installedVersion()).toBe(OLD);
  });

  const asRoot = kit.root === null ? ' (skipped: needs root)' : '';
  it.skipIf(kit.root === null)(`from a package, as root, and back again${asRoot}`, async () => {
    const through = kit.root ?? [];
    await world.install(oldApp);
    const place = join(world.folder, 'Applications');
    const file = await kit.makePackage(newApp, join(world.folder, 'Nexy.pkg'), place);
    await world.publish(NEW, file, 'pkg');
    // Nobody can sign a package ad hoc, so this is looked at without signatures.
    const result = await world.update(['--no-codesign'], through);
    try {
      expect(result, result.stderr).toMatchObject({
        status: 0,
        json: { installed: true, from: OLD, to: NEW },
      });
      expect(describeTree(world.app)).toEqual(describeTree(newApp));
      expect(await world.isIntact()).toBe(true);
      const { stdout } = await kit.tools.run('pkgutil', ['--pkg-info', RECEIPT]);
      expect(stdout).toContain(`version: ${NEW}\n`);
    } finally {
      if (result.status === 0) await world.runAsRoot(kit.tools.pathOf('pkgutil'), ['--forget', RECEIPT]);
    }
    const back = await world.installation('rollback', through);
    expect(back, back.stderr).toMatchObject({ json: { state: 'rolled-back' } });
    expect(describeTree(world.app)).toEqual(describeTree(oldApp));
  });
}
