import { UpdateError } from '../errors.ts';
import { compareVersions, isSameVersion, readVersion, type Version } from '../version.ts';
import type { Bundle } from './bundle.ts';
import { parsePropertyList, stringAt } from './property-list.ts';

/**
 * The version that a bundle goes by: the short version, else the bundle version (DESIGN.md section 4). A bundle
 * version that only adds parts to the short one (2.0.0.46 to 2.0.0) is the fuller form of it; without that an app
 * with both would be offered its own version for ever.
 */
export function versionOfBundle({
  shortVersion,
  bundleVersion,
}: Pick<Bundle, 'shortVersion' | 'bundleVersion'>): string | null {
  if (shortVersion === null) return bundleVersion;
  const isFuller =
    bundleVersion?.startsWith(`${shortVersion}.`) === true && readVersion(bundleVersion) !== null;
  return isFuller ? bundleVersion : shortVersion;
}

/**
 * Whether a bundle is of the version that is offered: one of its two version keys is that one, and what it will go by
 * once it is installed is not lower, or the same offer would come for ever (DESIGN.md section 6, step 4).
 */
export function isBundleOfVersion(
  bundle: Pick<Bundle, 'shortVersion' | 'bundleVersion'>,
  offered: Version,
): boolean {
  const isNamed = [bundle.shortVersion, bundle.bundleVersion].some((text) => {
    const version = readVersion(text ?? '');
    return version !== null && isSameVersion(version, offered);
  });
  const own = readVersion(versionOfBundle(bundle) ?? '');
  return isNamed && own !== null && compareVersions(own, offered) >= 0;
}

/**
 * The version of what is installed, for comparing.
 *
 * @param text as `versionOfBundle` gives it
 * @throws UpdateError `version-invalid`.
 */
export function installedVersion(text: string | null): Version {
  const version = text === null ? null : readVersion(text);
  if (version !== null) return version;
  throw new UpdateError(
    'version-invalid',
    text === null
      ? 'The installed app has no version, so it cannot be told whether another one is newer.'
      : `The installed version "${text}" is not of the form 1.2.3.4, so it cannot be told whether another one is newer.`,
    { details: { version: text } },
  );
}

/**
 * Reads the version of an installed app, for who cannot wait. Loads nothing before: an app's start pays for imports.
 *
 * @param app path of the bundle
 * @throws UpdateError `app-not-found`, `payload-incompatible`, `version-invalid`.
 */
export function readInstalledVersion(app: string): Version {
  const path = `${app}/Contents/Info.plist`;
  let bytes: Uint8Array;
  try {
    bytes = process.getBuiltinModule('node:fs').readFileSync(path);
  } catch (cause) {
    throw new UpdateError('app-not-found', `${app} is not an app that can be read.`, { cause });
  }
  const info = parsePropertyList(bytes, `The Info.plist of ${app}`);
  const [shortVersion, bundleVersion] = ['CFBundleShortVersionString', 'CFBundleVersion'].map((key) =>
    stringAt(info, key),
  );
  return installedVersion(
    versionOfBundle({ shortVersion: shortVersion ?? null, bundleVersion: bundleVersion ?? null }),
  );
}
