import { SLOT } from './blobs.ts';
import { type Certificate, isAppleRoot, subjectValue } from './certificate.ts';
import type { Code } from './code.ts';
import { cdHash } from './code-directory.ts';
import { CodeSigningError } from './code-signing-error.ts';
import type { MachOSlice } from './mach-o.ts';
import { anyOf, DESIGNATED, type Requirement, type RequirementSet } from './requirement.ts';
import { decodeRequirements } from './requirement-binary.ts';
import {
  isAdHoc,
  readSignature,
  type Signature,
  sealedComponent,
  slicesOf,
  verifySigner,
} from './signature.ts';

/** Requirements that a signature holds; null where it holds no set at all. */
export function storedRequirements(signature: Signature): RequirementSet | null {
  const blob = sealedComponent(signature, SLOT.requirements);
  return blob === null ? null : decodeRequirements(blob);
}

/** The requirement by which code is known as itself: the stored one, otherwise the one that follows. */
export function designatedRequirement(code: Code, signature: Signature): Requirement {
  return storedRequirements(signature)?.get(DESIGNATED) ?? impliedRequirement(code, signature);
}

/** What Apple's library makes up for code without a stored one (behaviour of StaticCode.cpp and drmaker.cpp). */
export function impliedRequirement(code: Code, signature: Signature): Requirement {
  if (isAdHoc(signature)) {
    const others = slicesOf(code)
      .filter((slice) => slice !== signature.slice)
      .flatMap((slice) => readIfSigned(code, slice));
    const directories = [signature, ...others].flatMap((one) =>
      one.directories.toSorted((a, b) => a.hashType - b.hashType),
    );
    return anyOf(directories.map((directory) => ({ kind: 'cdhash', hash: cdHash(directory) })));
  }
  return requirementFor(signature.directory.identifier, verifySigner(signature)?.chain ?? []);
}

/** What Apple's signer stores where it is given no other: this identifier, and who signed. */
export function requirementFor(identifier: string, chain: readonly Certificate[]): Requirement {
  const left: Requirement = { kind: 'identifier', value: Buffer.from(identifier, 'utf8') };
  return { kind: 'and', left, right: requireSigner(chain) };
}

/** Other slices that are not signed have nothing to add. */
function readIfSigned(code: Code, slice: MachOSlice | null): readonly Signature[] {
  try {
    return [readSignature(code, slice)];
  } catch (error) {
    if (error instanceof CodeSigningError && error.code === 'unsigned') return [];
    throw error;
  }
}

const APPLE_MARKERS = {
  developerIntermediate: '1.2.840.113635.100.6.2.1',
  developerIdIntermediate: '1.2.840.113635.100.6.2.6',
  developerIdLeaf: '1.2.840.113635.100.6.1.13',
} as const;

function requireSigner(chain: readonly Certificate[]): Requirement {
  const [leaf, intermediate] = chain;
  if (leaf === undefined) return { kind: 'false' };
  if (!isAppleRoot(chain.at(-1))) return requireOrganization(chain, leaf);
  const exists = (slot: number, oid: string): Requirement => ({
    kind: 'certificate-extension',
    slot,
    oid,
    match: { kind: 'exists' },
  });
  const equals = (key: string): Requirement => ({
    kind: 'certificate-field',
    slot: 0,
    key,
    match: { kind: 'equal', value: Buffer.from(subjectValue(leaf, key) ?? '', 'utf8') },
  });
  if (intermediate?.extensions.has(APPLE_MARKERS.developerIntermediate) === true)
    return allOf(
      { kind: 'apple-generic' },
      equals('subject.CN'),
      exists(1, APPLE_MARKERS.developerIntermediate),
    );
  if (intermediate?.extensions.has(APPLE_MARKERS.developerIdIntermediate) === true)
    return allOf(
      { kind: 'apple-generic' },
      exists(1, APPLE_MARKERS.developerIdIntermediate),
      exists(0, APPLE_MARKERS.developerIdLeaf),
      equals('subject.OU'),
    );
  return { kind: 'apple' };
}

/** The highest certificate of the same organization as the leaf is nailed by its hash. */
function requireOrganization(chain: readonly Certificate[], leaf: Certificate): Requirement {
  const organization = subjectValue(leaf, 'subject.O');
  let slot = 0;
  if (organization !== null)
    for (const [index, certificate] of chain.entries()) {
      if (subjectValue(certificate, 'subject.O') !== organization) break;
      slot = index;
    }
  const hash = chain[slot]?.sha1 ?? leaf.sha1;
  return {
    kind: 'certificate-hash',
    slot: organization !== null && slot === chain.length - 1 ? -1 : slot,
    hash,
  };
}

function allOf(first: Requirement, ...rest: readonly Requirement[]): Requirement {
  const [second, ...others] = rest;
  return second === undefined ? first : { kind: 'and', left: first, right: allOf(second, ...others) };
}
