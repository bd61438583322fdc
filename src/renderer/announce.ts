import type { Screen } from './screen.ts';

/** What was said last, so that nothing is said twice. */
export interface Said {
  readonly key: string;
  readonly step: number;
}

export interface Speech {
  readonly said: Said;
  /** For the polite live region; null leaves there what is there. */
  readonly polite: string | null;
  /** For the assertive one; empty as soon as the failure is gone. */
  readonly urgent: string | null;
}

const NOTHING: Pick<Speech, 'polite' | 'urgent'> = { polite: null, urgent: null };

/**
 * What a screen reader is to say of a new screen: a change of state once, progress in steps, a failure at once. Pure.
 *
 * @param before null for the first screen, which is read out because the window opened
 */
export function announce(before: Said | null, { key, announcement, milestone }: Screen): Speech {
  const step = milestone?.step ?? 0;
  if (before === null) return { said: { key, step }, ...NOTHING };
  if (before.key !== key) {
    const { text, isUrgent } = announcement;
    return { said: { key, step }, polite: isUrgent ? '' : text, urgent: isUrgent ? text : '' };
  }
  if (milestone === null || step <= before.step) return { said: before, ...NOTHING };
  return { said: { key, step }, polite: milestone.text, urgent: null };
}
