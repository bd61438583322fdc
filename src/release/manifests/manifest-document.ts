import type { Channel, TrustPolicy } from '../../config.ts';
import { UpdateError } from '../../errors.ts';
import { type AssessPolicy, assessManifest } from '../../manifest/assess.ts';
import { releaseUrl } from '../../manifest/release-url.ts';
import { quote } from '../../quote.ts';
import type { Version } from '../../version.ts';
import type { AssetFacts, AssetName } from '../asset.ts';

export interface ManifestParts {
  readonly version: Version;
  readonly channel: Channel;
  /** The tag that the release has: the version may be written otherwise there (`v2.0` for 2.0.0.0). */
  readonly tag: string;
  /** GitHub's `published_at` of the release, so that every run writes the same bytes. */
  readonly releaseDate: string;
  /** The files of the release: notes, and at least one of DMG and PKG. */
  readonly assets: readonly AssetFacts[];
  readonly minimumOs: string | null;
  readonly architecture: string | null;
  /** The payload's CFBundleVersion where that is a whole number; else null. */
  readonly buildNumber: number | null;
  readonly critical: boolean;
  /** 0 to 100; null or 100 offers the version to everybody. */
  readonly rolloutPercentage: number | null;
}

/** Keys in the order in which they are written. */
export type ManifestDocument = Readonly<Record<string, unknown>>;

const NOTES: AssetName = 'LATEST_CHANGES.md';

/**
 * The manifest of a published version, in the format that clients in the field read (DESIGN.md section 3). The same
 * parts give the same bytes.
 *
 * @param policy where clients find releases, and whom they trust
 * @throws UpdateError `inbox-incomplete` without an artifact or notes, `usage` for a percentage that is none, and what
 *   a client would say of the manifest where it would not accept it without a warning
 */
export function makeManifestText(parts: ManifestParts, policy: AssessPolicy): string {
  const { version, channel, tag, assets, minimumOs, architecture } = parts;
  const artifacts = (['dmg', 'pkg'] as const).flatMap((type) => {
    const asset = assets.find(({ name }) => name === `Nexy.${type}`);
    if (asset === undefined) return [];
    // Old clients expect all of these keys, as texts.
    const rest = { arch: architecture ?? '', min_os: minimumOs ?? '', ed25519: '' };
    return [{ type, ...placeOf(asset, tag, policy), ...rest }];
  });
  const notes = assets.find(({ name }) => name === NOTES);
  const [artifact] = artifacts;
  if (artifact === undefined || notes === undefined)
    throw new UpdateError('inbox-incomplete', `A release without an artifact or ${NOTES} cannot be offered.`);
  const document = {
    version: version.text,
    // Sparkle, and the oldest clients, compare it with the CFBundleVersion that is installed: what is offered and what
    // is installed then have to be the same, or they are offered it for ever. Those oldest clients read whole numbers
    // alone, and take a dotted text for no offer at all.
    build: parts.buildNumber ?? version.text,
    release_date: parts.releaseDate,
    artifact,
    critical: parts.critical,
    auto_install: true,
    notes_url: releaseUrl(policy, tag, NOTES),
    // What old clients know comes first; from here on is ours.
    schema: 2,
    channel,
    tag,
    artifacts,
    notes: placeOf(notes, tag, policy),
    ...rolloutOf(parts.rolloutPercentage, version.text),
  };
  return finishManifest(document, channel, policy);
}

/**
 * A changed manifest as text, if clients accept it.
 *
 * @param tolerated `warn` for one that works through the legacy path
 * @throws UpdateError with the code of the first finding that is not tolerated
 */
export function finishManifest(
  document: ManifestDocument,
  channel: Channel,
  policy: AssessPolicy,
  tolerated: 'nothing' | 'warn' = 'nothing',
): string {
  const text = `${JSON.stringify(document, null, 2)}\n`;
  const { findings } = assessManifest(Buffer.from(text), policy, { channel });
  const serious = findings.filter(({ severity }) => severity !== 'info' && severity !== tolerated);
  const [first] = serious;
  if (first === undefined) return text;
  throw new UpdateError(
    first.code,
    `The manifest was not written, since clients would not accept it: ${serious.map(({ message }) => message).join(' ')}`,
    { details: { findings: serious } },
  );
}

/**
 * The key `rollout`: absent for everybody, so that a full rollout looks the same whichever way it was reached. The
 * salt is the version, so that going back to a lower percentage finds the same installations again.
 *
 * @throws UpdateError `usage` unless it is 0 to 100 with at most two decimals, as fine as clients tell buckets apart
 */
export function rolloutOf(
  percentage: number | null,
  salt: string,
): { readonly rollout?: { readonly percentage: number; readonly salt: string } } {
  if (percentage === null) return {};
  const isPercentage = percentage >= 0 && percentage <= 100;
  if (!isPercentage || !Number.isSafeInteger(Number((percentage * 100).toFixed(6))))
    throw new UpdateError(
      'usage',
      `${quote(String(percentage))} is not a percentage from 0 to 100 with at most two decimals. Nothing was changed.`,
    );
  return percentage === 100 ? {} : { rollout: { percentage, salt } };
}

function placeOf({ name, size, sha256 }: AssetFacts, tag: string, policy: TrustPolicy) {
  return { url: releaseUrl(policy, tag, name), size, sha256 };
}
