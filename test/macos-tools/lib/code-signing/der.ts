import {
  Set as Asn1Set,
  type BaseBlock,
  BitString,
  Constructed,
  fromBER,
  Integer,
  Null,
  ObjectIdentifier,
  OctetString,
  Sequence,
} from 'asn1js';
import { CodeSigningError } from './code-signing-error.ts';

/** One value of ASN.1, read by asn1js. */
export type Asn1 = BaseBlock;

const CONTEXT = 3;
/** An enumerated value is an integer too in asn1js. */
const INTEGER = 2;

/**
 * Reads bytes that are exactly one ASN.1 value (DER, or BER as Apple's CMS signatures are). Throws `signature`.
 */
export function parseAsn1(bytes: Uint8Array): Asn1 {
  const { offset, result } = fromBER(bytes);
  if (offset !== bytes.length || result.error !== '') throw new CodeSigningError('signature');
  checkLengths(result);
  return result;
}

/** asn1js forgives lengths that do not add up; a signature that was tampered with must not profit from that. */
function checkLengths(value: Asn1): void {
  if (!(value instanceof Constructed)) return;
  if (!value.idBlock.isConstructed) throw new CodeSigningError('signature');
  const children = value.valueBlock.value;
  const inner = children.reduce((sum, child) => sum + rawOf(child).length, 0);
  const header = value.idBlock.blockLength + value.lenBlock.blockLength;
  const raw = rawOf(value);
  const { isIndefiniteForm, length } = value.lenBlock;
  const isWhole = isIndefiniteForm
    ? raw.length === header + inner + 2 && raw.subarray(-2).every((byte) => byte === 0)
    : length === inner && raw.length === header + inner;
  if (!isWhole) throw new CodeSigningError('signature');
  for (const child of children) checkLengths(child);
}

/** What is inside a sequence. Throws `signature` for anything else. */
export function sequenceOf(value: Asn1 | undefined): readonly Asn1[] {
  if (!(value instanceof Sequence)) throw new CodeSigningError('signature');
  return value.valueBlock.value;
}

/** What is inside a set. Throws `signature` for anything else. */
export function setOf(value: Asn1 | undefined): readonly Asn1[] {
  if (!(value instanceof Asn1Set)) throw new CodeSigningError('signature');
  return value.valueBlock.value;
}

/** Children of a value with a context tag, or null where the tag is another. */
export function childrenOfContext(value: Asn1 | undefined, tag: number): readonly Asn1[] | null {
  return value instanceof Constructed && isContext(value, tag) ? value.valueBlock.value : null;
}

/** Whether a value carries a context tag `[tag]`. */
export function isContext(value: Asn1 | undefined, tag: number): boolean {
  return value !== undefined && value.idBlock.tagClass === CONTEXT && value.idBlock.tagNumber === tag;
}

/** Dotted object identifier. Throws `signature` where the value is none. */
export function oidOf(value: Asn1 | undefined): string {
  if (!(value instanceof ObjectIdentifier)) throw new CodeSigningError('signature');
  return value.valueBlock.toString();
}

/** Object identifier of an AlgorithmIdentifier without parameters (absent or NULL). Throws `signature`. */
export function algorithmOf(value: Asn1 | undefined): string {
  const [algorithm, parameters, surplus] = sequenceOf(value);
  const isPlain =
    parameters === undefined || (parameters instanceof Null && parameters.lenBlock.length === 0);
  if (!isPlain || surplus !== undefined) throw new CodeSigningError('signature');
  return oidOf(algorithm);
}

/** The value with its tag and length, as it stands in the input. */
export function rawOf(value: Asn1): Buffer {
  return Buffer.from(value.valueBeforeDecodeView);
}

/** Content bytes of an integer. Throws `signature` where the value is none. */
export function integerOf(value: Asn1 | undefined): Buffer {
  if (!(value instanceof Integer) || value.idBlock.tagNumber !== INTEGER || value.idBlock.isConstructed)
    throw new CodeSigningError('signature');
  return Buffer.from(value.valueBlock.valueHexView);
}

/** Content of an octet string, whole or in pieces. Throws `signature` where the value is none. */
export function octetsOf(value: Asn1 | undefined): Buffer {
  if (!(value instanceof OctetString)) throw new CodeSigningError('signature');
  if (!value.idBlock.isConstructed) return Buffer.from(value.valueBlock.valueHexView);
  return Buffer.concat(value.valueBlock.value.map((piece) => octetsOf(piece)));
}

/** Content bytes of any primitive value: a string, a time. Throws `signature` for a constructed one. */
export function contentOf(value: Asn1 | undefined): Buffer {
  if (value === undefined || value instanceof BitString || value.idBlock.isConstructed)
    throw new CodeSigningError('signature');
  const raw = rawOf(value);
  return raw.subarray(raw.length - value.lenBlock.length);
}
