import { createHash } from 'node:crypto';
import { DEFAULT_DOWNLOAD_BASE, type TrustPolicy } from '../../config.ts';
import { assessManifest } from '../../manifest/assess.ts';
import { fixedTagOf } from '../../manifest/generation.ts';
import { releaseUrl } from '../../manifest/release-url.ts';
import type { AssetFacts } from '../../release/asset.ts';
import { readBuildNumber } from '../../release/inbox/judge-payloads.ts';
import { makeManifestText } from '../../release/manifests/manifest-document.ts';
import { parseVersion, versionTag } from '../../version.ts';
import { type BuildPlan, buildPlan } from '../builds/build-plan.ts';
import { makeBuild } from '../builds/make-build.ts';
import { manifestDocument } from '../manifest-text.ts';
import { PRODUCTION_OWNER } from '../release-host/release-host.ts';
import { mergePatch } from './merge-patch.ts';
import type { Offer, OfferedManifest } from './scenario.ts';
import type { BuildData, ManifestData, OfferData } from './schema.ts';

/** File name of the image in every release. */
export const IMAGE_FILE = 'Nexy.dmg';

/** The manifests of the lab as they are before a release host is known: at GitHub. */
export const GITHUB_POLICY: TrustPolicy = {
  owner: PRODUCTION_OWNER,
  downloadBase: DEFAULT_DOWNLOAD_BASE,
  allowedHosts: [],
  allowLoopback: false,
};

/**
 * What a data file of `offers` says.
 *
 * @throws UpdateError `usage` for a build that cannot be made
 */
export function makeOffer(name: string, data: OfferData, origin: Offer['origin']): Offer {
  const { title, description, shows = null, manifests } = data;
  const offered = manifests.map((manifest, index) => {
    const file = manifests.length === 1 ? `${name}.json` : `${name}-${index + 1}.json`;
    return makeOfferedManifest(manifest, file);
  });
  return { name, title, description, shows, origin, manifests: offered };
}

/**
 * One manifest in the wire format of DESIGN.md section 3, honest unless told otherwise.
 *
 * @throws UpdateError `usage` for a build that cannot be made
 */
export function makeOfferedManifest(data: ManifestData, file: string): OfferedManifest {
  const { channel, checks, text } = data;
  const common = { file, channel, checks, isOfRealBytes: false } as const;
  if (text !== undefined) {
    const { version } = assessManifest(Buffer.from(text), GITHUB_POLICY, { channel, fileName: file });
    const promised = data.build === undefined ? null : planOf(data.build);
    return { ...common, version, date: null, promised, document: null, text };
  }
  const promised = data.build === undefined ? honestPlan(data) : planOf(data.build);
  const { bytes, sha256 } = makeBuild(promised);
  const figures = { size: bytes.length, sha256 };
  const honest =
    data.form === 'schema-2'
      ? documentOfToday(data, { ...figures, name: IMAGE_FILE }, promised)
      : manifestDocument({
          version: data.version,
          url: urlOf(data),
          ...figures,
          artifact: { min_os: promised.minimumOs },
          top: { build: data.buildNumber ?? data.version, release_date: data.date },
        });
  const document = mergePatch(honest, data.changes);
  const version = textOf(document['version']);
  return { ...common, version, date: textOf(document['release_date']), promised, document, text: null };
}

/** What the bytes hold that a data file names. */
export function planOf({ bundleVersion, ...data }: BuildData): BuildPlan {
  return { ...data, bundleVersion: bundleVersion ?? data.version };
}

/** What `nexy-release publish` would write, by its own code. */
function documentOfToday(
  { version, channel, date }: ManifestData,
  image: AssetFacts,
  plan: BuildPlan,
): unknown {
  const notes = Buffer.from(`# ${version}\n`);
  const sha256 = createHash('sha256').update(notes).digest('hex');
  const parsed = parseVersion(version);
  const text = makeManifestText(
    {
      version: parsed,
      channel,
      tag: versionTag(parsed),
      releaseDate: date,
      assets: [image, { name: 'LATEST_CHANGES.md', size: notes.length, sha256 }],
      minimumOs: plan.minimumOs,
      architecture: 'universal2',
      buildNumber: readBuildNumber(plan.bundleVersion),
      critical: false,
      rolloutPercentage: null,
    },
    GITHUB_POLICY,
  );
  return JSON.parse(text);
}

/** Old clients compare CFBundleVersion with the key `build`, so that an honest release has one number in both. */
function honestPlan({ version, buildNumber }: ManifestData): BuildPlan {
  return buildPlan(version, { bundleVersion: String(buildNumber ?? version) });
}

function urlOf({ url, version, channel }: ManifestData): string {
  if (typeof url === 'object') return url.address;
  if (url === 'none') return '';
  const tag = url === 'fixed-tag' ? fixedTagOf('dmg', channel) : `v${version}`;
  return releaseUrl(GITHUB_POLICY, tag, IMAGE_FILE);
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
