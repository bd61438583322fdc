import { execFile, spawnSync } from 'node:child_process';
import promises, { chmod, chown, mkdir, statfs, symlink, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { layoutOf } from '../../src/install/layout.ts';
import {
  assertFreeSpace,
  assertNotRunning,
  readAuthority,
  readTargetPlace,
} from '../../src/install/preflight.ts';
import { Tools } from '../../src/install/tools.ts';
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
import { callsOf, writeScriptedTool } from '../support/scripted-tool.ts';
import { CAN_MOUNT, makeReadOnly, mountSmallVolume, NEEDS_MOUNT } from '../support/small-volume.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Owner, group and permissions of a folder. */
type Rights = readonly [uid: number, gid: number, mode: number];

const ROOT = 0;

/** What `hdiutil info -plist` tells of images with these mount points (hdiutil-output.test.ts has its real forms). */
function infoOf(...mountPoints: readonly string[]): string {
  const images = mountPoints.map(
    (path) =>
      `<dict><key>system-entities</key><array><dict><key>mount-point</key><string>${path}</string></dict></array></dict>`,
  );
  return `<?xml version="1.0"?><plist version="1.0"><dict><key>images</key><array>${images.join('')}</array></dict></plist>`;
}

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
    await expect(readAuthority(await layoutOf(target))).rejects.toMatchObject({
      code: 'not-writable',
      message: /is locked.+Take off "Locked"/,
    });
  });
});

describe.skipIf(process.getuid?.() !== 0)(
  'the authority of a user, in the process that asks (needs root)',
  () => {
    /** As kernel and Node answer for another user; what that user may write is tried with real ones above. */
    function actAs(user: number, group: number, groups: readonly number[] = [group]): void {
      const spies = [
        vi.spyOn(process, 'geteuid').mockReturnValue(user),
        vi.spyOn(process, 'getegid').mockReturnValue(group),
        vi.spyOn(process, 'getgroups').mockReturnValue([...groups]),
      ];
      onTestFinished(() => {
        for (const spy of spies) spy.mockRestore();
      });
    }
    const authority = async (target: string) => readAuthority(await layoutOf(target));

    it.each<[string, readonly [number, number, (readonly number[])?], Rights, Rights, string]>([
      ['its owner', [501, 20], [501, 20, 0o755], [501, 20, 0o755], 'own'],
      ['its owner, in no other group', [501, 20, []], [501, 20, 0o755], [501, 20, 0o755], 'own'],
      ['its owner, in its group among others', [501, 20, [20, 80]], [0, 80, 0o775], [501, 80, 0o755], 'own'],
      ['its owner, in another group', [501, 20], [501, 20, 0o755], [501, 80, 0o755], 'authorization-needed'],
      [
        'its owner, where the folder hands on its group',
        [501, 20],
        [501, 80, 0o2755],
        [501, 80, 0o755],
        'own',
      ],
      [
        'its owner, where the folder does not hand on its group',
        [501, 20],
        [501, 80, 0o755],
        [501, 80, 0o755],
        process.platform === 'darwin' ? 'own' : 'authorization-needed',
      ],
      [
        'its owner, where the folder hands on another group',
        [501, 20],
        [501, 12, 0o2755],
        [501, 80, 0o755],
        'authorization-needed',
      ],
      ['another user', [502, 20], [501, 20, 0o755], [501, 20, 0o755], 'authorization-needed'],
    ])('of %s', async (_name, user, parent, app, expected) => {
      const target = await makeTarget(parent, app);
      actAs(...user);
      expect(await authority(target)).toBe(expected);
    });

    it('of its owner is the same on macOS below any folder of its group: open(2) hands that on', async () => {
      const here = process.platform;
      onTestFinished(() => void Object.defineProperty(process, 'platform', { value: here }));
      const target = await makeTarget([501, 80, 0o755], [501, 80, 0o755]);
      actAs(501, 20);
      for (const [platform, expected] of [
        ['darwin', 'own'],
        ['linux', 'authorization-needed'],
      ] as const) {
        Object.defineProperty(process, 'platform', { value: platform });
        expect(await authority(target)).toBe(expected);
      }
    });

    /** What access(2) answers about the folder and about the app; null where it allows. */
    function answer(...codes: readonly (string | null)[]): void {
      const spy = vi.spyOn(promises, 'access');
      for (const code of codes) {
        if (code === null) spy.mockResolvedValueOnce();
        else spy.mockRejectedValueOnce(Object.assign(new Error(code), code === '' ? {} : { code }));
      }
      syncBuiltinESMExports();
      onTestFinished(() => {
        spy.mockRestore();
        syncBuiltinESMExports();
      });
    }

    it.each([
      [null, 'EPERM'],
      ['EPERM', null],
    ])("is nobody's where app or folder is locked (%s, %s)", async (...codes) => {
      const target = await makeTarget([501, 20, 0o755], [501, 20, 0o755]);
      answer(...codes);
      await expect(authority(target)).rejects.toMatchObject({
        code: 'not-writable',
        message: `${target} or its folder is locked, so not even an administrator can replace it. Nothing was changed. Take off "Locked" in the Finder's Get Info (chflags nouchg), and try again.`,
        details: { target },
      });
    });

    it.each([
      [null, 'EACCES'],
      ['EACCES', null],
      ['', null],
    ])(
      'is to be asked for of a user who may not write, and cannot be had by root (%s, %s)',
      async (...codes) => {
        const target = await makeTarget([501, 20, 0o755], [501, 20, 0o755]);
        answer(...codes, ...codes);
        await expect(authority(target)).rejects.toMatchObject({
          code: 'not-writable',
          message: `${target} cannot be replaced: not even root may write there. Nothing was changed. Update it as its owner, or ask an administrator.`,
          details: { target },
        });
        actAs(501, 20);
        expect(await authority(target)).toBe('authorization-needed');
      },
    );

    it.skipIf(!CAN_MOUNT)('is none on a read-only volume, nor over a volume of its own', async (context) => {
      const volume = (await mountSmallVolume({ size: '1m' })) ?? context.skip('mount is not allowed here');
      await expect(authority(volume)).rejects.toMatchObject({
        code: 'not-writable',
        message: `${volume} is a volume of its own, for which nothing can be exchanged. Nothing was changed. Copy the app to the Applications folder and start it from there.`,
        details: { target: volume },
      });
      const target = join(volume, 'Nexy.app');
      await mkdir(target);
      makeReadOnly(volume);
      // The app may be the volume, in a folder that can be written to.
      expect((await readTargetPlace(await layoutOf(volume), new Tools('/nowhere'))).isReadOnlyVolume).toBe(
        true,
      );
      await expect(authority(target)).rejects.toMatchObject({
        code: 'read-only-volume',
        message: `${target} lies on a volume that cannot be written to, as with an open disk image. Nothing was changed. Move the app to the Applications folder and start it from there.`,
        details: { target },
      });
      expect(await readTargetPlace(await layoutOf(target), new Tools('/nowhere'))).toEqual({
        isReadOnlyVolume: true,
        isTranslocated: false,
      });
    });
  },
);

