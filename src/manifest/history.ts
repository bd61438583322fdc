import type { Channel } from '../config.ts';
import { compareVersions, isSameVersion, padVersion, type Version } from '../version.ts';
import type { Assessment } from './assess.ts';
import { isArtifactType } from './generation.ts';
import { parseReleaseDate, type ReleaseDate } from './release-date.ts';

type HistoryCode = 'bytes-reused' | 'version-reused' | 'signature-reused' | 'version-regression';

/** Drift that shows only across a series of manifests. */
export interface HistoryFinding {
  readonly code: HistoryCode;
  readonly message: string;
  /** The manifests that it is about, each once: in the order given, or the higher version before the one that went back. */
  readonly files: readonly string[];
}

export interface HistoryEntry {
  readonly file: string;
  readonly assessment: Assessment;
}

/** One artifact that a manifest offers. */
interface Offer {
  readonly file: string;
  readonly version: Version;
  readonly type: string;
  readonly sha256: string;
  readonly ed25519: string | null;
}

/** One manifest with a date. */
interface Issue {
  readonly file: string;
  readonly version: Version;
  readonly channel: Channel;
  readonly date: ReleaseDate;
}

/**
 * What is wrong with a series of manifests (DESIGN.md section 3): every manifest that parses counts, rejected
 * ones too; one finding per repeated value, one per version that later ones fell below.
 */
export function findHistory(entries: readonly HistoryEntry[]): readonly HistoryFinding[] {
  const offers = entries.flatMap(listOffers);
  return [
    ...findReusedBytes(offers),
    ...findReusedVersions(offers),
    ...findReusedSignatures(offers),
    ...findRegressions(entries.flatMap(listIssue)),
  ];
}

function listOffers({ file, assessment }: HistoryEntry): readonly Offer[] {
  if (assessment.manifest === null) return [];
  const { version, artifacts } = assessment.manifest;
  // A sha256 such as "" or "TODO" says nothing about bytes, however often it is repeated.
  const named = artifacts.filter(({ sha256 }) => /^[0-9a-f]{64}$/.test(sha256));
  return named.map(({ type, sha256, ed25519 }) => ({
    file,
    version,
    type,
    sha256,
    ed25519: ed25519 || null,
  }));
}

function listIssue({ file, assessment }: HistoryEntry): readonly Issue[] {
  const { manifest, channel } = assessment;
  if (manifest === null) return [];
  const date = parseReleaseDate(manifest.releaseDate ?? '');
  return date === null ? [] : [{ file, version: manifest.version, channel, date }];
}

function findReusedBytes(offers: readonly Offer[]): readonly HistoryFinding[] {
  return groupBy(offers, ({ sha256 }) => sha256).flatMap(([sha256, group]) => {
    const versions = distinctVersions(group);
    if (versions.length < 2) return [];
    const message = `The same bytes (sha256 ${shorten(sha256)}) were offered as versions ${versions.join(', ')}: at most one of them is what they contain. Clients refuse the others.`;
    return [{ code: 'bytes-reused', message, files: filesOf(group) }];
  });
}

function findReusedVersions(offers: readonly Offer[]): readonly HistoryFinding[] {
  return groupBy(offers, ({ version }) => padVersion(version)).flatMap(([, group]) => {
    const rivals = group.filter((offer) => group.some((other) => isRival(offer, other)));
    const [first] = rivals;
    if (first === undefined) return [];
    const digests = [...new Set(rivals.map(({ sha256 }) => shorten(sha256)))];
    const message = `Version ${first.version.text} was offered with ${digests.length} different sha256 (${digests.join(', ')}): nobody can tell which bytes it is. A changed build needs a version of its own.`;
    return [{ code: 'version-reused', message, files: filesOf(rivals) }];
  });
}

/** A DMG and a PKG of one version differ rightly. */
function isRival(offer: Offer, other: Offer): boolean {
  const isOtherForm = isArtifactType(offer.type) && isArtifactType(other.type) && offer.type !== other.type;
  return offer.sha256 !== other.sha256 && !isOtherForm;
}

function findReusedSignatures(offers: readonly Offer[]): readonly HistoryFinding[] {
  return groupBy(offers, ({ ed25519 }) => ed25519).flatMap(([signature, group]) => {
    const digests = new Set(group.map(({ sha256 }) => sha256));
    if (signature === null || digests.size < 2) return [];
    const message = `One ed25519 signature (${shorten(signature)}) was given for ${digests.size} different sha256: it can belong to one of them at most. Leave it empty where it was not made over these bytes.`;
    return [{ code: 'signature-reused', message, files: filesOf(group) }];
  });
}

/**
 * Per channel in the order of dates: the highest version so far, and every later manifest with a lower one, as one
 * finding. Manifests of one date do not regress from each other.
 */
function findRegressions(issues: readonly Issue[]): readonly HistoryFinding[] {
  return groupBy(issues, ({ channel }) => channel).flatMap(([channel, group]) => {
    const byDate = [...group].sort((a, b) => compareDates(a.date, b.date));
    const dates = groupBy(byDate, ({ date }) => `${date.milliseconds} ${date.nanoseconds}`);
    const stretches: Stretch[] = [];
    for (const [, today] of dates) {
      const current = stretches.at(-1);
      const isFallen = ({ version }: Issue): boolean =>
        current !== undefined && compareVersions(version, current.highest.version) < 0;
      current?.fallen.push(...today.filter(isFallen));
      const rest = today.filter((issue) => !isFallen(issue));
      const [highest] = rest.toSorted((a, b) => compareVersions(b.version, a.version));
      if (highest === undefined) continue;
      const peak = rest.filter(({ version }) => isSameVersion(version, highest.version));
      if (current !== undefined && isSameVersion(highest.version, current.highest.version)) {
        current.peak.push(...peak);
      } else stretches.push({ highest, peak, fallen: [] });
    }
    return stretches.flatMap((stretch) => describeRegression(stretch, channel));
  });
}

/** From one highest version to the next. */
interface Stretch {
  readonly highest: Issue;
  /** All manifests of the highest version. */
  readonly peak: Issue[];
  /** What came after it with a lower version. */
  readonly fallen: Issue[];
}

function describeRegression({ highest, peak, fallen }: Stretch, channel: Channel): readonly HistoryFinding[] {
  const [first] = fallen;
  if (first === undefined) return [];
  const others = fallen.length === 1 ? '' : `, and ${fallen.length - 1} more lower ones after it`;
  const message = `${first.version.text} (${first.date.text}) came after ${highest.version.text} (${highest.date.text}) on the ${channel} channel${others}: clients that have the higher version are offered nothing. Publish a version above it.`;
  return [{ code: 'version-regression', message, files: filesOf([...peak, ...fallen]) }];
}

function compareDates(a: ReleaseDate, b: ReleaseDate): number {
  return a.milliseconds - b.milliseconds || a.nanoseconds - b.nanoseconds;
}

function distinctVersions(offers: readonly Offer[]): readonly string[] {
  const versions = new Map(offers.map(({ version }) => [padVersion(version), version]));
  return [...versions.values()].sort(compareVersions).map(({ text }) => text);
}

function filesOf(items: readonly { readonly file: string }[]): readonly string[] {
  return [...new Set(items.map(({ file }) => file))];
}

function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): [Key, Item[]][] {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups];
}

function shorten(digest: string): string {
  return digest.length > 12 ? `${digest.slice(0, 8)}…` : digest;
}
