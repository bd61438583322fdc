/** What Python's int() reads from a text: white space around, a sign, and digits with single underscores between. */
const WHOLE_NUMBER = /^\s*([+-]?\d+(?:_\d+)*)\s*$/;

/**
 * The build of a manifest or an app as the oldest client has it: int() of Python's, of a value out of JSON
 * (https://docs.python.org/3/library/functions.html#int). Null where that raises an error: for a dotted text, for
 * null, for an object.
 */
export function readBuildNumber(value: unknown): number | null {
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'number') return Number.isFinite(value) ? Math.trunc(value) : null;
  if (typeof value !== 'string') return null;
  const digits = WHOLE_NUMBER.exec(value)?.[1];
  return digits === undefined ? null : Number(digits.replaceAll('_', ''));
}
