import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyFile } from '../../src/download/verify-file.ts';
import { layoutOf } from '../../src/install/layout.ts';
import { prepareInstall } from '../../src/install/prepare.ts';
import type { PreparedInstall } from '../../src/install/prepared-install.ts';
import { Tools } from '../../src/install/tools.ts';
import { parseVersion } from '../../src/version.ts';
import { canMakeImages } from '../support/make-image.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { describeTree } from '../support/tree.ts';
import { BUNDLE_ID, makeDmg, makeNexy, UpdateWorld } from '../support/update-world.ts';

const skipped = canMakeImages() ? '' : ' (skipped: xorriso, which makes disk images, is not installed)';

describe.skipIf(!canMakeImages())(`a prepared install${skipped}`, () => {
  let world: UpdateWorld;
  let newTree: readonly string[];
  let prepared: PreparedInstall;

  beforeEach(async () => {
    const made = await temporaryFolder();
    world = await UpdateWorld.open();
    world.install(await makeNexy(join(made, 'old'), '2.0.0.45', { sign: false }));
    newTree = describeTree(await makeNexy(join(made, 'new'), '2.0.0.46', { sign: false }));
    const image = await makeDmg(join(made, 'new'), join(made, 'Nexy.dmg'));
    const bytes = readFileSync(image);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    prepared = await prepareInstall(await verifyFile(image, { size: bytes.length, sha256 }), {
      tools: new Tools(world.tools),
      layout: await layoutOf(world.app),
      cacheFolder: join(world.folder, 'cache'),
      stateFolder: join(world.folder, 'state'),
      type: 'dmg',
      bundleId: BUNDLE_ID,
      offered: parseVersion('2.0.0.46'),
      current: parseVersion('2.0.0.45'),
      from: '2.0.0.45',
      allowDowngrade: false,
      machine: { systemVersion: null, architecture: null, hasRosetta: null },
      verifiesSignature: false,
      refusesRunningTarget: true,
      warn: () => undefined,
      now: () => new Date(),
    });
  });
  afterEach(() => world.close());

  it('is exchanged once, and gives the lock back', async () => {
    expect(await prepared.install({ relaunches: false })).toEqual({ from: '2.0.0.45', to: '2.0.0.46' });
    expect(world.installedTree()).toEqual(newTree);
    expect(world.beside().filter((name) => name.endsWith('.lock'))).toEqual([]);
  });

  it('leaves nothing when it is discarded', async () => {
    await prepared.discard();
    expect(world.beside()).toEqual([]);
  });

  it('leaves alone, and clears itself away, when somebody put another app in place meanwhile', async () => {
    renameSync(world.app, join(world.folder, 'put aside'));
    mkdirSync(world.app);
    await expect(prepared.install({ relaunches: false })).rejects.toMatchObject({ code: 'swap-failed' });
    expect(world.installedTree()).toEqual(['./']);
    expect(world.beside()).toEqual([]);
  });
});
