import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CHANNELS, type Channel } from '../../config.ts';
import { fixedTagOf } from '../../manifest/generation.ts';
import { readManifest } from '../../manifest/manifest.ts';
import { CHANNEL_FILES } from '../../manifest/manifest-file.ts';
import { parseVersionTag } from '../../version.ts';
import { type Build, buildPlan } from '../builds/build-plan.ts';
import { makeBuild } from '../builds/make-build.ts';
import { type FeedPaths, feedPaths } from '../clients/client.ts';
import { serveFeed } from '../feed.ts';
import { isArtifactAnswer } from '../is-artifact-answer.ts';
import type { LabRoom } from '../run/lab-room.ts';
import { nextRelease } from '../run/next-release.ts';
import type { OfferedManifest } from '../scenario/scenario.ts';
import { namedTagOf } from '../scenario/stage-host.ts';
import { writeManifest } from '../scenario/write-manifest.ts';
import { type CurrentOffer, findCurrentOffers } from './current-offers.ts';
import type { MigrationPlan, PlannedRelease, PlanStep } from './migration-plan.ts';
import type { PlanInput } from './plan-input.ts';
import { inboxOf, NEW_FEED, NEW_FOLDER, OLD_FEED, OLD_FOLDER } from './plan-places.ts';
import { type ReleaseRun, runRelease } from './run-release.ts';

/** What a feed offers at this moment. */
export interface ServedOffer {
  readonly version: string | null;
  readonly minimumOs: string | null;
  /** 64 hex digits; null where the manifest promises none. */
  readonly sha256: string | null;
  /** Of the manifest itself. */
  readonly sha256OfManifest: string;
}

const NEW_PATH = '/next';
const FILE = 'Nexy.dmg';

/** A release team's world in the state that the plan begins with: a release host, two folders of manifests, two builds. */
export class ProofPlace {
  readonly room: LabRoom;
  readonly #folder: string;
  readonly #policy: PlanInput['policy'];
  readonly #signal: AbortSignal | undefined;
  readonly #input: PlanInput;
  readonly #current: readonly CurrentOffer[];

  private constructor(room: LabRoom, folder: string, input: PlanInput, signal: AbortSignal | undefined) {
    this.room = room;
    this.#folder = folder;
    this.#policy = input.policy;
    this.#input = input;
    this.#signal = signal;
    this.#current = listCurrent(input);
  }

  /** @param folder empty, and the place's own */
  static async open(
    room: LabRoom,
    folder: string,
    plan: Pick<MigrationPlan, 'transition' | 'following'>,
    input: PlanInput,
    signal?: AbortSignal,
  ): Promise<ProofPlace> {
    const place = new ProofPlace(room, folder, input, signal);
    await place.#fillFolders(plan);
    place.#fillHost();
    await place.serve();
    return place;
  }

