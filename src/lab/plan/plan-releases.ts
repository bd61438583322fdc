import { parseMacosVersion } from '../../check/machine-requirement.ts';
import { UpdateError } from '../../errors.ts';
import { quote } from '../../quote.ts';
import { compareVersions, parseVersion, parseVersionTag, readVersion, type Version } from '../../version.ts';
import { readBuildNumber } from '../clients/build-number.ts';
import { raiseParts } from '../raise-parts.ts';
import { startsOn } from '../run/judge.ts';
import type { ClientSpec } from '../scenario/scenario.ts';
import { artifactText, wholeBuildOf } from './current-offers.ts';
import type { PlannedRelease } from './migration-plan.ts';
import type { PlanInput } from './plan-input.ts';

export interface PlannedReleases {
  readonly transition: PlannedRelease;
  readonly following: PlannedRelease;
  /** The highest version that there ever was, and where; null where there was none. */
  readonly highest: { readonly version: Version; readonly where: string } | null;
  /** The highest whole number that anybody compares builds by; null where nobody does. */
  readonly highestBuild: number | null;
  /** What of the wishes makes it unsafe, each a sentence. */
  readonly problems: readonly string[];
}

const FIRST_VERSION = parseVersion('1.0.0.0');

/**
 * Versions, build numbers and minimums of the next two releases.
 *
 * @throws UpdateError `version-invalid`, `usage` for wishes that are no versions
 */
export function planReleases(input: PlanInput): PlannedReleases {
  const { wishes, clients } = input;
  const highest = findHighest(input);
  const highestBuild = findHighestBuild(input);
  const version =
    wishes.nextVersion === null ? raise(highest?.version ?? FIRST_VERSION) : parseVersion(wishes.nextVersion);
  const minimumOs = wishes.nextMinimumOs ?? findMinimum(input);
  const transition = {
    version: version.text,
    bundleVersion: highestBuild === null ? version.text : String(highestBuild + 1),
    minimumOs: assertMacos(minimumOs),
  };
  const next = raise(version);
  const following = {
    version: next.text,
    bundleVersion: highestBuild === null ? next.text : String(highestBuild + 2),
    minimumOs: assertMacos(wishes.followingMinimumOs),
  };
  const problems: string[] = [];
  if (highest !== null && compareVersions(version, highest.version) <= 0)
    problems.push(
      `${version.text} is not above ${highest.version.text} (${highest.where}): whoever has that is not offered it, and stays cut off.`,
    );
  for (const client of clients.filter(ignoresMinimum)) {
    if (!startsOn(client.macos, minimumOs))
      problems.push(
        `${version.text} is to need macOS ${minimumOs}, and "${client.name}" (macOS ${client.macos}) does not look at min_os: it would install an app that does not start, and no update mends that.`,
      );
  }
  return { transition, following, highest, highestBuild, problems };
}

/** Models that read a manifest look at nothing in it but build or version, address, size and digests. */
export function ignoresMinimum(client: ClientSpec): boolean {
  return client.model === 'manifest';
}

function findHighest({ manifests, host, clients }: PlanInput): PlannedReleases['highest'] {
  const known: { readonly version: Version | null; readonly where: string }[] = [
    ...manifests.map(({ version, file }) => ({
      version: readVersion(version ?? ''),
      where: `offered by ${quote(file)}`,
    })),
    ...(host?.versionTags ?? []).map((tag) => ({
      version: parseVersionTag(tag),
      where: `tag ${quote(tag)}`,
    })),
    ...clients.flatMap(({ name, installed: { version, bundleVersion = version } }) =>
      // A whole number is a build, and no version.
      [version, ...(readBuildNumber(bundleVersion) === null ? [bundleVersion] : [])].map((text) => ({
        version: readVersion(text),
        where: `installed on "${name}"`,
      })),
    ),
  ];
  let highest: PlannedReleases['highest'] = null;
  for (const { version, where } of known) {
    if (version === null || (highest !== null && compareVersions(version, highest.version) <= 0)) continue;
    highest = { version, where };
  }
  return highest;
}

function findHighestBuild({ manifests, clients }: PlanInput): number | null {
  const builds = [
    ...manifests.flatMap((each) => [wholeBuildOf(each), readBuildNumber(each.promised?.bundleVersion)]),
    ...clients.map(({ installed }) => readBuildNumber(installed.bundleVersion ?? installed.version)),
  ].filter((build) => build !== null);
  const isCompared = clients.some((each) => each.model === 'manifest' && each.compares === 'integer-build');
  if (builds.length === 0 && !isCompared) return null;
  // Sparkle compares a whole number with the first part of a dotted one.
  const parts = [...manifests, ...clients.map(({ installed }) => installed)].map(
    ({ version }) => readVersion(version ?? '')?.parts[0] ?? 0,
  );
  return Math.max(0, ...builds, ...parts);
}

/** The oldest macOS that any installation was ever promised to work on, or has. */
function findMinimum({ manifests, clients }: PlanInput): string {
  const promised = manifests.map((each) => artifactText(each, 'min_os'));
  // Somebody with 11.7 in the lab stands for all with macOS 11.
  const held = clients.filter(ignoresMinimum).map(({ macos }) => `${parseMacosVersion(macos)?.[0] ?? 11}.0`);
  let lowest: string | null = null;
  for (const text of [...promised, ...held]) {
    if (text === null || parseMacosVersion(text) === null) continue;
    if (lowest === null || !startsOn(text, lowest)) lowest = text;
  }
  return lowest ?? '11.0';
}

function assertMacos(text: string): string {
  if (parseMacosVersion(text) !== null) return text;
  throw new UpdateError('usage', `"${text}" is not a version of macOS such as 11.0. No plan was made.`);
}

/** The lowest version above that one. */
function raise({ text, parts }: Version): Version {
  const next = raiseParts(parts);
  if (next === null) throw new UpdateError('version-invalid', `There is no version above ${text}.`);
  return parseVersion(next.join('.'));
}
