import { join, resolve } from 'node:path';
import { UpdateError } from '../errors.ts';
import { readPackage } from '../image/package-contents.ts';
import type { Layout } from './layout.ts';

/**
 * Whether a package would put the right app exactly at the target (DESIGN.md section 6, step 7). The Installer moves
 * a relocatable bundle to wherever it finds an older copy, so that one is refused too.
 *
 * @throws UpdateError `image-unreadable`, `payload-not-found`, `bundle-id-mismatch`, `pkg-wrong-location`.
 */
export async function judgePackage(path: string, layout: Layout, bundleId: string): Promise<void> {
  const { components } = await readPackage(path);
  const bundles = components.flatMap(({ installLocation, isRelocatable, bundles: inside }) =>
    inside.map((bundle) => ({
      ...bundle,
      isRelocatable,
      place: resolve('/', join(installLocation, bundle.path)),
    })),
  );
  const apps = bundles.filter(({ path: inside }) => inside.endsWith('.app'));
  const own = apps.filter(({ id }) => id === bundleId);
  if (apps.length === 0) throw refusal('payload-not-found', 'it installs no app');
  if (own.length === 0) {
    throw refusal(
      'bundle-id-mismatch',
      `it installs ${apps[0]?.id ?? 'an app without a bundle id'}, not ${bundleId}`,
    );
  }
  const stray = bundles.find(({ place, isRelocatable }) => isRelocatable || !isInside(place, layout.target));
  if (stray === undefined) return;
  const where = stray.isRelocatable ? 'to wherever an older copy lies' : `to ${stray.place}`;
  throw refusal('pkg-wrong-location', `it installs ${where}, not to ${layout.target}`);
}

function isInside(place: string, target: string): boolean {
  return place === target || place.startsWith(`${target}/`);
}

function refusal(
  code: 'payload-not-found' | 'bundle-id-mismatch' | 'pkg-wrong-location',
  reason: string,
): UpdateError {
  return new UpdateError(
    code,
    `The package was not installed: ${reason}. Nothing was changed. The release team has to publish it again.`,
  );
}
