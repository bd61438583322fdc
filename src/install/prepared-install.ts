import type { Version } from '../version.ts';
import type { InstallOutcome } from './exchange.ts';
import type { Layout } from './layout.ts';
import type { Machine } from './machine.ts';
import type { Tools } from './tools.ts';

export type PrepareStep = 'opening' | 'verifying' | 'staging';

export interface PrepareOptions {
  readonly tools: Tools;
  readonly layout: Layout;
  readonly cacheFolder: string;
  /** Where the watchdog's copy and notes lie, and what is to be told at the next start. */
  readonly stateFolder: string;
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
  /** Whether the staged program is run once, with `--updater-self-test`, before the update counts as ready. */
  readonly triesStagedApp?: boolean;
  readonly signal?: AbortSignal;
  readonly warn: (message: string) => void;
  readonly now: () => Date;
  readonly onStep?: (step: PrepareStep) => void;
  /** Seconds between two looks at a process, for tests. */
  readonly tick?: number;
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
