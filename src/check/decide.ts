import type { DecisionReason } from '../errors.ts';
import type { Assessment } from '../manifest/assess.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { quote } from '../quote.ts';
import { compareVersions, isSameVersion, type Version } from '../version.ts';
import {
  type Architecture,
  isMacosAtLeast,
  parseArch,
  parseMacosVersion,
  parseRunningMacos,
} from './machine-requirement.ts';
import { FAILED_START_DAYS, findRefusal, type Refusal } from './refusals.ts';
import { isBucketServed, ROLLOUT_BUCKETS, rolloutThreshold } from './rollout-bucket.ts';

/** Everything outside the manifest that a decision depends on. */
export interface Facts {
  readonly currentVersion: Version;
  readonly allowDowngrade: boolean;
  /** Of the running macOS, e.g. `26.5.2`; null when unknown, which never blocks. */
  readonly macosVersion: string | null;
  /** Of the hardware; null when unknown, which never blocks. */
  readonly architecture: Architecture | null;
  /** Whether x86_64 programs run on Apple silicon here. */
  readonly hasRosetta: boolean;
  readonly refusals: readonly Refusal[];
  /** Whether the target lies on a volume that nobody can write to, such as a mounted disk image. */
  readonly isReadOnlyVolume: boolean;
  /** Whether macOS runs the app from a random read-only place (`/AppTranslocation/`). */
  readonly isTranslocated: boolean;
  readonly skippedVersion: Version | null;
  /** 0 to 9999, for the manifest's salt. */
  readonly rolloutBucket: number;
  readonly now: Date;
  /** Whether a person asked just now. */
  readonly isManual: boolean;
}

export interface Decision {
  readonly action: 'update' | 'none' | 'held' | 'reject';
  readonly reason: DecisionReason;
  /** For a person: what, what it means, what to do. */
  readonly message: string;
  /** The offer may be shown, but must not be installed until somebody asks. */
  readonly announceOnly: boolean;
}

type Rule = (manifest: Manifest, facts: Facts) => Omit<Decision, 'announceOnly'> | null;

/** In the order of DESIGN.md section 4: the first rule that has something to say decides. */
const RULES: readonly Rule[] = [
  holdBackOlder,
  holdForOperatingSystem,
  holdForArchitecture,
  holdRefusedArtifact,
  holdOnReadOnlyVolume,
  holdWhereTranslocated,
  holdSkippedVersion,
  holdForRollout,
];

/** Whether the manifest's version is to be installed here and now. Pure. */
export function decide(assessment: Assessment, facts: Facts): Decision {
  const { manifest, verdict } = assessment;
  if (manifest === null || verdict === 'reject') return rejectManifest(assessment);
  for (const rule of RULES) {
    const decision = rule(manifest, facts);
    if (decision !== null) return { ...decision, announceOnly: false };
  }
  const { currentVersion } = facts;
  const announceOnly = isAnnounceOnly(manifest, facts);
  const isOlder = compareVersions(manifest.version, currentVersion) < 0;
  const what = `Version ${manifest.version.text} is offered and ${currentVersion.text} is installed.`;
  const meaning = isOlder ? ' It is older, and going back was explicitly allowed.' : ' It fits this Mac.';
  const next = announceOnly
    ? ' It is installed only when somebody asks for it.'
    : ' It can be installed now.';
  return { action: 'update', reason: 'newer', message: `${what}${meaning}${next}`, announceOnly };
}

function rejectManifest({ version, findings }: Assessment): Decision {
  const rejections = findings.filter(({ severity }) => severity === 'reject').map(({ message }) => message);
  const what = version === null ? 'The offer' : `The offer of version ${quote(version)}`;
  const message = `${what} was rejected, and nothing was downloaded. ${rejections.join(' ')}`;
  return { action: 'reject', reason: 'manifest-rejected', message, announceOnly: false };
}

function holdBackOlder({ version }: Manifest, { currentVersion, allowDowngrade }: Facts): ReturnType<Rule> {
  const order = compareVersions(version, currentVersion);
  if (order === 0) {
    const message = `Version ${currentVersion.text} is installed, and that is what is offered. There is nothing to do.`;
    return { action: 'none', reason: 'up-to-date', message };
  }
  if (order > 0 || allowDowngrade) return null;
  const message = `Version ${version.text} is offered, which is older than the installed ${currentVersion.text}. Nothing is changed; going back has to be allowed explicitly.`;
  return { action: 'none', reason: 'older', message };
}

