import { CHANNELS, type Channel } from '../../config.ts';
import { type Assessment, type AssessPolicy, assessManifest } from '../../manifest/assess.ts';
import { CHANNEL_FILES } from '../../manifest/manifest-file.ts';
import { isSameVersion, readVersion } from '../../version.ts';
import { readBuildNumber } from '../clients/build-number.ts';
import { isMapping } from '../scenario/merge-patch.ts';
import type { OfferedManifest } from '../scenario/scenario.ts';

/** What a channel says today. */
export interface CurrentOffer {
  readonly offered: OfferedManifest;
  /** As our client judges it. */
  readonly assessment: Assessment;
  /** Why the bytes are not what the manifest says they are, as the end of a sentence; null where they are. */
  readonly lie: string | null;
}

export type CurrentOffers = Readonly<Record<Channel, CurrentOffer | null>>;

/** The manifest that each channel offers: the file of that name, or else the last of the series. */
export function findCurrentOffers(
  manifests: readonly OfferedManifest[],
  policy: AssessPolicy,
): CurrentOffers {
  const [stable, beta] = CHANNELS.map((channel) => {
    const own = manifests.filter((each) => each.channel === channel);
    const offered = own.find(({ file }) => file === CHANNEL_FILES[channel]) ?? own.at(-1);
    return offered === undefined ? null : describe(offered, policy);
  });
  return { stable: stable ?? null, beta: beta ?? null };
}

/** The key `build` as the oldest clients read it: `int()` of what is there. Null where that fails. */
export function wholeBuildOf({ document }: OfferedManifest): number | null {
  return readBuildNumber(document?.['build']);
}

/** A key of `artifact`, where it is a text. */
export function artifactText({ document }: OfferedManifest, key: string): string | null {
  const artifact = document?.['artifact'];
  const value = isMapping(artifact) ? artifact[key] : null;
  return typeof value === 'string' && value !== '' ? value : null;
}

function describe(offered: OfferedManifest, policy: AssessPolicy): CurrentOffer {
  const bytes = Buffer.from(offered.text ?? JSON.stringify(withDigest(offered.document ?? {})));
  const { channel, file } = offered;
  return {
    offered,
    assessment: assessManifest(bytes, policy, { channel, fileName: file }),
    lie: findLie(offered),
  };
}

/** Size and sha256 are put in when a manifest is written; until then any honest ones do. */
function withDigest(document: Readonly<Record<string, unknown>>): object {
  const artifact = document['artifact'];
  if (!isMapping(artifact)) return document;
  return { ...document, artifact: { size: 1, sha256: '0'.repeat(64), ...artifact } };
}

function findLie({ version, promised }: OfferedManifest): string | null {
  if (promised === null) return null;
  if (promised.kind === 'text') return 'a text file, not an app';
  const [said, held] = [readVersion(version ?? ''), readVersion(promised.version)];
  if (said === null || held === null || isSameVersion(said, held)) return null;
  return `the app that was first offered as ${promised.version}`;
}
