type Kind = 'number' | 'separator' | 'text';

/** Runs of digits, single separators (punctuation and white space), and runs of anything else. */
const PART = /\d+|[\s\p{P}]|[^\d\s\p{P}]+/gu;

/**
 * Orders two versions as Sparkle 2's standard comparator does (SUStandardVersionComparator.m and its documentation):
 * part by part, numbers by value, texts by their characters; a missing number counts as 0, and what stands behind a
 * dash is not looked at. A text makes a version older than its absence does (`1.0b1` < `1.0`).
 */
export function compareSparkleVersions(a: string, b: string): -1 | 0 | 1 {
  const [left, right] = fill(split(a), split(b));
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index += 1) {
    const order = compareParts(left[index] ?? '', right[index] ?? '');
    if (order !== 0) return order;
  }
  if (left.length === right.length) return 0;
  const isLeftLonger = left.length > right.length;
  const rest = (isLeftLonger ? left : right)[shared] ?? '';
  return isLeftLonger === (kindOf(rest) !== 'text') ? 1 : -1;
}

function split(version: string): readonly string[] {
  // A dash in front cuts nothing off.
  const dash = version.indexOf('-', 1);
  return (dash < 0 ? version : version.slice(0, dash)).match(PART) ?? [];
}

/** Both with as many numbers and full stops at their beginning as the longer has: `1.0b1` beside `1.0.2` is `1.0.0b1`. */
function fill(a: readonly string[], b: readonly string[]): readonly [readonly string[], readonly string[]] {
  const [numbersOfA, numbersOfB] = [countNumbers(a), countNumbers(b)];
  const missing = (from: readonly string[], start: number, end: number): readonly string[] =>
    from.slice(start, end).map((part) => (part === '.' ? '.' : '0'));
  return [
    [...a.slice(0, numbersOfA), ...missing(b, numbersOfA, numbersOfB), ...a.slice(numbersOfA)],
    [...b.slice(0, numbersOfB), ...missing(a, numbersOfB, numbersOfA), ...b.slice(numbersOfB)],
  ];
}

function countNumbers(parts: readonly string[]): number {
  const end = parts.findIndex((part) => part !== '.' && kindOf(part) !== 'number');
  return end < 0 ? parts.length : end;
}

function compareParts(a: string, b: string): -1 | 0 | 1 {
  const [kindOfA, kindOfB] = [kindOf(a), kindOf(b)];
  if (kindOfA !== kindOfB) return RANK[kindOfA] > RANK[kindOfB] ? 1 : -1;
  if (kindOfA === 'separator') return 0;
  return kindOfA === 'number' ? order(BigInt(a), BigInt(b)) : order(a, b);
}

/** A text is below everything, and a number above a separator where it should not be. */
const RANK: Readonly<Record<Kind, number>> = { text: 0, separator: 1, number: 2 };

function kindOf(part: string): Kind {
  if (/^\d/.test(part)) return 'number';
  return /^[\s\p{P}]/u.test(part) ? 'separator' : 'text';
}

function order<Value extends string | bigint>(a: Value, b: Value): -1 | 0 | 1 {
  if (a === b) return 0;
  return a > b ? 1 : -1;
}
