import { parseMacosVersion } from '../../check/machine-requirement.ts';
import { CHANNELS, type Channel } from '../../config.ts';
import { findFixedTag, fixedTagOf } from '../../manifest/generation.ts';
import { quote } from '../../quote.ts';
import { startsOn } from '../run/judge.ts';
import type { ClientSpec } from '../scenario/scenario.ts';
import { type CurrentOffers, findCurrentOffers } from './current-offers.ts';
import { builtInTag, findStranded } from './find-stranded.ts';
import { findUrgency } from './find-urgency.ts';
import type { MigrationPlan, PlannedRelease } from './migration-plan.ts';
import type { HostFacts, PlanInput } from './plan-input.ts';
import { NEW_FOLDER, OLD_FOLDER } from './plan-places.ts';
import { ignoresMinimum, type PlannedReleases, planReleases } from './plan-releases.ts';
import { planSteps } from './plan-steps.ts';

/**
 * Derives the steps from the fixed tags to version tags. Pure.
 *
 * The idea: one transition release that everybody who ever got an installation can take, whatever it compares and
 * wherever it downloads from; it has our updater, and asks at an address of its own. The old feed and the fixed tags
 * stay at it for good, and all later releases are offered at the new address, by clients that look at `min_os`.
 *
 * @throws UpdateError `version-invalid`, `usage` for wishes that are no versions
 */
export function derivePlan(input: PlanInput): MigrationPlan {
  const current = findCurrentOffers(input.manifests, input.policy);
  const releases = planReleases(input);
  const { transition, following } = releases;
  return {
    facts: [
      ...releases.problems.map((problem) => `NOT SAFE: ${problem}`),
      ...describeOffers(current),
      ...describeReleases(input, releases),
      describeHost(input.host),
    ],
    transition,
    following,
    steps: planSteps({
      ...{ current, transition, following, urgency: urgencyOf(current, input.clients) },
      channels: usedChannels(input, current),
    }),
    stranded: findStranded(input, current, transition),
    lastVersions: findLastVersions(input.clients, transition, following),
    retirement: describeRetirement(input, transition),
    proof: null,
  };
}

function urgencyOf(
  { stable, beta }: CurrentOffers,
  clients: readonly ClientSpec[],
): Readonly<Record<Channel, string | null>> {
  return {
    stable: stable === null ? null : findUrgency(stable, clients),
    beta: beta === null ? null : findUrgency(beta, clients),
  };
}

/** Stable always; beta where it was ever offered, is asked for by a built-in address, or lies on the host. */
function usedChannels(
  { manifests, clients, host, policy }: PlanInput,
  current: CurrentOffers,
): readonly Channel[] {
  const tags = [
    ...(host?.fixedTags.map(({ tag }) => tag) ?? []),
    ...clients.flatMap((client) => builtInTag(client, policy)?.name ?? []),
  ];
  const isBetaUsed =
    current.beta !== null ||
    manifests.some(({ channel }) => channel === 'beta') ||
    tags.some((tag) => findFixedTag(tag)?.channel === 'beta');
  return isBetaUsed ? CHANNELS : ['stable'];
}

function describeOffers(current: CurrentOffers): readonly string[] {
  return CHANNELS.flatMap((channel) => {
    const offer = current[channel];
    if (offer === null) return channel === 'stable' ? ['Nothing is offered on the stable channel.'] : [];
    const { offered, lie, assessment } = offer;
    const place =
      assessment.generation === null
        ? `our client refuses it (${assessment.findings[0]?.code ?? 'rejected'})`
        : `generation ${assessment.generation}`;
    const bytes =
      lie === null ? 'as far as the manifests tell, its bytes are that version' : `its bytes are ${lie}`;
    const until =
      lie === null
        ? ''
        : ' Until that is taken away, clients that compare versions install it again at every check, ours download it once and refuse it, and those that compare whole numbers see what stands in "build", if that is one.';
    return [
      `The ${channel} channel offers ${quote(offered.version ?? '')} (${quote(offered.file)}, ${place}); ${bytes}.${until}`,
    ];
  });
}

