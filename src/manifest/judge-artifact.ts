import type { Channel, TrustPolicy } from '../config.ts';
import { quote } from '../quote.ts';
import { isSameVersion, parseVersionTag, type Version, versionTag } from '../version.ts';
import { type Finding, makeFinding } from './finding.ts';
import { ARTIFACT_TYPES, findFixedTag, isArtifactType } from './generation.ts';
import { MAXIMUM_ARTIFACT_BYTES } from './limits.ts';
import type { ArtifactFields } from './manifest.ts';
import { extensionOf, type ReleaseFile, readUrl, type UrlReading } from './release-url.ts';

/** GitHub changes names with other characters at the upload (ANCHORS.md 5). */
const ASSET_NAME = /^[A-Za-z0-9._-]+$/;

export interface JudgeContext {
  readonly policy: TrustPolicy;
  /** Null where the manifest's version is missing or invalid. */
  readonly version: Version | null;
  /** The channel asked for, else the manifest's own. */
  readonly expectedChannel: Channel;
}

/** Everything there is to say about one artifact; fields that are missing or of a wrong type are passed over. */
export function judgeArtifact(fields: ArtifactFields, context: JudgeContext): readonly Finding[] {
  return [
    ...judgeType(fields.type),
    ...judgeUrl(fields, context),
    ...judgeSha256(fields.sha256),
    ...judgeSize(fields.size),
  ];
}

function judgeType(type: string | undefined): readonly Finding[] {
  if (type === undefined || isArtifactType(type)) return [];
  const message = `The artifact is of type ${quote(type)}, which cannot be installed. The publisher has to offer a "dmg" or a "pkg".`;
  return [makeFinding('artifact-type', message)];
}

function judgeSha256(sha256: string | undefined): readonly Finding[] {
  if (sha256 === undefined || /^[0-9a-f]{64}$/i.test(sha256)) return [];
  const message = `The sha256 ${quote(sha256)} is not 64 hexadecimal digits, so no download could be checked. The publisher has to correct it.`;
  return [makeFinding('sha256-invalid', message)];
}

function judgeSize(size: number | undefined): readonly Finding[] {
  if (size === undefined) return [];
  if (Number.isSafeInteger(size) && size > 0 && size <= MAXIMUM_ARTIFACT_BYTES) return [];
  const message = `The size ${size} is not a whole number of bytes between 1 and ${MAXIMUM_ARTIFACT_BYTES} (4 GiB). The publisher has to correct it.`;
  return [makeFinding('size-invalid', message)];
}

function judgeUrl(fields: ArtifactFields, context: JudgeContext): readonly Finding[] {
  // A URL of a wrong type has no entry, while a missing one has an empty entry: only that one is url-missing.
  if (!Object.hasOwn(fields, 'url')) return [];
  if (!fields.url) {
    const message = `No URL: the fixed tag of the ${context.expectedChannel} channel is tried, then the version tag. A manifest should name the version tag's URL.`;
    return [makeFinding('url-missing', message)];
  }
  const reading = readUrl(fields.url, context.policy);
  const findings = [...judgeUrlType(fields.type, reading)];
  if (reading.insecurity !== null) findings.push(makeFinding('artifact-url-insecure', reading.insecurity));
  if (reading.isHostForeign)
    findings.push(makeFinding('foreign-host', describeForeignHost(reading, context.policy)));
  if (reading.release !== null) findings.push(...judgeRelease(reading.release, context));
  return findings;
}

function judgeUrlType(type: string | undefined, { file, release }: UrlReading): readonly Finding[] {
  const expected = isArtifactType(type) ? [type] : ARTIFACT_TYPES;
  const isOfType = expected.some((known) => known === extensionOf(file));
  if (isOfType && (release === null || ASSET_NAME.test(file))) return [];
  const message = `The URL's file ${quote(file)} is no ${expected.map((known) => `.${known}`).join(' or ')} file, so there is nothing to install behind it. The publisher has to give the artifact's own URL.`;
  return [makeFinding('artifact-url-type', message)];
}

function describeForeignHost({ host }: UrlReading, policy: TrustPolicy): string {
  return `The URL is at ${quote(host)} and is not a release file of ${policy.owner}, nor is that host allowed. Nothing is downloaded from there. The publisher has to release the artifact where clients expect it.`;
}

function judgeRelease(release: ReleaseFile, context: JudgeContext): readonly Finding[] {
  const findings: Finding[] = [];
  if (release.owner.toLowerCase() !== context.policy.owner.toLowerCase()) {
    const message = `The URL is a release of ${quote(release.owner)}, and this client trusts only releases of ${context.policy.owner}. The publisher has to release the artifact there.`;
    findings.push(makeFinding('foreign-owner', message));
  }
  findings.push(...judgeReleaseTag(release, context));
  return findings;
}

function judgeReleaseTag(release: ReleaseFile, context: JudgeContext): readonly Finding[] {
  const { version, expectedChannel } = context;
  const tagged = release.tag === null ? null : parseVersionTag(release.tag);
  const wanted = version === null ? 'of its version' : versionTag(version);
  if (tagged !== null) {
    if (version === null || isSameVersion(tagged, version)) return [];
    const message = `The URL is under the tag ${versionTag(tagged)}, but the manifest offers ${version.text}: the bytes are those of another version. The publisher has to give the URL under ${wanted}.`;
    return [makeFinding('tag-mismatch', message)];
  }
  const fixed = release.tag === null ? null : findFixedTag(release.tag);
  if (fixed === null) {
    const place = release.tag === null ? 'whatever release is the latest' : `the tag ${quote(release.tag)}`;
    const message = `The URL is under ${place}, which says nothing about the version. The publisher has to give the URL under the tag ${wanted}.`;
    return [makeFinding('tag-mismatch', message)];
  }
  const isOfOtherType = extensionOf(release.file) !== fixed.type;
  const findings = [
    makeFinding(
      'fixed-tag',
      `The URL is under the fixed tag ${fixed.name}, whose files are replaced in place${isOfOtherType ? ` and should be .${fixed.type} files` : ''}: the bytes may no longer be these. They are checked, and the version tag is tried next. A manifest should name the version tag's URL.`,
    ),
  ];
  if (fixed.channel !== expectedChannel) {
    const message = `The URL's fixed tag ${fixed.name} belongs to the ${fixed.channel} channel, not to ${expectedChannel}. The publisher has to correct whichever is wrong.`;
    findings.push(makeFinding('channel-mismatch', message));
  }
  return findings;
}
