import type { AssetFacts } from '../asset.ts';
import type { HostedAsset } from '../publication/plan.ts';

/** What lies under a fixed tag, as far as one file is concerned. */
export interface FixedTagReview<Asset extends HostedAsset> {
  /** What the world downloads under the file's name now. */
  readonly current: Asset | null;
  /** Whether that is what it is to be. */
  readonly isRight: boolean;
  /** The right bytes, uploaded under another name by a run that did not get further. */
  readonly staged: Asset | null;
  /** What such runs left: to be deleted once the right file is in place. */
  readonly leftovers: readonly Asset[];
}

/** The name under which the new bytes are uploaded. It names them, so that another run finds what it can go on with. */
export function stagedName({ name, sha256 }: AssetFacts): string {
  return `${name}.${sha256.slice(0, 16)}.new`;
}

/** The name that the bytes before are moved out of the way to. */
export function displacedName(name: string, id: number): string {
  return `${name}.${id}.old`;
}

/**
 * Compares a fixed tag's assets with what is wanted there. Assets without a known digest count as others.
 *
 * @param hosted all assets of the tag's release
 */
export function reviewFixedTag<Asset extends HostedAsset>(
  wanted: AssetFacts,
  hosted: readonly Asset[],
): FixedTagReview<Asset> {
  const isRight = (asset: Asset): boolean =>
    asset.state === 'uploaded' && asset.size === wanted.size && asset.sha256 === wanted.sha256;
  const current = hosted.find(({ name }) => name === wanted.name) ?? null;
  const ours = hosted.filter(({ name }) => isTemporaryName(wanted.name, name));
  const staged = ours.find((asset) => asset.name === stagedName(wanted) && isRight(asset)) ?? null;
  return {
    current,
    isRight: current !== null && isRight(current),
    staged,
    leftovers: ours.filter((asset) => asset !== staged),
  };
}

/** Only names that this flow gives: nothing else under a fixed tag is ever touched. */
function isTemporaryName(name: string, candidate: string): boolean {
  return (
    candidate.startsWith(`${name}.`) &&
    /^(?:[0-9a-f]{16}\.new|\d+\.old)$/.test(candidate.slice(name.length + 1))
  );
}
