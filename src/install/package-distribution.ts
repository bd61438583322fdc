import type { Distribution, SystemRange } from '../image/distribution.ts';
import type { PackageContents } from '../image/package-contents.ts';
import { quote } from '../quote.ts';
import { compareVersions, readVersion } from '../version.ts';
import type { Machine } from './machine.ts';
import { refuse } from './package-refusal.ts';

/**
 * Whether a product archive lets its packages go where they say, chosen without a person's doing, on this Mac. What
 * JavaScript in it would decide is not known here; whether the new version is in place is looked at afterwards.
 *
 * @param member the component that brings the app
 * @throws UpdateError `pkg-wrong-location`, `payload-not-found`, `payload-incompatible`
 */
export function assertDistributionFits(contents: PackageContents, member: string, machine: Machine): void {
  const { distribution } = contents;
  if (distribution === null) return;
  assertReferences(distribution, contents, member);
  const moved = distribution.choices.find(({ customLocation }) => customLocation !== null);
  if (moved !== undefined)
    throw refuse('pkg-wrong-location', `it may be installed to ${quote(moved.customLocation ?? '')}`);
  if (distribution.domains?.localSystem === false)
    throw refuse('pkg-wrong-location', 'it is meant for the home folder of one person');
  assertSystem(distribution, machine);
}

/** What is not in the file cannot be judged, and what nobody refers to is not installed. */
function assertReferences(distribution: Distribution, contents: PackageContents, member: string): void {
  const members = new Map<string, string>();
  for (const { id, source } of distribution.packageReferences) {
    if (source === null) continue;
    const name = memberIn(source);
    if (name === null || !contents.components.some((component) => component.member === name))
      throw refuse('pkg-wrong-location', `it would also install ${quote(source)}, which is not in it`);
    members.set(name, id ?? '');
  }
  const id = members.get(member);
  if (id === undefined) throw refuse('payload-not-found', 'its Distribution does not install the app in it');
  const choice = distribution.choices.find(({ packages }) => packages.includes(id));
  if (choice?.startSelected === 'false' || choice?.selected === 'false')
    throw refuse('payload-not-found', 'it installs the app only where a person asks for it');
}

/** `#Nexy.pkg` names a member; everything else lies outside of the file. */
function memberIn(source: string): string | null {
  if (!source.startsWith('#')) return null;
  try {
    return decodeURIComponent(source.slice(1));
  } catch {
    return null;
  }
}

/** What cannot be told of this Mac never blocks an update. */
function assertSystem({ allowedSystems, hostArchitectures }: Distribution, machine: Machine): void {
  const system = readVersion(machine.systemVersion ?? '');
  if (system !== null && allowedSystems.length > 0 && !allowedSystems.some((range) => isIn(range, machine)))
    throw refuse(
      'payload-incompatible',
      `it needs macOS ${allowedSystems.map(describeRange).join(' or ')}, and this Mac runs ${system.text}`,
      { allowed: allowedSystems, system: system.text },
    );
  const { architecture, hasRosetta } = machine;
  const runsIntelCode = architecture === 'x86_64' || hasRosetta !== false;
  const fits =
    hostArchitectures.length === 0 ||
    architecture === null ||
    hostArchitectures.includes(architecture) ||
    (runsIntelCode && hostArchitectures.includes('x86_64'));
  if (!fits)
    throw refuse(
      'payload-incompatible',
      `it is for Macs with ${hostArchitectures.join(' or ')}, and this one has ${architecture}`,
      { architectures: hostArchitectures, machine: architecture },
    );
}

function isIn({ minimum, before }: SystemRange, machine: Machine): boolean {
  const system = readVersion(machine.systemVersion ?? '');
  const [first, end] = [readVersion(minimum ?? ''), readVersion(before ?? '')];
  return (
    system !== null &&
    (first === null || compareVersions(system, first) >= 0) &&
    (end === null || compareVersions(system, end) < 0)
  );
}

function describeRange({ minimum, before }: SystemRange): string {
  return [minimum, before === null ? null : `before ${before}`].filter((text) => text !== null).join(' and ');
}
