import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildPlan } from '../../../src/lab/builds/build-plan.ts';
import { makeBuild } from '../../../src/lab/builds/make-build.ts';
import { findFolder, withDiskImage } from '../../../src/lab/clients/disk-image.ts';
import { openLabWorld, type TestWorld } from '../../support/lab-world.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

async function findApp(...paths: readonly string[]): Promise<string | null> {
  const root = await temporaryFolder();
  for (const path of paths) await mkdir(join(root, path), { recursive: true });
  await symlink('/', join(root, 'A link.app'));
  await writeFile(join(root, 'A file.app'), '');
  const found = await findFolder(root, (_, name) => name.endsWith('.app'));
  return found === null ? null : relative(root, found);
}

describe('an app anywhere in a disk image', () => {
  test.each<[string, readonly string[], string | null]>([
    ['at the top', ['Nexy.app/Contents', 'Other'], 'Nexy.app'],
    ['the first by name', ['Nexy.app', 'Another.app'], 'Another.app'],
    ['below', ['Folder/Deep/Nexy.app'], 'Folder/Deep/Nexy.app'],
    ['the top goes first', ['A/Nexy.app', 'Z.app'], 'Z.app'],
    ['an app within an app does not count', ['Nexy.app/Contents/Helper.app'], 'Nexy.app'],
    ['none: links and files are none', ['Folder'], null],
  ])('%s', async (_, paths, expected) => {
    expect(await findApp(...paths)).toBe(expected);
  });
});

describe('what was downloaded, as a volume', () => {
  const { bytes } = makeBuild(buildPlan('2.0.0.46'));

  async function expectNothingLeft({ mac, folder }: TestWorld): Promise<void> {
    expect((await mac.run('hdiutil', ['info', '-plist'], {})).stdout).not.toContain('mount-point');
    expect(await readdir(folder)).toEqual([]);
  }

  test('is there while it is used, and gone afterwards', async () => {
    const world = await openLabWorld();
    const names = await withDiskImage(world, bytes, (volume) => readdir(volume));
    expect(names).toContain('Nexy.app');
    await expectNothingLeft(world);
  });

  test('is gone, too, where its use failed', async () => {
    const world = await openLabWorld();
    const using = withDiskImage(world, bytes, async () => Promise.reject(new Error('no')));
    await expect(using).rejects.toThrow('no');
    await expectNothingLeft(world);
  });

  test('what is no image ends the check', async () => {
    const world = await openLabWorld();
    const using = withDiskImage(world, Buffer.from('text'), async () => 'used');
    await expect(using).rejects.toMatchObject({ result: { action: 'failed', reason: 'image-unreadable' } });
    await expectNothingLeft(world);
  });
});
