import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { canMakeImages } from '../support/make-image.ts';
import { startCli } from '../support/run-cli.ts';
import { describeTree } from '../support/tree.ts';
import { makeDmg, makeNexy, OWNER, UpdateWorld } from '../support/update-world.ts';

const skipped = canMakeImages() ? '' : ' (skipped: xorriso, which makes disk images, is not installed)';

describe.skipIf(!canMakeImages())(`an installed Nexy.app updates itself${skipped}`, () => {
  const made = mkdtempSync(join(tmpdir(), 'nexy-made-'));
  let oldApp: string;
  let newApp: string;
  let image: string;
  let world: UpdateWorld;

  beforeAll(async () => {
    oldApp = await makeNexy(join(made, 'old'), '2.0.0.45');
    newApp = await makeNexy(join(made, 'new'), '2.0.0.46');
    image = await makeDmg(join(made, 'new'), join(made, 'Nexy.dmg'));
  });
  afterAll(() => rmSync(made, { recursive: true, force: true }));
  beforeEach(async () => {
    world = await UpdateWorld.open();
    world.install(oldApp);
  });
  afterEach(() => world.close());

  it('from a version tag, byte for byte, and confirms', async () => {
    world.publish('2.0.0.46', image);
    const bytes = readFileSync(image);
    expect((await world.check()).status).toBe(3);
    const { status, json } = await world.update();
    expect(json).toMatchObject({
      installed: true,
      from: '2.0.0.45',
      to: '2.0.0.46',
      artifact: { kind: 'version-tag', size: bytes.length },
      bytesDownloaded: bytes.length,
      resumedFrom: 0,
    });
    expect(status).toBe(0);
    expect(world.installedTree()).toEqual(describeTree(newApp));
    expect(world.mounted()).toEqual([]);
    expect((await world.installation('status')).json).toMatchObject({ state: 'swapped', action: 'none' });
    expect((await world.installation('recover')).json).toMatchObject({ state: 'swapped', action: 'none' });
    expect((await world.installation('confirm')).json).toMatchObject({
      state: 'confirmed',
      action: 'finished',
    });
    expect(world.beside()).toEqual([expect.stringMatching(/^\.Nexy-update-\w+\.journal$/)]);
    expect((await world.check()).json).toMatchObject({ action: 'none', reason: 'up-to-date' });
  });

  it('from the fixed tag of a legacy manifest', async () => {
    world.publish('2.0.0.46', image, 'Update');
    const { json } = await world.update();
    expect(json).toMatchObject({ installed: true, artifact: { kind: 'fixed-tag' } });
    expect(world.installedTree()).toEqual(describeTree(newApp));
  });

  it('from the address on github.com that a real legacy manifest holds, below --download-base', async () => {
    const bytes = readFileSync(image);
    world.host.publish('Update', 'Nexy.dmg', bytes, OWNER);
    world.offer({
      version: '2.0.0.46',
      bytes,
      url: `https://github.com/${OWNER}/releases/download/Update/Nexy.dmg`,
    });
    expect((await world.update()).json).toMatchObject({ installed: true, artifact: { kind: 'fixed-tag' } });
  });

  it.each([[''], [null], [undefined]])('from a manifest whose URL is %j', async (url) => {
    const bytes = readFileSync(image);
    world.host.publish('Update', 'Nexy.dmg', bytes, OWNER);
    world.offer({ version: '2.0.0.46', bytes, url: '', artifact: { url } });
    const { json } = await world.update();
    expect(json).toMatchObject({ installed: true, artifact: { kind: 'fixed-tag' } });
  });

  it('from the version tag, when the bytes under the fixed tag have drifted', async () => {
    const bytes = readFileSync(image);
    const url = world.host.publish('Update', 'Nexy.dmg', Buffer.concat([bytes, Buffer.from('x')]), OWNER);
    world.host.publish('v2.0.0.46', 'Nexy.dmg', bytes, OWNER);
    world.offer({ version: '2.0.0.46', bytes, url });
    expect((await world.update()).json).toMatchObject({ installed: true, artifact: { kind: 'version-tag' } });
    expect(world.installedTree()).toEqual(describeTree(newApp));
  });

  it('also where its path has spaces, quotes and emoji', async () => {
    const strange = await UpdateWorld.open({ appName: 'Nexy "2" \'beta\' 🎧\n.app' });
    try {
      strange.install(oldApp);
      strange.publish('2.0.0.46', image);
      expect((await strange.update()).json).toMatchObject({ installed: true });
      expect(strange.installedTree()).toEqual(describeTree(newApp));
    } finally {
      await strange.close();
    }
  });

  it('does nothing when the offer is no newer, and says so', async () => {
    world.publish('2.0.0.45', image);
    const { status, json } = await world.update();
    expect({ status, json }).toMatchObject({
      status: 0,
      json: {
        installed: false,
        action: 'none',
        reason: 'up-to-date',
        current: '2.0.0.45',
        offered: '2.0.0.45',
      },
    });
    expect(world.host.log.filter(({ on }) => on !== 'manifest')).toEqual([]);
  });

  it('goes on where it was interrupted by Ctrl-C', async () => {
    world.publish('2.0.0.46', image);
    const slowly = { kind: 'trickle', bytesPerSecond: 40_000 } as const;
    const remove = world.host.fault({ on: 'asset', fault: slowly });
    const { child, result } = startCli(world.updateArguments());
    await new Promise<void>((fulfil) => {
      child.stderr?.on('data', (text: Buffer) => {
        const match = /"transferred":(\d+)/.exec(String(text));
        if (Number(match?.[1] ?? 0) > 0) fulfil();
      });
    });
    child.kill('SIGINT');
    const { status, json } = await result;
    expect({ status, json }).toMatchObject({ status: 1, json: { error: { code: 'cancelled' } } });
    expect(world.installedTree()).toEqual(describeTree(oldApp));
    expect(world.beside()).toEqual([]);
    remove();
    const again = await world.update();
    expect(again.json).toMatchObject({ installed: true });
    const { resumedFrom, bytesDownloaded } = again.json as { resumedFrom: number; bytesDownloaded: number };
    expect(resumedFrom).toBeGreaterThan(0);
    expect(resumedFrom + bytesDownloaded).toBe(readFileSync(image).length);
  });

  it('is repaired by the next update, when it was cut off between two renames', async () => {
    world.publish('2.0.0.46', image);
    expect((await world.update()).json).toMatchObject({ installed: true });
    const [journal = ''] = world.beside().filter((name) => name.endsWith('.journal'));
    const path = join(dirname(world.app), journal);
    writeFileSync(path, readFileSync(path, 'utf8').replace(/^.*"exchanged".*\n/m, ''));
    renameSync(world.app, join(path.replace('.journal', ''), 'new'));
    expect((await world.update()).json).toMatchObject({ installed: false, reason: 'up-to-date' });
    expect(world.installedTree()).toEqual(describeTree(newApp));
  });

  it.skipIf(process.getuid?.() !== 0)(
    'works for an ordinary user whose app has folders that are read-only (root only: becomes one)',
    async () => {
      const nobody = 65_534;
      chmodSync(join(world.app, 'Contents', 'Frameworks'), 0o555);
      world.publish('2.0.0.46', image);
      execFileSync('chown', ['-hR', `${nobody}:${nobody}`, world.folder]);
      expect((await startCli(world.updateArguments(), { uid: nobody }).result).json).toMatchObject({
        installed: true,
      });
      const confirm = ['confirm', '--json', '--app', world.app, ...world.folderOptions()];
      expect((await startCli(confirm, { uid: nobody }).result).json).toMatchObject({ state: 'confirmed' });
      expect(world.beside()).toHaveLength(1);
    },
  );

  it('does not come again for an app whose short version lacks the last part', async () => {
    const short = {
      shortVersion: '2.0.0',
      sign: { requirement: 'identifier "com.nexy.assistant"' },
    } as const;
    world.install(await makeNexy(join(made, 'short-old'), '2.0.0.45', short));
    await makeNexy(join(made, 'short-new'), '2.0.0.46', short);
    world.publish('2.0.0.46', await makeDmg(join(made, 'short-new'), join(made, 'short.dmg')));
    expect((await world.update()).json).toMatchObject({ installed: true, from: '2.0.0.45', to: '2.0.0.46' });
    expect((await world.update()).json).toMatchObject({ installed: false, reason: 'up-to-date' });
  });

  it('is refused while the app runs', async () => {
    const copy = join(world.app, 'Contents', 'MacOS', 'helper');
    cpSync(process.execPath, copy);
    const child = spawn(copy, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
    try {
      world.publish('2.0.0.46', image);
      const { json } = await world.update('--no-codesign');
      expect(json).toMatchObject({ error: { code: 'target-in-use' } });
      expect(world.host.log.filter(({ on }) => on !== 'manifest')).toEqual([]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('is installed by one of two that run at once', async () => {
    world.publish('2.0.0.46', image);
    const results = await Promise.all([world.update(), world.update()]);
    const codes = results.map(({ json }) => {
      const { installed, error } = json as { installed?: boolean; error?: { code: string } };
      return installed === true ? 'installed' : error?.code;
    });
    expect(codes.toSorted()).toEqual(['install-busy', 'installed']);
    expect(world.installedTree()).toEqual(describeTree(newApp));
  });
});
