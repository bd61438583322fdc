import { CHANNELS, type Channel } from '../config.ts';
import { type AssessPolicy, assessManifest } from '../manifest/assess.ts';
import type { Finding, Verdict } from '../manifest/finding.ts';
import { ARTIFACT_TYPES, fixedTagOf } from '../manifest/generation.ts';
import { CHANNEL_FILES } from '../manifest/manifest-file.ts';
import { compareVersions, parseVersionTag, type Version } from '../version.ts';
import type { GitHubRelease } from './github/answers.ts';
import type { GitHub, Immutability } from './github/github.ts';
import type { ManifestShelf } from './manifests/manifest-folder.ts';
import { type DraftStanding, judgeDraft } from './publication/marker.ts';
import { isProcessRunning, readRunIdentity } from './publication/run-identity.ts';

/** The document that `status --json` prints. Public: keep its keys stable. */
export interface StatusReport {
  readonly owner: string;
  readonly channels: readonly ChannelStatus[];
  /** Null without a token, as all that follows. */
  readonly immutableReleases: Immutability | null;
  /** Version tags that are published, highest version first. */
  readonly tags: readonly TagStatus[] | null;
  readonly fixedTags: readonly FixedTagStatus[] | null;
  /** Drafts of version tags and fixed tags. */
  readonly drafts: readonly DraftStatus[] | null;
}

export interface ChannelStatus {
  readonly channel: Channel;
  readonly file: string;
  /** Null where the channel offers nothing, or nothing that can be read. */
  readonly version: string | null;
  readonly verdict: Verdict | null;
  readonly findings: readonly Finding[];
  readonly critical: boolean;
  /** Percentage of installations. */
  readonly rollout: number | null;
  /** What a client would do today, in a sentence. */
  readonly client: string;
}

export interface TagStatus {
  readonly tag: string;
  readonly publishedAt: string | null;
  readonly isImmutable: boolean | null;
  readonly assets: readonly string[];
  /** Channels that offer it. */
  readonly offeredOn: readonly Channel[];
}

export interface FixedTagStatus {
  readonly tag: string;
  readonly channel: Channel;
  readonly asset: string;
  /** Whether it lies there, and which version its bytes are, as far as the archive copies know. */
  readonly isThere: boolean;
  readonly version: string | null;
  /** Whether that is what the channel offers. */
  readonly isCurrent: boolean;
  readonly downloads: number | null;
}

export interface DraftStatus {
  readonly id: number;
  readonly tag: string;
  /** `dead`: left behind, the next publish removes it; `alive`: of a run that may be at work; `by-hand`: a person's. */
  readonly standing: DraftStanding;
  /** ISO 8601. */
  readonly createdAt: string;
}

/** Where things stand: the manifests, and with a token the releases. Changes nothing. */
export async function readStatus(
  owner: string,
  shelf: ManifestShelf,
  policy: AssessPolicy,
  github: GitHub | null,
): Promise<StatusReport> {
  const releases = github === null ? null : await github.listReleases();
  const channels = CHANNELS.map((channel) => channelStatus(shelf, channel, policy, releases));
  if (github === null || releases === null)
    return { owner, channels, immutableReleases: null, tags: null, fixedTags: null, drafts: null };
  return {
    owner,
    channels,
    immutableReleases: await github.readImmutability(),
    tags: tagStatuses(releases, channels),
    fixedTags: fixedTagStatuses(releases, shelf),
    drafts: draftStatuses(releases, github.serverTime),
  };
}

