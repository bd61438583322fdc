import { readBundle } from '../bundle/bundle.ts';
import type { VerifiedFile } from '../download/verified-file.ts';
import { asUpdateError } from '../errors.ts';
import { type Installed, type InstallOutcome, prepareExchange } from './exchange.ts';
import { findPayload } from './find-app.ts';
import { forgetFailedInstall, recordFailedInstall } from './last-install.ts';
import { takeLock } from './lock.ts';
import { type OpenedImage, openImage } from './open-image.ts';
import { assertNotRunning, readAuthority } from './preflight.ts';
import { prepareAuthorized } from './prepare-authorized.ts';
import type { PreparedInstall, PrepareOptions, QuitExchange } from './prepared-install.ts';
import { recoverHoldingLock } from './recover.ts';
import { runSelfTest } from './self-test.ts';
import { type StagedApp, stageApp } from './stage.ts';
import { cancelled } from './tools.ts';
import { verifyPayload } from './verify-payload.ts';
import { startWatchdog, type Watchdog } from './watchdog.ts';

/**
 * Steps 1 to 5 of an install (DESIGN.md section 6): from a verified file to a verified copy beside the target. When
 * it fails, nothing stays mounted, staged or locked.
 *
 * @throws UpdateError with the code of the step that failed.
 */
export async function prepareInstall(file: VerifiedFile, options: PrepareOptions): Promise<PreparedInstall> {
  const { layout, tools } = options;
  if (options.type === 'pkg' || (await readAuthority(layout)) === 'authorization-needed') {
    return prepareAuthorized(file, options);
  }
  const lock = await takeLock(layout);
  try {
    await recoverHoldingLock(layout, options);
    if (options.refusesRunningTarget) await assertNotRunning(layout, tools);
    const staged = await stageFrom(file, options);
    if (staged === null) {
      await lock.release();
      return await prepareAuthorized(file, options);
    }
    await tryStaged(staged, options);
    const discard = (): Promise<void> => staged.discard().finally(() => lock.release());
    const install = async ({ relaunches }: { readonly relaunches: boolean }): Promise<InstallOutcome> => {
      let watchdog: Watchdog | null = null;
      try {
        if (relaunches) watchdog = await watch(staged, options, relaunches);
        await exchangeStaged(staged, options);
      } catch (error) {
        // What is to be cleared away is told by what lies on disk, not by the error: one of the two is a backup.
        const action = await recoverHoldingLock(layout, { ...options, cacheFolder: null });
        if (action !== 'finished') {
          await watchdog?.stop();
          throw error;
        }
      } finally {
        await lock.release();
      }
      forgetFailedInstall(options.stateFolder);
      return { from: staged.from, to: staged.to };
    };
    return {
      needsAuthorization: false,
      install,
      prepareForQuit: ({ relaunches }) => prepareQuit(staged, options, relaunches),
      discard,
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** A version that cannot do what the next update will need of it is not offered. */
async function tryStaged(
  staged: StagedApp,
  { triesStagedApp = false, signal, warn }: PrepareOptions,
): Promise<void> {
  if (!triesStagedApp) return;
  try {
    await runSelfTest(staged.paths.newApp, signal === undefined ? {} : { signal });
  } catch (error) {
    // What could not be cleared away now is cleared at the next start; it must not hide why the update failed.
    await staged
      .discard()
      .catch((problem: unknown) => warn(`${staged.paths.folder} stays behind: ${problem}`));
    throw error;
  }
}

async function prepareQuit(
  staged: StagedApp,
  options: PrepareOptions,
  relaunches: boolean,
): Promise<QuitExchange> {
  const { stateFolder, now } = options;
  const prepared = await prepareExchange(staged, now);
  const watchdog = await watch(staged, options, relaunches).catch((error: unknown) => {
    prepared.abandon();
    throw error;
  });
  return {
    exchangeNow: () => {
      try {
        prepared.exchangeNow();
        forgetFailedInstall(stateFolder);
      } catch (error) {
        recordFailedInstall(stateFolder, staged, asUpdateError(error), now());
        // Whoever quit in order to see the app again sees the old one, which tells what happened.
        if (!relaunches) void watchdog.stop();
        throw error;
      }
    },
    abandon: async () => {
      prepared.abandon();
      await watchdog.stop();
    },
  };
}

async function watch(staged: StagedApp, options: PrepareOptions, relaunches: boolean): Promise<Watchdog> {
  // Only the app itself knows that the program it was started from understands what the watchdog asks of it.
  const isOwnApp = !options.refusesRunningTarget;
  return startWatchdog({
    ...staged,
    tools: options.tools,
    stateFolder: options.stateFolder,
    exchanger: isOwnApp ? await programOf(staged.layout.target) : null,
    relaunches,
    oldProcess: process.pid,
    // To be installed on quit by itself means: whenever that is.
    ...(relaunches ? {} : { pace: 30 }),
  });
}

/** Its name; null for a bundle without one, and for a path. */
async function programOf(app: string): Promise<string | null> {
  const { executable } = await readBundle(app);
  return executable === null || executable === '' || executable.includes('/') ? null : executable;
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

/** Null where the image holds a package in place of an app: that is root's work. */
async function stageFrom(file: VerifiedFile, options: PrepareOptions): Promise<StagedApp | null> {
  await file.assertUnchanged();
  options.onStep?.('opening');
  const image = await openImage(file.path, options);
  const closeImage = once(image);
  try {
    options.onStep?.('verifying');
    const payload = await findPayload(image.mountPoints, options.bundleId);
    if (payload.kind === 'package') return null;
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
