import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Downloaded, type DownloadRequest, download } from '../../src/download/download.ts';
import {
  type ReleaseHost,
  type ReleaseHostOptions,
  startReleaseHost,
} from '../../src/lab/release-host/release-host.ts';
import type { Candidate } from '../../src/manifest/candidate.ts';
import { randomBody, sha256Of } from './random-body.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface DownloadWorld {
  readonly host: ReleaseHost;
  readonly cacheFolder: string;
  readonly body: Buffer;
  readonly sha256: string;
  /** The version tag's candidate for `body`. */
  readonly candidate: Candidate;
  /** Milliseconds of every wait between attempts; none is really waited for. */
  readonly waits: number[];
  request(changes?: Partial<DownloadRequest>): DownloadRequest;
  download(changes?: Partial<DownloadRequest>): Promise<Downloaded>;
  /** The error document of a download that fails. */
  fail(changes?: Partial<DownloadRequest>): Promise<{ code: string; message: string; failures: FailureList }>;
  /** Names in `pending`, without the digest in front. */
  pending(): Promise<readonly string[]>;
  partial(): Promise<Buffer>;
  /** Ranges of the requests for the artifact's bytes, in order. */
  ranges(): readonly (string | null)[];
}

/** A server that is silent for this long counts as stalled. */
export const IMPATIENT = { stallTimeout: 150 };

type FailureList = readonly { readonly url: string; readonly kind: string; readonly code: string }[];

/** A release host that has one artifact, and a download of it with patience taken out. */
export async function startDownloadWorld(
  options: ReleaseHostOptions & { readonly size?: number } = {},
): Promise<DownloadWorld> {
  const host = await startReleaseHost(options);
  onTestFinished(() => host.close());
  const cacheFolder = await temporaryFolder();
  const body = randomBody(options.size ?? 1_000_000);
  const sha256 = sha256Of(body);
  const candidate: Candidate = {
    url: host.publish('v2.0.0.46', 'Nexy.dmg', body),
    kind: 'version-tag',
  };
  const waits: number[] = [];
  const request: DownloadWorld['request'] = (changes = {}) => ({
    candidates: [candidate],
    type: 'dmg',
    size: body.byteLength,
    sha256,
    cacheFolder,
    http: { allowLoopback: true },
    ...changes,
    seams: {
      random: () => 0.5,
      // Long enough for a busy machine; tests about stalls take IMPATIENT.
      stallTimeout: 10_000,
      sleep: async (milliseconds, signal) => {
        waits.push(milliseconds);
        signal?.throwIfAborted();
      },
      ...changes.seams,
    },
  });
  return {
    host,
    cacheFolder,
    body,
    sha256,
    candidate,
    waits,
    request,
    download: (changes) => download(request(changes)),
    fail: async (changes) => {
      const error: unknown = await download(request(changes)).then(
        () => {
          throw new Error('the download should fail');
        },
        (reason: unknown) => reason,
      );
      const document = JSON.parse(JSON.stringify(error));
      if (document.error === undefined) throw error;
      const { code, message, details } = document.error;
      return { code, message, failures: details.failures ?? [] };
    },
    pending: async () =>
      (await readdir(join(cacheFolder, 'pending'))).map((name) => name.replace(`${sha256}.`, '')).sort(),
    partial: () => readFile(join(cacheFolder, 'pending', `${sha256}.part`)),
    ranges: () => host.log.filter(({ on }) => on === 'asset').map(({ range }) => range),
  };
}
