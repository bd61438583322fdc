import type { Outcome } from '../../run/outcome.ts';
import { OUTCOME_WORDS } from './outcome-words.ts';

/** An outcome as a symbol and a word. The symbol is for the eye alone. */
export function OutcomeMark({ outcome }: { readonly outcome: Outcome }) {
  const { symbol, word } = OUTCOME_WORDS[outcome];
  return (
    <span class={`mark ${outcome}`}>
      <span class="symbol" aria-hidden="true">
        {symbol}
      </span>
      {word}
    </span>
  );
}
