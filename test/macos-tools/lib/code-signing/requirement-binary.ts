import { MAGIC, makeBlob, makeSuperBlob, readSuperBlob } from './blobs.ts';
import { CodeSigningError, failAs } from './code-signing-error.ts';
import type { Match, Requirement, RequirementSet, ValueMatch } from './requirement.ts';

// Operators of Apple's requirement.h, by number.
const PLAIN = ['false', 'true', 'apple', 'trusted', 'apple-generic', 'notarized', 'legacy'] as const;
const OPERATORS = {
  false: 0,
  true: 1,
  identifier: 2,
  apple: 3,
  'certificate-hash': 4,
  'info-value': 5,
  and: 6,
  or: 7,
  cdhash: 8,
  not: 9,
  info: 10,
  'certificate-field': 11,
  'certificate-trusted': 12,
  trusted: 13,
  'certificate-extension': 14,
  'apple-generic': 15,
  entitlement: 16,
  'certificate-policy': 17,
  'named-anchor': 18,
  'named-code': 19,
  platform: 20,
  notarized: 21,
  legacy: 23,
} as const satisfies Record<Requirement['kind'], number>;

const MATCHES: Readonly<Record<ValueMatch | 'exists' | 'absent', number>> = {
  exists: 0,
  equal: 1,
  contains: 2,
  'begins-with': 3,
  'ends-with': 4,
  less: 5,
  greater: 6,
  'less-or-equal': 7,
  'greater-or-equal': 8,
  absent: 14,
};

const EXPRESSION_FORM = 1;
const DEEPEST = 1000;
const LOWEST_SLOT = -1;

/** The binary form of one requirement, with its header. */
export function encodeRequirement(requirement: Requirement): Buffer {
  return makeBlob(MAGIC.requirement, Buffer.concat([word(EXPRESSION_FORM), encode(requirement)]));
}

/** The binary form of a set (slot 2 of a signature); 12 bytes when empty. */
export function encodeRequirements(set: RequirementSet): Buffer {
  const parts = [...set].map(([type, requirement]) => [type, encodeRequirement(requirement)] as const);
  return makeSuperBlob(MAGIC.requirements, parts);
}

/** Reads one requirement. Throws `requirement-invalid`. */
export function decodeRequirement(blob: Buffer): Requirement {
  return failAs('requirement-invalid', () => {
    if (blob.readUInt32BE(0) !== MAGIC.requirement || blob.readUInt32BE(4) !== blob.length) throw invalid();
    if (blob.readUInt32BE(8) !== EXPRESSION_FORM) throw invalid();
    const reader = new Reader(blob.subarray(12));
    return decode(reader, 0);
  });
}

/** Reads a set. Throws `requirement-invalid`. */
export function decodeRequirements(blob: Buffer): RequirementSet {
  return failAs('requirement-invalid', () => {
    const parts = readSuperBlob(blob, MAGIC.requirements);
    return new Map([...parts].map(([type, part]) => [type, decodeRequirement(part)]));
  });
}

function encode(requirement: Requirement): Buffer {
  const operator = word(OPERATORS[requirement.kind]);
  switch (requirement.kind) {
    case 'identifier':
      return Buffer.concat([operator, data(requirement.value)]);
    case 'certificate-hash':
      return Buffer.concat([operator, word(requirement.slot), data(requirement.hash)]);
    case 'certificate-trusted':
      return Buffer.concat([operator, word(requirement.slot)]);
    case 'cdhash':
      return Buffer.concat([operator, data(requirement.hash)]);
    case 'info-value':
      return Buffer.concat([operator, text(requirement.key), data(requirement.value)]);
    case 'info':
    case 'entitlement':
      return Buffer.concat([operator, text(requirement.key), match(requirement.match)]);
    case 'certificate-field':
      return Buffer.concat([
        operator,
        word(requirement.slot),
        text(requirement.key),
        match(requirement.match),
      ]);
    case 'certificate-extension':
    case 'certificate-policy':
      return Buffer.concat([
        operator,
        word(requirement.slot),
        data(encodeOid(requirement.oid)),
        match(requirement.match),
      ]);
    case 'named-anchor':
    case 'named-code':
      return Buffer.concat([operator, data(requirement.name)]);
    case 'platform':
      return Buffer.concat([operator, word(requirement.platform)]);
    case 'not':
      return Buffer.concat([operator, encode(requirement.operand)]);
    case 'and':
    case 'or':
      return Buffer.concat([operator, encode(requirement.left), encode(requirement.right)]);
    default:
      return operator;
  }
}

