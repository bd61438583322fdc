import { basename } from 'node:path';
import { listManifestFiles } from '../../check/list-manifest-files.ts';
import { readManifestFile } from '../../check/read-manifest-file.ts';
import { UpdateError } from '../../errors.ts';
import { type Assessment, assessManifest } from '../../manifest/assess.ts';
import { isArtifactType } from '../../manifest/generation.ts';
import { type ManifestReading, readManifest } from '../../manifest/manifest.ts';
import { parseReleaseDate } from '../../manifest/release-date.ts';
import { quote } from '../../quote.ts';
import { compareVersions, readVersion, type Version } from '../../version.ts';
import { type BuildPlan, buildPlan } from '../builds/build-plan.ts';
import { OFFERED_TEXT, OFFERED_TEXT_SHA256 } from '../builds/offered-text.ts';
import { GITHUB_POLICY } from './make-offer.ts';
import type { Offer, OfferedManifest } from './scenario.ts';

/** Name of the offer that holds the whole series. */
export const HISTORY = 'history';

const CHECKS_ALONE = 3;
/** Two tell whether somebody downloads again, and the series is long. */
const CHECKS_IN_HISTORY = 2;
/** No app is smaller, so that what is promised is some text. */
const SMALLEST_APP_BYTES = 1024;

interface Served {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly reading: ManifestReading;
  readonly assessment: Assessment;
  /** 64 hex digits in lower case, or null. */
  readonly sha256: string | null;
}

/**
 * The manifests of a folder: each as an offer of its own, and the whole series, in the order in which it was served,
 * as one more that is called `history`.
 *
 * Manifests that promise one sha256 promise one build. What the real bytes hold, nobody here can look up. It is
 * assumed that they hold the lowest version that was offered with them, since the first version that had them is the
 * one they were made for; that the app inside needs the macOS of that manifest; and that its CFBundleVersion is that
 * manifest's `build`.
 *
 * @throws UpdateError `usage` for a folder without manifests, `manifest-unreachable` for a file that cannot be read
 */
export async function readOffers(folder: string, origin: 'real' | 'given'): Promise<readonly Offer[]> {
  const paths = await listManifestFiles(folder).catch((cause: unknown) => {
    throw unusable(folder, 'could not be read', cause);
  });
  if (paths.length === 0) throw unusable(folder, 'has no *.json file');
  const series: Served[] = [];
  for (const path of paths) series.push(await readServed(path));
  const plans = planBuilds(series);
  const offer = (served: Served, checks: number): OfferedManifest => describe(served, plans, checks);
  const singles = series.map((served) => {
    const manifest = offer(served, CHECKS_ALONE);
    const name = nameOf(served.file);
    return { name, ...tellOf(served), shows: null, origin, manifests: [manifest] };
  });
  const history = {
    name: HISTORY,
    title: `The whole series, ${series.length} manifests`,
    description:
      'Each manifest of the folder in the order of the dates, every channel with its own: what came of clients that followed it all along.',
    shows: null,
    origin,
    manifests: series.toSorted(compareServed).map((served) => offer(served, CHECKS_IN_HISTORY)),
  };
  return [...singles, history];
}

async function readServed(path: string): Promise<Served> {
  const file = basename(path);
  const bytes = await readManifestFile(path);
  const reading = readManifest(bytes);
  const assessment = assessManifest(bytes, GITHUB_POLICY, { channel: null, fileName: file });
  const sha256 = /^[0-9a-f]{64}$/i.test(reading.artifact.sha256 ?? '') ? reading.artifact.sha256 : null;
  return { file, bytes, reading, assessment, sha256: sha256?.toLowerCase() ?? null };
}

function describe(served: Served, plans: ReadonlyMap<string, BuildPlan>, checks: number): OfferedManifest {
  const { file, bytes, reading, assessment, sha256 } = served;
  const isDocument = Object.keys(reading.document).length > 0;
  return {
    file,
    channel: assessment.channel,
    version: assessment.version,
    date: reading.fields.release_date ?? null,
    promised: sha256 === null ? makePlan(served, '') : (plans.get(sha256) ?? null),
    document: isDocument ? reading.document : null,
    isOfRealBytes: true,
    text: isDocument ? null : new TextDecoder().decode(bytes),
    checks,
  };
}

