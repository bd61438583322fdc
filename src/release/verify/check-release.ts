import { UpdateError } from '../../errors.ts';
import { quote } from '../../quote.ts';
import type { AssetFacts } from '../asset.ts';
import type { GitHubAsset } from '../github/answers.ts';
import type { GitHub } from '../github/github.ts';
import { duplicateReleases } from '../publication/plan.ts';

/**
 * Everything in which GitHub's release of a version tag differs from what a manifest says of it: one published release,
 * with these files and no others, whole, with these digests. Where GitHub gives no digest, the bytes are hashed.
 *
 * @param wanted the manifest's files, notes included where it names them
 * @returns none where all is right; `not-published`, `duplicate-releases`, `incomplete-release`, `digest-mismatch`
 * @throws UpdateError `github-auth`, `github-rate-limited`, `github-failed`, `cancelled`
 */
export async function findReleaseProblems(
  github: GitHub,
  tag: string,
  wanted: readonly AssetFacts[],
): Promise<readonly UpdateError[]> {
  const releases = (await github.listReleases()).filter((each) => !each.isDraft && each.tag === tag);
  const [release] = releases;
  if (release === undefined) return [notPublished(tag)];
  if (releases.length > 1) return [duplicateReleases(tag, releases)];
  const hosted = (await github.listAssets(release.id)) ?? [];
  const compared = await Promise.all(wanted.map((facts) => compare(github, tag, facts, hosted)));
  // A manifest need not name the notes.
  const known = [...wanted.map(({ name }): string => name), 'LATEST_CHANGES.md'];
  const others = hosted.filter(({ name }) => !known.includes(name));
  return [
    ...compared.filter((problem) => problem !== null),
    ...others.map((asset) => unexpected(tag, asset)),
  ];
}

/** @throws UpdateError the first problem */
export async function assertReleased(
  github: GitHub,
  tag: string,
  wanted: readonly AssetFacts[],
): Promise<void> {
  const [problem] = await findReleaseProblems(github, tag, wanted);
  if (problem !== undefined) throw problem;
}

async function compare(
  github: GitHub,
  tag: string,
  { name, size, sha256 }: AssetFacts,
  hosted: readonly GitHubAsset[],
): Promise<UpdateError | null> {
  const asset = hosted.find((each) => each.name === name);
  if (asset === undefined || asset.state !== 'uploaded') {
    const what =
      asset === undefined ? `has no ${name}` : `holds a broken ${name} (state ${quote(asset.state)})`;
    return new UpdateError(
      'incomplete-release',
      `The release of ${tag} ${what}. Nothing was changed. Publish a higher version.`,
      { details: { tag, asset: name } },
    );
  }
  const found = asset.sha256 === null && asset.size === size ? await github.hashAsset(asset) : asset;
  if (found.size === size && found.sha256 === sha256) return null;
  return new UpdateError(
    'digest-mismatch',
    `${name} of ${tag} has ${found.size} bytes with sha256 ${found.sha256 ?? 'unknown'}, and the manifest says ` +
      `${size} bytes with sha256 ${sha256}. Nothing was changed; clients refuse such a file. Publish a higher version.`,
    {
      details: {
        tag,
        asset: name,
        expected: { size, sha256 },
        found: { size: found.size, sha256: found.sha256 },
      },
    },
  );
}

function unexpected(tag: string, { name }: GitHubAsset): UpdateError {
  return new UpdateError(
    'incomplete-release',
    `The release of ${tag} also holds ${quote(name)}, which no manifest knows. Nothing was changed. Find out who put ` +
      'it there; the files that clients fetch are judged by themselves.',
    { details: { tag, asset: name } },
  );
}

function notPublished(tag: string): UpdateError {
  return new UpdateError(
    'not-published',
    `There is no published release of ${tag}. Nothing was changed. Publish it, or a higher version.`,
    { details: { tag } },
  );
}
