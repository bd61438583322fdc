/** Argument arrays of the tools that make what the tests install. Pure; their sources are the man pages. */

/**
 * `codesign`: signs ad hoc. Nested code first and without a requirement, then the app itself.
 *
 * @param identifier what every next version has to have. A plain ad-hoc requirement is the code's own cdhash
 *   (recorded in codesign__display-r-adhoc.txt), which no next version can satisfy
 */
export function signArguments(app: string, identifier: string): readonly (readonly string[])[] {
  const adHoc = ['--force', '--sign', '-'];
  return [
    [...adHoc, '--deep', app],
    [...adHoc, `-r=designated => identifier "${identifier}"`, app],
  ];
}

export interface PackageParts {
  /** Folder that holds the app and nothing else. */
  readonly folder: string;
  /** Of the package and its receipt. */
  readonly identifier: string;
  readonly version: string;
  /** Folder that the app goes into. */
  readonly installLocation: string;
  /** Property list of the bundles in it, as `componentList` makes it. */
  readonly componentList: string;
}

/** `pkgbuild`: a component package. */
export function pkgbuildArguments(parts: PackageParts, output: string): readonly string[] {
  return [
    ...['--root', parts.folder],
    ...['--component-plist', parts.componentList],
    ...['--identifier', parts.identifier],
    ...['--version', parts.version],
    ...['--install-location', parts.installLocation],
    output,
  ];
}

/** `productbuild`: the product archive around a component, with a Distribution of its own making. */
export function productbuildArguments(component: string, output: string): readonly string[] {
  return ['--package', component, output];
}

/** Keys of pkgbuild(1), "COMPONENT PROPERTY LIST": as electron-builder.yml has them. */
export function componentsOf(appName: string): readonly Readonly<Record<string, string | boolean>>[] {
  return [
    {
      RootRelativeBundlePath: appName,
      BundleIsRelocatable: false,
      BundleIsVersionChecked: false,
      BundleHasStrictIdentifier: true,
      BundleOverwriteAction: 'upgrade',
    },
  ];
}
