/** What a stand-in for a released disk image holds. Small, but as real an image as the release team's: HFS Plus, one app. */
export interface BuildPlan {
  /** `app`, or the 33-byte text file that manifests offered for months. */
  readonly kind: 'app' | 'text';
  /** CFBundleShortVersionString. */
  readonly version: string;
  /** CFBundleVersion: the version again, or a whole number such as `20600`, as the first releases had. */
  readonly bundleVersion: string;
  /** LSMinimumSystemVersion. */
  readonly minimumOs: string;
  /** Tells two builds of one version apart: other labels give other bytes. */
  readonly label: string;
  /** The updater inside: the one that installs this build, or ours. */
  readonly updater: 'same' | 'ours';
}

/** A build's bytes. The same plan always gives the same ones. */
export interface Build {
  readonly plan: BuildPlan;
  readonly bytes: Uint8Array;
  /** 64 hex digits. */
  readonly sha256: string;
}

/** A plan with everything that is not said as usual: dotted numbers, macOS 11.0, the same updater. */
export function buildPlan(version: string, more: Partial<BuildPlan> = {}): BuildPlan {
  return {
    kind: 'app',
    version,
    bundleVersion: version,
    minimumOs: '11.0',
    label: '',
    updater: 'same',
    ...more,
  };
}
