import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bundle, readBundle } from '../bundle/bundle.ts';
import { UpdateError } from '../errors.ts';

/** What an artifact turned out to contain. */
export type Payload =
  | { readonly kind: 'app'; readonly bundle: Bundle }
  | { readonly kind: 'package'; readonly path: string };

/**
 * Step 3 of an install: finds the one app at the top level of the mounted volumes. Links, hidden files and Finder
 * aliases (which are files) do not count; a package counts only where there is no app.
 *
 * @throws UpdateError `payload-not-found`, `payload-ambiguous`, `bundle-id-mismatch`.
 */
export async function findPayload(mountPoints: readonly string[], bundleId: string): Promise<Payload> {
  const entries = await topLevelEntries(mountPoints);
  const apps = entries.filter((entry) => entry.isDirectory() && entry.name.endsWith('.app')).map(pathOf);
  const packages = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.pkg')).map(pathOf);
  if (apps.length > 1 || (apps.length === 0 && packages.length > 1)) throw ambiguous([...apps, ...packages]);
  const [app] = apps;
  const [pkg] = packages;
  if (app !== undefined) return { kind: 'app', bundle: await readExpected(app, bundleId) };
  if (pkg !== undefined) return { kind: 'package', path: pkg };
  throw new UpdateError(
    'payload-not-found',
    'The disk image contains no app, so it cannot be installed. Nothing was changed. The release team has to publish it again.',
    { details: { found: entries.map(({ name }) => name) } },
  );
}

async function topLevelEntries(mountPoints: readonly string[]): Promise<readonly Dirent[]> {
  const lists = await Promise.all(mountPoints.map((folder) => readdir(folder, { withFileTypes: true })));
  return lists.flat().filter(({ name }) => !name.startsWith('.'));
}

function pathOf(entry: Dirent): string {
  return join(entry.parentPath, entry.name);
}

async function readExpected(path: string, bundleId: string): Promise<Bundle> {
  const bundle = await readBundle(path).catch((error: unknown) => {
    throw new UpdateError(
      'payload-not-found',
      `What is called an app in the disk image is none. Nothing was changed.`,
      {
        cause: error,
      },
    );
  });
  if (bundle.bundleId === bundleId) return bundle;
  throw new UpdateError(
    'bundle-id-mismatch',
    `The disk image contains another app (${bundle.bundleId ?? 'without a bundle id'}) than the installed one (${bundleId}). Nothing was changed.`,
    { details: { expected: bundleId, found: bundle.bundleId } },
  );
}

function ambiguous(paths: readonly string[]): UpdateError {
  const names = paths.map((path) => path.slice(path.lastIndexOf('/') + 1));
  return new UpdateError(
    'payload-ambiguous',
    `The disk image contains more than one app (${names.join(', ')}), so it is not clear which to install. Nothing was changed.`,
    { details: { found: names } },
  );
}
