import { CHANNELS, type Channel } from '../../config.ts';
import type { AssessPolicy } from '../../manifest/assess.ts';
import { type FixedTag, findFixedTag } from '../../manifest/generation.ts';
import { readUrl } from '../../manifest/release-url.ts';
import { quote } from '../../quote.ts';
import { compareVersions, readVersion } from '../../version.ts';
import { readBuildNumber } from '../clients/build-number.ts';
import { isVersion, startsOn } from '../run/judge.ts';
import type { ClientSpec } from '../scenario/scenario.ts';
import { type CurrentOffer, type CurrentOffers, wholeBuildOf } from './current-offers.ts';
import type { MigrationPlan, PlannedRelease } from './migration-plan.ts';
import type { PlanInput } from './plan-input.ts';

type Stranded = MigrationPlan['stranded'][number];

/** Who does not get updates today, and what of the plan reaches them. */
export function findStranded(
  { clients, host, policy }: PlanInput,
  current: CurrentOffers,
  transition: PlannedRelease,
): readonly Stranded[] {
  return clients.flatMap((client) => {
    const [channel] = channelsOf(client, policy);
    const reasons = [
      describeOffer(client, current[channel], channel),
      describeAddress(client, policy, host?.fixedTags.map(({ tag }) => tag) ?? null),
    ].filter((reason) => reason !== null);
    if (reasons.length === 0) return [];
    const { reachedBy, otherwise } = findWay(client, transition, policy);
    const why = [...reasons, ...(reachedBy === null ? [otherwise] : [])].join(' ');
    return [{ client: client.name, why, reachedBy }];
  });
}

/** The channels that people with this client may follow: a built-in address belongs to one. */
export function channelsOf(client: ClientSpec, policy: AssessPolicy): readonly [Channel, ...Channel[]] {
  const fixed = builtInTag(client, policy);
  return fixed === null ? CHANNELS : [fixed.channel];
}

/** Whether any release, however it is published, could ever reach the client. */
export function hasPath(client: ClientSpec, policy: AssessPolicy): boolean {
  const isBuiltIn = client.model === 'manifest' && client.downloads !== 'artifact-url';
  return !isBuiltIn || builtInTag(client, policy) !== null;
}

/** The fixed tag whose file the client downloads whatever a manifest says; null where it has no such address. */
export function builtInTag(client: ClientSpec, policy: AssessPolicy): FixedTag | null {
  if (client.model !== 'manifest' || client.downloads === 'artifact-url') return null;
  const { release } = readUrl(client.downloads.address, policy);
  const isOwn = release?.owner.toLowerCase() === policy.owner.toLowerCase();
  return isOwn ? findFixedTag(release?.tag ?? '') : null;
}

function describeOffer(client: ClientSpec, offer: CurrentOffer | null, channel: Channel): string | null {
  if (offer === null) return `Nothing is offered on the ${channel} channel.`;
  const { offered, lie, assessment } = offer;
  const refusal = describeRefusal(client, offer);
  if (refusal !== null) return refusal;
  if (hasIt(client, offer)) return null;
  if (client.model === 'ours' && assessment.verdict === 'reject')
    return `It refuses the manifest (${assessment.findings.find(({ severity }) => severity === 'reject')?.code}).`;
  if (lie === null) return null;
  if (client.model === 'ours')
    return `It refuses what it is offered once it has it: ${quote(offered.version ?? '')} is ${lie}.`;
  return `What it is offered as ${quote(offered.version ?? '')} is ${lie}: it downloads that at every check, and never gets further.`;
}

/** Whether it has what is offered, and so has no reason to ask for it. */
function hasIt({ installed }: ClientSpec, { offered }: CurrentOffer): boolean {
  return isVersion(installed.version, offered.version);
}

