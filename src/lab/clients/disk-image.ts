import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAttached } from '../../install/hdiutil-output.ts';
import { outputOf } from '../../install/tools.ts';
import type { LabWorld } from './client.ts';
import { endCheck } from './run-check.ts';

/**
 * Attaches what was downloaded, and detaches and deletes it again whatever happens.
 *
 * @param use is given the mount point
 * @returns what it returns
 */
export async function withDiskImage<Result>(
  { mac, folder }: Pick<LabWorld, 'mac' | 'folder'>,
  bytes: Uint8Array,
  use: (volume: string) => Promise<Result>,
): Promise<Result> {
  const image = join(folder, 'Nexy.dmg');
  await writeFile(image, bytes, { mode: 0o600 });
  try {
    const attached = await mac.run('hdiutil', ['attach', '-plist', '-nobrowse', '-noautoopen', image], {});
    if (attached.status !== 0) {
      throw endCheck(
        'failed',
        'image-unreadable',
        `What was downloaded is no disk image: ${outputOf(attached)}.`,
      );
    }
    const { mountPoints } = await parseAttached(attached.stdout);
    const [volume] = mountPoints;
    if (volume === undefined) {
      throw endCheck('failed', 'image-unreadable', 'The disk image holds nothing that macOS can mount.');
    }
    try {
      return await use(volume);
    } finally {
      await mac.run('hdiutil', ['detach', volume], {});
    }
  } finally {
    await rm(image, { force: true });
  }
}

/**
 * The first folder below this one that is meant, level by level and by name; links are not followed. What lies in a
 * folder that is meant is not looked at.
 */
export async function findFolder(
  below: string,
  isMeant: (path: string, name: string) => boolean | Promise<boolean>,
): Promise<string | null> {
  const entries = await readdir(below, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const folders = names.sort();
  for (const name of folders) if (await isMeant(join(below, name), name)) return join(below, name);
  for (const name of folders) {
    const found = await findFolder(join(below, name), isMeant);
    if (found !== null) return found;
  }
  return null;
}