  /** Does what the step says, as far as it says what to type or to take away. */
  async take({ command, withdraws }: PlanStep): Promise<ReleaseRun> {
    if (withdraws !== null) await rm(join(this.#folder, withdraws), { force: true });
    const { host } = this.room;
    const addresses = new Map([
      [NEW_FEED, `${host.origin}${NEW_PATH}/`],
      [OLD_FEED, `${host.origin}/`],
    ]);
    const run =
      command === null
        ? { isDone: true, message: '' }
        : await runRelease(command, { host, folder: this.#folder, addresses, signal: this.#signal });
    await this.serve();
    return run;
  }

  /** Serves both folders as they are now, as the update server does. */
  async serve(): Promise<void> {
    for (const channel of CHANNELS) {
      for (const [folder, paths] of [
        [OLD_FOLDER, feedPaths(channel)],
        [NEW_FOLDER, newFeedPaths(channel)],
      ] as const) {
        const bytes = await this.#read(folder, channel);
        if (bytes !== null) serveFeed(this.room.host, { channel, bytes, paths });
        else for (const path of Object.values(paths)) this.room.host.setManifest(path, null);
      }
    }
  }

  /** What the old or the new feed offers on a channel; null where it offers nothing. */
  async offerOf(feed: 'old' | 'new', channel: Channel): Promise<ServedOffer | null> {
    const bytes = await this.#read(feed === 'old' ? OLD_FOLDER : NEW_FOLDER, channel);
    return bytes === null ? null : readOffer(bytes);
  }

  /**
   * Publishes one more release on a channel, the way its current one was published and without a fault.
   *
   * @returns null where the channel offers nothing now
   */
  publishNext(channel: Channel): { readonly version: string; undo(): Promise<void> } | null {
    const current = this.#current.find(({ offered }) => offered.channel === channel);
    if (current === undefined) return null;
    const { host } = this.room;
    const isTagged = current.assessment.generation === 'version-tag';
    const { manifest } = nextRelease(current.offered, {
      name: 'next',
      title: 'The next release',
      description: '',
      publishes: [isTagged ? 'version' : 'fixed'],
      releases: [],
      events: [],
      faults: [],
    });
    const { version } = manifest;
    if (version === null) return null;
    const { bytes, promised } = this.#write(manifest);
    const tag = isTagged ? `v${version}` : fixedTagOf('dmg', channel);
    if (promised !== null) host.publish(tag, FILE, promised.bytes);
    serveFeed(host, { channel, bytes });
    const undo = async (): Promise<void> => {
      host.withdraw(tag, FILE);
      this.#fillHost();
      await this.serve();
    };
    return { version, undo };
  }

  forgetTraffic(): void {
    this.room.host.log.length = 0;
  }

  /** What was asked for since, and how many bytes of artifacts were sent. */
  readTraffic(): { readonly paths: readonly string[]; readonly artifactBytes: number } {
    const { log } = this.room.host;
    return {
      // Signed addresses differ each time, and follow from the release's.
      paths: log.filter(({ on }) => on !== 'asset').map(({ path }) => path),
      artifactBytes: log.filter(isArtifactAnswer).reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  /** Says of paths what is served there, so that the same text means the same answers. */
  async describe(paths: ReadonlySet<string>): Promise<string> {
    const { host } = this.room;
    const files = host.github
      .releases(this.#policy.owner)
      .flatMap(({ tag, isDraft, assets }) =>
        isDraft ? [] : assets.map(({ name, sha256 }) => [`/${tag}/${name}`, sha256] as const),
      );
    const served: (readonly [string, string | null])[] = [];
    for (const channel of CHANNELS) {
      for (const [feed, { manifest, appcast }] of [
        ['old', feedPaths(channel)],
        ['new', newFeedPaths(channel)],
      ] as const) {
        const sha256 = (await this.offerOf(feed, channel))?.sha256OfManifest ?? null;
        served.push([manifest, sha256], [appcast, sha256]);
      }
    }
    const answers = [...paths].map((path) => {
      const feed = served.find(([place]) => path.replace(/\?.*$/s, '') === place);
      return [path, feed === undefined ? files.find(([end]) => path.endsWith(end))?.[1] : feed[1]];
    });
    return JSON.stringify(answers.sort());
  }

  /** Takes all fixed tags away. */
  withdrawFixedTags(): void {
    for (const channel of CHANNELS) this.room.host.withdraw(fixedTagOf('dmg', channel), FILE);
  }

  async #fillFolders({
    transition,
    following,
  }: Pick<MigrationPlan, 'transition' | 'following'>): Promise<void> {
    for (const name of [OLD_FOLDER, NEW_FOLDER]) await mkdir(join(this.#folder, name));
    for (const release of [transition, following]) {
      const inbox = join(this.#folder, inboxOf(release));
      await mkdir(inbox, { recursive: true });
      await writeFile(join(inbox, FILE), buildOf(release).bytes);
      const notes = `# What is new in ${release.version}\n\n- Updates arrive again.\n`;
      await writeFile(join(inbox, 'LATEST_CHANGES.md'), notes);
    }
    for (const { offered } of this.#current) {
      const { bytes } = this.#write(offered);
      await writeFile(join(this.#folder, OLD_FOLDER, CHANNEL_FILES[offered.channel]), bytes);
    }
  }

  #fillHost(): void {
    const { host: facts, manifests } = this.#input;
    const { host } = this.room;
    for (const channel of CHANNELS) {
      const tag = fixedTagOf('dmg', channel);
      const isThere = facts === null || facts.fixedTags.some((each) => each.tag === tag);
      const offered = this.#current.find((each) => each.offered.channel === channel)?.offered;
      const promised = offered === undefined ? null : this.#write(offered).promised;
      if (isThere && promised !== null) host.publish(tag, FILE, promised.bytes);
    }
    const named = new Map(manifests.map((offered) => [namedTagOf(offered), offered]));
    const tags = facts?.versionTags ?? [...named.keys()].filter((tag) => tag !== null);
    for (const tag of tags) {
      const version = parseVersionTag(tag);
      if (version === null) continue;
      const offered = named.get(tag);
      const promised = offered === undefined ? null : this.#write(offered).promised;
      host.publish(tag, FILE, (promised ?? makeBuild(buildPlan(version.text))).bytes);
    }
  }

  #write(offered: OfferedManifest): { readonly bytes: Uint8Array; readonly promised: Build | null } {
    const { host, sign } = this.room;
    return writeManifest(offered, { downloadBase: host.origin, sign });
  }

  async #read(folder: string, channel: Channel): Promise<Uint8Array | null> {
    try {
      return await readFile(join(this.#folder, folder, CHANNEL_FILES[channel]));
    } catch {
      return null;
    }
  }
}

/** Where the transition release, and all after it, ask. */
export function newFeedPaths(channel: Channel): FeedPaths {
  const { manifest, appcast } = feedPaths(channel);
  return { manifest: NEW_PATH + manifest, appcast: NEW_PATH + appcast };
}

function buildOf({ version, bundleVersion, minimumOs }: PlannedRelease): Build {
  return makeBuild(buildPlan(version, { bundleVersion, minimumOs, updater: 'ours' }));
}

function listCurrent({ manifests, policy }: PlanInput): readonly CurrentOffer[] {
  const { stable, beta } = findCurrentOffers(manifests, policy);
  return [stable, beta].filter((offer) => offer !== null);
}

function readOffer(bytes: Uint8Array): ServedOffer {
  const { fields, artifact } = readManifest(bytes);
  return {
    version: fields.version ?? null,
    minimumOs: artifact.min_os || null,
    sha256: artifact.sha256?.toLowerCase() || null,
    sha256OfManifest: createHash('sha256').update(bytes).digest('hex'),
  };
}
