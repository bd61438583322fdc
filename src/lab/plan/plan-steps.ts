import type { Channel } from '../../config.ts';
import { fixedTagOf } from '../../manifest/generation.ts';
import { CHANNEL_FILES } from '../../manifest/manifest-file.ts';
import type { CurrentOffers } from './current-offers.ts';
import type { PlannedRelease, PlanStep } from './migration-plan.ts';
import { inboxOf, NEW_FEED, NEW_FOLDER, OLD_FEED, OLD_FOLDER } from './plan-places.ts';

export interface StepsInput {
  readonly current: CurrentOffers;
  readonly transition: PlannedRelease;
  readonly following: PlannedRelease;
  /** What the current offers do to clients for as long as they are there (`findUrgency`). */
  readonly urgency: Readonly<Record<Channel, string | null>>;
  /** Channels that anybody follows. */
  readonly channels: readonly Channel[];
}

/**
 * The steps of the migration in their order.
 *
 * What has to hold at every moment: what a manifest promises lies where each of its readers looks. A built-in address
 * is a fixed tag, and a tag holds one file. So the old manifest goes first, then the file under the fixed tag changes,
 * then the new manifest comes: in the time between nobody is offered anything, instead of half of them other bytes
 * than promised.
 */
export function planSteps({
  current,
  urgency,
  transition,
  following,
  channels,
}: StepsInput): readonly PlanStep[] {
  const urgent = channels.filter((channel) => urgency[channel] !== null);
  const pauses = (channel: Channel): readonly PlanStep[] =>
    current[channel] === null || urgent.includes(channel) ? [] : [pause(channel, null)];
  return [
    ...urgent.map((channel) => pause(channel, urgency[channel])),
    build(transition),
    publish('publish-transition', transition, NEW_FOLDER, {
      title: `Publish ${transition.version} under its version tag, on the new feed alone`,
      why: 'No installation reads the new feed yet, so that nobody is offered anything. The version tag never changes again.',
    }),
    promote('open-feed', transition, NEW_FOLDER, {
      title: `Offer ${transition.version} on the new feed's stable channel too`,
      why: `Whoever has ${transition.version} finds it there, is up to date, and the feed never goes below it.`,
    }),
    verify('verify-feed', NEW_FOLDER, NEW_FEED, {
      title: 'See that the new feed is served, and try the release by hand',
      why: `${transition.version} knows no other address: if this one were wrong, nothing could ever mend it from afar. Put ${transition.version} in place by hand on a Mac of each macOS from ${transition.minimumOs} on, and see that it starts and checks there.`,
    }),
    // To stable it comes by promotion from beta, whether anybody follows beta or not.
    ...(['beta', 'stable'] as const).flatMap((channel) => [
      ...(channels.includes(channel) ? [...pauses(channel), bridge(channel, transition)] : []),
      offer(channel, transition),
    ]),
    verify('verify', OLD_FOLDER, OLD_FEED, {
      title: 'See that the old addresses serve it, byte for byte',
      why: 'Manifest, version tag and download are compared as a client gets them.',
    }),
    freeze(transition),
    publish('publish-following', following, NEW_FOLDER, {
      title: `Publish ${following.version}, on the new feed alone`,
      why: `It needs macOS ${following.minimumOs}. Only installations that have ${transition.version} see it, and they look at min_os.`,
    }),
    promote('promote-following', following, NEW_FOLDER, {
      title: `Promote ${following.version} to stable`,
      why: 'From here on everything is as in docs/RELEASE_AND_UPDATE_GUIDE.md: the new feed knows rollouts, too.',
    }),
  ];
}

interface Words {
  readonly title: string;
  readonly why: string;
}

function pause(channel: Channel, urgency: string | null): PlanStep {
  const file = CHANNEL_FILES[channel];
  const why =
    urgency === null
      ? `Until the fixed tag ${fixedTagOf('dmg', channel)} and the manifest are changed, a few minutes, they would not fit together. Without a manifest nobody is offered anything: old clients note a failed check and ask again in an hour.`
      : `${urgency} "nexy-release rollout" does not stop old clients, since they know no rollout; a feed without a manifest does. Do it now, before anything is built.`;
  return {
    id: `pause-${channel}`,
    title: `Take ${file} off the old feed`,
    why: `${why} With a folder in Git: remove the file, commit and push; then see that the address answers 404.`,
    command: null,
    withdraws: `${OLD_FOLDER}/${file}`,
    channel,
  };
}

function build({ version, bundleVersion, minimumOs }: PlannedRelease): PlanStep {
  return {
    id: 'build-transition',
    title: `Build ${version} as the release that everybody can take`,
    why: `CFBundleShortVersionString ${version}, CFBundleVersion ${bundleVersion}, LSMinimumSystemVersion ${minimumOs}, this updater inside, and in its updater.yml the addresses of the new feed (${NEW_FEED}). See that they are right with "nexy-updater inspect" before you go on: this is what old installations keep if all else fails.`,
    command: null,
    withdraws: null,
    channel: null,
  };
}

function bridge(channel: Channel, { version }: PlannedRelease): PlanStep {
  const tag = fixedTagOf('dmg', channel);
  return {
    id: `bridge-${channel}`,
    title: `Copy ${version} onto the fixed tags of ${channel}`,
    why: `Clients and links that have ${tag}/Nexy.dmg built in find ${version} there before any manifest offers it to them. The other way round they would fetch the old file, and find that it is not what was promised. For the time of two calls the file is missing: who asks just then fails once.`,
    command: `nexy-release bridge --channel ${channel} --manifests ${NEW_FOLDER}`,
    withdraws: null,
    channel,
  };
}

function offer(channel: Channel, transition: PlannedRelease): PlanStep {
  const words = {
    title: `Offer ${transition.version} to the old installations on ${channel}`,
    why:
      channel === 'beta'
        ? 'It is published already, so that only the manifest is written. Old clients know no rollout: beta is the only brake there is. Wait until beta has run it for as long as you need to trust it.'
        : 'From now on every old installation, whenever it wakes up, gets this version, and from there on what its macOS can run.',
  };
  return channel === 'beta'
    ? publish('offer-beta', transition, OLD_FOLDER, words)
    : promote('offer-stable', transition, OLD_FOLDER, words);
}

function publish(id: string, release: PlannedRelease, folder: string, words: Words): PlanStep {
  const command = `nexy-release publish --version ${release.version} --inbox ${inboxOf(release)} --channel beta --manifests ${folder} --push`;
  return { id, ...words, command, withdraws: null, channel: 'beta' };
}

function promote(id: string, _release: PlannedRelease, folder: string, words: Words): PlanStep {
  const command = `nexy-release promote --from beta --to stable --manifests ${folder} --push`;
  return { id, ...words, command, withdraws: null, channel: 'stable' };
}

function verify(id: string, folder: string, server: string, words: Words): PlanStep {
  const command = `nexy-release verify --manifests ${folder} --server ${server}`;
  return { id, ...words, command, withdraws: null, channel: null };
}

function freeze({ version }: PlannedRelease): PlanStep {
  return {
    id: 'freeze',
    title: `Freeze the old feed at ${version}`,
    why: `From now on nothing is published into ${OLD_FOLDER}, and nothing is bridged any more: the old addresses, the appcast and the fixed tags go on serving ${version} for as long as an old installation may wake up. Those do not look at min_os, and the first release that needs a newer macOS would leave them with an app that does not start. Take the folder out of every release job.`,
    command: null,
    withdraws: null,
    channel: null,
  };
}
