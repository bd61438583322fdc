import { lstatSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AuthorizedWorld, openAuthorizedWorld, SHELLS } from '../support/authorized-world.ts';
import { canMakeImages } from '../support/make-image.ts';
import { ALICE, BOB, CAN_BE_OTHERS, NEEDS_OTHERS } from '../support/other-user.ts';
import { chownTree, describeTree } from '../support/tree.ts';
import { makeDmg, makeNexy } from '../support/update-world.ts';

const canRun = CAN_BE_OTHERS && canMakeImages();
const skipped = canMakeImages()
  ? NEEDS_OTHERS
  : ' (skipped: xorriso, which makes disk images, is not installed)';

const made = mkdtempSync(join(tmpdir(), 'nexy-authorization-'));
let image: string;
let oldApp: string;
let newTree: readonly string[];

beforeAll(async () => {
  if (!canRun) return;
  oldApp = await makeNexy(join(made, 'old'), '2.0.0.45');
  newTree = describeTree(await makeNexy(join(made, 'new'), '2.0.0.46'));
  image = await makeDmg(join(made, 'new'), join(made, 'Nexy.dmg'));
});
afterAll(() => rmSync(made, { recursive: true, force: true }));

describe.skipIf(!canRun).each(Object.entries(SHELLS))(
  `an update of an app that belongs to root, under %s${skipped}`,
  (_, shell) => {
    let authorized: AuthorizedWorld;
    beforeEach(async () => {
      authorized = await openAuthorizedWorld({ shell });
      authorized.world.install(oldApp);
      authorized.world.publish('2.0.0.46', image);
    });
    afterEach(() => authorized.close());

    it('is installed once an administrator has agreed, and belongs to root as before', async () => {
      const { world, agent } = authorized;
      const result = await authorized.update();
      expect(result, result.stderr).toMatchObject({
        status: 0,
        json: { installed: true, from: '2.0.0.45', to: '2.0.0.46' },
      });
      expect(world.installedTree()).toEqual(newTree);
      expect(lstatSync(join(world.app, 'Contents', 'Info.plist')).uid).toBe(0);
      expect(agent.requests.map(({ prompt }) => prompt)).toEqual([
        `Nexy 2.0.0.46 is ready to be installed in ${join(world.folder, 'Applications')}.`,
      ]);
      expect(world.mounted()).toEqual([]);
      expect((await world.installation('status')).json).toMatchObject({
        state: 'swapped',
        from: '2.0.0.45',
        to: '2.0.0.46',
      });
    });

    it('leaves an app of somebody else to its owner', async () => {
      const { world } = authorized;
      chownTree(world.app, BOB.uid, BOB.gid);
      expect((await authorized.update()).json).toMatchObject({ installed: true });
      expect(world.installedTree()).toEqual(newTree);
      const { uid, gid } = lstatSync(join(world.app, 'Contents', 'Info.plist'));
      expect({ uid, gid }).toEqual({ uid: BOB.uid, gid: BOB.gid });
    });
  },
);

describe.skipIf(!canRun)(`who does not agree${skipped}`, () => {
  let authorized: AuthorizedWorld;

  beforeEach(async () => {
    authorized = await openAuthorizedWorld();
    authorized.world.install(oldApp);
    authorized.world.publish('2.0.0.46', image);
  });
  afterEach(() => authorized.close());

  it.each([
    ['cancelled', 'You did not allow'],
    ['wrong-password', 'No administrator could agree'],
    ['no-interaction', 'Nobody could be asked'],
  ] as const)('changes nothing when the answer is: %s', async (answer, words) => {
    const { world, agent } = authorized;
    agent.answer = answer;
    expect(await authorized.update()).toMatchObject({
      status: 1,
      json: { error: { code: 'authorization-denied', message: expect.stringContaining(words) } },
    });
    expect(world.installedTree()).toEqual(describeTree(oldApp));
    expect(world.beside()).toEqual([]);
    agent.answer = 'allows';
    const again = await authorized.update();
    expect(again.json).toMatchObject({ installed: true, bytesDownloaded: 0 });
  });
});

describe.skipIf(!canRun)(`who is asked${skipped}`, () => {
  it('nobody, where the app is the own one', async () => {
    const { world, agent, update, close } = await openAuthorizedWorld();
    try {
      world.install(oldApp);
      world.publish('2.0.0.46', image);
      chownTree(join(world.folder, 'Applications'), ALICE.uid, ALICE.gid);
      expect((await update()).json).toMatchObject({ installed: true });
      expect(agent.requests).toEqual([]);
    } finally {
      await close();
    }
  });
});