describe('the place of a target', () => {
  const placeOf = async (target: string, tools: string) =>
    readTargetPlace(await layoutOf(target), new Tools(tools));

  it('is an ordinary one, about which hdiutil need not be asked', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'Nexy.app'));
    writeScriptedTool(folder, 'hdiutil', [{ stdout: infoOf(folder) }]);
    const ordinary = { isReadOnlyVolume: false, isTranslocated: false };
    expect(await placeOf(join(folder, 'Nexy.app'), folder)).toEqual(ordinary);
    expect(callsOf(folder, 'hdiutil')).toEqual([]);
  });

  it('is translocated where its path says so', async () => {
    const folder = join(await temporaryFolder(), 'AppTranslocation', 'x', 'd');
    await mkdir(join(folder, 'Nexy.app'), { recursive: true });
    expect(await placeOf(join(folder, 'Nexy.app'), '/nowhere')).toEqual({
      isReadOnlyVolume: false,
      isTranslocated: true,
    });
  });

  it.skipIf(!CAN_MOUNT)('is a disk image where hdiutil has it in its list', async (context) => {
    const folder = await temporaryFolder();
    const volume = (await mountSmallVolume({ size: '1m' })) ?? context.skip('mount is not allowed here');
    const target = join(volume, 'Nexy.app');
    await mkdir(target);
    for (const [listing, expected] of [
      [infoOf('/Volumes/Other', volume), true],
      [infoOf(target), true],
      [
        infoOf(volume).replace('</array>', '<dict><key>mount-point</key><string>/x</string></dict></array>'),
        true,
      ],
      [infoOf(volume.slice(0, -1), `${volume}/Nexy`), false],
      [infoOf(), false],
      ['no property list', false],
    ] as const) {
      writeScriptedTool(folder, 'hdiutil', [{ stdout: listing }]);
      expect([listing, (await placeOf(target, folder)).isReadOnlyVolume]).toEqual([listing, expected]);
    }
    expect(callsOf(folder, 'hdiutil')[0]).toEqual(['info', '-plist']);
    expect((await placeOf(target, '/nowhere')).isReadOnlyVolume).toBe(false);
  });
});

