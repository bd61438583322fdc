import type { Channel } from '../config.ts';
import { readVersion, type Version } from '../version.ts';

/** The files of a folder of manifests that offer a channel's version. */
export const CHANNEL_FILES: Readonly<Record<Channel, string>> = {
  stable: 'manifest.json',
  beta: 'manifest_beta.json',
};

/** The name of a version's archive copy. */
export function archiveFile(version: Version): string {
  return `manifest_${version.text}.json`;
}

/** The version whose archive copy a file is by its name, or null. */
export function archivedVersion(name: string): Version | null {
  return readVersion(/^manifest_(.+)\.json$/.exec(name)?.[1] ?? '');
}
