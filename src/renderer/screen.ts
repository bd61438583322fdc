import type { WindowRequest } from '../electron/window-contract.ts';

/** What the drawing beside the title shows. It only repeats what the title says. */
export type SymbolName = 'arrow' | 'waiting' | 'done' | 'problem' | 'hold' | 'shield' | 'back';

/** A button. The same `id` in the next screen is the same button, which keeps the focus. */
export interface Action {
  readonly id: string;
  readonly label: string;
  /** The whole name as it is spoken, where the label says too little by itself. Begins with the label. */
  readonly name?: string;
  readonly request: WindowRequest;
  /** Return does it. At most one of a screen, the last. */
  readonly isDefault?: true;
  /** Stands apart from the others, at the other end. */
  readonly isApart?: true;
}

export interface ProgressBar {
  /** Name of what progresses. */
  readonly label: string;
  /** 0 to 1; null where nobody knows. */
  readonly fraction: number | null;
  /** Instead of the bare percentage, spoken. */
  readonly spoken: string | null;
  /** Below the bar. */
  readonly details: readonly string[];
}

export interface NotesText {
  readonly title: string;
  /** Hostile until sanitised. */
  readonly markdown: string;
}

export interface Fact {
  readonly name: string;
  readonly value: string;
}

export interface Announcement {
  readonly text: string;
  /** Interrupts what is being spoken. Only for failures. */
  readonly isUrgent: boolean;
}

/** For whoever is asked for help. */
export interface Details {
  /** English, from the updater itself. */
  readonly message: string;
  readonly lines: readonly string[];
}

/** All that the window shows of one state, in the person's language. */
export interface Screen {
  /** Another key is another state, which is announced. */
  readonly key: string;
  readonly symbol: SymbolName;
  readonly badge: string | null;
  readonly title: string;
  readonly paragraphs: readonly string[];
  readonly facts: readonly Fact[];
  readonly progress: ProgressBar | null;
  readonly notes: NotesText | null;
  readonly details: Details | null;
  readonly actions: readonly Action[];
  readonly announcement: Announcement;
  /** How far a long work is, in steps worth saying: the last one reached, and what to say of it. */
  readonly milestone: { readonly step: number; readonly text: string } | null;
}
