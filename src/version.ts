import { createRequire } from 'node:module';
import type { SemVer } from 'semver';
import type semverCompare from 'semver/functions/compare.js';
import { UpdateError } from './errors.ts';
import { quote } from './quote.ts';

/** One to four decimal parts. `text` is the version as it was given; missing parts are 0. */
export interface Version {
  readonly text: string;
  readonly parts: readonly [number, number, number, number];
}

const PART = '(?:0|[1-9][0-9]{0,8})';
const VERSION = new RegExp(`^${PART}(?:\\.${PART}){0,3}$`);

/**
 * Reads a version such as `2.0.0.46`: 1 to 4 decimal parts of at most 9 digits, without leading zeros.
 *
 * @throws UpdateError `version-invalid` for anything else, also for a leading `v` or surrounding blanks
 */
export function parseVersion(text: string): Version {
  const version = readVersion(text);
  if (version === null) {
    throw new UpdateError(
      'version-invalid',
      `${quote(text)} is not a version, so it cannot be compared. ` +
        'Write 1 to 4 numbers without leading zeros, separated by dots, such as 2.0.0.46.',
      { details: { version: text.slice(0, 80) } },
    );
  }
  return version;
}

/** As `parseVersion`, but null where the text is not a version. */
export function readVersion(text: string): Version | null {
  if (!VERSION.test(text)) return null;
  const [major = 0, minor = 0, patch = 0, build = 0] = text.split('.').map(Number);
  return { text, parts: [major, minor, patch, build] };
}

// Loading semver's comparison takes about 4 ms of the 10 ms that importing the client may cost, so it is
// loaded at the first comparison.
const load = createRequire(import.meta.url);
let compare: typeof semverCompare | null = null;

/**
 * Orders two versions part by part as numbers, missing parts being 0.
 *
 * The fourth part goes to semver as a pre-release (`X.Y.Z-W`): semver orders those by value and its equality
 * sees them, while build metadata (`X.Y.Z+W`) would be ignored.
 */
export function compareVersions(a: Version, b: Version): -1 | 0 | 1 {
  compare ??= load('semver/functions/compare.js') as typeof semverCompare;
  return compare(padVersion(a), padVersion(b));
}

/** True where both are the same number, however it is written: `2.0` is `2.0.0.0`. */
export function isSameVersion(a: Version, b: Version): boolean {
  return compareVersions(a, b) === 0;
}

/** The form that semver understands, always with all four parts: `X.Y.Z-W`. Equal versions give equal text. */
export function padVersion({ parts }: Version): string {
  return `${parts[0]}.${parts[1]}.${parts[2]}-${parts[3]}`;
}

/** For those who speak semver. */
export function toSemVer(version: Version): SemVer {
  const Constructor = load('semver/classes/semver.js') as typeof SemVer;
  return new Constructor(padVersion(version));
}

/** The Git tag under which a version is released, e.g. `v2.0.0.46`. */
export function versionTag(version: Version): string {
  return `v${version.text}`;
}

/** The version that a tag names, or null where it is not a version tag. Tags are case-sensitive. */
export function parseVersionTag(tag: string): Version | null {
  return tag.startsWith('v') ? readVersion(tag.slice(1)) : null;
}