describe('a target that is in use', () => {
  let folder: string;
  let target: string;
  beforeEach(async () => {
    folder = await temporaryFolder();
    target = join(folder, 'Nexy.app');
    await mkdir(target);
  });

  async function failureOf(listing: string, user: string): Promise<unknown> {
    const does = `case "$*" in *user=*) echo '${user}';; *) cat '${folder}/listing';; esac`;
    await writeFile(join(folder, 'listing'), listing);
    writeScriptedTool(folder, 'ps', [{ does }]);
    return assertNotRunning(await layoutOf(target), new Tools(folder)).catch((error: unknown) => error);
  }

  const own = process.getuid?.() ?? 0;

  it('is none where nothing runs from it', async () => {
    expect(await failureOf('1 0 /sbin/launchd\n', 'root')).toBeUndefined();
  });

  it('is to be quit by its user', async () => {
    const listing = `501 ${own} ${target}/Contents/MacOS/Nexy\n502 ${own} ${target}/Contents/Helper\n`;
    expect(await failureOf(listing, 'alice')).toMatchObject({
      code: 'target-in-use',
      message: `${target} is running (process 501, 502). Nothing was changed. Quit it and try again.`,
      details: {
        target,
        processes: [
          { pid: 501, uid: own, executable: `${target}/Contents/MacOS/Nexy`, user: 'alice' },
          { pid: 502, uid: own, executable: `${target}/Contents/Helper`, user: 'alice' },
        ],
      },
    });
  });

  it.each([
    ['bob', 'bob'],
    ['', String(own + 1)],
  ])('is to be quit by another user, named %j', async (name, shown) => {
    const listing = `501 ${own} ${target}/Contents/MacOS/Nexy\n502 ${own + 1} ${target}/Contents/MacOS/Nexy\n`;
    expect(await failureOf(listing, name)).toMatchObject({
      message: `${target} is running in the session of another user, ${shown} (process 501, 502). Nothing was changed. It has to be quit there first; then try again.`,
    });
  });
});

describe.skipIf(!CAN_MOUNT)(`the free space beside a target${NEEDS_MOUNT}`, () => {
  it('is enough to the byte, or named', async (context) => {
    const volume = (await mountSmallVolume({ size: '1m' })) ?? context.skip('mount is not allowed here');
    const layout = await layoutOf(join(volume, 'Nexy.app'));
    const { bavail, bsize } = await statfs(volume);
    const free = bavail * bsize;
    await assertFreeSpace(layout, free);
    await expect(assertFreeSpace(layout, free + 1)).rejects.toMatchObject({
      code: 'disk-full',
      message: `There is not enough free space on the volume of ${layout.target} to install the update. Nothing was changed. Free some space and try again.`,
      details: { needed: free + 1, free },
    });
  });
});

describe('a target that is none', () => {
  it('is named before its rights are looked at', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'File.app'), '');
    await symlink('File.app', join(folder, 'Link.app'));
    for (const [name, what] of [
      ['None.app', 'does not exist'],
      ['File.app', 'is no app'],
      ['Link.app', 'is a link'],
    ] as const) {
      await expect(readAuthority(await layoutOf(join(folder, name)))).rejects.toMatchObject({
        code: 'app-not-found',
        message: `${join(folder, name)} ${what}. Give the path of an installed .app bundle itself.`,
        details: { target: join(folder, name) },
      });
    }
    const below = join(folder, 'File.app', 'Nexy.app');
    await expect(readAuthority(await layoutOf(below))).rejects.toMatchObject({
      code: 'app-not-found',
      message: `${below} cannot be looked at.`,
      cause: { code: 'ENOTDIR' },
    });
  });
});
