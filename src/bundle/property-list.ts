import { createRequire } from 'node:module';
import { UpdateError } from '../errors.ts';

// Loaded with the first list, since not every start of an app reads one.
const load = createRequire(import.meta.url);

export type PropertyListDictionary = Readonly<Record<string, unknown>>;

/**
 * Parses a property list, XML or binary, that must hold a dictionary.
 *
 * @throws UpdateError `payload-incompatible` when the bytes are no property list.
 */
export function parsePropertyList(bytes: Uint8Array, whatItIs: string): PropertyListDictionary {
  const { parse } = load('@plist/plist') as typeof import('@plist/plist');
  let value: unknown;
  try {
    // The library tells the formats apart by looking at text, and takes binary lists as a buffer only.
    const isBinary = Buffer.from(bytes.subarray(0, 6)).toString('latin1') === 'bplist';
    value = isBinary
      ? parse(Uint8Array.from(bytes).buffer)
      : parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new UpdateError('payload-incompatible', `${whatItIs} is not a readable property list.`, {
      cause: error,
    });
  }
  if (!isDictionary(value)) {
    throw new UpdateError('payload-incompatible', `${whatItIs} is a property list without a dictionary.`);
  }
  return value;
}

export function isDictionary(value: unknown): value is PropertyListDictionary {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/** The string under a key, or null when there is none or it is something else. */
export function stringAt(dictionary: PropertyListDictionary, key: string): string | null {
  const value = dictionary[key];
  return typeof value === 'string' ? value : null;
}
