import type { Manifest } from '../../manifest/manifest.ts';
import { compareVersions, parseVersion, readVersion } from '../../version.ts';
import type { Inbox } from '../inbox/inbox.ts';

/** What every manifest of the legacy era asked for, so that older Macs than that have no installation. */
const OLDEST_MACOS = parseVersion('11.0');

/**
 * What to warn of when a version is to be offered: installations that go by whole build numbers do not look at
 * `min_os`, and would install what does not start. Null where that cannot be, or where the channel offers such a version
 * already, so that none of them can be reading it. Pure.
 *
 * @param current what the channel offers now
 */
export function findIgnoredMinimum(
  { buildNumber, minimumOs }: Pick<Inbox, 'buildNumber' | 'minimumOs'>,
  current: Pick<Manifest, 'build' | 'artifact'> | null,
): string | null {
  const isSeen = (build: string | null): boolean => build !== null && /^\d+$/.test(build);
  if (buildNumber === null || minimumOs === null || !isAboveOldest(minimumOs)) return null;
  if (current !== null && isSeen(current.build) && isAboveOldest(current.artifact.minOs ?? '')) return null;
  return `THE OLDEST INSTALLATIONS MAY END WITH AN APP THAT DOES NOT START: those that go by whole build numbers (this one is ${buildNumber}) do not look at min_os, and would install this version on a Mac with less than macOS ${minimumOs} too. Publish it into a folder of manifests that they do not read; "nexy-updater lab --plan" shows the way.`;
}

function isAboveOldest(minimumOs: string): boolean {
  const minimum = readVersion(minimumOs);
  return minimum !== null && compareVersions(minimum, OLDEST_MACOS) > 0;
}