function decode(reader: Reader, depth: number): Requirement {
  if (depth > DEEPEST) throw invalid();
  const operator = reader.word();
  const plain = PLAIN.find((kind) => OPERATORS[kind] === operator);
  if (plain !== undefined) return { kind: plain };
  switch (operator) {
    case OPERATORS.identifier:
      return { kind: 'identifier', value: reader.data() };
    case OPERATORS['certificate-hash']:
      return { kind: 'certificate-hash', slot: reader.slot(), hash: reader.data() };
    case OPERATORS['info-value']:
      return { kind: 'info-value', key: reader.data().toString('utf8'), value: reader.data() };
    case OPERATORS.and:
      return { kind: 'and', left: decode(reader, depth + 1), right: decode(reader, depth + 1) };
    case OPERATORS.or:
      return { kind: 'or', left: decode(reader, depth + 1), right: decode(reader, depth + 1) };
    case OPERATORS.cdhash:
      return { kind: 'cdhash', hash: reader.data() };
    case OPERATORS.not:
      return { kind: 'not', operand: decode(reader, depth + 1) };
    case OPERATORS.info:
      return { kind: 'info', key: reader.data().toString('utf8'), match: reader.match() };
    case OPERATORS.entitlement:
      return { kind: 'entitlement', key: reader.data().toString('utf8'), match: reader.match() };
    case OPERATORS['certificate-field']: {
      const slot = reader.slot();
      return { kind: 'certificate-field', slot, key: reader.data().toString('utf8'), match: reader.match() };
    }
    case OPERATORS['certificate-trusted']:
      return { kind: 'certificate-trusted', slot: reader.slot() };
    case OPERATORS['certificate-extension']: {
      const slot = reader.slot();
      return { kind: 'certificate-extension', slot, oid: decodeOid(reader.data()), match: reader.match() };
    }
    case OPERATORS['certificate-policy']: {
      const slot = reader.slot();
      return { kind: 'certificate-policy', slot, oid: decodeOid(reader.data()), match: reader.match() };
    }
    case OPERATORS['named-anchor']:
      return { kind: 'named-anchor', name: reader.data() };
    case OPERATORS['named-code']:
      return { kind: 'named-code', name: reader.data() };
    case OPERATORS.platform:
      return { kind: 'platform', platform: reader.slot() };
    default:
      throw invalid();
  }
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  word(): number {
    this.#at += 4;
    return this.#bytes.readUInt32BE(this.#at - 4);
  }

  slot(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  data(): Buffer {
    const length = this.word();
    const end = this.#at + length;
    if (end > this.#bytes.length) throw invalid();
    const value = this.#bytes.subarray(this.#at, end);
    this.#at = Math.ceil(end / 4) * 4;
    return value;
  }

  match(): Match {
    const number = this.word();
    if (number === MATCHES.exists) return { kind: 'exists' };
    if (number === MATCHES.absent) return { kind: 'absent' };
    const kind = VALUE_MATCHES.find((name) => MATCHES[name] === number);
    if (kind === undefined) throw invalid();
    return { kind, value: this.data() };
  }
}

const VALUE_MATCHES: readonly ValueMatch[] = [
  'equal',
  'contains',
  'begins-with',
  'ends-with',
  'less',
  'greater',
  'less-or-equal',
  'greater-or-equal',
];

function invalid(): CodeSigningError {
  return new CodeSigningError('requirement-invalid');
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  if (value < 0) bytes.writeInt32BE(Math.max(value, LOWEST_SLOT * 0x7fffffff), 0);
  else bytes.writeUInt32BE(value, 0);
  return bytes;
}

function data(value: Buffer): Buffer {
  return Buffer.concat([word(value.length), value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
}

function text(value: string): Buffer {
  return data(Buffer.from(value, 'utf8'));
}

function match(value: Match): Buffer {
  const operator = word(MATCHES[value.kind]);
  return 'value' in value ? Buffer.concat([operator, data(value.value)]) : operator;
}

/** DER content bytes of a dotted object identifier. Throws `requirement-invalid`. */
function encodeOid(dotted: string): Buffer {
  const parts = dotted.split('.').map(Number);
  const [first, second, ...rest] = parts;
  if (first === undefined || second === undefined || !parts.every(Number.isSafeInteger)) throw invalid();
  return Buffer.from([first * 40 + second, ...rest].flatMap(base128));
}

/** Dotted form of DER content bytes. */
function decodeOid(bytes: Buffer): string {
  const numbers: number[] = [];
  let value = 0;
  for (const byte of bytes) {
    value = value * 128 + (byte & 0x7f);
    if ((byte & 0x80) !== 0) continue;
    numbers.push(value);
    value = 0;
  }
  const [head, ...rest] = numbers;
  if (head === undefined) throw invalid();
  const first = Math.min(Math.floor(head / 40), 2);
  return [first, head - first * 40, ...rest].join('.');
}

function base128(value: number): number[] {
  const digits = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128))
    digits.unshift(128 + (rest % 128));
  return digits;
}
