import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { closeAbandonedImages, openImage } from '../../src/install/open-image.ts';
import { Tools } from '../../src/install/tools.ts';
import { openDescriptorsOf } from '../support/open-descriptors.ts';
import { type Answer, callsOf, writeScriptedTool } from '../support/scripted-tool.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/**
 * hdiutil in short: the forms of its answers are those of the recordings (hdiutil-output.test.ts), and its real double
 * attaches real images in test/e2e. Here it is about what follows which answer.
 */
let folder: string;
let tools: string;
let cacheFolder: string;
let image: string;
let warnings: string[];
let waits: number[];

beforeEach(async () => {
  folder = await temporaryFolder();
  [tools, cacheFolder, image] = [join(folder, 'tools'), join(folder, 'cache'), join(folder, 'Nexy.dmg')];
  mkdirSync(tools);
  writeFileSync(image, 'koly'.repeat(100));
  [warnings, waits] = [[], []];
});

function options(signal?: AbortSignal) {
  return {
    tools: new Tools(tools),
    cacheFolder,
    warn: (text: string) => void warnings.push(text),
    wait: async (milliseconds: number) => void waits.push(milliseconds),
    ...(signal === undefined ? {} : { signal }),
  };
}

const MOUNT_FOLDER = `${process.pid}-0`;

function plist(entities: string): string {
  return `<?xml version="1.0"?><plist version="1.0"><dict>${entities}</dict></plist>`;
}

function infoOf(...mountPoints: readonly string[]): string {
  const images = mountPoints.map(
    (path, index) =>
      `<dict><key>system-entities</key><array><dict><key>dev-entry</key><string>/dev/disk${index + 4}</string><key>mount-point</key><string>${path}</string></dict></array></dict>`,
  );
  return plist(`<key>images</key><array>${images.join('')}</array>`);
}

const ATTACHED: Answer = { does: 'mkdir "$7/Nexy"', stdout: plist('<key>system-entities</key><array/>') };
const NOTHING_ATTACHED: Answer = { stdout: plist('') };
const BUSY: Answer = { stderr: 'hdiutil: attach failed - Resource busy\n', status: 1 };

function putHdiutil(...answers: readonly Answer[]): void {
  writeScriptedTool(tools, 'hdiutil', answers);
}

const calls = (): readonly (readonly string[])[] => callsOf(tools, 'hdiutil');
const verbs = (): readonly string[] => calls().map(([verb = '']) => verb);
const mounts = (): readonly string[] => readdirSync(join(cacheFolder, 'mounts'));

