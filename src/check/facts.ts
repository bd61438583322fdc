import type { Manifest } from '../manifest/manifest.ts';
import type { Version } from '../version.ts';
import type { Facts } from './decide.ts';
import { readInstallationId } from './installation-id.ts';
import type { Architecture } from './machine-requirement.ts';
import { type FailedStart, readRefusals } from './refusals.ts';
import { findRolloutBucket, ROLLOUT_BUCKETS } from './rollout-bucket.ts';
import { readSkippedVersion } from './skips.ts';

/** Where the facts about app and machine come from: Electron, Apple's tools, or a test. */
export interface FactSources {
  /** Rejects where the app's version cannot be read: without it there is nothing to decide. */
  readonly readCurrentVersion: () => Promise<Version>;
  readonly readMacosVersion: () => Promise<string | null>;
  readonly readHardware: () => Promise<{
    readonly architecture: Architecture | null;
    readonly hasRosetta: boolean;
  }>;
  readonly readPlace: () => Promise<{
    readonly isReadOnlyVolume: boolean;
    readonly isTranslocated: boolean;
  }>;
}

/** Answers to "what if": they reach `decide()` and nothing else. */
export interface PretendedFacts {
  readonly macosVersion?: string;
  readonly architecture?: Architecture;
  readonly rolloutBucket?: number;
  readonly now?: Date;
}

export interface FactRequest {
  /** Null where there is none to decide about. */
  readonly manifest: Manifest | null;
  readonly stateFolder: string;
  readonly isManual: boolean;
  readonly allowDowngrade: boolean;
  /** What was taken back, as journals beside the app tell, whether or not it was copied into the state folder yet. */
  readonly failedStarts?: readonly FailedStart[];
  /** The clock of this Mac, whatever is pretended. */
  readonly now: () => Date;
  readonly pretended?: PretendedFacts;
}

/**
 * Collects what `decide()` needs. Facts about the machine that cannot be read become unknown, with a warning;
 * unknown never blocks.
 *
 * @throws whatever `readCurrentVersion` throws
 */
export async function gatherFacts(
  sources: FactSources,
  request: FactRequest,
): Promise<{ readonly facts: Facts; readonly warnings: readonly string[] }> {
  const warnings: string[] = [];
  const orElse = async <Value>(name: string, read: () => Promise<Value>, unknown: Value): Promise<Value> => {
    try {
      return await read();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      warnings.push(`${name} could not be read, and does not hold back an update: ${reason}`);
      return unknown;
    }
  };
  const { manifest, stateFolder, pretended = {} } = request;
  const [
    currentVersion,
    macosVersion,
    hardware,
    place,
    { refusals, warnings: refusalWarnings },
    skippedVersion,
  ] = await Promise.all([
    sources.readCurrentVersion(),
    orElse('The macOS version', sources.readMacosVersion, null),
    orElse("This Mac's architecture", sources.readHardware, { architecture: null, hasRosetta: false }),
    orElse('The place of the app', sources.readPlace, { isReadOnlyVolume: false, isTranslocated: false }),
    readRefusals(stateFolder),
    readSkippedVersion(stateFolder),
  ]);
  const rolloutBucket =
    pretended.rolloutBucket ??
    (await orElse('The installation id', () => readBucket(manifest, stateFolder), ROLLOUT_BUCKETS - 1));
  const facts: Facts = {
    currentVersion,
    allowDowngrade: request.allowDowngrade,
    macosVersion: pretended.macosVersion ?? macosVersion,
    architecture: pretended.architecture ?? hardware.architecture,
    hasRosetta: hardware.hasRosetta,
    refusals: [...refusals, ...(request.failedStarts ?? [])],
    ...place,
    skippedVersion,
    rolloutBucket,
    now: pretended.now ?? request.now(),
    isManual: request.isManual,
  };
  return { facts, warnings: [...refusalWarnings, ...warnings] };
}

/** No id is made before a rollout asks for one. */
async function readBucket(manifest: Manifest | null, stateFolder: string): Promise<number> {
  const salt = manifest?.rollout?.salt;
  return salt === undefined ? 0 : findRolloutBucket(salt, await readInstallationId(stateFolder));
}
