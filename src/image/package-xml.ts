import { unreadable } from './seven-zip-module.ts';

/** An element of XML: its attributes under `@name`, its children under their names, its text under `#text`. */
export type Element = Readonly<Record<string, unknown>>;

/**
 * Parses one of the descriptions in a package. Nothing is resolved and no type is guessed.
 *
 * @param what names the description in a message, e.g. `Distribution`
 * @throws UpdateError `image-unreadable`
 */
export async function parseXml(path: string, what: string, text: string): Promise<Element> {
  // No package of Apple's tools has one, and entities are how XML is made to explode.
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) throw unreadable(path, `its ${what} is not plain XML`);
  const { XMLParser } = await import('fast-xml-parser');
  const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '@', parseTagValue: false });
  try {
    const document: unknown = parser.parse(text, true);
    if (!isElement(document)) throw new Error('no element');
    return document;
  } catch (error) {
    throw unreadable(path, `its ${what} is not XML`, error);
  }
}

export function isElement(value: unknown): value is Element {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The elements of one name, whether it comes once or several times. One without anything in it is `{}`. */
export function elements(parent: Element, name: string): readonly Element[] {
  const value = Object.hasOwn(parent, name) ? parent[name] : [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map((one) => (isElement(one) ? one : typeof one === 'string' ? { '#text': one } : {}));
}

/** All elements of one name, however deep. */
export function elementsBelow(parent: Element, name: string): readonly Element[] {
  const found: Element[] = [];
  for (const key of Object.keys(parent)) {
    if (key.startsWith('@') || key === '#text') continue;
    for (const child of elements(parent, key)) {
      if (key === name) found.push(child);
      found.push(...elementsBelow(child, name));
    }
  }
  return found;
}

export function attribute(element: Element, name: string): string | null {
  const value = element[`@${name}`];
  return typeof value === 'string' ? value : null;
}

/** The text of an element, or null where it has none. */
export function textOf(element: Element | undefined): string | null {
  const text = element?.['#text'];
  return typeof text === 'string' && text.trim() !== '' ? text.trim() : null;
}
