import type { Outcome } from '../../run/outcome.ts';

/** For people, the worst first: what has to be done something about comes before what has not. */
export const OUTCOME_ORDER = [
  'harmed',
  'loops',
  'stranded',
  'stays',
  'promised',
] as const satisfies readonly Outcome[];

/** Those that nobody should end up in. */
export const BAD_OUTCOMES: ReadonlySet<Outcome> = new Set(['harmed', 'loops', 'stranded']);

interface OutcomeWords {
  readonly symbol: string;
  readonly word: string;
  readonly meaning: string;
}

export const OUTCOME_WORDS: Readonly<Record<Outcome, OutcomeWords>> = {
  harmed: {
    symbol: '✕',
    word: 'Harmed',
    meaning: 'has an app that cannot start on this macOS, or other bytes than were promised',
  },
  loops: { symbol: '↻', word: 'Loops', meaning: 'downloads again at every check' },
  stranded: {
    symbol: '⊘',
    word: 'Stranded',
    meaning: 'gets no update, and would not get the next one either',
  },
  stays: { symbol: '–', word: 'Stays', meaning: 'has what they had, and will get the next good release' },
  promised: { symbol: '✓', word: 'Promised', meaning: 'has the version that was promised' },
};
