import { execFile, spawnSync } from 'node:child_process';
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { layoutOf } from '../../src/install/layout.ts';
import { assertReplaceable, readAuthority } from '../../src/install/preflight.ts';
import {
  ADMIN,
  ALICE,
  asAdministrator,
  BOB,
  CAN_BE_OTHERS,
  NEEDS_OTHERS,
  type OtherUser,
  STAFF,
  scriptAs,
} from '../support/other-user.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Owner, group and permissions of a folder. */
type Rights = readonly [uid: number, gid: number, mode: number];

const ROOT = 0;

/** `Applications/Nexy.app` with these rights. */
async function makeTarget(parent: Rights, app: Rights): Promise<string> {
  const folder = await temporaryFolder();
  await chmod(folder, 0o755);
  const target = join(folder, 'Applications', 'Nexy.app');
  await mkdir(join(target, 'Contents'), { recursive: true });
  for (const [path, [uid, gid, mode]] of [
    [join(target, 'Contents'), app],
    [target, app],
    [join(folder, 'Applications'), parent],
  ] as const) {
    await chown(path, uid, gid);
    await chmod(path, mode);
  }
  return target;
}

async function authorityOf(user: OtherUser, target: string): Promise<string> {
  const script = fileURLToPath(new URL('../support/read-authority.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, scriptAs(user, script, [target]));
  return stdout.trim();
}

describe.skipIf(!CAN_BE_OTHERS)(`the authority of a user over an app${NEEDS_OTHERS}`, () => {
  it.each<[string, OtherUser, Rights, Rights, string]>([
    [
      'own, of an app of hers in a folder of hers',
      ALICE,
      [ALICE.uid, STAFF, 0o755],
      [ALICE.uid, STAFF, 0o755],
      'own',
    ],
    [
      'own, of an app of hers in /Applications, as an administrator',
      asAdministrator(ALICE),
      [ROOT, ADMIN, 0o775],
      [ALICE.uid, ADMIN, 0o755],
      'own',
    ],
    [
      'own, of an app of hers in a folder with the sticky bit',
      ALICE,
      [ROOT, ROOT, 0o1777],
      [ALICE.uid, STAFF, 0o755],
      'own',
    ],
    [
      'own, of an app whose group comes from its folder',
      ALICE,
      [ALICE.uid, ADMIN, 0o2755],
      [ALICE.uid, ADMIN, 0o755],
      'own',
    ],
    [
      "to be asked for, of root's app",
      asAdministrator(ALICE),
      [ROOT, ADMIN, 0o775],
      [ROOT, ADMIN, 0o775],
      'authorization-needed',
    ],
    [
      "to be asked for, of another user's app",
      asAdministrator(BOB),
      [ROOT, ADMIN, 0o775],
      [ALICE.uid, ADMIN, 0o775],
      'authorization-needed',
    ],
    [
      "to be asked for, of another user's app in a folder of her own",
      BOB,
      [BOB.uid, STAFF, 0o755],
      [ALICE.uid, STAFF, 0o777],
      'authorization-needed',
    ],
    [
      'to be asked for, of an app of hers in a folder of root',
      ALICE,
      [ROOT, ADMIN, 0o775],
      [ALICE.uid, STAFF, 0o755],
      'authorization-needed',
    ],
    [
      'to be asked for, of an app of hers with a group that she is not in',
      ALICE,
      [ALICE.uid, STAFF, 0o755],
      [ALICE.uid, ADMIN, 0o755],
      'authorization-needed',
    ],
    [
      'to be asked for, of an app of hers that she may not write',
      ALICE,
      [ALICE.uid, STAFF, 0o755],
      [ALICE.uid, STAFF, 0o555],
      'authorization-needed',
    ],
    [
      'to be asked for, of an app that she may write but not enter',
      ALICE,
      [ALICE.uid, STAFF, 0o755],
      [ALICE.uid, STAFF, 0o644],
      'authorization-needed',
    ],
  ])('is %s', async (_, user, parent, app, expected) => {
    expect(await authorityOf(user, await makeTarget(parent, app))).toBe(expected);
  });

  it('is own, of anything, for root', async () => {
    const target = await makeTarget([ALICE.uid, STAFF, 0o700], [BOB.uid, STAFF, 0o500]);
    expect(await readAuthority(await layoutOf(target))).toBe('own');
  });

  it("is nobody's where the app is locked, since no password helps", async (context) => {
    const target = await makeTarget([ALICE.uid, STAFF, 0o755], [ALICE.uid, STAFF, 0o755]);
    if (spawnSync('chattr', ['+i', target]).status !== 0) context.skip('nothing can be locked here');
    onTestFinished(() => void spawnSync('chattr', ['-i', target]));
    expect(await authorityOf(ALICE, target)).toBe('not-writable');
    await expect(assertReplaceable(await layoutOf(target))).rejects.toMatchObject({
      code: 'not-writable',
      message: /is locked.+Take off "Locked"/,
    });
  });
});

describe('a target that is none', () => {
  it('is named before its rights are looked at', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'File.app'), '');
    for (const [name, what] of [
      ['None.app', 'does not exist'],
      ['File.app', 'is no app'],
    ] as const) {
      await expect(readAuthority(await layoutOf(join(folder, name)))).rejects.toMatchObject({
        code: 'app-not-found',
        message: expect.stringContaining(what),
      });
    }
  });
});
