import { closeSync, openSync } from 'node:fs';
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeAll, writeFailure } from './image-volume.ts';
import { listPayload, type PayloadEntry } from './package-payload.ts';
import type { SinkFile } from './seven-zip-files.ts';
import { assertClean, INPUT, runSevenZip, unreadable } from './seven-zip-module.ts';

/** What a flat package (`.pkg`) holds. */
export interface PackageContents {
  /** Title of a product archive's `Distribution`, or null. */
  readonly title: string | null;
  readonly components: readonly PackageComponent[];
}

/** One package to be installed: the file itself, or one of a product archive's. */
export interface PackageComponent {
  readonly identifier: string | null;
  readonly version: string | null;
  /** Where the payload's paths begin, e.g. `/` or `/Applications`. */
  readonly installLocation: string;
  /** The installer may put a bundle where it finds an older one instead. */
  readonly isRelocatable: boolean;
  readonly bundles: readonly PackageBundle[];
  readonly hasScripts: boolean;
  /** What would be installed, or null for a payload of a kind that cannot be read here. */
  readonly payload: readonly PayloadEntry[] | null;
}

export interface PackageBundle {
  readonly id: string | null;
  /** Below the install location, without a leading `./`. */
  readonly path: string;
  readonly shortVersion: string | null;
  readonly bundleVersion: string | null;
}

const METADATA_LIMIT = 4 * 1024 * 1024;

/**
 * Reads a flat package with 7-Zip: a xar archive with `PackageInfo` and `Payload`, or several such below a
 * `Distribution`. Nothing in it is run or installed.
 *
 * @throws UpdateError `image-unreadable`, `disk-full`
 */
export async function readPackage(path: string): Promise<PackageContents> {
  const folder = await mkdtemp(join(tmpdir(), 'nexy-package-'));
  try {
    const members = await extractMembers(path, folder);
    const components: PackageComponent[] = [];
    for (const [name, text] of members.texts)
      if (/(?:^|\/)PackageInfo$/.test(name)) components.push(await readComponent(path, name, text, members));
    if (components.length === 0) throw unreadable(path, 'it holds no package');
    const distribution = members.texts.get('Distribution');
    const title = distribution === undefined ? null : textOf((await parseXml(path, distribution))['title']);
    return { title, components };
  } catch (error) {
    throw writeFailure(path, error);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Members {
  readonly names: readonly string[];
  readonly texts: ReadonlyMap<string, string>;
  /** Payloads that were written to disk, by the name of their member. */
  readonly payloads: ReadonlyMap<string, string>;
}

async function extractMembers(path: string, folder: string): Promise<Members> {
  const names: string[] = [];
  const texts = new Map<string, string>();
  const payloads = new Map<string, string>();
  const input = { path, offset: 0, length: (await stat(path)).size };
  await assertPackage(path);
  const run = await runSevenZip(['x', '-y', '-bd', '-txar', '-snl-', '-o/out', INPUT], input, {
    sink: {
      openFile(name) {
        names.push(name);
        if (/(?:^|\/)(?:PackageInfo|Distribution)$/.test(name)) return intoText(path, name, texts);
        if (!/(?:^|\/)Payload$/.test(name)) return { write: () => undefined, close: () => undefined };
        const copy = join(folder, String(payloads.size));
        payloads.set(name, copy);
        return intoFile(copy);
      },
    },
  });
  assertClean(run, path);
  return { names, texts, payloads };
}

async function assertPackage(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    if (buffer.toString('latin1') !== 'xar!') throw unreadable(path, 'it is not a flat package');
  } finally {
    await file.close();
  }
}

function intoText(path: string, name: string, texts: Map<string, string>): SinkFile {
  const pieces: Buffer[] = [];
  let length = 0;
  return {
    write(bytes) {
      length += bytes.length;
      if (length > METADATA_LIMIT) throw unreadable(path, `its ${name} is too large`);
      pieces.push(Buffer.from(bytes));
    },
    close: () => texts.set(name, Buffer.concat(pieces).toString('utf8')),
  };
}

function intoFile(copy: string): SinkFile {
  const file = openSync(copy, 'wx', 0o600);
  return { write: (bytes, position) => writeAll(file, bytes, position), close: () => closeSync(file) };
}

type Element = Readonly<Record<string, unknown>>;

async function readComponent(
  path: string,
  name: string,
  text: string,
  members: Members,
): Promise<PackageComponent> {
  const folder = name.slice(0, -'PackageInfo'.length);
  const information = (await parseXml(path, text))['pkg-info'];
  if (!isElement(information)) throw unreadable(path, `its ${name} is not that of a package`);
  const relocated = elements(information['relocate']).flatMap((relocate) => elements(relocate['bundle']));
  const payload = members.payloads.get(`${folder}Payload`);
  return {
    identifier: attribute(information, 'identifier'),
    version: attribute(information, 'version'),
    installLocation: attribute(information, 'install-location') ?? '/',
    isRelocatable: attribute(information, 'relocatable') === 'true' || relocated.length > 0,
    bundles: elements(information['bundle']).map((bundle) => ({
      id: attribute(bundle, 'id'),
      path: (attribute(bundle, 'path') ?? '').replace(/^\.\//, ''),
      shortVersion: attribute(bundle, 'CFBundleShortVersionString'),
      bundleVersion: attribute(bundle, 'CFBundleVersion'),
    })),
    hasScripts: members.names.includes(`${folder}Scripts`) || isElement(information['scripts']),
    payload: payload === undefined ? [] : await listPayload(path, payload),
  };
}

async function parseXml(path: string, text: string): Promise<Element> {
  // No package of Apple's tools has one, and entities are how XML is made to explode.
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) throw unreadable(path, 'its description is not plain XML');
  const { XMLParser } = await import('fast-xml-parser');
  const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '@', parseTagValue: false });
  try {
    const document: unknown = parser.parse(text, true);
    if (!isElement(document)) throw new Error('no element');
    // A product archive's description is one level down, under one of several names.
    const product = document['installer-gui-script'] ?? document['installer-script'];
    return isElement(product) ? product : document;
  } catch (error) {
    throw unreadable(path, 'its description is not XML', error);
  }
}

function isElement(value: unknown): value is Element {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An element that comes once or several times; empty ones are left out. */
function elements(value: unknown): readonly Element[] {
  return (Array.isArray(value) ? value : [value]).filter(isElement);
}

function attribute(element: Element, name: string): string | null {
  const value = element[`@${name}`];
  return typeof value === 'string' ? value : null;
}

function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value.trim();
  return isElement(value) && typeof value['#text'] === 'string' ? value['#text'].trim() : null;
}
