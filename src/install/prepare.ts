import type { VerifiedFile } from '../download/verified-file.ts';
import { UpdateError } from '../errors.ts';
import type { Version } from '../version.ts';
import { type Installed, type InstallOutcome, prepareExchange } from './exchange.ts';
import { findPayload } from './find-app.ts';
import type { Layout } from './layout.ts';
import { takeLock } from './lock.ts';
import type { Machine } from './machine.ts';
import { type OpenedImage, openImage } from './open-image.ts';
import { assertNotRunning, assertReplaceable } from './preflight.ts';
import { recoverHoldingLock } from './recover.ts';
import { type StagedApp, stageApp } from './stage.ts';
import { cancelled, type Tools } from './tools.ts';
import { verifyPackage } from './verify-package.ts';
import { verifyPayload } from './verify-payload.ts';

export type PrepareStep = 'opening' | 'verifying' | 'staging';

export interface PrepareOptions {
  readonly tools: Tools;
  readonly layout: Layout;
  readonly cacheFolder: string;
  /** The artifact's type as the manifest gives it. */
  readonly type: string;
  readonly bundleId: string;
  readonly offered: Version;
  readonly current: Version | null;
  /** The installed version as shown to people. */
  readonly from: string;
  readonly allowDowngrade: boolean;
  readonly machine: Machine;
  /** False only for `--no-codesign`. */
  readonly verifiesSignature: boolean;
  /** True for everybody but the app itself, which replaces its own bundle while it quits. */
  readonly refusesRunningTarget: boolean;
  readonly signal?: AbortSignal;
  readonly warn: (message: string) => void;
  readonly now: () => Date;
  readonly onStep?: (step: PrepareStep) => void;
}

/** A verified update and the right to install it. */
export interface PreparedInstall {
  /**
   * Whether installing asks for an administrator's password first: the target belongs to somebody else, or the update
   * is a package. Such an update is never installed on quit by itself.
   */
  readonly needsAuthorization: boolean;
  /**
   * Installs now, where nothing runs from the target. With `relaunches`, a watchdog opens what is in place once this
   * process has ended, and takes it back should it not come up.
   *
   * @throws UpdateError `target-in-use`, `swap-failed`, `app-management-denied`, `authorization-denied`,
   *   `pkg-install-failed`; nothing stays staged then, except after `authorization-denied`.
   */
  install(options: { readonly relaunches: boolean }): Promise<InstallOutcome>;
  /**
   * Gets everything ready for the last moments of this process, which runs from the target. Where authorization is
   * needed, this is where the person is asked.
   *
   * @throws UpdateError `authorization-denied`, `swap-failed`; the update stays ready.
   */
  prepareForQuit(options: { readonly relaunches: boolean }): Promise<QuitExchange>;
  /** Takes everything away again. */
  discard(): Promise<void>;
}

/** What is left to be done while the app quits. One of the two has to be called, once. */
export interface QuitExchange {
  /**
   * Synchronous, as the last act of the process. Where authorization was needed it changes nothing: the root script
   * acts as soon as this process has ended.
   *
   * @throws UpdateError `swap-failed`, `app-management-denied`, `not-writable`. The target is as it was then.
   */
  exchangeNow(): void;
  /** The quit was refused: the update is ready as before. */
  abandon(): Promise<void>;
}

/**
 * Steps 1 to 5 of an install (DESIGN.md section 6): from a verified file to a verified copy beside the target. When
 * it fails, nothing stays mounted, staged or locked.
 *
 * @throws UpdateError with the code of the step that failed.
 */
export async function prepareInstall(file: VerifiedFile, options: PrepareOptions): Promise<PreparedInstall> {
  const { layout, tools } = options;
  await assertReplaceable(layout);
  const lock = await takeLock(layout);
  try {
    await recoverHoldingLock(layout, options);
    if (options.refusesRunningTarget) await assertNotRunning(layout, tools);
    const staged = await stageFrom(file, options);
    const discard = (): Promise<void> => staged.discard().finally(() => lock.release());
    const prepareForQuit = async (): Promise<QuitExchange> => {
      const prepared = await prepareExchange(staged, options.now);
      return { exchangeNow: () => void prepared.exchangeNow(), abandon: async () => prepared.abandon() };
    };
    const install = async (): Promise<InstallOutcome> => {
      try {
        await exchangeStaged(staged, options);
      } catch (error) {
        // What is to be cleared away is told by what lies on disk, not by the error: one of the two is a backup.
        const action = await recoverHoldingLock(layout, { ...options, cacheFolder: null });
        if (action !== 'finished') throw error;
      } finally {
        await lock.release();
      }
      return { from: staged.from, to: staged.to };
    };
    return { needsAuthorization: false, install, prepareForQuit, discard };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function exchangeStaged(staged: StagedApp, options: PrepareOptions): Promise<Installed> {
  const prepared = await prepareExchange(staged, options.now);
  try {
    if (options.refusesRunningTarget) await assertNotRunning(options.layout, options.tools);
    if (options.signal?.aborted) throw cancelled();
  } catch (error) {
    prepared.abandon();
    throw error;
  }
  return prepared.exchangeNow();
}

async function stageFrom(file: VerifiedFile, options: PrepareOptions): Promise<StagedApp> {
  await file.assertUnchanged();
  if (options.type === 'pkg') return refusePackage(file.path, options);
  options.onStep?.('opening');
  const image = await openImage(file.path, options);
  const closeImage = once(image);
  try {
    options.onStep?.('verifying');
    const payload = await findPayload(image.mountPoints, options.bundleId);
    if (payload.kind === 'package') return await refusePackage(payload.path, options);
    const verified = await verifyPayload(payload.bundle, options);
    options.onStep?.('staging');
    return await stageApp(verified, { ...options, sha256: file.sha256, closeImage });
  } finally {
    await closeImage();
  }
}

function once(image: OpenedImage): () => Promise<void> {
  let closing: Promise<void> | null = null;
  return () => {
    closing ??= image.close();
    return closing;
  };
}

/** The seam for packages: what has to hold is checked, and installing needs authorization, which comes later. */
async function refusePackage(path: string, options: PrepareOptions): Promise<never> {
  await verifyPackage(path, options);
  throw new UpdateError(
    'authorization-denied',
    'The update is an installer package, which needs an administrator, and this version of the updater cannot ask for one yet. Nothing was changed. Install the package by hand, or offer the disk image.',
  );
}