describe('opening an image', () => {
  it('attaches it read-only below a private folder, and says yes to a licence', async () => {
    putHdiutil({ ...ATTACHED, does: `${ATTACHED.does}; cat > "$0.input"` }, NOTHING_ATTACHED);
    const opened = await openImage(image, options());
    const mountFolder = join(cacheFolder, 'mounts', MOUNT_FOLDER);
    expect(opened.mountPoints).toEqual([join(mountFolder, 'Nexy')]);
    expect(calls()).toEqual([
      ['attach', '-plist', '-nobrowse', '-noautoopen', '-readonly', '-mountrandom', mountFolder, image],
    ]);
    expect(statSync(join(tools, 'hdiutil.input')).size).toBe('Y\n'.length);
    for (const path of [mountFolder, join(cacheFolder, 'mounts')]) {
      expect(statSync(path).mode & 0o777).toBe(0o700);
    }
    await opened.close();
    expect(mounts()).toEqual([]);
    expect([warnings, waits]).toEqual([[], []]);
  });

  it('takes a folder of its own for each, and does not look for one for ever', async () => {
    putHdiutil(ATTACHED);
    for (let attempt = 0; attempt < 100; attempt += 1) {
      mkdirSync(join(cacheFolder, 'mounts', `${process.pid}-${attempt}`), { recursive: true });
    }
    const opened = await openImage(image, options());
    expect(opened.mountPoints).toEqual([join(cacheFolder, 'mounts', `${process.pid}-100`, 'Nexy')]);
    await expect(openImage(image, options())).rejects.toMatchObject({
      code: 'download-failed',
      message: expect.stringContaining('the system says EEXIST'),
    });
  });

  it.each([
    [
      ['Resource temporarily unavailable', 'Resource busy', 'No child processes'],
      [500, 1500, 4000],
    ],
    [['Resource busy'], [500]],
  ])('waits longer each time while %j', async (reasons, expected) => {
    putHdiutil(
      ...reasons.map((reason) => ({ stderr: `hdiutil: attach failed - ${reason}\n`, status: 1 })),
      ATTACHED,
    );
    expect((await openImage(image, options())).mountPoints).toHaveLength(1);
    expect(waits).toEqual(expected);
  });

  it('gives up where that does not pass', async () => {
    putHdiutil(BUSY, BUSY, BUSY, BUSY, NOTHING_ATTACHED);
    await expect(openImage(image, options())).rejects.toMatchObject({ code: 'image-unreadable' });
    expect(verbs()).toEqual(['attach', 'attach', 'attach', 'attach', 'info']);
    expect(mounts()).toEqual([]);
  });

  it.each<[string, Answer, string, string]>([
    [
      'is damaged',
      { stderr: 'hdiutil: attach failed - image not recognized\n', status: 1 },
      'image-unreadable',
      'The disk image is damaged or is none. The release team has to publish it again. Nothing was changed. (hdiutil: attach failed - image not recognized)',
    ],
    [
      'is damaged, behind other lines',
      { stderr: 'hdiutil: warning\nhdiutil: attach failed - error\nnoise\n', status: 1 },
      'image-unreadable',
      'The disk image is damaged or is none. The release team has to publish it again. Nothing was changed. (hdiutil: attach failed - error)',
    ],
    [
      'says nothing',
      { status: 1 },
      'image-unreadable',
      'The disk image is damaged or is none. The release team has to publish it again. Nothing was changed. (hdiutil said nothing)',
    ],
    [
      'asks for a password',
      { stderr: 'hdiutil: attach failed - Authentication error\n', status: 1 },
      'image-encrypted',
      'The disk image asks for a password. The release team has to publish it without encryption. Nothing was changed. (hdiutil: attach failed - Authentication error)',
    ],
    [
      'asks for a password with status 0',
      { stderr: 'hdiutil: attach failed - Authentication error\n', status: 0 },
      'image-encrypted',
      'The disk image asks for a password. The release team has to publish it without encryption. Nothing was changed. (hdiutil: attach failed - Authentication error)',
    ],
    [
      'finds no space',
      { stderr: 'hdiutil: attach failed - No space left on device\n', status: 1 },
      'disk-full',
      'There is not enough free space to open the disk image. Free some space and try again. Nothing was changed. (hdiutil: attach failed - No space left on device)',
    ],
  ])('is refused with its reason where it %s', async (_name, answer, code, message) => {
    putHdiutil(answer, NOTHING_ATTACHED);
    await expect(openImage(image, options())).rejects.toMatchObject({
      code,
      message,
      details: { output: (answer.stderr ?? '').trim() },
    });
    expect([mounts(), waits]).toEqual([[], []]);
  });

  it('is refused where it was attached, and its answer cannot be read', async () => {
    putHdiutil({ stdout: '<?xml version="1.0"?><plist>&&&</plist>' }, NOTHING_ATTACHED);
    await expect(openImage(image, options())).rejects.toMatchObject({ code: 'image-unreadable' });
    expect(mounts()).toEqual([]);
  });

  it('is refused where a property list came with a failure', async () => {
    putHdiutil({ stdout: ATTACHED.stdout ?? '', status: 1 }, NOTHING_ATTACHED);
    await expect(openImage(image, options())).rejects.toThrow('is damaged or is none');
  });

  it('is refused where nothing of it was mounted', async () => {
    putHdiutil({ stdout: ATTACHED.stdout ?? '' }, NOTHING_ATTACHED);
    await expect(openImage(image, options())).rejects.toMatchObject({
      code: 'image-unreadable',
      message: `The disk image ${image} holds nothing that macOS can mount.`,
    });
    expect(mounts()).toEqual([]);
  });

  it('can be cancelled', async () => {
    putHdiutil(NOTHING_ATTACHED);
    await expect(openImage(image, options(AbortSignal.abort()))).rejects.toMatchObject({ code: 'cancelled' });
    expect([mounts(), verbs()]).toEqual([[], ['info']]);
  });
});

