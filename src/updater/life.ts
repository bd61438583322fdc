import type { VerifiedFile } from '../download/verified-file.ts';
import type { PreparedInstall } from '../install/prepared-install.ts';
import type { PreparedRollBack } from '../install/rollback.ts';
import type { DownloadSummary } from '../prepare-update.ts';
import { type NextOf, type StateKind, type StateOf, transition, type UpdaterState } from '../state.ts';
import type { CheckResult } from './events.ts';
import type { LastMoments } from './last-moments.ts';

/** What belongs to a state and is nobody else's: promises to wait for, things to give back. */
interface Belongings {
  readonly idle: unknown;
  readonly checking: {
    readonly before: LifeAtRest;
    readonly result: Promise<CheckResult>;
    readonly controller: AbortController;
  };
  readonly 'not-available': unknown;
  readonly available: OfOffer;
  readonly downloading: Download;
  readonly preparing: Download;
  readonly ready: Ready;
  readonly authorizing: Ready;
  readonly quitting: Ready;
  readonly installing: OfOffer;
  readonly installed: unknown;
  readonly failed: { readonly offer: CheckResult | null };
  /** Null until everything is ready for the last moments. */
  readonly 'rolling-back': { readonly lastMoments: { prepared: PreparedRollBack | null } };
  readonly 'rolled-back': unknown;
}

interface OfOffer {
  readonly offer: CheckResult;
}

export interface Download extends OfOffer {
  readonly files: Promise<string[]>;
  readonly controller: AbortController;
}

export interface Ready extends OfOffer {
  readonly prepared: PreparedInstall;
  readonly lastMoments: LastMoments;
  readonly download: DownloadSummary;
  readonly file: VerifiedFile;
}

export type LifeOf<Kind extends StateKind> = {
  [K in Kind]: { readonly kind: K; readonly state: StateOf<K> } & Belongings[K];
}[Kind];

export type Life = LifeOf<StateKind>;

/** Where a check may begin, and where it comes back to when it is cancelled. */
export type LifeAtRest = LifeOf<
  'idle' | 'not-available' | 'available' | 'ready' | 'installed' | 'failed' | 'rolled-back'
>;

/** Every failure is told by event and state, so that the promise need not be listened to. */
export function handled<Result>(promise: Promise<Result>): Promise<Result> {
  promise.catch(() => undefined);
  return promise;
}

/** The one place where the state of an updater is. */
export class LifeLine {
  #now: Life;
  readonly #tell: (state: UpdaterState) => void;

  constructor(first: LifeOf<'idle'>, tell: (state: UpdaterState) => void) {
    this.#now = first;
    this.#tell = tell;
  }

  /** A method, so that nobody takes an earlier answer for the present. */
  now(): Life {
    return this.#now;
  }

  /**
   * One step. `from` is what the caller believes to be the present: an act that was overtaken cannot go on.
   *
   * @throws Error for a step that the table of states does not have, or from a state that has passed.
   */
  become<From extends Life, To extends Life & LifeOf<NextOf<From['kind']>>>(from: From, to: To): To {
    this.step(from, to);
    this.#tell(to.state);
    return to;
  }

  /** As `become`, but tells nobody: in the last moments nothing may be loaded any more, not even a listener's code. */
  step<From extends Life, To extends Life & LifeOf<NextOf<From['kind']>>>(from: From, to: To): To {
    if (from !== this.#now)
      throw new Error(`An update in "${this.#now.kind}" is no longer in "${from.kind}".`);
    assertLegal(from, to);
    this.#now = to;
    return to;
  }
}

/** The types have said so before; this is for those who go round them. */
function assertLegal(from: Life, to: Life): void {
  (transition as (from: UpdaterState, to: UpdaterState) => UpdaterState)(from.state, to.state);
}