function channelStatus(
  shelf: ManifestShelf,
  channel: Channel,
  policy: AssessPolicy,
  releases: readonly GitHubRelease[] | null,
): ChannelStatus {
  const file = CHANNEL_FILES[channel];
  const base = { channel, file, version: null, findings: [], critical: false, rollout: null };
  const held = shelf.channels[channel];
  if (held === null)
    return { ...base, verdict: null, client: `There is no ${file}: a client is offered nothing.` };
  const assessment = assessManifest(held.bytes, policy, { channel, fileName: file });
  const { manifest, verdict, findings, candidates, version } = assessment;
  if (manifest === null || verdict === 'reject') {
    const client = `A client refuses this manifest (${findings.map(({ code }) => code).join(', ')}) and stays as it is.`;
    return { ...base, version, verdict, findings, client };
  }
  const rollout = manifest.rollout?.percentage ?? 100;
  const { critical } = manifest;
  const client = describeClient({
    version: manifest.version.text,
    minimumOs: manifest.artifact.minOs,
    share: critical ? 100 : rollout,
    url: candidates[0]?.url ?? '',
    isPublished: releases === null ? null : isPublished(releases, manifest.version),
  });
  return { ...base, version: manifest.version.text, verdict, findings, critical, rollout, client };
}

interface ClientToday {
  readonly version: string;
  readonly minimumOs: string | null;
  /** Percentage of installations that are offered it. */
  readonly share: number;
  readonly url: string;
  /** Null where nobody asked GitHub. */
  readonly isPublished: boolean | null;
}

function describeClient({ version, minimumOs, share, url, isPublished }: ClientToday): string {
  const needs = minimumOs ? ` on macOS ${minimumOs} or newer` : '';
  if (isPublished === false)
    return `A client below ${version} finds nothing at ${url}: the version is not published. It tries again at every check.`;
  if (share === 0) return `Nobody is offered ${version} (rollout 0 %), except who asks for it.`;
  const who = share >= 100 ? 'A client' : `One in ${Math.round(100 / share)} clients (rollout ${share} %)`;
  return `${who} below ${version}${needs} downloads ${url}.`;
}

function isPublished(releases: readonly GitHubRelease[], version: Version): boolean {
  return releases.some(({ isDraft, tag }) => {
    const tagged = parseVersionTag(tag);
    return !isDraft && tagged !== null && compareVersions(tagged, version) === 0;
  });
}

function tagStatuses(
  releases: readonly GitHubRelease[],
  channels: readonly ChannelStatus[],
): readonly TagStatus[] {
  const published = releases.flatMap((release) => {
    const version = release.isDraft ? null : parseVersionTag(release.tag);
    return version === null ? [] : [{ release, version }];
  });
  return published
    .sort((left, right) => compareVersions(right.version, left.version))
    .map(({ release: { tag, publishedAt, isImmutable, assets }, version }) => ({
      tag,
      publishedAt,
      isImmutable,
      assets: assets.map(({ name }) => name),
      offeredOn: channels.filter((each) => each.version === version.text).map(({ channel }) => channel),
    }));
}

function fixedTagStatuses(
  releases: readonly GitHubRelease[],
  shelf: ManifestShelf,
): readonly FixedTagStatus[] {
  return CHANNELS.flatMap((channel) =>
    ARTIFACT_TYPES.map((type): FixedTagStatus => {
      const tag = fixedTagOf(type, channel);
      const name = `Nexy.${type}`;
      const release = releases.find((each) => !each.isDraft && each.tag === tag);
      const asset = release?.assets.find((each) => each.name === name);
      const isOf = (artifact: { readonly sha256: string }): boolean => artifact.sha256 === asset?.sha256;
      const archived = shelf.archives.find(({ manifest }) => manifest?.artifacts.some(isOf));
      const offered = shelf.channels[channel]?.manifest?.artifacts.some(isOf) ?? false;
      return {
        tag,
        channel,
        asset: name,
        isThere: asset !== undefined,
        version: archived?.manifest?.version.text ?? null,
        isCurrent: offered,
        downloads: asset?.downloads ?? null,
      };
    }),
  );
}

function draftStatuses(releases: readonly GitHubRelease[], now: number): readonly DraftStatus[] {
  const observer = { identity: readRunIdentity(), now, isRunning: isProcessRunning };
  return releases
    .filter(({ isDraft }) => isDraft)
    .map((draft) => ({
      id: draft.id,
      tag: draft.tag,
      standing: judgeDraft(draft, observer),
      createdAt: new Date(draft.createdAt).toISOString(),
    }));
}
