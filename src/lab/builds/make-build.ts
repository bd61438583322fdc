import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type Build, type BuildPlan, buildPlan } from './build-plan.ts';
import { INFO_PLIST_BYTES, writeInfoPlist } from './info-plist.ts';

/** Made by scripts/make-lab-image.ts. The same place beside `src` and beside `dist`. */
const TEMPLATE = new URL('../../../resources/lab/Nexy.img.gz', import.meta.url);

/** What the template's Info.plist says, so that it is found again. */
export const TEMPLATE_PLAN: BuildPlan = buildPlan('0', { label: 'template' });

const BLOCK = 512;
const MOST_PADDING_BLOCKS = 128;

const builds = new Map<string, Build>();
let template: Template | null = null;

interface Template {
  readonly image: Buffer;
  readonly infoAt: number;
}

/**
 * Makes the bytes of a build: a raw HFS Plus image (UDRW) with one app, or a text file. The same plan gives the same
 * object.
 *
 * @throws UpdateError `usage` for a plan that an Info.plist cannot hold
 */
export function makeBuild(plan: BuildPlan): Build {
  const { kind, version, bundleVersion, minimumOs, label, updater } = plan;
  const key = JSON.stringify([kind, version, bundleVersion, minimumOs, label, updater]);
  const known = builds.get(key);
  if (known !== undefined) return known;
  const seed = createHash('sha256').update(key).digest();
  const bytes = kind === 'text' ? makeText(seed) : makeImage(plan, seed);
  const build = { plan, bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
  builds.set(key, build);
  return build;
}

/** The build with these bytes, of those that were made in this process. */
export function findBuild(sha256: string): Build | null {
  return [...builds.values()].find((build) => build.sha256 === sha256) ?? null;
}

/** 33 bytes, as the file had whose signature stood in manifests for months. */
function makeText(seed: Buffer): Uint8Array {
  return Buffer.from(`No image at all ${seed.toString('hex', 0, 8)}\n`);
}

/** Released images differ in size as well; what follows a volume is nothing to whoever reads it. */
function makeImage(plan: BuildPlan, seed: Buffer): Uint8Array {
  template ??= readTemplate();
  const { image, infoAt } = template;
  const padding = (seed.readUInt16BE(0) % MOST_PADDING_BLOCKS) * BLOCK;
  const bytes = Buffer.alloc(image.length + padding);
  image.copy(bytes);
  writeInfoPlist(plan).copy(bytes, infoAt);
  return bytes;
}

function readTemplate(): Template {
  const image = gunzipSync(readFileSync(TEMPLATE));
  const info = writeInfoPlist(TEMPLATE_PLAN);
  const infoAt = image.indexOf(info);
  if (infoAt < 0 || image.indexOf(info, infoAt + INFO_PLIST_BYTES) >= 0)
    throw new Error('resources/lab/Nexy.img.gz is not what scripts/make-lab-image.ts makes.');
  return { image, infoAt };
}
