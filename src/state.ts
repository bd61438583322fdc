import type { Decision } from './check/decide.ts';
import type { UpdateError } from './errors.ts';
import type { PrepareStep } from './install/prepared-install.ts';
import type { DownloadSummary } from './prepare-update.ts';
import type { DownloadProgress } from './progress.ts';

/**
 * The whole life of an update. Beside it there is nothing that says how far an update is.
 *
 *   idle --> checking --> not-available
 *               |
 *               +--> available --> downloading --> preparing --> ready --> installing --> installed
 *               |                       |              |           |            ^
 *               +--> failed <-----------+--------------+           +--> quitting
 *                                                                  |       ^
 *                                                                  +--> authorizing
 *
 *   idle, not-available, available, installed, failed --> rolling-back --> rolled-back
 *
 * And back:
 *
 *   checking            from every state at rest: idle, not-available, available, ready, installed, failed,
 *                       rolled-back; and back there when the check is cancelled, or fails while an update is ready
 *   available           downloading, preparing (cancelled), ready (discarded)
 *   downloading         failed (tried again)
 *   ready               authorizing (denied), quitting (refused), installing (denied)
 *   failed              installing, rolling-back
 *   idle                rolling-back (refused, or there is nothing to go back to)
 *
 * idle           nothing is known yet
 * checking       the manifest is being fetched; what was ready before stays ready and is installed on quit
 * not-available  a decision against updating, or to hold; the decision says why
 * available      an update may be downloaded; `decision.announceOnly`: only when somebody asks for it
 * downloading    its bytes are coming, and are hashed as they come
 * preparing      the download is open: its contents are verified and copied beside the target
 * ready          staged and verified; only the exchange is left. A check that finds a newer release replaces it
 * authorizing    an administrator's password is asked for
 * quitting       everything for the last moments is prepared, and the app was asked to quit
 * installing     the exchange
 * installed      the new version lies at the target and waits to be confirmed
 * failed         with the reason; the target was not touched
 * rolling-back   the version before is being put back, once the app has quit
 * rolled-back    the version before lies at the target again
 */
export type UpdaterState = { [Kind in StateKind]: StateOf<Kind> }[StateKind];

export type StateKind = keyof StateFields;

/** One state. Only `states` makes them, so that there is none that is ill-formed. Plain data: it can be sent to a window. */
export type StateOf<Kind extends StateKind> = {
  [K in Kind]: { readonly kind: K; readonly [made]: true } & StateFields[K];
}[Kind];

declare const made: unique symbol;

export type Offer = Decision & { readonly action: 'update' };
export type Refusal = Decision & { readonly action: Exclude<Decision['action'], 'update'> };

interface OfVersion {
  /** As the manifest writes it. */
  readonly version: string;
}

interface StateFields {
  readonly idle: unknown;
  readonly checking: {
    /** A person asked. */
    readonly isManual: boolean;
    /** The version that is ready all the while; null for none. */
    readonly ready: string | null;
  };
  readonly 'not-available': { readonly decision: Refusal };
  readonly available: OfVersion & { readonly decision: Offer };
  readonly downloading: OfVersion & {
    /** Null until the first bytes have come. */
    readonly progress: DownloadProgress | null;
  };
  readonly preparing: OfVersion & { readonly step: PrepareStep };
  readonly ready: OfVersion & {
    /** Installing asks for an administrator's password first; never done on quit by itself. */
    readonly needsAuthorization: boolean;
    readonly download: DownloadSummary;
  };
  readonly authorizing: OfVersion;
  readonly quitting: OfVersion & { readonly relaunches: boolean };
  readonly installing: OfVersion;
  readonly installed: { readonly from: string; readonly to: string };
  readonly failed: { readonly error: UpdateError };
  readonly 'rolling-back': unknown;
  readonly 'rolled-back': { readonly from: string; readonly to: string };
}

/** The one way to make a state. */
export const states: { readonly [Kind in StateKind]: MakeState<Kind> } = {
  idle: maker('idle'),
  checking: maker('checking'),
  'not-available': maker('not-available'),
  available: maker('available'),
  downloading: maker('downloading'),
  preparing: maker('preparing'),
  ready: maker('ready'),
  authorizing: maker('authorizing'),
  quitting: maker('quitting'),
  installing: maker('installing'),
  installed: maker('installed'),
  failed: maker('failed'),
  'rolling-back': maker('rolling-back'),
  'rolled-back': maker('rolled-back'),
};

type MakeState<Kind extends StateKind> = unknown extends StateFields[Kind]
  ? () => StateOf<Kind>
  : (fields: StateFields[Kind]) => StateOf<Kind>;

function maker<Kind extends StateKind>(kind: Kind): MakeState<Kind> {
  return ((fields?: StateFields[Kind]) => Object.freeze({ ...(fields as object), kind })) as MakeState<Kind>;
}

/** Which state may follow which. The diagram above as data. */
export const TRANSITIONS = {
  idle: ['checking', 'rolling-back'],
  checking: ['idle', 'not-available', 'available', 'ready', 'installed', 'failed', 'rolled-back'],
  'not-available': ['checking', 'rolling-back'],
  available: ['checking', 'downloading', 'rolling-back'],
  downloading: ['downloading', 'preparing', 'available', 'failed'],
  preparing: ['preparing', 'ready', 'available', 'failed'],
  ready: ['checking', 'available', 'authorizing', 'quitting', 'installing'],
  authorizing: ['ready', 'quitting'],
  quitting: ['ready', 'installing'],
  installing: ['ready', 'installed', 'failed'],
  installed: ['checking', 'rolling-back'],
  failed: ['checking', 'downloading', 'rolling-back'],
  'rolling-back': ['idle', 'rolled-back', 'failed'],
  'rolled-back': ['checking'],
} as const satisfies Readonly<Record<StateKind, readonly StateKind[]>>;

/** From where a state may be reached. */
type PreviousOf<To extends StateKind> = {
  [From in StateKind]: To extends (typeof TRANSITIONS)[From][number] ? From : never;
}[StateKind];

/** What may follow; of a union, what may follow each of its members. */
export type NextOf<From extends StateKind> = {
  [To in StateKind]: [From] extends [PreviousOf<To>] ? To : never;
}[StateKind];

/**
 * Gives the next state back. An illegal step does not compile; where a cast or JavaScript got past that, it throws.
 *
 * @throws Error when the table has no such step: a bug of the caller.
 */
export function transition<From extends UpdaterState, To extends StateOf<NextOf<From['kind']>>>(
  from: From,
  to: To,
): To {
  const next: readonly StateKind[] = TRANSITIONS[from.kind];
  if (next.includes(to.kind)) return to;
  throw new Error(`An update cannot go from "${from.kind}" to "${to.kind}".`);
}

/** The same decision, told apart by its action. */
export function tellApart(decision: Decision): Offer | Refusal {
  return decision as Offer | Refusal;
}
