import { parse, serialize } from '@plist/plist';
import { CodeSigningError } from './code-signing-error.ts';

export type PropertyList = Readonly<Record<string, unknown>>;

/** PlistFormat.XML of @plist/common, which is not exported by @plist/plist. */
const XML = 1;

/** Reads a property list, XML or binary, that holds a dictionary. Throws `bad-plist`. */
export function parsePropertyList(bytes: Uint8Array): PropertyList {
  try {
    const buffer = Buffer.from(bytes);
    const isBinary = buffer.toString('latin1', 0, 6) === 'bplist';
    const value = isBinary ? parse(Uint8Array.from(bytes).buffer) : parse(buffer.toString('utf8'));
    if (isDictionary(value)) return value;
  } catch (error) {
    throw new CodeSigningError('bad-plist', {}, { cause: error });
  }
  throw new CodeSigningError('bad-plist');
}

export function isDictionary(value: unknown): value is PropertyList {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !ArrayBuffer.isView(value) &&
    !(value instanceof ArrayBuffer) &&
    !(value instanceof Date)
  );
}

/** Writes a property list as XML, keys in order, as CodeResources is written. */
export function writePropertyList(list: PropertyList): Buffer {
  const text = serialize(sortKeys(list) as Parameters<typeof serialize>[0], XML);
  return Buffer.from(String(text), 'utf8');
}

function sortKeys(value: unknown): unknown {
  if (!isDictionary(value)) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sortKeys(inner)]));
}

/** The dictionary under a key, or null. */
export function dictionaryAt(list: PropertyList, key: string): PropertyList | null {
  const value = list[key];
  return isDictionary(value) ? value : null;
}

/** The string under a key, or null. */
export function stringAt(list: PropertyList, key: string): string | null {
  const value = list[key];
  return typeof value === 'string' ? value : null;
}

/** The data under a key, or null. */
export function dataAt(list: PropertyList, key: string): Buffer | null {
  return toBuffer(list[key]);
}

/** A data value of a property list as bytes, or null where it is something else. */
export function toBuffer(value: unknown): Buffer | null {
  if (value instanceof ArrayBuffer) return Buffer.from(value);
  return ArrayBuffer.isView(value) ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : null;
}
