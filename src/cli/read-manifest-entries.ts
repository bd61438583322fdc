import { stat } from 'node:fs/promises';
import { UpdateError } from '../errors.ts';
import type { DoctorEntry } from '../manifest/doctor.ts';
import { readManifestSource } from './manifest-source.ts';

/**
 * Reads manifests as the doctor takes them.
 *
 * @param sources files, URLs, or folders that stand for their *.json files
 * @throws UpdateError `usage` where there is none; what `readManifestSource` throws where there is only one
 */
export async function readManifestEntries(
  sources: readonly string[],
  options: Parameters<typeof readManifestSource>[1],
): Promise<readonly DoctorEntry[]> {
  const files = (await Promise.all(sources.map(expandFolder))).flat();
  if (files.length === 0) throw new UpdateError('usage', `There is no *.json file in ${sources.join(', ')}.`);
  const entries: DoctorEntry[] = [];
  for (const file of files) entries.push(await readEntry(file, options, files.length === 1));
  return entries;
}

/** Of several, one that cannot be read is a manifest to be rejected; alone it is a failure. */
async function readEntry(
  file: string,
  options: Parameters<typeof readManifestSource>[1],
  isOnlyOne: boolean,
): Promise<DoctorEntry> {
  try {
    return { file, bytes: await readManifestSource(file, options) };
  } catch (error) {
    if (isOnlyOne || !(error instanceof UpdateError) || error.code === 'cancelled') throw error;
    return { file, bytes: null, problem: error.message };
  }
}

/** Folders stand for their *.json files. */
async function expandFolder(source: string): Promise<readonly string[]> {
  const status = await stat(source).catch(() => null);
  if (!status?.isDirectory()) return [source];
  const { listManifestFiles } = await import('../check/list-manifest-files.ts');
  return listManifestFiles(source);
}
