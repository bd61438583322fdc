import { createRequire } from 'node:module';
import type * as Attributes from '../extended-attributes.ts';

type AttributesModule = typeof Attributes;

/** Attributes that must not hang on signed code: what is in them is not sealed. */
const SIDEBAND = ['com.apple.FinderInfo', 'com.apple.ResourceFork'];

/**
 * Reads an extended attribute, without following a link.
 *
 * @param name Apple's name, e.g. `com.apple.quarantine`
 * @returns null where it is not there
 */
export function readAttribute(path: string, name: string): Buffer | null {
  return ofLinks().get(path, name);
}

/** Name of an attribute on a file that a signature cannot cover, or null. */
export function sidebandOf(path: string): string | null {
  return SIDEBAND.find((name) => readAttribute(path, name) !== null) ?? null;
}

/** Writes an extended attribute on a file. Throws where the file system takes none. */
export function writeAttribute(path: string, name: string, value: Buffer): void {
  ofLinks().set(path, name, value);
}

/** Loaded here, not at the top: only strict checks and scans need it, and it costs time at every start. */
function ofLinks(): ReturnType<AttributesModule['extendedAttributes']> {
  const attributes: AttributesModule = createRequire(import.meta.url)('../extended-attributes.ts');
  return attributes.extendedAttributes(true);
}
