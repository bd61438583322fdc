/** How a field is compared (Apple's requirement.h, MatchOperation). */
export type Match =
  | { readonly kind: 'exists' | 'absent' }
  | { readonly kind: ValueMatch; readonly value: Buffer };
export type ValueMatch =
  | 'equal'
  | 'contains'
  | 'begins-with'
  | 'ends-with'
  | 'less'
  | 'greater'
  | 'less-or-equal'
  | 'greater-or-equal';

/** One code requirement. Certificate slots: 0 is the leaf, -1 the root. */
export type Requirement =
  | { readonly kind: 'false' | 'true' | 'apple' | 'apple-generic' | 'trusted' | 'notarized' | 'legacy' }
  | { readonly kind: 'identifier'; readonly value: Buffer }
  | { readonly kind: 'certificate-hash'; readonly slot: number; readonly hash: Buffer }
  | { readonly kind: 'certificate-trusted'; readonly slot: number }
  | { readonly kind: 'cdhash'; readonly hash: Buffer }
  | { readonly kind: 'info-value'; readonly key: string; readonly value: Buffer }
  | { readonly kind: 'info' | 'entitlement'; readonly key: string; readonly match: Match }
  | { readonly kind: 'certificate-field'; readonly slot: number; readonly key: string; readonly match: Match }
  | {
      readonly kind: 'certificate-extension' | 'certificate-policy';
      readonly slot: number;
      readonly oid: string;
      readonly match: Match;
    }
  | { readonly kind: 'named-anchor' | 'named-code'; readonly name: Buffer }
  | { readonly kind: 'platform'; readonly platform: number }
  | { readonly kind: 'not'; readonly operand: Requirement }
  | { readonly kind: 'and' | 'or'; readonly left: Requirement; readonly right: Requirement };

/** Names of the requirements that a signature can hold, by number. */
export const REQUIREMENT_TYPES = ['invalid', 'host', 'guest', 'designated', 'library', 'plugin'] as const;
export const DESIGNATED = 3;
export type RequirementSet = ReadonlyMap<number, Requirement>;

/** Words that cannot stand unquoted as a value. */
export const KEYWORDS: ReadonlySet<string> = new Set(
  `guest host designated library plugin or and always true never false identifier cdhash platform notarized
   legacy anchor apple generic certificate cert trusted info entitlement exists absent leaf root timestamp`.split(
    /\s+/,
  ),
);

/** Joins requirements with `or`, as Apple does for the cdhashes of an ad-hoc signature. */
export function anyOf(requirements: readonly Requirement[]): Requirement {
  const [first, ...rest] = requirements;
  if (first === undefined) return { kind: 'false' };
  return rest.reduce<Requirement>((left, right) => ({ kind: 'or', left, right }), first);
}
