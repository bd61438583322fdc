import { join } from 'node:path';
import type { Channel } from '../config.ts';
import { UpdateError } from '../errors.ts';
import { CHANNEL_FILES } from '../manifest/manifest-file.ts';
import { type Version, versionTag } from '../version.ts';
import type { GitHub } from './github/github.ts';
import { type Inbox, type InboxOptions, readInbox } from './inbox/inbox.ts';
import { changeManifests, type ManifestFolderOptions, readManifests } from './manifests/change-manifests.ts';
import {
  decidePublication,
  type Standing,
  standingOf,
  versionNotNewer,
} from './manifests/decide-publication.ts';
import { findIgnoredMinimum } from './manifests/ignored-minimum.ts';
import { makeManifestText } from './manifests/manifest-document.ts';
import type { PlannedAsset } from './publication/plan.ts';
import { type PublishedRelease, publishRelease, type ReleaseOutcome } from './publication/publish-release.ts';
import type { ReleaseReporter } from './reporter.ts';
import type { ReleaseSettings } from './settings.ts';
import { withGitHub } from './with-github.ts';

export interface Publication {
  readonly settings: ReleaseSettings;
  readonly version: Version;
  /** The folder that the build left its files in. */
  readonly inbox: string;
  readonly channel: Channel;
  /** The folder of the manifests. */
  readonly manifests: string;
  /** Whether that is a Git work tree, to be brought up to date before and pushed after. */
  readonly push: boolean;
  readonly critical: boolean;
  /** Percentage of installations that are offered it at first; null for all. */
  readonly rolloutPercentage: number | null;
  /** What the payload is said to need; null to read it there. */
  readonly minimumOs: string | null;
  /** Only reads, and says what would be done. */
  readonly isDryRun: boolean;
  readonly reporter: ReleaseReporter;
  readonly signal: AbortSignal;
  /** How to look into the files of the inbox; in this process when left out. */
  readonly inspect?: InboxOptions['inspect'];
}

/** The document that `publish --json` prints. Public: keep its keys stable. */
export interface PublishReport {
  readonly tag: string;
  readonly result: ReleaseOutcome['result'];
  readonly plan: readonly PlannedAsset[];
  /** The channel's manifest; in a dry run, whether it would change. */
  readonly manifest: { readonly path: string; readonly changed: boolean };
  /** Calls to GitHub's API that write. */
  readonly writes: number;
}

/**
 * From a folder with a build's files to a published release and the manifest that offers it. Reads top to bottom like
 * docs/RELEASE_VERSIONING_AND_PUBLISHING.md; run again after having been cut off anywhere, it finishes.
 *
 * @throws UpdateError with the codes of that document's table
 */
export async function publish(publication: Publication): Promise<PublishReport> {
  const { settings, version, channel } = publication;
  assertMayPublish(settings, channel);
  const shelf = await readManifests(folderOptions(publication));
  const standing = standingOf(shelf, channel, version);
  return withGitHub(publication, async (github) => {
    const inbox = await openInbox(publication);
    try {
      if (standing === 'superseded' && !(await isPublished(publication, github, inbox)))
        throw versionNotNewer(shelf, channel, version, 'published');
      const warning = findIgnoredMinimum(inbox, shelf.channels[channel]?.manifest ?? null);
      if (standing === 'newer' && warning !== null) publication.reporter.warn(warning);
      const outcome = await release(publication, github, inbox, standing);
      const changed = await offer(publication, inbox, outcome, standing);
      return {
        tag: versionTag(version),
        result: outcome.result,
        plan: outcome.plan,
        manifest: { path: manifestPath(publication), changed },
        writes: github.writes,
      };
    } finally {
      await inbox.close();
    }
  });
}

function assertMayPublish({ stable }: ReleaseSettings, channel: Channel): void {
  if (channel !== 'stable' || stable === 'direct') return;
  throw new UpdateError(
    'promotion-required',
    'The stable channel offers only what another channel has offered before, so nothing was published. Publish to ' +
      'beta, then run "nexy-release promote --from beta --to stable". (updater.yml can allow it: publish: {stable: direct}.)',
    { details: { channel } },
  );
}

async function openInbox({
  inbox,
  version,
  settings,
  minimumOs,
  reporter,
  signal,
  inspect,
}: Publication): Promise<Inbox> {
  reporter.step('inbox', `reading ${inbox}`);
  const opened = await readInbox(inbox, {
    version,
    bundleId: settings.bundleId,
    minimumOs,
    onProgress: (progress) => reporter.progress(progress),
    signal,
    ...(inspect === undefined ? {} : { inspect }),
  });
  for (const warning of opened.warnings) reporter.warn(warning);
  return opened;
}

/** Whether all of it is published already: then to publish it again is no step back, but nothing at all. */
async function isPublished(publication: Publication, github: GitHub, inbox: Inbox): Promise<boolean> {
  const { release } = await publishRelease({
    ...releaseRequest(publication, github, inbox),
    isDryRun: true,
    rereadPublished: false,
  });
  return release !== null;
}

function release(
  publication: Publication,
  github: GitHub,
  inbox: Inbox,
  standing: Standing,
): Promise<ReleaseOutcome> {
  return publishRelease({
    ...releaseRequest(publication, github, inbox),
    isDryRun: publication.isDryRun,
    // A manifest that offers it was written after all of it had been downloaded and compared.
    rereadPublished: standing === 'newer',
  });
}

function releaseRequest({ version, settings, reporter, signal }: Publication, github: GitHub, inbox: Inbox) {
  const { assets, notes } = inbox;
  return { github, version, assets, notes, policy: settings.policy, reporter, signal };
}

/** @returns whether the channel's manifest was changed, or would be */
async function offer(
  publication: Publication,
  inbox: Inbox,
  outcome: ReleaseOutcome,
  standing: Standing,
): Promise<boolean> {
  // A dry run knows no date of publication yet.
  if (outcome.release === null) return standing === 'newer';
  const { channel, reporter, settings } = publication;
  const text = makeManifestText(manifestParts(publication, inbox, outcome.release), settings.policy);
  reporter.step('manifest', `offering it on the ${channel} channel`);
  const { change, written } = await changeManifests(folderOptions(publication), (shelf) =>
    decidePublication(shelf, channel, text),
  );
  for (const remark of change.remarks) reporter.warn(remark);
  return written.includes(manifestPath(publication));
}

function manifestParts(
  { version, channel, critical, rolloutPercentage }: Publication,
  { minimumOs, architecture, buildNumber }: Inbox,
  { tag, publishedAt, assets }: PublishedRelease,
) {
  return {
    version,
    channel,
    tag,
    releaseDate: publishedAt,
    assets,
    minimumOs,
    architecture,
    buildNumber,
    critical,
    rolloutPercentage,
  };
}

function folderOptions({ manifests, push, isDryRun, reporter, signal }: Publication): ManifestFolderOptions {
  return { folder: manifests, push, isDryRun, reporter, signal };
}

function manifestPath({ manifests, channel }: Publication): string {
  return join(manifests, CHANNEL_FILES[channel]);
}
