import { type Components, SLOT } from './blobs.ts';
import { isAppleRoot, isSelfSigned, subjectValue } from './certificate.ts';
import { DIGESTS, type VerifiedSignature, verifySignature } from './cms.ts';
import { type Code, readComponents } from './code.ts';
import {
  bestDirectory,
  type CodeDirectory,
  cdHash,
  doPagesMatch,
  FLAG_ADHOC,
  hashFor,
  isSlotPresent,
  parseCodeDirectory,
} from './code-directory.ts';
import { type CodeSigningCode, CodeSigningError } from './code-signing-error.ts';
import { type MachOSlice, nativeSlice } from './mach-o.ts';

/** The signature of one architecture. Nothing in it is proved yet. */
export interface Signature {
  readonly slice: MachOSlice | null;
  readonly components: Components;
  readonly directories: readonly CodeDirectory[];
  /** The one that is looked at: that with the strongest hash. */
  readonly directory: CodeDirectory;
}

/** Slices in the order in which Apple's library checks them: the one that would run first. */
export function slicesOf(code: Code): readonly (MachOSlice | null)[] {
  if (code.image === null) return [null];
  const native = nativeSlice(code.image);
  return [native, ...code.image.slices.filter((slice) => slice !== native)];
}

/** Reads the signature of one architecture. Throws `unsigned`, or `signature` for one that is torn. */
export function readSignature(code: Code, slice: MachOSlice | null): Signature {
  const components = readComponents(code, slice);
  const first = components.get(SLOT.codeDirectory);
  if (first === undefined) throw new CodeSigningError('unsigned');
  const directories = [parseCodeDirectory(first)];
  for (let slot = SLOT.alternateCodeDirectories as number; slot < SLOT.alternateLimit; slot += 1) {
    const bytes = components.get(slot);
    if (bytes === undefined) break;
    directories.push(parseCodeDirectory(bytes));
  }
  const types = new Set(directories.map(({ hashType }) => hashType));
  if (types.size !== directories.length) throw new CodeSigningError('signature');
  return { slice, components, directories, directory: bestDirectory(directories) };
}

export function isAdHoc(signature: Signature): boolean {
  return (signature.directory.flags & FLAG_ADHOC) !== 0;
}

/**
 * Checks who signed: the CMS signature over the first CodeDirectory, that it names all of them, and that the team
 * is that of the certificate. Null for an ad-hoc signature. Throws `signature`, `unsigned`, `bad-team`.
 */
export function verifySigner(signature: Signature): VerifiedSignature | null {
  const known = verifiedSigners.get(signature);
  if (known !== undefined) return known;
  const verified = checkSigner(signature);
  verifiedSigners.set(signature, verified);
  return verified;
}

/** Asked for several times in one run, and each time costs a dozen of signature checks. */
const verifiedSigners = new WeakMap<Signature, VerifiedSignature | null>();

function checkSigner(signature: Signature): VerifiedSignature | null {
  const cms = signature.components.get(SLOT.signature);
  if (isAdHoc(signature)) {
    // Apple's tool stops at the flag. Code that says ad hoc and carries a signature has been tampered with.
    if (cms !== undefined && cms.length > 0) throw new CodeSigningError('signature');
    return null;
  }
  const base = signature.directories[0];
  if (cms === undefined || base === undefined) throw new CodeSigningError('unsigned');
  const verified = verifySignature(cms, base.bytes);
  checkAgility(signature, verified);
  const [leaf] = verified.chain;
  const hasAppleRoot = isAppleRoot(verified.chain.at(-1));
  // Any root will do for codesign, but there has to be one.
  if (!isSelfSigned(verified.chain.at(-1))) throw new CodeSigningError('not-trusted');
  if (hasAppleRoot && verified.timestamp !== null && !isAppleRoot(verified.timestampChain.at(-1)))
    throw new CodeSigningError('not-trusted');
  if (signature.directory.team !== null && leaf !== undefined && hasAppleRoot) {
    const team = subjectValue(leaf, 'subject.OU');
    if (team !== null && team !== signature.directory.team) throw new CodeSigningError('bad-team');
  }
  return verified;
}

/** The signature must name the hashes of exactly the CodeDirectories that are there: none taken away or added. */
function checkAgility(signature: Signature, { cdHashes, fullHashes }: VerifiedSignature): void {
  const sorted = signature.directories.toSorted((a, b) => a.hashType - b.hashType);
  if (cdHashes !== null) {
    const isSame =
      cdHashes.length === sorted.length &&
      sorted.every((one, index) => cdHashes[index]?.equals(cdHash(one)) === true);
    if (!isSame) throw new CodeSigningError('signature');
  }
  if (fullHashes === null) return;
  const named = new Map([...fullHashes].map(([oid, hash]) => [DIGESTS[oid], hash]));
  const areNamed = sorted.every(({ hashType, fullHash }) => {
    const digest = hashType === 1 ? 'sha1' : hashType === 4 ? 'sha384' : 'sha256';
    return named.get(digest)?.equals(fullHash) === true;
  });
  if (fullHashes.size !== sorted.length || !areNamed) throw new CodeSigningError('signature');
}

/** Checks one special slot against every CodeDirectory and returns its bytes; null where nothing is sealed. */
export function sealedComponent(signature: Signature, slot: number): Buffer | null {
  const bytes = signature.components.get(slot);
  for (const directory of signature.directories) {
    if (!isSlotPresent(directory, slot)) {
      if (directory === signature.directory) return null;
      continue;
    }
    const matches =
      bytes !== undefined && directory.slot(-slot)?.equals(hashFor(directory.hashType, bytes)) === true;
    if (!matches) throw new CodeSigningError(codeForSlot(slot));
  }
  return bytes ?? null;
}

/** Checks all special slots except the resource directory, which has its own check. */
export function checkSpecialSlots(signature: Signature): void {
  for (let slot = signature.directory.specialSlots; slot >= 1; slot -= 1)
    if (slot !== SLOT.resourceDirectory) sealedComponent(signature, slot);
}

/** Checks every page of the executable against every CodeDirectory. */
export function checkPages(code: Code, signature: Signature): void {
  const bytes = signature.slice?.bytes ?? code.executableBytes;
  if (!signature.directories.every((directory) => doPagesMatch(directory, bytes)))
    throw new CodeSigningError('signature');
}

function codeForSlot(slot: number): CodeSigningCode {
  if (slot === SLOT.infoPlist) return 'info-plist';
  return slot === SLOT.resourceDirectory ? 'resource-directory' : 'signature';
}
