import { DEFAULT_DOWNLOAD_BASE } from '../../config.ts';
import { MAXIMUM_ARTIFACT_BYTES } from '../../manifest/limits.ts';
import type { Build } from '../builds/build-plan.ts';
import { makeBuild } from '../builds/make-build.ts';
import { isMapping } from './merge-patch.ts';
import type { OfferedManifest } from './scenario.ts';

export interface WriteManifestOptions {
  /** What stands in place of https://github.com, without a trailing slash. */
  readonly downloadBase: string;
  /** Signs with the key that clients know; base64. */
  readonly sign: (bytes: Uint8Array) => string;
}

export interface WrittenManifest {
  /** What the feed serves. */
  readonly bytes: Uint8Array;
  /** What it promises; null where nobody could have it. */
  readonly promised: Build | null;
}

/** A word in place of a signature: it is made when the manifest is written. */
const TO_BE_SIGNED = 'valid';

/**
 * The bytes of a manifest for one release host: its origin stands in place of GitHub's. Where the document is of real
 * bytes, size and sha256 become those of the stand-in; what is invalid stays as it is, and so does every signature but
 * the word `valid`, which becomes one over the stand-in's bytes.
 *
 * @throws UpdateError `usage` for a build that cannot be made
 */
export function writeManifest(
  { document, text, promised: plan, isOfRealBytes }: OfferedManifest,
  { downloadBase, sign }: WriteManifestOptions,
): WrittenManifest {
  const promised = plan === null ? null : makeBuild(plan);
  if (document === null) return { bytes: Buffer.from(text ?? ''), promised };
  const fill = (artifact: unknown): unknown => {
    if (!isMapping(artifact) || promised === null) return artifact;
    return {
      ...artifact,
      ...(isOfRealBytes && isSize(artifact['size']) ? { size: promised.bytes.length } : {}),
      ...(isOfRealBytes && isSha256(artifact['sha256']) ? { sha256: promised.sha256 } : {}),
      ...(artifact['ed25519'] === TO_BE_SIGNED ? { ed25519: sign(promised.bytes) } : {}),
    };
  };
  const filled = {
    ...document,
    ...('artifact' in document ? { artifact: fill(document['artifact']) } : {}),
    ...('artifacts' in document ? { artifacts: fillFirst(document['artifacts'], fill) } : {}),
  };
  const written = JSON.stringify(filled, (_, value) => moveFromGitHub(value, downloadBase), 2);
  return { bytes: Buffer.from(`${written}\n`), promised };
}

/** The first of `artifacts` is `artifact`; for what comes after it the lab has no stand-in. */
function fillFirst(artifacts: unknown, fill: (artifact: unknown) => unknown): unknown {
  if (!Array.isArray(artifacts)) return artifacts;
  const [first, ...others] = artifacts;
  return artifacts.length === 0 ? artifacts : [fill(first), ...others];
}

function moveFromGitHub(value: unknown, downloadBase: string): unknown {
  if (typeof value !== 'string' || !value.startsWith(`${DEFAULT_DOWNLOAD_BASE}/`)) return value;
  return downloadBase + value.slice(DEFAULT_DOWNLOAD_BASE.length);
}

function isSize(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) > 0 && Number(value) <= MAXIMUM_ARTIFACT_BYTES;
}

function isSha256(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9a-f]{64}$/i.test(value);
}
