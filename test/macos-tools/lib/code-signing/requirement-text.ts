import {
  KEYWORDS,
  type Match,
  REQUIREMENT_TYPES,
  type Requirement,
  type RequirementSet,
} from './requirement.ts';

/**
 * Text of a requirement as Apple's dumper writes it: values bare where they are one plain word, quoted where
 * they are printable, `0x…` otherwise (behaviour of Security's reqdumper.cpp).
 */
export function printRequirement(requirement: Requirement): string {
  return print(requirement, 'top');
}

/** Lines `<type> => <requirement>` of a whole set, each with its newline. */
export function printRequirements(set: RequirementSet): string {
  return [...set]
    .map(([type, requirement]) => {
      const name = REQUIREMENT_TYPES[type] ?? `/*unknown type*/ ${type}`;
      return `${name} => ${printRequirement(requirement)}\n`;
    })
    .join('');
}

type Level = 'primary' | 'and' | 'or' | 'top';

function print(requirement: Requirement, level: Level): string {
  switch (requirement.kind) {
    case 'false':
      return 'never';
    case 'true':
      return 'always';
    case 'identifier':
      return `identifier ${printValue(requirement.value)}`;
    case 'apple':
      return 'anchor apple';
    case 'apple-generic':
      return 'anchor apple generic';
    case 'trusted':
      return 'anchor trusted';
    case 'notarized':
      return 'notarized';
    case 'legacy':
      return 'legacy';
    case 'certificate-hash':
      return `certificate ${printSlot(requirement.slot)} = ${printHash(requirement.hash)}`;
    case 'certificate-trusted':
      // Apple's dumper forgets the blank; kept, so that texts compare equal.
      return `certificate ${printSlot(requirement.slot)}trusted`;
    case 'cdhash':
      return `cdhash ${printHash(requirement.hash)}`;
    case 'info-value':
      return `info[${printKey(requirement.key)}] = ${printValue(requirement.value)}`;
    case 'info':
    case 'entitlement':
      return `${requirement.kind}[${printKey(requirement.key)}]${printMatch(requirement.match)}`;
    case 'certificate-field':
      return `certificate ${printSlot(requirement.slot)}[${printKey(requirement.key)}]${printMatch(requirement.match)}`;
    case 'certificate-extension':
      return `certificate ${printSlot(requirement.slot)}[field.${requirement.oid}]${printMatch(requirement.match)}`;
    case 'certificate-policy':
      return `certificate ${printSlot(requirement.slot)}[policy.${requirement.oid}]${printMatch(requirement.match)}`;
    case 'named-anchor':
      return `anchor apple ${printValue(requirement.name)}`;
    case 'named-code':
      return `(${printValue(requirement.name)})`;
    case 'platform':
      return `platform = ${requirement.platform}`;
    case 'not':
      return `! ${print(requirement.operand, 'primary')}`;
    case 'and': {
      const both = `${print(requirement.left, 'and')} and ${print(requirement.right, 'and')}`;
      return level === 'primary' ? `(${both})` : both;
    }
    case 'or': {
      const either = `${print(requirement.left, 'or')} or ${print(requirement.right, 'or')}`;
      return level === 'primary' || level === 'and' ? `(${either})` : either;
    }
  }
}

function printSlot(slot: number): string {
  if (slot === 0) return 'leaf';
  return slot === -1 ? 'root' : String(slot);
}

function printHash(hash: Buffer): string {
  return `H"${hash.toString('hex')}"`;
}

const SIGNS = {
  equal: ' = ',
  contains: ' ~ ',
  'begins-with': ' = ',
  'ends-with': ' = *',
  less: ' < ',
  greater: ' > ',
  'less-or-equal': ' <= ',
  'greater-or-equal': ' >= ',
} as const;

function printMatch(match: Match): string {
  if (!('value' in match)) return ` /* ${match.kind} */`;
  return `${SIGNS[match.kind]}${printValue(match.value)}${match.kind === 'begins-with' ? '*' : ''}`;
}

function printKey(key: string): string {
  return printValue(Buffer.from(key, 'utf8'), true);
}

function printValue(value: Buffer, areDotsPlain = false): string {
  const text = value.toString('latin1');
  if (!/^[\t-\r -~]*$/.test(text)) return `0x${value.toString('hex')}`;
  const plain = areDotsPlain ? /^[A-Za-z.][A-Za-z0-9.]*$/ : /^[A-Za-z][A-Za-z0-9]*$/;
  if (text === '' || (plain.test(text) && !KEYWORDS.has(text))) return text;
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