function describeReleases(
  { clients }: PlanInput,
  { transition, highest, highestBuild }: PlannedReleases,
): readonly string[] {
  const above =
    highest === null
      ? []
      : [
          `The highest version that there ever was is ${highest.version.text} (${highest.where}): ${transition.version} is to be above it, so that nobody is left out.`,
        ];
  const compared = clients.filter((each) => each.model === 'manifest' && each.compares === 'integer-build');
  const build =
    highestBuild === null
      ? []
      : [
          `The highest whole build number is ${highestBuild}: CFBundleVersion ${transition.bundleVersion} is above it. ${compared.length} of ${clients.length} clients compare nothing else, and take a dotted number for no offer at all; Sparkle takes it for newer than any dotted one.`,
        ];
  const blind = clients.filter(ignoresMinimum);
  const minimum =
    blind.length === 0
      ? []
      : [
          `${blind.length} of ${clients.length} clients do not look at min_os: what they are offered has to start on macOS ${transition.minimumOs}.`,
        ];
  return [...above, ...build, ...minimum];
}

function describeHost(host: HostFacts | null): string {
  if (host === null)
    return 'Nobody looked at the release host: the fixed tags are taken to hold what the current manifests promise. "nexy-release status --json" with a token tells.';
  const fixed = host.fixedTags.map(({ tag }) => tag).join(', ');
  return `On the release host lie ${host.versionTags.length} version tags and the fixed tags ${fixed === '' ? '(none)' : fixed}.`;
}

function findLastVersions(
  clients: readonly ClientSpec[],
  transition: PlannedRelease,
  following: PlannedRelease,
): MigrationPlan['lastVersions'] {
  const last = parseMacosVersion(following.minimumOs)?.[0] ?? 0;
  const held = clients.map(({ macos }) => parseMacosVersion(macos)?.[0] ?? 0);
  const below = [11, 12, ...held].filter((major) => major > 0 && major < last);
  return [...new Set(below)]
    .sort((a, b) => a - b)
    .map((major) => {
      const macos = String(major);
      // All releases of one macOS: 11.7 for 11.
      if (!startsOn(`${major}.999`, transition.minimumOs))
        return {
          macos,
          version: 'what it has',
          why: `${transition.version} needs macOS ${transition.minimumOs}.`,
        };
      return {
        macos,
        version: transition.version,
        why: `${following.version} needs macOS ${following.minimumOs}. The updater in ${transition.version} reads that, says so to who asks, and stays. A later fix for macOS ${macos} has to be published before ${following.version}: a channel offers one version.`,
      };
    });
}

function describeRetirement(
  { clients, host, policy }: PlanInput,
  { version }: PlannedRelease,
): readonly string[] {
  const needing = clients.flatMap((client) => {
    const tag = builtInTag(client, policy);
    return tag === null ? [] : [`${client.name} (${tag.name})`];
  });
  const counted = (host?.fixedTags ?? []).flatMap(({ tag, downloads }) =>
    downloads === null ? [] : [`${tag} ${downloads}`],
  );
  const who = needing.length === 0 ? 'none of these clients' : `of these clients ${needing.join(', ')}`;
  return [
    `The fixed tags are needed by who has their address built in: ${who}, and links on web pages and in mails. Whoever reads an address in a manifest is led to the version tag.`,
    `How many there still are: the download counts of ${fixedTagOf('dmg', 'stable')} and the others in "nexy-release status"${counted.length === 0 ? '' : ` (today ${counted.join(', ')})`}. A count belongs to one file: bridging begins it anew, so that from then on it counts who was brought to ${version}.`,
    `They may be retired when that count has stood still for as long as somebody may leave a Mac switched off. Who comes later is lost: the download fails at every check, for good, and only the person can help, by hand.`,
    `Better leave them as they are: frozen at ${version} they cost nothing and save whoever wakes up late. Never bridge a release there that needs a newer macOS. Switching on immutable releases then is right, since nothing about them will change.`,
    `The same goes for the addresses of the old manifests and of the appcast: hold on to them, and serve ${OLD_FOLDER} there as long as ${NEW_FOLDER} is served at the new one.`,
  ];
}
