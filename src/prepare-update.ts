import { readBundle } from './bundle/bundle.ts';
import { rememberRefusal } from './check/refusals.ts';
import { download } from './download/download.ts';
import type { DownloadSeams } from './download/seams.ts';
import type { VerifiedFile } from './download/verified-file.ts';
import { UpdateError } from './errors.ts';
import { keepFailedStarts } from './failed-starts.ts';
import type { HttpSettings } from './http.ts';
import { layoutOf } from './install/layout.ts';
import { assertNotRunning, readAuthority } from './install/preflight.ts';
import { prepareInstall } from './install/prepare.ts';
import type { PreparedInstall, PrepareStep } from './install/prepared-install.ts';
import { Tools } from './install/tools.ts';
import type { Candidate } from './manifest/candidate.ts';
import type { DownloadProgress } from './progress.ts';
import type { Check } from './run-check.ts';

/** What an update is installed into, and how; fixed for the life of an updater. */
export interface InstallSettings {
  /** The installed bundle, e.g. `/Applications/Nexy.app`. */
  readonly app: string;
  /** The bundle id that app and update must have. */
  readonly bundleId: string;
  readonly http: HttpSettings;
  readonly cacheFolder: string;
  readonly stateFolder: string;
  /** Replaces the folders of Apple's tools, for tests. */
  readonly toolsFolder?: string | null;
  /** Replaces Apple's tools altogether, for the lab. */
  readonly tools?: Tools;
  /** Time and chance of downloads, for the lab, which waits for nothing. */
  readonly downloadSeams?: Partial<DownloadSeams>;
  /** False skips codesign and Gatekeeper, for tests. */
  readonly verifiesSignature?: boolean;
  readonly allowDowngrade?: boolean;
  /** False for the app itself, which is replaced while it quits. */
  readonly refusesRunningTarget?: boolean;
  /**
   * Runs the staged program once with `--updater-self-test` before the update is ready. Only for apps whose main
   * handles that, as `startUpdates` does: any other would open its windows.
   */
  readonly triesStagedApp?: boolean;
}

export interface PrepareUpdateOptions extends InstallSettings {
  readonly now: () => Date;
  readonly warn: (message: string) => void;
  readonly onProgress: (progress: DownloadProgress) => void;
  readonly onStep: (step: PrepareStep) => void;
  readonly signal?: AbortSignal;
}

/** What was downloaded, for a report. */
export interface DownloadSummary {
  /** Where the verified file lies. */
  readonly path: string;
  readonly candidate: Candidate;
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
  /** Bytes that came over the network this time. */
  readonly bytesDownloaded: number;
  /** Bytes that were there from an earlier attempt. */
  readonly resumedFrom: number;
}

export interface PreparedUpdate {
  readonly summary: DownloadSummary;
  readonly file: VerifiedFile;
  readonly prepared: PreparedInstall;
}

/**
 * From a decision to a staged app: download what the check found, verify it, copy it beside the target. What would
 * fail in the end anyway fails before the first byte is fetched.
 *
 * @throws UpdateError with the code of the step that failed. The target is untouched then.
 */
export async function prepareUpdate(check: Check, options: PrepareUpdateOptions): Promise<PreparedUpdate> {
  const { assessment, currentVersion, machine } = check;
  const { manifest, candidates } = assessment;
  if (manifest === null) throw new UpdateError('manifest-rejected', check.decision.message);
  const { artifact, version } = manifest;
  const { signal, http, cacheFolder, refusesRunningTarget = true } = options;
  const whenCancelled = signal === undefined ? {} : { signal };
  const tools = options.tools ?? new Tools(options.toolsFolder ?? null);
  const layout = await layoutOf(options.app);
  await tools.assertAvailable(['hdiutil', 'ditto']);
  // Says now what would fail after a long download.
  await readAuthority(layout);
  await assertBundleId(layout.target, options.bundleId);
  if (refusesRunningTarget) await assertNotRunning(layout, tools);
  const { type, size, sha256 } = artifact;
  const { file, candidate, bytesDownloaded, resumedFrom } = await download({
    candidates,
    type,
    size,
    sha256,
    cacheFolder,
    http,
    onProgress: options.onProgress,
    seams: options.downloadSeams,
    ...whenCancelled,
  });
  try {
    await keepFailedStarts(layout, options.stateFolder, options.now());
    const prepared = await prepareInstall(file, {
      ...options,
      tools,
      layout,
      type,
      offered: version,
      current: currentVersion,
      from: currentVersion.text,
      machine,
      refusesRunningTarget,
      allowDowngrade: options.allowDowngrade ?? false,
      verifiesSignature: options.verifiesSignature ?? true,
    });
    const summary = { path: file.path, candidate, size, sha256, bytesDownloaded, resumedFrom };
    return { summary, file, prepared };
  } catch (error) {
    await rememberMismatch(error, sha256, options);
    throw error;
  }
}

async function assertBundleId(app: string, expected: string): Promise<void> {
  const { bundleId } = await readBundle(app);
  if (bundleId === expected) return;
  throw new UpdateError(
    'bundle-id-mismatch',
    `${app} is ${bundleId ?? 'an app without a bundle id'}, not ${expected}. Nothing was changed. Give the path of the app that the update is for.`,
    { details: { expected, found: bundleId } },
  );
}

/** The same bytes will hold the same wrong version tomorrow; without a note they would be fetched every hour. */
async function rememberMismatch(
  error: unknown,
  sha256: string,
  { stateFolder, now, warn }: PrepareUpdateOptions,
): Promise<void> {
  if (!(error instanceof UpdateError) || error.code !== 'payload-version-mismatch') return;
  const found = error.details['found'];
  const contains = Array.isArray(found) ? found.filter((text) => typeof text === 'string') : [];
  const refusal = {
    sha256,
    kind: 'payload-version-mismatch',
    contains,
    rememberedAt: now().toISOString(),
  } as const;
  // That it cannot be kept costs another download; it must not hide why the update failed.
  await rememberRefusal(stateFolder, refusal, now()).catch((problem: unknown) =>
    warn(`That these bytes hold another version could not be kept, so they may be fetched again: ${problem}`),
  );
}
