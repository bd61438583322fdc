import type { Channel, TrustPolicy } from '../config.ts';
import { quote } from '../quote.ts';
import { isSameVersion, parseVersionTag, readVersion, type Version, versionTag } from '../version.ts';
import { type Candidate, listCandidates } from './candidate.ts';
import { type Finding, makeFinding, sortFindings, type Verdict, verdictOf } from './finding.ts';
import { findFixedTag, type Generation } from './generation.ts';
import { judgeArtifact } from './judge-artifact.ts';
import {
  type Artifact,
  type ArtifactFields,
  type Manifest,
  type ManifestReading,
  makeManifest,
  readManifest,
} from './manifest.ts';
import { type ReleaseFile, readUrl } from './release-url.ts';

/** What this client makes of a manifest. */
export interface Assessment {
  /** Null where the manifest is invalid. Present, but not to be acted on, where it is rejected otherwise. */
  readonly manifest: Manifest | null;
  /** As given, also where it is not a valid version; null where it is missing or cannot be shown. */
  readonly version: string | null;
  readonly channel: Channel;
  /** Null when rejected. */
  readonly generation: Generation | null;
  readonly verdict: Verdict;
  /** All that apply, in the order of DESIGN.md section 3. */
  readonly findings: readonly Finding[];
  /** Places to fetch `manifest.artifact` from, in order; empty when rejected. */
  readonly candidates: readonly Candidate[];
}

/** The policy, and the keys of the config once it lists any. */
export interface AssessPolicy extends TrustPolicy {
  readonly keys?: readonly string[];
}

export interface Asked {
  /** The channel that was asked for; null where nobody asked for one (doctor). */
  readonly channel: Channel | null;
  /** File name, path or URL that the manifest came from; `beta` in its last part tells the channel. */
  readonly fileName?: string;
}

/**
 * Turns a manifest's bytes and the policy into everything there is to say about it. Pure; the one function
 * that client, doctor, publish flow and server share.
 *
 * @throws UpdateError `usage` when the policy itself cannot be used (its download base)
 */
export function assessManifest(bytes: Uint8Array, policy: AssessPolicy, asked: Asked): Assessment {
  const reading = readManifest(bytes);
  const version = readVersion(reading.fields.version ?? '');
  const release = readRelease(reading.artifact, policy);
  const channel = findChannel(reading, release, asked);
  const expectedChannel = asked.channel ?? channel;
  const findings = sortFindings([
    ...judgeForm(reading, version),
    ...judgeArtifacts(reading, (artifact) => judgeArtifact(artifact, { policy, version, expectedChannel })),
    ...judgeTag(reading.fields.tag ?? '', version, release),
    ...judgeChannel(reading.fields.channel ?? null, expectedChannel, release),
    ...judgeSignature(policy),
  ]);
  const verdict = verdictOf(findings);
  const manifest = makeManifest(bytes, reading);
  const isOffered = verdict !== 'reject' && manifest !== null;
  const { generation, candidates } = isOffered ? locate(manifest, release, channel, policy) : NOWHERE;
  return { manifest, version: findShownVersion(reading), channel, generation, verdict, findings, candidates };
}

type Location = Pick<Assessment, 'generation' | 'candidates'>;

const NOWHERE: Location = { generation: null, candidates: [] };

function locate(
  { artifact, version }: Manifest,
  release: ReleaseFile | null,
  channel: Channel,
  policy: TrustPolicy,
): Location {
  const generation = findGeneration(artifact, release);
  return { generation, candidates: listCandidates(artifact, version, generation, channel, policy) };
}

function readRelease({ url }: ArtifactFields, policy: TrustPolicy): ReleaseFile | null {
  return url ? readUrl(url, policy).release : null;
}

function findChannel(
  { fields, artifact }: ManifestReading,
  release: ReleaseFile | null,
  asked: Asked,
): Channel {
  const fixed = findFixedTag(release?.tag ?? '');
  const own = fields.channel ?? fixed?.channel;
  if (own !== undefined) return own;
  if (lastPart(asked.fileName ?? '').includes('beta')) return 'beta';
  // Without a URL the channel decides where the artifact lies, so the one that was asked for counts too.
  return artifact.url ? 'stable' : (asked.channel ?? 'stable');
}

