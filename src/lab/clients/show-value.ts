import { quote } from '../../quote.ts';

/** A value out of a manifest, for a message: in quotes, short, nothing in it that a terminal acts on. */
export function showValue(value: unknown): string {
  return quote(typeof value === 'string' ? value : String(JSON.stringify(value)));
}
