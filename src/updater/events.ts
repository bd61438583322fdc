import type { CancellationToken } from 'electron-updater';
import type { UpdateError } from '../errors.ts';
import type { Assessment } from '../manifest/assess.ts';
import type { DownloadProgress } from '../progress.ts';
import type { Check } from '../run-check.ts';
import type { UpdaterState } from '../state.ts';

/** A file of a release, with electron-updater's keys. */
export interface UpdateFileInfo {
  url: string;
  /** Bytes. */
  size?: number;
  /** Empty: manifests here give a sha256, which is checked instead. */
  readonly sha512: string;
  readonly sha256: string;
}

/** What is offered, with electron-updater's keys. */
export interface UpdateInfo {
  /** As the manifest writes it; empty where the manifest has none that can be shown. */
  readonly version: string;
  readonly files: UpdateFileInfo[];
  /** @deprecated as in electron-updater: the first file's address */
  readonly path: string;
  /** @deprecated as in electron-updater; empty, see `files` */
  readonly sha512: string;
  releaseName?: string | null;
  releaseNotes?: string | null;
  /** ISO 8601, or empty. */
  releaseDate: string;
  readonly stagingPercentage?: number;
}

export interface UpdateDownloadedEvent extends UpdateInfo {
  downloadedFile: string;
}

export interface ProgressInfo {
  total: number;
  /** Bytes since the last report. */
  delta: number;
  transferred: number;
  /** 0 to 100. */
  percent: number;
  bytesPerSecond: number;
}

/** What a check came to: electron-updater's keys, and the decision with its reason on top. */
export interface CheckResult extends Check {
  readonly isUpdateAvailable: boolean;
  readonly updateInfo: UpdateInfo;
  /** @deprecated as in electron-updater: the same as `updateInfo` */
  readonly versionInfo: UpdateInfo;
  /** Cancels the download of this offer, by whichever call it was begun. Only where there is an update. */
  readonly cancellationToken?: CancellationToken;
  /** The download that began by itself; null where none did. Only where there is an update. */
  readonly downloadPromise?: Promise<string[]> | null;
}

/** electron-updater's events, and `state`. `update-downloaded` means staged and verified. */
export interface UpdaterEvents {
  'checking-for-update': [];
  'update-available': [info: UpdateInfo];
  'update-not-available': [info: UpdateInfo];
  'download-progress': [progress: ProgressInfo];
  'update-downloaded': [event: UpdateDownloadedEvent];
  'update-cancelled': [info: UpdateInfo];
  error: [error: UpdateError, message?: string];
  /** After every step, before the event of electron-updater's that goes with it. */
  state: [state: UpdaterState];
}

/** Keys and types as electron-updater gives them. */
export function describeOffer({ manifest, version, candidates }: Assessment): UpdateInfo {
  const artifact = manifest?.artifact;
  const url = candidates[0]?.url ?? artifact?.url ?? '';
  const file = { url, sha512: '', sha256: artifact?.sha256 ?? '' };
  const percentage = manifest?.rollout?.percentage;
  return {
    version: version ?? '',
    files: artifact === undefined ? [] : [{ ...file, size: artifact.size }],
    path: url,
    sha512: '',
    releaseName: null,
    releaseNotes: null,
    releaseDate: manifest?.releaseDate ?? '',
    ...(percentage === undefined ? {} : { stagingPercentage: percentage }),
  };
}

/** @param before the report that this one follows; null for the first */
export function describeProgress(now: DownloadProgress, before: DownloadProgress | null): ProgressInfo {
  const { total, transferred, bytesPerSecond } = now;
  // A fresh start goes back; nothing came then.
  const delta = Math.max(0, transferred - (before?.transferred ?? 0));
  return { total, delta, transferred, percent: (transferred / total) * 100, bytesPerSecond };
}
