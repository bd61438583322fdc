import { CHANNELS, type Channel } from '../config.ts';
import type { FindingCode } from '../errors.ts';
import type { Finding } from '../manifest/finding.ts';
import { findHistory, type HistoryFinding } from '../manifest/history.ts';
import { type Catalog, type Offer, pathOf, type RefusedFile } from './catalog.ts';
import { type Drift, findDrift } from './drift.ts';
import type { Shelf } from './shelf.ts';

export interface ReportOptions {
  readonly isBetaOffered: boolean;
  readonly publicUrl: string | null;
}

export interface HealthFinding {
  readonly file: string;
  readonly code: FindingCode;
  readonly severity: Finding['severity'];
  readonly message: string;
}

export interface HealthChannel {
  readonly version: string;
  readonly build: string | null;
  readonly releaseDate: string | null;
  readonly verdict: string;
  readonly generation: string | null;
  readonly critical: boolean;
  /** Percent of installations; 100 where the manifest names no rollout. */
  readonly rollout: number;
  readonly manifest: { readonly path: string; readonly size: number; readonly sha256: string };
  readonly artifact: {
    readonly type: string;
    readonly url: string | null;
    readonly size: number;
    readonly sha256: string;
  };
  /** True where the file in the folder is refused and the one before it goes on being served. */
  readonly isLastGood: boolean;
}

/** The document at `/health`. Public: keep its keys stable. */
export interface Health {
  /**
   * `ok`; `degraded`: something is served, and something is wrong (`problems`); `unavailable`: no channel has
   * anything to offer.
   */
  readonly status: 'ok' | 'degraded' | 'unavailable';
  /** Why it is not `ok`, as sentences. */
  readonly problems: readonly string[];
  /** By channel; one that offers nothing is null. Without beta the key `beta` is absent. */
  readonly channels: Readonly<Partial<Record<Channel, HealthChannel | null>>>;
  /** About files that are served, and about refused ones (severity `reject`). */
  readonly findings: readonly HealthFinding[];
  readonly refused: readonly {
    readonly file: string;
    readonly version: string | null;
    readonly stillOffered: string | null;
  }[];
  readonly drift: readonly Drift[];
  /** What shows only across all manifests (`nexy-updater doctor --history`); for information. */
  readonly history: readonly HistoryFinding[];
  /** Files in downloads that are being hashed and are served as soon as that is done. */
  readonly pendingDownloads: readonly string[];
}

export function makeHealth(shelf: Shelf, options: ReportOptions): Health {
  const { catalog, downloads, folderProblems } = shelf;
  const drift = findDrift(catalog, downloads, options.publicUrl);
  const offered = new Map(catalog.offers.map((offer) => [offer.role, offer]));
  const channels = CHANNELS.filter((channel) => channel === 'stable' || options.isBetaOffered).map(
    (channel) => [channel, describeChannel(offered.get(channel) ?? null, catalog.refused)] as const,
  );
  const isAnyOffered = channels.some(([, channel]) => channel !== null);
  const problems = [
    ...folderProblems,
    ...catalog.refused.map(describeRefusal),
    ...drift.map(({ message }) => message),
    ...(isAnyOffered ? [] : ['No channel has a manifest that can be offered: clients find no update.']),
  ];
  const whenSomething = problems.length === 0 ? 'ok' : 'degraded';
  return {
    status: isAnyOffered ? whenSomething : 'unavailable',
    problems,
    channels: Object.fromEntries(channels),
    findings: listFindings(catalog),
    refused: catalog.refused.map(({ file, version, stillOffered }) => ({ file, version, stillOffered })),
    drift,
    history: findHistory(catalog.offers),
    pendingDownloads: downloads.filter(({ sha256 }) => sha256 === null).map(({ name }) => name),
  };
}

function describeRefusal({ file, version, findings, stillOffered }: RefusedFile): string {
  const subject = version === null ? file : `${file} (${version})`;
  const instead = stillOffered === null ? 'nothing is' : `${stillOffered}, the last good one, is still`;
  const reasons = findings.filter(({ severity }) => severity === 'reject').map(({ message }) => message);
  return `${subject} is not offered; ${instead} offered under its name. ${reasons.join(' ')}`;
}

/** `unsigned` and the like are said of the channels alone: an archive of a hundred would drown what matters. */
function listFindings({ offers, refused }: Catalog): readonly HealthFinding[] {
  const served = offers.flatMap(({ file, role, assessment }) =>
    assessment.findings
      .filter(({ severity }) => role !== 'archive' || severity !== 'info')
      .map((finding) => ({ file, ...finding })),
  );
  const rejected = refused.flatMap(({ file, findings }) => findings.map((each) => ({ file, ...each })));
  return [...rejected.filter(({ severity }) => severity !== 'info'), ...served];
}

function describeChannel(offer: Offer | null, refused: readonly RefusedFile[]): HealthChannel | null {
  if (offer === null) return null;
  const { manifest, assessment } = offer;
  const { type, url, size, sha256 } = manifest.artifact;
  return {
    version: manifest.version.text,
    build: manifest.build,
    releaseDate: manifest.releaseDate,
    verdict: assessment.verdict,
    generation: assessment.generation,
    critical: manifest.critical,
    rollout: manifest.rollout?.percentage ?? 100,
    manifest: { path: pathOf(offer), size: offer.bytes.byteLength, sha256: offer.sha256 },
    artifact: { type, url, size, sha256 },
    isLastGood: refused.some(({ file }) => file === offer.file),
  };
}
