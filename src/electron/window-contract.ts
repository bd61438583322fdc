/**
 * What passes between the main process and the update window: plain data, validated where it arrives (window-schema.ts).
 * The window knows nothing else; it decides nothing and only asks.
 */

import type { Channel } from '../config.ts';
import type { DecisionReason } from '../errors.ts';

/** As `PrepareStep`, said once more since the window's program knows nothing of Node. */
export type VerifyStep = 'opening' | 'verifying' | 'staging';

/** The version that an update leads to. */
export interface OfferView {
  readonly version: string;
  /** Bytes. */
  readonly size: number | null;
  /** ISO 8601. */
  readonly releaseDate: string | null;
  readonly isCritical: boolean;
  /** LATEST_CHANGES.md of that version: Markdown, hostile until sanitised. Null while it is not known. */
  readonly notes: string | null;
}

export interface ProgressView {
  /** Bytes. */
  readonly transferred: number;
  readonly total: number;
  readonly bytesPerSecond: number;
  readonly secondsLeft: number | null;
}

/** A failure by its code; the window has the words for each in its languages. */
export interface FailureView {
  /** Of `UpdateError`. */
  readonly code: string;
  /** The updater's own sentence, English: shown under Details. */
  readonly message: string;
  readonly version: string | null;
  /** ISO 8601. */
  readonly at: string;
}

/** What the window shows. */
export type UpdateView =
  | { readonly kind: 'idle' }
  | { readonly kind: 'checking' }
  | { readonly kind: 'up-to-date' }
  | { readonly kind: 'available'; readonly offer: OfferView }
  | {
      readonly kind: 'downloading';
      readonly offer: OfferView;
      readonly progress: ProgressView | null;
      readonly isPaused: boolean;
    }
  | { readonly kind: 'verifying'; readonly offer: OfferView; readonly step: VerifyStep }
  | {
      readonly kind: 'ready';
      readonly offer: OfferView;
      /** An administrator's password is asked for first; never installed on quit then. */
      readonly needsAuthorization: boolean;
      readonly installsOnQuit: boolean;
    }
  | { readonly kind: 'installing'; readonly offer: OfferView }
  | { readonly kind: 'failed'; readonly failure: FailureView }
  | {
      readonly kind: 'held';
      readonly reason: DecisionReason;
      /** The decision's own sentence, English: shown under Details. */
      readonly message: string;
      readonly version: string;
      /** The macOS that it needs, where that is the reason. */
      readonly minimumOs: string | null;
    }
  /** Updates are switched off by whoever manages this Mac. */
  | { readonly kind: 'managed' }
  /** What became of the last install, told once at the next start. */
  | { readonly kind: 'installed'; readonly from: string; readonly offer: OfferView }
  | {
      readonly kind: 'rolled-back';
      readonly from: string;
      readonly to: string;
      readonly reason: 'failed-starts' | 'requested' | 'interrupted' | 'package-failed';
    };

export interface WindowModel {
  readonly view: UpdateView;
  readonly appName: string;
  readonly currentVersion: string;
  readonly channel: Channel;
  /** ISO 8601; null for never. */
  readonly lastCheckedAt: string | null;
  /** What managed preferences decide: shown, and not to be changed here. */
  readonly managed: { readonly updatesOff: boolean; readonly channel: Channel | null };
  /** BCP 47, in the person's order; the window takes the first that it has. */
  readonly languages: readonly string[];
  /** Null for everybody but QA. */
  readonly qa: QaModel | null;
}

/** All that is known of the last check, for QA. */
export interface QaModel {
  readonly decision: {
    readonly action: string;
    readonly reason: DecisionReason;
    readonly message: string;
  } | null;
  /** Name and value, as the decision saw them; `pretended` where QA set it. */
  readonly facts: readonly { readonly name: string; readonly value: string; readonly pretended: boolean }[];
  readonly findings: readonly {
    readonly code: string;
    readonly severity: string;
    readonly message: string;
  }[];
  readonly candidates: readonly { readonly url: string; readonly kind: string }[];
  /** Of the last check: one line for each request. */
  readonly network: readonly NetworkEntry[];
  /** The journal's lines, newest install first. */
  readonly journal: readonly string[];
  readonly manifestUrl: string;
}

export interface NetworkEntry {
  /** ISO 8601. */
  readonly at: string;
  readonly method: string;
  readonly url: string;
  readonly status: number | null;
  readonly bytes: number;
  readonly milliseconds: number;
  readonly error: string | null;
}

/** What QA may pretend. Reaches the decision only. */
export interface QaRequest {
  readonly passesOver: { readonly rollout: boolean; readonly skip: boolean };
  readonly channel: Channel;
  /** Another manifest that the policy allows, or null for the channel's own. */
  readonly manifestUrl: string | null;
  readonly currentVersion: string | null;
  readonly osVersion: string | null;
  /** 0 to 9999. */
  readonly bucket: number | null;
}

/** What the window asks the main process to do. */
export type WindowRequest =
  | { readonly kind: 'check' }
  | { readonly kind: 'download' }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'restart' }
  /** Leave it for the next quit, and close the window. */
  | { readonly kind: 'install-on-quit' }
  | { readonly kind: 'skip' }
  | { readonly kind: 'set-channel'; readonly channel: Channel }
  | { readonly kind: 'move-to-applications' }
  | { readonly kind: 'open-app-management' }
  /** https only; opened in the browser. */
  | { readonly kind: 'open-link'; readonly url: string }
  | { readonly kind: 'copy-report' }
  | { readonly kind: 'close' }
  | { readonly kind: 'qa-check'; readonly request: QaRequest };

/** What the preload script puts on `window.nexyUpdates`. */
export interface WindowBridge {
  /** The model now, and after each change until the returned function is called. */
  onModel(listener: (model: WindowModel) => void): () => void;
  /** Resolves when the main process took it; rejects for what is not a request. */
  request(request: WindowRequest): Promise<void>;
}

/** Channels of Electron's IPC. */
export const MODEL_CHANNEL = 'nexy-updates:model';
export const REQUEST_CHANNEL = 'nexy-updates:request';