function lastPart(fileName: string): string {
  const path = fileName.replace(/[?#].*/s, '');
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1).toLowerCase();
}

function findGeneration(artifact: Artifact, release: ReleaseFile | null): Generation {
  if (artifact.url === null) return 'no-url';
  if (release === null) return 'direct';
  return findFixedTag(release.tag ?? '') === null ? 'version-tag' : 'fixed-tag';
}

function findShownVersion({ fields }: ManifestReading): string | null {
  return fields.version !== undefined && /^[\x20-\x7e]{1,80}$/.test(fields.version) ? fields.version : null;
}

function judgeForm({ fields, problems }: ManifestReading, version: Version | null): readonly Finding[] {
  const findings: Finding[] = [];
  if (problems.length > 0) {
    const message = `The manifest is not one that clients can read: ${problems.join('; ')}. Nothing is offered from it. The publisher has to correct it.`;
    findings.push(makeFinding('manifest-invalid', message));
  }
  if (fields.version !== undefined && version === null) {
    findings.push(makeFinding('version-invalid', describeVersion('version', fields.version)));
  }
  const minimum = fields.minimum_auto_version;
  if (minimum !== undefined && minimum !== null && readVersion(minimum) === null) {
    findings.push(makeFinding('version-invalid', describeVersion('minimum_auto_version', minimum)));
  }
  return findings;
}

function describeVersion(key: string, text: string): string {
  return `The ${key} ${quote(text)} is not 1 to 4 numbers such as 2.0.0.46, so it cannot be compared. The publisher has to correct it.`;
}

/** The first of `artifacts` is `artifact` and not judged twice. */
function judgeArtifacts(
  { artifact, artifacts }: ManifestReading,
  judge: (artifact: ArtifactFields) => readonly Finding[],
): readonly Finding[] {
  const further = artifacts.slice(1).flatMap((each, index) => {
    const place = `artifacts[${index + 1}]`;
    return judge(each).map((finding) => ({ ...finding, message: `${place}: ${finding.message}` }));
  });
  return [...judge(artifact), ...further];
}

/**
 * The key `tag` names where the release lies: the version's own tag, or the very fixed tag of the URL (a
 * manifest for old clients may give the version tag here and the fixed tag in its URL).
 */
function judgeTag(tag: string, version: Version | null, release: ReleaseFile | null): readonly Finding[] {
  if (tag === '') return [];
  const tagged = parseVersionTag(tag);
  if (tagged !== null && (version === null || isSameVersion(tagged, version))) return [];
  const isFixedTagOfUrl = findFixedTag(tag) !== null && (release === null || release.tag === tag);
  if (isFixedTagOfUrl) return [];
  const wanted = version === null ? "the version's own tag" : versionTag(version);
  const message = `The key tag says ${quote(tag)}, which is neither ${wanted} nor the tag of the URL. The publisher has to correct it.`;
  return [makeFinding('tag-mismatch', message)];
}

/** The key `channel`; a fixed tag is judged with its URL, and where it says the same, once is enough. */
function judgeChannel(
  channel: Channel | null,
  expected: Channel,
  release: ReleaseFile | null,
): readonly Finding[] {
  if (channel === null || channel === expected) return [];
  if (findFixedTag(release?.tag ?? '')?.channel === channel) return [];
  const message = `The manifest is of the ${channel} channel, and ${expected} was asked for. Ask for ${channel}, or correct the address that the manifest was read from.`;
  return [makeFinding('channel-mismatch', message)];
}

function judgeSignature({ keys = [] }: AssessPolicy): readonly Finding[] {
  if (keys.length === 0) {
    const message =
      'There is no signature that this client can check: https and the host are all that vouches for it.';
    return [makeFinding('unsigned', message)];
  }
  // This version checks no signature yet. Keys in the config ask for one, so nothing may pass without.
  const message =
    'The config lists keys, and there is no signature that this client can check. Nothing is downloaded. The publisher has to sign the manifest, or the client has to be updated.';
  return [makeFinding('unsigned', message, 'reject')];
}
