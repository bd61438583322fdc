import { join } from 'node:path';
import { readVersion, type Version } from '../version.ts';
import { readStateFile, writeStateFile } from './state-file.ts';

/** The version that the user does not want to hear of, or null. A damaged record skips nothing. */
export async function readSkippedVersion(stateFolder: string): Promise<Version | null> {
  const { value } = await readStateFile(skipPath(stateFolder));
  const isRecord = typeof value === 'object' && value !== null && 'version' in value;
  return isRecord && typeof value.version === 'string' ? readVersion(value.version) : null;
}

/** Remembers one version to skip, in place of an earlier one; null offers everything again. */
export async function skipVersion(stateFolder: string, version: Version | null): Promise<void> {
  await writeStateFile(skipPath(stateFolder), { version: version === null ? null : version.text });
}

function skipPath(stateFolder: string): string {
  return join(stateFolder, 'skipped.json');
}
