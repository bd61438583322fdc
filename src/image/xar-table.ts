import { X509Certificate } from 'node:crypto';
import { open } from 'node:fs/promises';
import { inflateSync } from 'node:zlib';
import { type Element, elements, isElement, parseXml, textOf } from './package-xml.ts';
import { unreadable } from './seven-zip-module.ts';

/** The table of contents of a xar archive, the container of flat packages. */
export interface XarTable {
  /** The table as it lies in the file: what the checksum is made of. */
  readonly packed: Buffer;
  /** Where the heap begins, in bytes from the beginning of the file; all other offsets count from there. */
  readonly heapOffset: number;
  readonly checksum: XarPart;
  readonly members: readonly XarMember[];
  readonly signatures: readonly XarSignature[];
}

interface XarPart {
  /** E.g. `sha1`, `sha256`; `RSA`, `CMS`. */
  readonly style: string;
  readonly offset: number;
  readonly size: number;
}

export interface XarMember {
  readonly path: string;
  readonly kind: string;
  /** Bytes when unpacked; 0 for a folder. */
  readonly size: number;
  /** E.g. `application/octet-stream` for what is not packed; null for a folder. */
  readonly encoding: string | null;
}

/** A signature over the table's checksum. Nothing in it is proved here. */
export interface XarSignature extends XarPart {
  /** Leaf first, as they stand there. */
  readonly certificates: readonly X509Certificate[];
}

const HEADER_LENGTH = 28;
const LARGEST_TABLE = 32 * 1024 * 1024;

/**
 * Reads the table of contents (xar's documentation of its format: header, table packed by zlib, heap).
 *
 * @throws UpdateError `image-unreadable`, also where two members have one name: who unpacks it decides then which
 *   of the two counts, and the Installer may decide otherwise than we do
 */
export async function readXarTable(path: string): Promise<XarTable> {
  const { packed, heapOffset } = await readPacked(path);
  let text: string;
  try {
    text = inflateSync(packed, { maxOutputLength: LARGEST_TABLE }).toString('utf8');
  } catch (error) {
    throw unreadable(path, 'its table of contents is damaged', error);
  }
  const document = await parseXml(path, 'table of contents', text);
  const [archive] = elements(document, 'xar');
  const [table, another] = archive === undefined ? [] : elements(archive, 'toc');
  const [checksum] = table === undefined ? [] : elements(table, 'checksum');
  if (table === undefined || another !== undefined || checksum === undefined)
    throw unreadable(path, 'its table of contents has no contents');
  const members = [...membersOf(path, table, '')];
  if (new Set(members.map((member) => member.path)).size !== members.length)
    throw unreadable(path, 'two of its members have the same name');
  const signatures = [...elements(table, 'signature'), ...elements(table, 'x-signature')];
  return {
    packed,
    heapOffset,
    checksum: partOf(path, checksum),
    members,
    signatures: signatures.map((one) => ({ ...partOf(path, one), certificates: certificatesOf(path, one) })),
  };
}

async function readPacked(path: string): Promise<{ packed: Buffer; heapOffset: number }> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw unreadable(path, 'the file cannot be opened', error);
  });
  try {
    const header = Buffer.alloc(HEADER_LENGTH);
    const { bytesRead } = await file.read(header, 0, HEADER_LENGTH, 0);
    if (bytesRead < HEADER_LENGTH || header.toString('latin1', 0, 4) !== 'xar!')
      throw unreadable(path, 'it is not a flat package');
    const headerLength = header.readUInt16BE(4);
    const length = header.readBigUInt64BE(8);
    if (headerLength < HEADER_LENGTH || length > BigInt(LARGEST_TABLE))
      throw unreadable(path, 'its header is damaged');
    const packed = Buffer.alloc(Number(length));
    const found = await file.read(packed, 0, packed.length, headerLength);
    if (found.bytesRead < packed.length) throw unreadable(path, 'its end is missing');
    return { packed, heapOffset: headerLength + packed.length };
  } finally {
    await file.close();
  }
}

function* membersOf(path: string, parent: Element, folder: string): Generator<XarMember> {
  for (const file of elements(parent, 'file')) {
    const name = nameOf(file);
    if (name === null || name === '.' || name === '..' || /[/\0]/.test(name))
      throw unreadable(path, 'one of its members has no proper name');
    const kind = textOf(elements(file, 'type')[0]) ?? 'file';
    const [data] = elements(file, 'data');
    const encoding = data === undefined ? undefined : elements(data, 'encoding')[0];
    const style = encoding?.['@style'];
    yield {
      path: folder + name,
      kind: kind === 'directory' ? 'folder' : kind,
      size: data === undefined ? 0 : numberOf(path, data, 'size'),
      encoding: typeof style === 'string' ? style : null,
    };
    yield* membersOf(path, file, `${folder}${name}/`);
  }
}

function nameOf(file: Element): string | null {
  const [name] = elements(file, 'name');
  const text = textOf(name);
  return text !== null && name?.['@enctype'] === 'base64'
    ? Buffer.from(text, 'base64').toString('utf8')
    : text;
}

function partOf(path: string, element: Element): XarPart {
  const style = element['@style'];
  return {
    style: typeof style === 'string' ? style : '',
    offset: numberOf(path, element, 'offset'),
    size: numberOf(path, element, 'size'),
  };
}

function numberOf(path: string, element: Element, name: string): number {
  const text = textOf(elements(element, name)[0]) ?? '';
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw unreadable(path, `its table of contents has no proper ${name}`);
  return value;
}

function certificatesOf(path: string, signature: Element): readonly X509Certificate[] {
  const data = elements(signature, 'KeyInfo').flatMap((info) => elements(info, 'X509Data'));
  return data
    .filter(isElement)
    .flatMap((one) => elements(one, 'X509Certificate'))
    .map((one) => {
      try {
        return new X509Certificate(Buffer.from(textOf(one) ?? '', 'base64'));
      } catch (error) {
        throw unreadable(path, 'a certificate in it is damaged', error);
      }
    });
}
