import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { sidebandOf } from './attributes.ts';
import { SLOT } from './blobs.ts';
import { type Code, executableInBase, META_FILES, openCode } from './code.ts';
import { isSlotPresent } from './code-directory.ts';
import { CodeSigningError } from './code-signing-error.ts';
import { isMetaFolderClean } from './directory-check.ts';
import { dictionaryAt, parsePropertyList } from './property-list.ts';
import type { Requirement } from './requirement.ts';
import { satisfies } from './requirement-evaluate.ts';
import { areRulesWeak, ResourceRules } from './resource-rules.ts';
import { checkSealedFiles } from './sealed-files.ts';
import {
  checkPages,
  checkSpecialSlots,
  readSignature,
  type Signature,
  sealedComponent,
  slicesOf,
  verifySigner,
} from './signature.ts';
import { contextOf } from './signature-context.ts';

export interface VerifyOptions {
  /** The structural checks that codesign makes unless told `--no-strict`. */
  readonly strict: boolean;
  /** What `--strict` adds: no links out of the bundle, nothing hidden in extended attributes. */
  readonly links: boolean;
  readonly sideband: boolean;
  readonly deep: boolean;
  readonly resources: boolean;
  readonly pages: boolean;
  /** Only this architecture; all when null. */
  readonly architecture: string | null;
  /** Told of nested code: `prepared` before its resources are looked at, `validated` at the end. */
  readonly onNested: (stage: 'prepared' | 'validated', path: string) => void;
}

/** Bundles around nested code, innermost first: a link may point into any of them. */
type Scopes = readonly ResourceRules[];

/**
 * Checks code as `codesign --verify` does (behaviour of Security's StaticCode.cpp): who signed, the pages of the
 * executable, what its slots seal, and every file of the bundle.
 *
 * @param requirement what every architecture has to satisfy besides, or null
 * @throws CodeSigningError
 */
export function verifyCode(
  code: Code,
  options: VerifyOptions,
  requirement: Requirement | null = null,
  scopes: Scopes = [],
  onStage: (stage: 'prepared' | 'validated') => void = () => undefined,
): void {
  const slices = slicesOf(code).filter(
    (slice) => options.architecture === null || slice === null || slice.architecture === options.architecture,
  );
  const signatures = slices.map((slice) => {
    try {
      return verifyCore(code, readSignature(code, slice), options, requirement);
    } catch (error) {
      const isKnown = error instanceof CodeSigningError && slice !== null;
      throw isKnown ? error.with({ architecture: slice.architecture }) : error;
    }
  });
  const [signature] = signatures;
  if (signature === undefined) throw new CodeSigningError('bad-object');
  if (signatures.some(({ directory }) => directory.team !== signature.directory.team))
    throw new CodeSigningError('signature');
  onStage('prepared');
  if (options.resources) verifyResources(code, signature, options, scopes);
  if (options.strict) verifyForm(code, signature, options);
  onStage('validated');
}

function verifyCore(
  code: Code,
  signature: Signature,
  options: VerifyOptions,
  requirement: Requirement | null,
): Signature {
  verifySigner(signature);
  checkSpecialSlots(signature);
  if (options.pages) checkPages(code, signature);
  if (requirement !== null && !satisfies(requirement, contextOf(code, signature)))
    throw new CodeSigningError('requirement-failed');
  return signature;
}

function verifyForm(code: Code, signature: Signature, options: VerifyOptions): void {
  const meta = code.bundle === null ? null : join(code.bundle.base, '_CodeSignature');
  if (
    meta !== null &&
    options.pages &&
    existsSync(meta) &&
    !isMetaFolderClean(meta, usedMetaFiles(signature))
  )
    throw new CodeSigningError('unsealed-root');
  const [fault] = code.strictFaults;
  if (fault !== undefined) throw new CodeSigningError(fault);
  if (options.sideband) {
    const carriers = code.bundle === null ? [code.executable] : [code.path, code.executable];
    for (const path of carriers) {
      const name = sidebandOf(path);
      if (name !== null)
        throw new CodeSigningError('detritus', {
          attachedData: [`Disallowed xattr ${name} found on ${path}`],
        });
    }
  }
  // Nothing may hang behind a signature in a Mach-O file, or hide between the slices of a fat one.
  const isWhole = (code.image?.slices ?? []).every(
    ({ signature: place, bytes }) => place === null || place.offset + place.size === bytes.length,
  );
  if (code.image !== null && (!isWhole || !code.image.isTidy))
    throw new CodeSigningError('bad-main-executable');
}

function usedMetaFiles(signature: Signature): ReadonlySet<string> {
  const isInFiles = signature.slice?.signature == null;
  const slots = [...META_FILES.keys()].filter((slot) =>
    slot === SLOT.resourceDirectory
      ? isSlotPresent(signature.directory, slot)
      : isInFiles && signature.components.has(slot),
  );
  return new Set(slots.map((slot) => META_FILES.get(slot) ?? ''));
}

function verifyResources(code: Code, signature: Signature, options: VerifyOptions, scopes: Scopes): void {
  const sealed = sealedComponent(signature, SLOT.resourceDirectory);
  if (code.bundle === null) {
    if (sealed !== null) throw new CodeSigningError('no-resources');
    return;
  }
  if (sealed === null) throw new CodeSigningError('no-resources');
  const directory = parsePropertyList(sealed);
  const files2 = dictionaryAt(directory, 'files2');
  const version = files2 === null ? 1 : 2;
  const files = files2 ?? dictionaryAt(directory, 'files');
  const rules = dictionaryAt(directory, version === 2 ? 'rules2' : 'rules');
  if (files === null || rules === null) throw new CodeSigningError('resources-invalid');
  if (options.strict && areRulesWeak(rules, version, code.bundle.resources))
    throw new CodeSigningError('weak-rules');
  if (options.strict && version === 1) throw new CodeSigningError('weak-envelope');

  const scope = new ResourceRules(code.bundle.base, rules, executableInBase(code));
  checkSealedFiles({
    files,
    version,
    directories: signature.directories,
    scopes: [scope, ...scopes],
    links: options.strict && options.links,
    sideband: options.strict && options.sideband && version === 2,
    verifyNested: (path, requirement) => verifyNested(path, requirement, options, [scope, ...scopes]),
  });
}

/** Checks nested code against the requirement that is sealed for it. */
function verifyNested(path: string, requirement: Requirement, outer: VerifyOptions, scopes: Scopes): void {
  const options: VerifyOptions = outer.deep ? outer : { ...outer, resources: false, pages: false };
  const code = openCode(path);
  verifyCode(code, options, requirement, scopes, (stage) => outer.onNested(stage, nestedName(code)));
  if (code.bundle?.isFramework === true && options.strict)
    verifyOtherVersions(path, code, options, requirement, scopes);
}

/** codesign names a framework by its current version. */
function nestedName(code: Code): string {
  return code.bundle?.isFramework === true ? `${code.bundle.base}/.` : code.path;
}

/** Versions of a framework that are not current have to be good too. */
function verifyOtherVersions(
  path: string,
  code: Code,
  options: VerifyOptions,
  requirement: Requirement,
  scopes: Scopes,
): void {
  const versions = join(path, 'Versions');
  const current = realpathSync(code.bundle?.base ?? path);
  for (const entry of readdirSync(versions, { withFileTypes: true })) {
    const folder = join(versions, entry.name);
    if (!entry.isDirectory() || realpathSync(folder) === current) continue;
    try {
      verifyCode(openCode(folder), options, requirement, scopes);
    } catch (error) {
      throw new CodeSigningError('bad-framework-version', {}, { cause: error });
    }
  }
}
