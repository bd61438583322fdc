import { createHash } from 'node:crypto';
import type { Channel } from '../config.ts';
import { type Assessment, type AssessPolicy, assessManifest } from '../manifest/assess.ts';
import { type Finding, makeFinding } from '../manifest/finding.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { archivedVersion, CHANNEL_FILES } from '../manifest/manifest-file.ts';
import { compareVersions, isSameVersion } from '../version.ts';

/** What a file of the manifests folder is for: its name alone says so. */
export type ManifestRole = Channel | 'archive';

/** One file as it was found in the folder. */
export interface ManifestFile {
  readonly name: string;
  /** Null where it could not be read. */
  readonly bytes: Uint8Array | null;
  /** Why it could not be read, as a sentence. */
  readonly problem: string | null;
  readonly modified: Date | null;
}

/** A manifest that is served, byte for byte as it was read. */
export interface Offer {
  readonly file: string;
  readonly role: ManifestRole;
  readonly channel: Channel;
  readonly bytes: Uint8Array;
  /** Of `bytes`, 64 hex digits. */
  readonly sha256: string;
  readonly modified: Date | null;
  readonly manifest: Manifest;
  readonly assessment: Assessment;
}

/** A manifest that lies in the folder and is not served. */
export interface RefusedFile {
  readonly file: string;
  readonly role: ManifestRole;
  /** As the file gives it, where it can be shown. */
  readonly version: string | null;
  readonly findings: readonly Finding[];
  /** The version that goes on being served under this name; null where there is none. */
  readonly stillOffered: string | null;
}

/** All that the folder offers. The channels come first, then archive copies from the highest version down. */
export interface Catalog {
  readonly offers: readonly Offer[];
  readonly refused: readonly RefusedFile[];
}

export interface CatalogRules {
  readonly policy: AssessPolicy;
  /** Without it the channel does not exist: neither its manifest nor its archive copies. */
  readonly isBetaOffered: boolean;
}

export const EMPTY_CATALOG: Catalog = { offers: [], refused: [] };

/** The part of a file's name that tells what it is for, or null for a file that is none of ours. */
export function roleOf(name: string): ManifestRole | null {
  if (name === CHANNEL_FILES.stable) return 'stable';
  if (name === CHANNEL_FILES.beta) return 'beta';
  return archivedVersion(name) === null ? null : 'archive';
}

/** Where a manifest is served: relative to the site's root, since the site lies at `/` and below `/updates/`. */
export function pathOf({ role, file }: Pick<Offer, 'role' | 'file'>): string {
  return role === 'archive' ? `manifests/${file}` : file;
}

/**
 * What the folder offers now. Fails closed: a file that is rejected, or that cannot be read, is not offered, and
 * whatever was offered under its name before stays. A file that is gone is no longer offered. Pure.
 *
 * @param previous what was offered until now; `EMPTY_CATALOG` at the start
 * @param files all files of the folder that have a role
 */
export function updateCatalog(
  previous: Catalog,
  files: readonly ManifestFile[],
  rules: CatalogRules,
): Catalog {
  const before = new Map(previous.offers.map((offer) => [offer.file, offer]));
  const offers: Offer[] = [];
  const refused: RefusedFile[] = [];
  for (const file of files) {
    const role = roleOf(file.name);
    if (role === null || (role === 'beta' && !rules.isBetaOffered)) continue;
    const known = before.get(file.name) ?? null;
    const judged = judge(file, role, known, rules.policy);
    if ('assessment' in judged) offers.push(judged);
    else {
      refused.push(judged);
      if (known !== null) offers.push(known);
    }
  }
  return { offers: withChannels(offers, rules).sort(byRole), refused };
}

function judge(
  { name, bytes, problem, modified }: ManifestFile,
  role: ManifestRole,
  known: Offer | null,
  policy: AssessPolicy,
): Offer | RefusedFile {
  const stillOffered = known?.manifest.version.text ?? null;
  if (bytes === null) {
    const finding = makeFinding('manifest-invalid', problem ?? 'It could not be read.');
    return { file: name, role, version: null, findings: [finding], stillOffered };
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (known?.sha256 === sha256) return { ...known, modified };
  const asked = role === 'archive' ? null : role;
  const assessment = assessManifest(bytes, policy, { channel: asked, fileName: name });
  const { manifest, version, verdict } = assessment;
  const findings = [...assessment.findings, ...judgeName(name, manifest)];
  if (manifest === null || verdict === 'reject' || findings.length > assessment.findings.length) {
    return { file: name, role, version, findings, stillOffered };
  }
  const channel = asked ?? assessment.channel;
  return { file: name, role, channel, bytes, sha256, modified, manifest, assessment };
}

/** An archive copy is cached for ever under its version, so it may hold no other one. */
function judgeName(name: string, manifest: Manifest | null): readonly Finding[] {
  const named = archivedVersion(name);
  if (named === null || manifest === null || isSameVersion(named, manifest.version)) return [];
  const message = `The file is named for ${named.text} but offers ${manifest.version.text}. It is not served under that name. The publisher has to rename or replace it.`;
  return [makeFinding('version-invalid', message)];
}

/**
 * An archive copy of the newest beta need not say that it is one (old manifests have no channel), but its bytes are
 * those of the channel's own file.
 */
function withChannels(offers: readonly Offer[], { isBetaOffered }: CatalogRules): Offer[] {
  const beta = offers.find(({ role }) => role === 'beta');
  const known = offers.map((offer): Offer => {
    const isBeta = offer.role === 'archive' && offer.sha256 === beta?.sha256;
    return isBeta ? { ...offer, channel: 'beta' } : offer;
  });
  return isBetaOffered ? known : known.filter(({ channel }) => channel !== 'beta');
}

const ROLE_ORDER: readonly ManifestRole[] = ['stable', 'beta', 'archive'];

function byRole(a: Offer, b: Offer): number {
  return (
    ROLE_ORDER.indexOf(a.role) - ROLE_ORDER.indexOf(b.role) ||
    compareVersions(b.manifest.version, a.manifest.version) ||
    (a.file < b.file ? -1 : 1)
  );
}