function holdForOperatingSystem({ version, artifact }: Manifest, facts: Facts): ReturnType<Rule> {
  const running = parseRunningMacos(facts.macosVersion);
  if (running === null || artifact.minOs === null || artifact.minOs.trim() === '') return null;
  const minimum = parseMacosVersion(artifact.minOs);
  if (minimum === null) {
    // Offering it would fetch hundreds of megabytes that may not run; the publisher can correct it in a minute.
    const message = `Version ${version.text} asks for macOS ${quote(artifact.minOs)}, which is no version, so nobody can tell whether it runs here. It is held back. The publisher has to correct min_os.`;
    return { action: 'held', reason: 'os-too-old', message };
  }
  if (isMacosAtLeast(running, minimum)) return null;
  const message = `Version ${version.text} needs macOS ${minimum.join('.')} or later, and this Mac runs ${running.join('.')}. It is held back until macOS is updated.`;
  return { action: 'held', reason: 'os-too-old', message };
}

function holdForArchitecture({ version, artifact }: Manifest, facts: Facts): ReturnType<Rule> {
  const offered = parseArch(artifact.arch);
  if (offered === null || facts.architecture === null) return null;
  const isForIntel = offered.includes('x86_64');
  if (offered.includes(facts.architecture) || (isForIntel && facts.hasRosetta)) return null;
  const advice = isForIntel
    ? 'Install Rosetta (softwareupdate --install-rosetta), or wait for a version for Apple silicon.'
    : 'The publisher has to offer a version for it.';
  const message = `Version ${version.text} is built for ${quote(artifact.arch ?? '')} and does not run on this Mac (${facts.architecture}). It is held back. ${advice}`;
  return { action: 'held', reason: 'arch-unsupported', message };
}

function holdRefusedArtifact({ version, artifact }: Manifest, facts: Facts): ReturnType<Rule> {
  const refusal = findRefusal(facts.refusals, { sha256: artifact.sha256, version }, facts);
  if (refusal === null) return null;
  const message =
    refusal.kind === 'failed-start'
      ? `Version ${version.text} was installed before and taken back, since it did not stay up or somebody asked for it. It is not tried again by itself for ${FAILED_START_DAYS} days; ask for the update to try it now.`
      : `Version ${version.text} is not downloaded again: its bytes contain ${describeContents(refusal.contains)}. Nothing was changed. The release team has to publish it again.`;
  return { action: 'held', reason: 'artifact-refused-before', message };
}

/** Both of a bundle's version keys may say the same. */
function describeContents(contains: readonly string[]): string {
  return [...new Set(contains)].map(quote).join(' and ') || 'another version';
}

function holdOnReadOnlyVolume({ version }: Manifest, { isReadOnlyVolume }: Facts): ReturnType<Rule> {
  if (!isReadOnlyVolume) return null;
  const message = `Version ${version.text} cannot be installed where the app is: that volume cannot be written to, as with an open disk image. Move the app to the Applications folder and start it from there.`;
  return { action: 'held', reason: 'read-only-volume', message };
}

function holdWhereTranslocated({ version }: Manifest, { isTranslocated }: Facts): ReturnType<Rule> {
  if (!isTranslocated) return null;
  const message = `Version ${version.text} cannot be installed while macOS runs the app from a temporary copy (App Translocation). Quit it, move it to the Applications folder with the Finder and start it from there.`;
  return { action: 'held', reason: 'translocated', message };
}

function holdSkippedVersion({ version, critical }: Manifest, facts: Facts): ReturnType<Rule> {
  if (critical || facts.isManual || facts.skippedVersion === null) return null;
  if (!isSameVersion(version, facts.skippedVersion)) return null;
  const message = `Version ${version.text} was skipped by the user. It is not offered again until somebody asks for updates; a newer version will be.`;
  return { action: 'held', reason: 'skipped-by-user', message };
}

function holdForRollout({ version, rollout, critical }: Manifest, facts: Facts): ReturnType<Rule> {
  if (rollout === null || critical || facts.isManual) return null;
  const { percentage } = rollout;
  const bucket = facts.rolloutBucket;
  if (isBucketServed(bucket, percentage)) return null;
  const threshold = rolloutThreshold(percentage);
  const served =
    threshold === null
      ? `The rollout percentage ${quote(String(percentage))} is not a number, so nobody is served.`
      : `Version ${version.text} goes to ${percentage} % of installations so far, which are the buckets below ${threshold} of ${ROLLOUT_BUCKETS}.`;
  const message = `${served} This installation is in bucket ${bucket} and gets it when the rollout reaches it, or as soon as somebody asks for the update.`;
  return { action: 'held', reason: 'rollout', message };
}

/** DESIGN.md section 3: announce, never install unasked. */
function isAnnounceOnly({ autoInstall, minimumAutoVersion }: Manifest, facts: Facts): boolean {
  if (facts.isManual) return false;
  const isTooOld =
    minimumAutoVersion !== null && compareVersions(facts.currentVersion, minimumAutoVersion) < 0;
  return !autoInstall || isTooOld;
}
