/** A part of electron-builder.yml. */
type Part = Readonly<Record<string, unknown>>;

export interface BuilderConfiguration extends Part {
  readonly directories?: Part;
  readonly files?: readonly unknown[];
  readonly extraMetadata?: Part;
  readonly electronFuses?: Part;
  readonly mac?: Part;
}

export interface TestBuild {
  readonly output: string;
  /** Folder that holds the bundled main of the test app, and its name. */
  readonly mainFolder: string;
  readonly main: string;
  readonly version: string;
}

/**
 * How the test app is packaged: as Nexy is, but for its main, the version, the signature, which the test makes itself,
 * and the one fuse that lets Playwright in. Pure.
 */
export function testConfiguration(shipped: BuilderConfiguration, build: TestBuild): BuilderConfiguration {
  return {
    ...shipped,
    directories: { ...shipped.directories, output: build.output },
    files: [...(shipped.files ?? []), { from: build.mainFolder, to: '.', filter: [build.main] }],
    extraMetadata: { ...shipped.extraMetadata, main: build.main },
    electronFuses: { ...shipped.electronFuses, enableNodeCliInspectArguments: true },
    mac: {
      ...shipped.mac,
      // Not signed, not notarised.
      identity: null,
      notarize: false,
      bundleVersion: build.version,
      bundleShortVersion: build.version,
    },
  };
}

/** Arguments of electron-builder: an app in a folder, for this Mac's processor, and nothing published. */
export function builderArguments(configuration: string, architecture: string): readonly string[] {
  return ['--mac', 'dir', `--${architecture}`, '--publish', 'never', '--config', configuration];
}
