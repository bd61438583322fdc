import { UpdateError } from '../../errors.ts';
import { quote } from '../../quote.ts';

interface Named {
  readonly name: string;
}

const MOST_SUGGESTIONS = 5;

/**
 * Those of a list that were asked for by name, in the list's order; all of them where none was.
 *
 * @param kind what they are, for the message, e.g. `client`
 * @throws UpdateError `usage` for a name that none has; it lists the nearest
 */
export function choose<Item extends Named>(
  kind: string,
  names: readonly string[],
  items: readonly Item[],
): readonly Item[] {
  for (const name of names) chooseOne(kind, name, items);
  return names.length === 0 ? items : items.filter(({ name }) => names.includes(name));
}

/** @throws UpdateError `usage` for a name that none has; it lists the nearest */
export function chooseOne<Item extends Named>(kind: string, name: string, items: readonly Item[]): Item {
  const found = items.find((item) => item.name === name);
  if (found !== undefined) return found;
  const near = findNear(
    name,
    items.map((item) => item.name),
  );
  const advice = near.length === 0 ? '' : ` Near to it: ${near.join(', ')}.`;
  throw new UpdateError(
    'usage',
    `There is no ${kind} ${quote(name)}.${advice} All of them: nexy-updater lab --list.`,
    { details: { near } },
  );
}

/** Names that share letters in a row with the one that was typed, the nearest first. */
function findNear(typed: string, names: readonly string[]): readonly string[] {
  return names
    .map((name) => ({ name, likeness: measureLikeness(typed.toLowerCase(), name.toLowerCase()) }))
    .filter(({ likeness }) => likeness >= 0.3)
    .toSorted((a, b) => b.likeness - a.likeness)
    .slice(0, MOST_SUGGESTIONS)
    .map(({ name }) => name);
}

/** Dice's coefficient over pairs of letters: 1 for the same word, 0 for one that shares no pair. */
function measureLikeness(a: string, b: string): number {
  const [pairs, others] = [pairsOf(a), pairsOf(b)];
  const shared = [...pairs].filter((pair) => others.has(pair)).length;
  return pairs.size + others.size === 0 ? 0 : (2 * shared) / (pairs.size + others.size);
}

function pairsOf(text: string): ReadonlySet<string> {
  return new Set(
    Array.from({ length: Math.max(0, text.length - 1) }, (_, index) => text.slice(index, index + 2)),
  );
}