/** By sha256, in lower case. */
function planBuilds(series: readonly Served[]): ReadonlyMap<string, BuildPlan> {
  const plans = new Map<string, BuildPlan>();
  for (const served of series.toSorted(compareOffered)) {
    const { sha256 } = served;
    if (sha256 === null || plans.has(sha256)) continue;
    const plan = makePlan(served, sha256.slice(0, 8));
    if (plan !== null) plans.set(sha256, plan);
  }
  return plans;
}

/** Null where no version is offered, so that there is nothing to have. */
function makePlan({ reading, sha256 }: Served, label: string): BuildPlan | null {
  if (sha256 === OFFERED_TEXT_SHA256) return OFFERED_TEXT;
  const { fields, artifact } = reading;
  const version = readVersion(fields.version ?? '');
  if (version === null) return null;
  const isText =
    !isArtifactType(artifact.type) || (artifact.size !== undefined && artifact.size < SMALLEST_APP_BYTES);
  const build = String(fields.build ?? '');
  return buildPlan(version.text, {
    kind: isText ? 'text' : 'app',
    bundleVersion: /^[\d.]{1,40}$/.test(build) ? build : version.text,
    ...(/^\d{1,3}(\.\d{1,3}){0,2}$/.test(artifact.min_os ?? '') ? { minimumOs: artifact.min_os ?? '' } : {}),
    label,
  });
}

/** The lowest version first, and what has none last. */
function compareOffered(a: Served, b: Served): number {
  const [one, other] = [versionOf(a), versionOf(b)];
  if (one === null || other === null) return Number(one === null) - Number(other === null);
  return compareVersions(one, other);
}

function versionOf({ reading }: Served): Version | null {
  return readVersion(reading.fields.version ?? '');
}

/** By the day, then the moment, then the file's name. What has no date comes last. */
function compareServed(a: Served, b: Served): number {
  const [one, other] = [momentOf(a), momentOf(b)];
  return one.day - other.day || one.released - other.released || (a.file < b.file ? -1 : 1);
}

/** A file name that begins with a date says when the manifest was first seen, which release_date cannot. */
function momentOf({ file, reading }: Served): { readonly day: number; readonly released: number } {
  const date = parseReleaseDate(reading.fields.release_date ?? '');
  const released = date === null ? Number.MAX_SAFE_INTEGER : date.milliseconds;
  const seen = parseReleaseDate(/^\d{4}-\d\d-\d\d(?=[_.-])/.exec(file)?.[0] ?? '');
  const day = seen?.milliseconds ?? (date === null ? released : dayOf(released));
  return { day, released };
}

function dayOf(milliseconds: number): number {
  return Math.floor(milliseconds / 86_400_000) * 86_400_000;
}

function tellOf({ file, reading, assessment, sha256 }: Served): Pick<Offer, 'title' | 'description'> {
  const { version, channel, findings, verdict } = assessment;
  const bytes = sha256 === null ? '' : `, bytes ${sha256.slice(0, 8)}`;
  const date = parseReleaseDate(reading.fields.release_date ?? '')?.text.slice(0, 10);
  const codes = findings.filter(({ severity }) => severity !== 'info').map(({ code }) => code);
  return {
    title: `${version ?? 'No version'} on ${channel}${bytes}${date === undefined ? '' : `, released ${date}`}`,
    description: `The file ${quote(file)}. The doctor says ${verdict}${codes.length === 0 ? '' : `: ${[...new Set(codes)].join(', ')}`}.`,
  };
}

/** What stands on the command line and in the names of scenarios. */
function nameOf(file: string): string {
  return file.replace(/\.json$/, '').replace(/[^A-Za-z0-9._-]/g, '-');
}

function unusable(folder: string, reason: string, cause?: unknown): UpdateError {
  return new UpdateError(
    'usage',
    `The folder of manifests ${quote(folder)} ${reason}. Nothing was run. Name a folder with manifests.`,
    { details: { folder }, ...(cause === undefined ? {} : { cause }) },
  );
}
