import type { PlannedRelease } from './migration-plan.ts';

/** Folder of the manifests that old installations read. */
export const OLD_FOLDER = 'manifests';
/** Folder of the manifests that the transition release, and all after it, read. */
export const NEW_FOLDER = 'manifests-next';
/** Stand for the addresses at which the two folders are served. */
export const OLD_FEED = 'https://updates.example.com/';
export const NEW_FEED = 'https://updates.example.com/next/';

/** Folder that a build of that release leaves its files in. */
export function inboxOf({ version }: PlannedRelease): string {
  return `inbox-${version}`;
}
