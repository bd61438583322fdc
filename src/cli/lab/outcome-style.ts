import { OUTCOMES, type Outcome } from '../../lab/run/outcome.ts';
import type { Terminal } from '../terminal.ts';

/** A letter that is told apart without colour, and the colour. */
const STYLES = {
  harmed: { letter: 'H', colour: 'red' },
  loops: { letter: 'L', colour: 'magenta' },
  promised: { letter: 'p', colour: 'green' },
  stranded: { letter: 'X', colour: 'yellow' },
  stays: { letter: '-', colour: 'dim' },
} as const satisfies Record<Outcome, { letter: string; colour: string }>;

const MEANINGS: Record<Outcome, string> = {
  harmed: 'has an app that does not start, or other bytes than promised',
  loops: 'downloads again at every check',
  promised: 'has the version that was promised',
  stranded: 'gets neither this version nor the next one',
  stays: 'keeps what was there, and gets the next version',
};

export function outcomeLetter(outcome: Outcome, terminal: Terminal): string {
  const { letter, colour } = STYLES[outcome];
  return terminal.style(colour, letter);
}

export function outcomeWord(outcome: Outcome, terminal: Terminal): string {
  return terminal.style(STYLES[outcome].colour, outcome);
}

export function outcomeCount(outcome: Outcome, count: number, terminal: Terminal): string {
  return terminal.style(count === 0 ? 'dim' : STYLES[outcome].colour, String(count));
}

/** What each letter means, a line each. */
export function outcomeLegend(terminal: Terminal): string {
  return OUTCOMES.map(
    (outcome) =>
      `  ${outcomeLetter(outcome, terminal)} ${outcomeWord(outcome, terminal)}${' '.repeat(9 - outcome.length)}${MEANINGS[outcome]}`,
  ).join('\n');
}
