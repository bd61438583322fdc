import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, realpathSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { canMakeImages } from '../support/make-image.ts';
import { startCli } from '../support/run-cli.ts';
import { describeTree } from '../support/tree.ts';
import { makeUpdatePair, type UpdatePair } from '../support/update-pair.ts';
import { UpdateWorld } from '../support/update-world.ts';

const skipped = canMakeImages() ? '' : ' (skipped: xorriso, which makes disk images, is not installed)';

describe.skipIf(!canMakeImages())(`an app of any name, in any place${skipped}`, () => {
  let pair: UpdatePair;
  beforeAll(async () => {
    pair = await makeUpdatePair();
  });

  /** A world whose installed app has this name, below a folder with that one. */
  async function openWorld(appName: string, folder?: string): Promise<UpdateWorld> {
    const world = await UpdateWorld.open({ appName: folder === undefined ? appName : join(folder, appName) });
    onTestFinished(() => world.close());
    mkdirSync(dirname(world.app), { recursive: true });
    world.install(pair.oldApp);
    world.publish('2.0.0.46', pair.image);
    return world;
  }

  async function expectWholeUpdate(world: UpdateWorld): Promise<void> {
    const updated = await world.update();
    expect(updated.json, updated.stdout).toMatchObject({ installed: true });
    expect(world.installedTree()).toEqual(pair.newTree);
    expect(world.mounted()).toEqual([]);
    expect((await world.installation('status')).json).toMatchObject({
      app: realApp(world),
      state: 'swapped',
    });
    expect((await world.installation('confirm')).json).toMatchObject({ state: 'confirmed' });
    expect(world.beside()).toHaveLength(1);
  }

  it.each([
    ['renamed', 'Nexy 2.app'],
    ['with another spelling of its suffix', 'nexy.APP'],
    ['without a suffix', 'Nexy'],
    ['that looks like a staging folder', 'Nexy-update-0mgw3k2zq1a2b3c4d.app'],
    ['that begins with a dash', '-rf.app'],
    ['that begins with a dot', '.Nexy.app'],
    ['with everything that a shell would act on', `a "b" 'c' $HOME \`d\` \\e; & | * ? <f>.app`],
    ['with tabs and line breaks', 'a\tb\nc\r.app'],
    ['with composed letters', 'N\u00e9xy \u00fc.app'],
    ['with decomposed letters and emoji', 'Ne\u0301xy 🎧👩‍🚀.app'],
    ['with control characters and what turns text around', 'a\u0001\u001b[31m\u202eb.app'],
    ['as long as a name can be', `${'n'.repeat(251)}.app`],
    ['as long as a name can be, and no ASCII', `${'🎧'.repeat(62)}nnn.app`],
  ])('%s is updated and confirmed', async (_, name) => {
    await expectWholeUpdate(await openWorld(name));
  });

  it('is updated in a folder of any name, such as ~/Applications', async () => {
    await expectWholeUpdate(await openWorld('Nexy.app', `~/"My" $Apps\n\\ -x é`));
  });

  it('is updated through a link to its folder, and beside it lies what it is', async () => {
    const world = await openWorld('Nexy.app');
    const real = join(world.folder, 'real place');
    renameSync(dirname(world.app), real);
    symlinkSync(real, dirname(world.app));
    await expectWholeUpdate(world);
  });

  it('is updated by a relative path', async () => {
    const world = await openWorld('-Nexy.app');
    const args = world.updateArguments('--app', basename(world.app));
    const { result } = startCli(args, { folder: dirname(world.app) });
    expect((await result).json).toMatchObject({ installed: true });
    expect(world.installedTree()).toEqual(pair.newTree);
  });

  it('leaves its neighbours alone, also those whose names begin like its staging folders', async () => {
    const world = await openWorld('Nexy.app');
    const names = [
      'Nexy 2.app',
      'Nexy-update.app',
      'Nexy',
      '.Nexy-update.app',
      '.Nexy-update-0mgw3k2zq1a2b3c4d',
    ];
    for (const name of names) {
      cpSync(pair.oldApp, join(dirname(world.app), name), { recursive: true, verbatimSymlinks: true });
    }
    expect((await world.update()).json).toMatchObject({ installed: true });
    expect((await world.installation('confirm')).json).toMatchObject({ state: 'confirmed' });
    for (const name of names) expect(describeTree(join(dirname(world.app), name))).toEqual(pair.oldTree);
  });

  it('is updated at the same time as its neighbour', async () => {
    const world = await openWorld('Nexy.app');
    const neighbour = join(dirname(world.app), 'Nexy-update.app');
    cpSync(pair.oldApp, neighbour, { recursive: true, verbatimSymlinks: true });
    const cache = join(world.folder, 'second cache');
    const second = startCli(world.updateArguments('--app', neighbour, '--cache', cache));
    const results = await Promise.all([world.update(), second.result]);
    for (const { json } of results) expect(json).toMatchObject({ installed: true });
    for (const app of [world.app, neighbour]) expect(describeTree(app)).toEqual(pair.newTree);
  });

  it.each([
    ['a program', 'helper', null],
    ['a script', 'helper "2"\n.sh', '#!/bin/sh\necho up\nread -r line\n'],
  ])('is left alone while %s inside of it runs, whatever the path', async (_, name, script) => {
    const world = await openWorld('a\nb "c" é.app', 'd\n1 2 e');
    const path = join(world.app, 'Contents', 'MacOS', name);
    if (script === null) cpSync(process.execPath, path);
    else writeFileSync(path, script, { mode: 0o755 });
    const child = spawn(path, script === null ? ['-e', 'console.log(1); setInterval(() => 0, 1000)'] : []);
    await once(child.stdout, 'data');
    try {
      const { json } = await world.update('--no-codesign');
      expect(json).toMatchObject({
        error: { code: 'target-in-use', details: { processes: [{ pid: child.pid }] } },
      });
      expect(world.host.log.filter(({ on }) => on !== 'manifest')).toEqual([]);
      expect(world.beside()).toEqual([]);
    } finally {
      await end(child);
    }
  });
});

function realApp(world: UpdateWorld): string {
  return join(realpathSync(dirname(world.app)), basename(world.app));
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
