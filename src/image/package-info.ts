import { attribute, type Element, elements, parseXml } from './package-xml.ts';
import { unreadable } from './seven-zip-module.ts';

/** A bundle that a package says to install. */
export interface PackageBundle {
  readonly id: string | null;
  /** Below the install location, without a leading `./`. */
  readonly path: string;
  readonly shortVersion: string | null;
  readonly bundleVersion: string | null;
}

/** What a component package says of itself in its `PackageInfo`. */
export interface PackageInfo {
  readonly identifier: string | null;
  readonly version: string | null;
  /** Where the payload's paths begin, e.g. `/` or `/Applications`. */
  readonly installLocation: string;
  /** The installer may put a bundle where it finds an older one instead. */
  readonly isRelocatable: boolean;
  /** Ids of the bundles that may be put elsewhere. */
  readonly relocates: readonly string[];
  /** Ids of the bundles that are left out where a newer one is in place. */
  readonly versionChecked: readonly string[];
  readonly bundles: readonly PackageBundle[];
  /** E.g. `none`, `restart`, `logout`, `shutdown`. */
  readonly postinstallAction: string | null;
  /** Names of the scripts to be run as root, e.g. `postinstall`. */
  readonly scripts: readonly string[];
}

/**
 * Reads a `PackageInfo`. Apple does not document it; keys are those that pkgbuild(1) writes.
 *
 * @throws UpdateError `image-unreadable`
 */
export async function readPackageInfo(path: string, name: string, text: string): Promise<PackageInfo> {
  const document = await parseXml(path, name, text);
  const [information, another] = elements(document, 'pkg-info');
  if (information === undefined || another !== undefined)
    throw unreadable(path, `its ${name} is not that of a package`);
  const relocates = idsIn(information, 'relocate');
  return {
    identifier: attribute(information, 'identifier'),
    version: attribute(information, 'version'),
    installLocation: attribute(information, 'install-location') ?? '/',
    // Of several lists, an empty one beside a full one must not hide it.
    isRelocatable: attribute(information, 'relocatable') === 'true' || relocates.length > 0,
    relocates,
    versionChecked: idsIn(information, 'bundle-version'),
    bundles: bundlesIn(information),
    postinstallAction: attribute(information, 'postinstall-action'),
    scripts: elements(information, 'scripts').flatMap((list) =>
      Object.keys(list).filter((key) => !key.startsWith('@') && key !== '#text'),
    ),
  };
}

/** Newer packages nest bundles as they lie in each other, older ones list them all. */
function bundlesIn(parent: Element): readonly PackageBundle[] {
  return elements(parent, 'bundle').flatMap((bundle) => [
    {
      id: attribute(bundle, 'id'),
      path: (attribute(bundle, 'path') ?? '').replace(/^\.\//, ''),
      shortVersion: attribute(bundle, 'CFBundleShortVersionString'),
      bundleVersion: attribute(bundle, 'CFBundleVersion'),
    },
    ...bundlesIn(bundle),
  ]);
}

function idsIn(information: Element, name: string): readonly string[] {
  return elements(information, name)
    .flatMap((list) => elements(list, 'bundle'))
    .map((bundle) => attribute(bundle, 'id') ?? attribute(bundle, 'path') ?? '');
}