describe('an encrypted image', () => {
  it.each([
    ['of version 2', 'encrcdsa', true],
    ['of version 2, with more behind it', 'encrcdsa and more', true],
    ['of version 1', 'something cdsaencr', true],
    ['of version 1, and nothing else', 'cdsaencr', true],
    ['only by name', ' encrcdsa cdsaencr ', false],
    ['in no way, being too short', 'encr', false],
    ['in no way, being empty', '', false],
  ])('is refused before it is attached: %s', async (_name, text, isRefused) => {
    putHdiutil(ATTACHED, NOTHING_ATTACHED);
    writeFileSync(image, text);
    if (isRefused) {
      await expect(openImage(image, options())).rejects.toMatchObject({
        code: 'image-encrypted',
        message:
          'The update is an encrypted disk image, which cannot be opened without a password. Nothing was changed. The release team has to publish it without encryption.',
      });
      expect([calls(), existsSync(cacheFolder)]).toEqual([[], false]);
    } else await (await openImage(image, options())).close();
    expect(await openDescriptorsOf(image)).toEqual([]);
  });
});

describe('closing an image', () => {
  it('detaches what lies below its folder, by whichever of its names, and nothing else', async () => {
    const mounted = join(cacheFolder, 'mounts', MOUNT_FOLDER);
    const listing = infoOf(
      `${mounted}/Nexy`,
      '/Volumes/Other',
      `/private${mounted}/Second`,
      `${mounted}0/Nexy`,
    );
    putHdiutil(ATTACHED, { stdout: listing }, {});
    await (await openImage(image, options())).close();
    expect(calls().slice(1)).toEqual([
      ['info', '-plist'],
      ['detach', '/dev/disk4'],
      ['detach', '/dev/disk6'],
    ]);
    expect([mounts(), warnings]).toEqual([[], []]);
  });

  it('detaches an image of several volumes, wherever the others are', async () => {
    const mounted = join(cacheFolder, 'mounts', MOUNT_FOLDER, 'Nexy');
    const listing = infoOf(mounted).replace(
      '</array>',
      '<dict><key>mount-point</key><string>/Volumes/Elsewhere</string></dict></array>',
    );
    putHdiutil(ATTACHED, { stdout: listing }, {});
    await (await openImage(image, options())).close();
    expect(calls().at(-1)).toEqual(['detach', '/dev/disk4']);
  });

  it('detaches by the mount point where no device is told', async () => {
    const mounted = join(cacheFolder, 'mounts', MOUNT_FOLDER, 'Nexy');
    const listing = infoOf(mounted).replace(/<key>dev-entry<\/key><string>[^<]*<\/string>/, '');
    putHdiutil(ATTACHED, { stdout: listing }, {});
    await (await openImage(image, options())).close();
    expect(calls().at(-1)).toEqual(['detach', mounted]);
  });

  it('tries again while the volume is in use, at last by force', async () => {
    const mounted = join(cacheFolder, 'mounts', MOUNT_FOLDER, 'Nexy');
    const busy = { stderr: 'hdiutil: couldn\'t unmount "disk4" - Resource busy\n', status: 16 };
    putHdiutil(ATTACHED, { stdout: infoOf(mounted) }, ...Array.from({ length: 6 }, () => busy), {});
    await (await openImage(image, options())).close();
    expect(calls().slice(2)).toEqual([
      ...Array.from({ length: 5 }, () => ['detach', '/dev/disk4']),
      ...Array.from({ length: 2 }, () => ['detach', '/dev/disk4', '-force']),
    ]);
    expect(waits).toEqual([0, 200, 500, 1000, 2000, 0, 200]);
    expect(warnings).toEqual([]);
  });

  it('is left to the next start where that does not help either', async () => {
    const mountFolder = join(cacheFolder, 'mounts', MOUNT_FOLDER);
    putHdiutil(
      ATTACHED,
      { stdout: infoOf(`${mountFolder}/Nexy`) },
      { stderr: 'hdiutil: Resource busy\n', status: 16 },
    );
    await (await openImage(image, options())).close();
    expect(verbs().filter((verb) => verb === 'detach')).toHaveLength(10);
    expect(warnings).toEqual([
      `A disk image stays attached at ${mountFolder} and is detached at the next start: hdiutil: Resource busy`,
    ]);
    expect(mounts()).toEqual([MOUNT_FOLDER]);
  });

  it('is left to the next start where hdiutil does not say what is mounted', async () => {
    putHdiutil(ATTACHED, { stderr: 'hdiutil: no\n', status: 1 });
    await (await openImage(image, options())).close();
    expect(warnings).toHaveLength(1);
    expect(mounts()).toEqual([MOUNT_FOLDER]);
  });

  it('does not mind a folder that is gone', async () => {
    putHdiutil(
      { ...ATTACHED, does: `${ATTACHED.does}` },
      { does: `rm -r '${cacheFolder}'`, stdout: plist('') },
    );
    await (await openImage(image, options())).close();
    expect(warnings).toEqual([]);
  });

  const anotherVolume = ['/dev/shm', '/proc'].find((path) => existsSync(path));
  it.skipIf(anotherVolume === undefined)('never reaches into a volume that is still mounted', async () => {
    // A link stands for the mount: stat(2) sees another device behind it, as behind a mounted volume.
    putHdiutil({ ...ATTACHED, does: `ln -s '${anotherVolume}' "$7/Nexy"` }, NOTHING_ATTACHED);
    await (await openImage(image, options())).close();
    const mounted = join(cacheFolder, 'mounts', MOUNT_FOLDER, 'Nexy');
    expect(warnings).toEqual([expect.stringContaining(`${mounted} is still mounted`)]);
    expect(existsSync(mounted)).toBe(true);
  });

  it('clears away a name with nothing behind it', async () => {
    putHdiutil({ ...ATTACHED, does: 'ln -s nowhere "$7/Nexy"' }, NOTHING_ATTACHED);
    await (await openImage(image, options())).close();
    expect([mounts(), warnings]).toEqual([[], []]);
  });
});

describe('images that a crash left attached', () => {
  it('are detached where their owner is gone, and only there', async () => {
    // No process has such a number (pid_max is at most 2^22).
    const dead = '19999999-3';
    for (const name of [dead, MOUNT_FOLDER, `${process.ppid}-0`]) {
      mkdirSync(join(cacheFolder, 'mounts', name), { recursive: true });
    }
    putHdiutil({ stdout: infoOf(join(cacheFolder, 'mounts', dead, 'Nexy')) }, {});
    await closeAbandonedImages(options());
    expect(calls()).toEqual([
      ['info', '-plist'],
      ['detach', '/dev/disk4'],
    ]);
    expect([...mounts()].sort()).toEqual([MOUNT_FOLDER, `${process.ppid}-0`].sort());
  });

  it('are none where there is no such folder', async () => {
    putHdiutil(NOTHING_ATTACHED);
    await closeAbandonedImages(options());
    expect([calls(), existsSync(cacheFolder)]).toEqual([[], false]);
  });
});
