import { lstat, realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { readArchitectures } from '../bundle/architectures.ts';
import { type Bundle, executablePath } from '../bundle/bundle.ts';
import { isBundleOfVersion } from '../bundle/bundle-version.ts';
import { UpdateError } from '../errors.ts';
import { compareVersions, readVersion, type Version } from '../version.ts';
import type { Machine } from './machine.ts';

export interface Expectation {
  /** The version that the manifest promised. */
  readonly offered: Version;
  /** The installed version; null when it has none that can be compared. */
  readonly current: Version | null;
  readonly allowDowngrade: boolean;
  readonly machine: Machine;
}

const verified = Symbol('verified payload');

/** A payload whose own words agree with the manifest and with this Mac. Only `verifyPayload` makes one. */
export interface VerifiedPayload {
  readonly [verified]: true;
  readonly bundle: Bundle;
  readonly version: Version;
}

/**
 * Step 4 of an install: what the bundle says of itself against what the manifest promised. Its bundle id was
 * compared when it was found.
 *
 * @throws UpdateError `payload-version-mismatch` (details name the versions found), `payload-incompatible`.
 */
export async function verifyPayload(bundle: Bundle, expectation: Expectation): Promise<VerifiedPayload> {
  verifyVersion(bundle, expectation);
  verifySystemVersion(bundle, expectation.machine);
  await verifyExecutable(bundle, expectation.machine);
  return { [verified]: true, bundle, version: expectation.offered };
}

/** Manifests have offered 2.0.0.46 with the bytes of 2.0.0.31 (DESIGN.md section 6, step 4). */
function verifyVersion(bundle: Bundle, { offered, current, allowDowngrade }: Expectation): void {
  const found = [bundle.shortVersion, bundle.bundleVersion].filter((text) => text !== null);
  const isPromised = isBundleOfVersion(bundle, offered);
  const isNewer = current === null || allowDowngrade || compareVersions(offered, current) > 0;
  if (isPromised && isNewer) return;
  const contained = found[0] ?? 'an app without a version';
  throw new UpdateError(
    'payload-version-mismatch',
    isPromised
      ? `${offered.text} was not installed: it is not newer than the installed ${current?.text}. Nothing was changed.`
      : `${offered.text} was not installed: the download contains ${contained}. Nothing was changed. The release team has to publish it again.`,
    { details: { offered: offered.text, found } },
  );
}

function verifySystemVersion(bundle: Bundle, machine: Machine): void {
  const minimum = bundle.minimumSystemVersion === null ? null : readVersion(bundle.minimumSystemVersion);
  const system = machine.systemVersion === null ? null : readVersion(machine.systemVersion);
  if (minimum === null || system === null || compareVersions(system, minimum) >= 0) return;
  throw incompatible(
    `This version needs macOS ${bundle.minimumSystemVersion}, and this Mac runs ${machine.systemVersion}.`,
    { minimum: bundle.minimumSystemVersion, system: machine.systemVersion },
  );
}

async function verifyExecutable(bundle: Bundle, machine: Machine): Promise<void> {
  const path = executablePath(bundle);
  const status = path === null ? null : await lstat(path).catch(() => null);
  const isInside = path !== null && (await isWithin(bundle.path, path));
  if (path === null || status === null || !isInside || !status.isFile() || (status.mode & 0o111) === 0) {
    throw incompatible('The app in the download has no program that could be started.', {
      executable: bundle.executable,
    });
  }
  const architectures = await readArchitectures(path);
  if (architectures === null || machine.architecture === null || runsOn(architectures, machine)) return;
  throw incompatible(
    `This version was built for ${architectures.join(' and ')}, and this Mac has ${machine.architecture}.`,
    { architectures, machine: machine.architecture },
  );
}

/** Whether no link on the way leads out of the bundle. */
async function isWithin(bundlePath: string, path: string): Promise<boolean> {
  const [root, real] = await Promise.all([realpath(bundlePath), realpath(path).catch(() => '')]);
  return real === join(root, relative(bundlePath, path));
}

/** arm64e executables of other developers do not start on released systems, so they do not count as arm64. */
function runsOn(architectures: readonly string[], machine: Machine): boolean {
  const runsIntelCode = machine.architecture === 'x86_64' || machine.hasRosetta !== false;
  return (
    (machine.architecture === 'arm64' && architectures.includes('arm64')) ||
    (runsIntelCode && architectures.some((name) => name.startsWith('x86_64')))
  );
}

function incompatible(reason: string, details: Readonly<Record<string, unknown>>): UpdateError {
  return new UpdateError('payload-incompatible', `${reason} Nothing was changed.`, { details });
}
