import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extractImage } from '../../image/read-image.ts';
import { removeTree } from '../../remove-tree.ts';
import { type FileTree, readTree } from './file-tree.ts';

export interface ImageContents {
  readonly volumeName: string;
  /** The volume's root. */
  readonly tree: FileTree;
}

const known = new Map<string, Promise<ImageContents>>();

/**
 * What lies in a disk image, read with 7-Zip when its bytes are seen for the first time in this process: that takes
 * some 50 ms.
 *
 * @throws UpdateError `image-unreadable`, `image-encrypted`
 */
export function readImageContents(bytes: Uint8Array): Promise<ImageContents> {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const before = known.get(sha256);
  if (before !== undefined) return before;
  const reading = read(bytes);
  known.set(sha256, reading);
  // Handled by whoever waits for it.
  reading.catch(() => undefined);
  return reading;
}

async function read(bytes: Uint8Array): Promise<ImageContents> {
  const folder = await mkdtemp(join(tmpdir(), 'nexy-lab-image-'));
  try {
    const [image, volume] = [join(folder, 'image'), join(folder, 'volume')];
    await writeFile(image, bytes);
    await mkdir(volume);
    const { volumeName } = await extractImage(image, volume);
    return { volumeName, tree: readTree(volume) };
  } finally {
    await removeTree(folder);
  }
}
