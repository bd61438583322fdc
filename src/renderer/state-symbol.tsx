import type { SymbolName } from './screen.ts';

/** Lines on a field of 24 by 24. */
const PATHS: Readonly<Record<SymbolName, string>> = {
  arrow: 'M12 6.5v10M7.5 12.5l4.5 4.5 4.5-4.5',
  waiting: 'M12 7v5l3.5 2',
  done: 'M7.5 12.5l3 3 6-6.5',
  problem: 'M12 7v6.5M12 16.6v.3',
  hold: 'M9.5 8v8M14.5 8v8',
  shield: 'M12 6.5l4.5 1.7v3.6c0 2.7-1.9 4.7-4.5 5.7-2.6-1-4.5-3-4.5-5.7V8.200z',
  back: 'M8 12h8M11.500 8.500L8 12l3.500 3.500',
};

/** A drawing of the state, which only repeats the title: nothing for screen readers. */
export function StateSymbol({ name }: { readonly name: SymbolName }) {
  return (
    <svg class={`symbol ${name}`} viewBox="0 0 24 24" aria-hidden="true">
      <circle cx="12" cy="12" r="10.5" />
      <path d={PATHS[name]} />
    </svg>
  );
}