/** Why the client takes the offer for none. */
function describeRefusal(client: ClientSpec, { offered }: CurrentOffer): string | null {
  const { version: installed, bundleVersion = installed } = client.installed;
  const version = offered.version ?? '';
  const build = offered.document?.['build'];
  if (client.model === 'appcast') {
    const shown = String(build ?? version);
    return isAbove(bundleVersion, shown)
      ? `It compares CFBundleVersion: ${quote(shown)}, which is offered, is below ${bundleVersion}, which it has.`
      : null;
  }
  if (client.model === 'manifest' && client.compares === 'integer-build') {
    const own = readBuildNumber(bundleVersion) ?? 0;
    const offeredBuild = build === undefined ? 0 : wholeBuildOf(offered);
    if (offeredBuild === null)
      return `It compares whole build numbers, and ${quote(String(build))} is none: its check fails in silence.`;
    return offeredBuild < own || (offeredBuild === 0 && own === 0)
      ? `It compares whole build numbers: ${offeredBuild}, which is offered, is not above ${own}, which it has.`
      : null;
  }
  if (!isAbove(installed, version)) return null;
  return `It has ${installed}, and ${version} is offered: the history went back, and no client goes back with it.`;
}

/** What is wrong with a built-in address. */
function describeAddress(
  client: ClientSpec,
  policy: AssessPolicy,
  fixedTags: readonly string[] | null,
): string | null {
  if (client.model !== 'manifest' || client.downloads === 'artifact-url') return null;
  const { address } = client.downloads;
  const fixed = builtInTag(client, policy);
  if (fixed === null) return `It downloads from ${quote(address)}, which is no fixed tag of ${policy.owner}.`;
  if (fixedTags === null || fixedTags.includes(fixed.name)) return null;
  return `It downloads from ${quote(address)}, and nothing lies there.`;
}

const BY_HAND =
  'Nobody can update it from afar: the person has to download the app and put it in place by hand.';

/** What of the plan reaches a client, or else how its person helps themselves. */
export function findWay(
  client: ClientSpec,
  { version, bundleVersion, minimumOs }: PlannedRelease,
  policy: AssessPolicy,
): { readonly reachedBy: string | null; readonly otherwise: string } {
  const { installed, macos, model } = client;
  const own = installed.bundleVersion ?? installed.version;
  const no = (otherwise: string) => ({ reachedBy: null, otherwise });
  if (!startsOn(macos, minimumOs))
    return no(
      `${version} needs macOS ${minimumOs}: this Mac needs a newer macOS first, and until then stays.`,
    );
  if (model === 'appcast')
    return isAbove(bundleVersion, own)
      ? {
          reachedBy: `the appcast of ${version}: its CFBundleVersion ${bundleVersion} is above ${own}`,
          otherwise: '',
        }
      : no(BY_HAND);
  if (model === 'ours') return isAbove(version, installed.version) ? reachedByVersion() : no(BY_HAND);
  const isBuiltIn = client.downloads !== 'artifact-url';
  const fixed = builtInTag(client, policy);
  if (isBuiltIn && fixed === null) return no(BY_HAND);
  const bridged = fixed === null ? '' : `, and the fixed tag ${fixed.name} holds it`;
  if (client.compares === 'version')
    return isAbove(version, installed.version) ? reachedByVersion(bridged) : no(BY_HAND);
  const [next, has] = [readBuildNumber(bundleVersion), readBuildNumber(own) ?? 0];
  return next !== null && next > has
    ? { reachedBy: `${version}: its whole build number ${next} is above ${has}${bridged}`, otherwise: '' }
    : no(BY_HAND);

  function reachedByVersion(more = '') {
    return { reachedBy: `${version}, which is above ${installed.version}${more}`, otherwise: '' };
  }
}

/** As Sparkle compares plain numbers too: part by part, so that a whole number is above every dotted one of these. */
function isAbove(version: string, other: string): boolean {
  const [left, right] = [readVersion(version), readVersion(other)];
  return left !== null && right !== null && compareVersions(left, right) > 0;
}
