import { type Certificate, isAppleRoot, SUBJECT_OIDS, subjectValue } from './certificate.ts';
import { type CodeDirectory, cdHash } from './code-directory.ts';
import type { PropertyList } from './property-list.ts';
import type { Match, Requirement } from './requirement.ts';

/** What a requirement is held against. */
export interface RequirementContext {
  readonly directory: CodeDirectory;
  /** Leaf first; empty for ad-hoc code. */
  readonly chain: readonly Certificate[];
  readonly info: PropertyList | null;
  readonly entitlements: PropertyList | null;
  /** Known here only from a ticket that is stapled to the code. */
  readonly isNotarized: boolean;
}

/** Whether code satisfies a requirement (behaviour of Security's reqinterp.cpp). */
export function satisfies(requirement: Requirement, context: RequirementContext): boolean {
  switch (requirement.kind) {
    case 'true':
      return true;
    case 'false':
    case 'legacy':
    case 'named-anchor':
    case 'named-code':
    // No trust settings here: nobody has told this machine to trust a certificate.
    case 'trusted':
    case 'certificate-trusted':
      return false;
    case 'identifier':
      return requirement.value.toString('utf8') === context.directory.identifier;
    case 'cdhash':
      return requirement.hash.equals(cdHash(context.directory));
    case 'apple':
      return isApple(context.chain);
    case 'apple-generic':
      return isAppleRoot(context.chain.at(-1));
    case 'notarized':
      return context.isNotarized;
    case 'platform':
      return requirement.platform === context.directory.platform;
    case 'certificate-hash':
      return certificateAt(context.chain, requirement.slot)?.sha1.equals(requirement.hash) === true;
    case 'info-value':
      return matches({ kind: 'equal', value: requirement.value }, context.info?.[requirement.key]);
    case 'info':
      return matches(requirement.match, context.info?.[requirement.key]);
    case 'entitlement':
      return matches(requirement.match, context.entitlements?.[requirement.key]);
    case 'certificate-field': {
      const certificate = certificateAt(context.chain, requirement.slot);
      const values = certificate?.subjectValues.get(SUBJECT_OIDS[requirement.key] ?? '');
      return certificate !== undefined && matches(requirement.match, values);
    }
    case 'certificate-extension':
    case 'certificate-policy': {
      const certificate = certificateAt(context.chain, requirement.slot);
      const known =
        requirement.kind === 'certificate-policy' ? certificate?.policies : certificate?.extensions;
      return (
        certificate !== undefined &&
        matches(requirement.match, known?.has(requirement.oid) ? true : undefined)
      );
    }
    case 'not':
      return !satisfies(requirement.operand, context);
    case 'and':
      return satisfies(requirement.left, context) && satisfies(requirement.right, context);
    case 'or':
      return satisfies(requirement.left, context) || satisfies(requirement.right, context);
  }
}

function certificateAt(chain: readonly Certificate[], slot: number): Certificate | undefined {
  return chain.at(slot);
}

function isApple(chain: readonly Certificate[]): boolean {
  const intermediate = chain.at(-2);
  return (
    isAppleRoot(chain.at(-1)) &&
    intermediate !== undefined &&
    subjectValue(intermediate, 'subject.CN') === 'Apple Code Signing Certification Authority' &&
    subjectValue(intermediate, 'subject.O') === 'Apple Inc.'
  );
}

function matches(match: Match, candidate: unknown): boolean {
  if (match.kind === 'absent') return candidate === undefined;
  if (candidate === undefined || candidate === null) return false;
  if (Array.isArray(candidate) && candidate.some((one) => matches(match, one))) return true;
  if (!('value' in match)) return candidate !== false;
  if (typeof candidate !== 'string') return false;
  const value = match.value.toString('utf8');
  switch (match.kind) {
    case 'equal':
      return candidate === value;
    case 'contains':
      return candidate.includes(value);
    case 'begins-with':
      return candidate.startsWith(value);
    case 'ends-with':
      return candidate.endsWith(value);
    case 'less':
      return compareNumerically(candidate, value) < 0;
    case 'greater':
      return compareNumerically(candidate, value) > 0;
    case 'less-or-equal':
      return compareNumerically(candidate, value) <= 0;
    case 'greater-or-equal':
      return compareNumerically(candidate, value) >= 0;
  }
}

/** Runs of digits compare by value, all else by code unit, as CFString does with kCFCompareNumerically. */
function compareNumerically(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.match(/\d+|\D/g) ?? []);
  for (const [index, one] of (left ?? []).entries()) {
    const other = right?.[index];
    if (other === undefined) return 1;
    const areNumbers = /^\d/.test(one) && /^\d/.test(other);
    const difference = areNumbers
      ? Number(BigInt(one) - BigInt(other))
      : one < other
        ? -1
        : Number(one > other);
    if (difference !== 0) return difference;
  }
  return (left?.length ?? 0) - (right?.length ?? 0);
}
