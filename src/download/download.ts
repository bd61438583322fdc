import { systemErrorCode, UpdateError } from '../errors.ts';
import { type FileLock, tryFileLock } from '../file-lock.ts';
import { createHttpClient, type HttpSettings } from '../http.ts';
import type { Candidate } from '../manifest/candidate.ts';
import { asFolderError } from '../private-folder.ts';
import { type DownloadProgress, ProgressMeter } from '../progress.ts';
import { readRecord } from './download-record.ts';
import { type DownloadJob, fetchCandidate } from './fetch-candidate.ts';
import { giveUp, type ListedFailure, mostTelling } from './give-up.ts';
import { PartialFile } from './partial-file.ts';
import {
  assertSpace,
  openPendingFolder,
  type PendingPaths,
  pendingPaths,
  removeIfPresent,
  removeOthers,
} from './pending-folder.ts';
import { type DownloadSeams, REAL_SEAMS } from './seams.ts';
import type { Digest, VerifiedFile } from './verified-file.ts';
import { cancelled, verifyFile } from './verify-file.ts';

export interface DownloadRequest {
  /** In the order to be tried. */
  readonly candidates: readonly Candidate[];
  /** The file's extension, `dmg` or `pkg`. */
  readonly type: string;
  /** Bytes. */
  readonly size: number;
  /** 64 hex digits, lower case. */
  readonly sha256: string;
  readonly cacheFolder: string;
  readonly http: HttpSettings;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  readonly onCandidate?: ((candidate: Candidate) => void) | undefined;
  readonly seams?: Partial<DownloadSeams> | undefined;
}

export interface Downloaded {
  readonly file: VerifiedFile;
  readonly candidate: Candidate;
  /** Bytes of the artifact that came over the network in this call, repeated ones included. */
  readonly bytesDownloaded: number;
  /** Bytes that an earlier call had left and that were used. */
  readonly resumedFrom: number;
  /** The whole file was there, and was hashed again; no request was made. */
  readonly fromCache: boolean;
}

/**
 * Fetches the artifact from the first candidate whose bytes match, into `<cacheFolder>/pending`, in one pass:
 * counted, hashed and written as it comes. What an earlier call left, also one that was killed, is continued.
 * The next candidate is tried only after 404, 410, a wrong size or a wrong sha256.
 *
 * @throws UpdateError `download-failed`, `download-stalled`, `not-published`, `size-mismatch`,
 *   `sha256-mismatch`, `disk-full`, `artifact-url-insecure`, `install-busy` (another process downloads the
 *   same artifact), `cancelled` (what has arrived is kept)
 */
export async function download(request: DownloadRequest): Promise<Downloaded> {
  const expected = assertDigest(request);
  const [first] = request.candidates;
  if (first === undefined) throw new TypeError('A download needs a candidate.');
  if (!/^[a-z0-9]{1,8}$/.test(request.type)) throw new TypeError(`Not a file type: ${request.type}`);
  if (request.signal?.aborted) throw cancelled();

  const folder = await openPendingFolder(request.cacheFolder);
  const paths = pendingPaths(folder, expected.sha256, request.type);
  try {
    const lock = await takeDownloadLock(paths.lock);
    try {
      const cached = await findCached(request, expected, paths, first);
      return cached ?? (await fetchArtifact(request, expected, paths));
    } finally {
      await lock.release();
    }
  } catch (error) {
    throw asFolderError(error, folder);
  }
}

async function findCached(
  { candidates, signal, onProgress }: DownloadRequest,
  expected: Digest,
  paths: PendingPaths,
  first: Candidate,
): Promise<Downloaded | null> {
  try {
    const file = await verifyFile(paths.final, expected, signal);
    const record = await readRecord(paths);
    const candidate = candidates.find(({ url }) => url === record?.url) ?? first;
    onProgress?.({ transferred: file.size, total: file.size, bytesPerSecond: 0, secondsLeft: 0 });
    return { file, candidate, bytesDownloaded: 0, resumedFrom: 0, fromCache: true };
  } catch (error) {
    if (error instanceof UpdateError && error.code === 'cancelled') throw error;
    // Changed, or not a file at all: it is fetched again.
    if (systemErrorCode(error) !== 'ENOENT') await removeIfPresent(paths.final);
    return null;
  }
}

async function fetchArtifact(
  request: DownloadRequest,
  expected: Digest,
  paths: PendingPaths,
): Promise<Downloaded> {
  const { signal, onProgress = () => {} } = request;
  const seams = { ...REAL_SEAMS, ...request.seams };
  await removeOthers(paths.folder, expected.sha256);
  const partial = await PartialFile.open(paths, expected, signal);
  let isKept = true;
  try {
    await assertSpace(paths.folder, expected.size - partial.length);
    const olderBytes = partial.length;
    const meter = new ProgressMeter(expected.size, olderBytes, seams.ticks, onProgress);
    let bytesDownloaded = 0;
    const onBytes = (bytes: number, position: number): void => {
      bytesDownloaded += bytes;
      meter.move(position);
    };
    const client = await createHttpClient(request.http);
    const candidate = await walk({ client, partial, paths, expected, seams, signal, onBytes }, request);
    const file = await partial.publish();
    meter.finish();
    const resumedFrom = partial.includesOlderBytes ? olderBytes : 0;
    return { file, candidate, bytesDownloaded, resumedFrom, fromCache: false };
  } catch (error) {
    isKept = partial.length > 0 && !isDiskFull(asFolderError(error, paths.folder));
    throw error;
  } finally {
    await partial.close();
    if (!isKept) await partial.discard();
  }
}

/** Gives the candidate whose bytes now lie, complete and right, in the partial file. */
async function walk(job: DownloadJob, { candidates, onCandidate }: DownloadRequest): Promise<Candidate> {
  const failures: ListedFailure[] = [];
  const complete = candidates.find(({ url }) => url === job.partial.origin?.url);
  // An earlier process died between the last byte and the file's final name.
  if (complete !== undefined && job.partial.isComplete) {
    if (job.partial.digest().sha256 === job.expected.sha256) return complete;
    await job.partial.restart(null);
  }
  for (const candidate of candidates) {
    onCandidate?.(candidate);
    const failure = await fetchCandidate(job, candidate);
    if (failure === null) return candidate;
    const { code, message, mayWalkOn } = failure;
    failures.push({ url: candidate.url, kind: candidate.kind, code, message });
    if (!mayWalkOn) throw giveUp(code, failures);
  }
  throw giveUp(mostTelling(failures), failures);
}

/** One process downloads an artifact at a time; what a dead one left is continued. */
async function takeDownloadLock(path: string): Promise<FileLock> {
  const attempt = await tryFileLock(path, 0o600);
  if (attempt.lock !== null) return attempt.lock;
  const { owner } = attempt;
  throw new UpdateError(
    'install-busy',
    `${owner === null ? 'Another process' : `Process ${owner}`} is downloading the same update right now. Nothing was changed. Try again when it is done.`,
    { details: { path, pid: owner } },
  );
}

function isDiskFull(error: unknown): boolean {
  return error instanceof UpdateError && error.code === 'disk-full';
}

function assertDigest({ size, sha256 }: DownloadRequest): Digest {
  if (!Number.isSafeInteger(size) || size <= 0) {
    throw new UpdateError('size-invalid', `${size} is not the size of a file. Nothing was fetched.`);
  }
  // It becomes a file name.
  if (!/^[0-9a-f]{64}$/.test(sha256)) {
    throw new UpdateError('sha256-invalid', 'The sha256 is not 64 hex digits. Nothing was fetched.');
  }
  return { size, sha256 };
}
