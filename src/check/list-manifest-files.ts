import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The paths of a folder's *.json files, sorted, without hidden ones and those of folders in it. */
export async function listManifestFiles(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory() && entry.name.endsWith('.json') && !entry.name.startsWith('.'))
    .map(({ name }) => join(folder, name))
    .sort();
}
