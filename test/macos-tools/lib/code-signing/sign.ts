import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { sidebandOf, writeAttribute } from './attributes.ts';
import { MAGIC, makeBlob, makeSuperBlob, SLOT } from './blobs.ts';
import { parseCertificate } from './certificate.ts';
import { makeCmsSignature } from './cms-writer.ts';
import { type Code, executableInBase, META_FILES, openCode } from './code.ts';
import { cdHash, FLAG_ADHOC, FLAG_RUNTIME, makeCodeDirectory } from './code-directory.ts';
import { CodeSigningError } from './code-signing-error.ts';
import { defaultRules } from './default-rules.ts';
import { designatedRequirement, requirementFor } from './designated-requirement.ts';
import type { Identity } from './keychain.ts';
import { embedSignature } from './mach-o-writer.ts';
import { type PropertyList, stringAt, writePropertyList } from './property-list.ts';
import { DESIGNATED, type RequirementSet } from './requirement.ts';
import { encodeRequirements } from './requirement-binary.ts';
import { parseRequirements } from './requirement-parser.ts';
import { printRequirement } from './requirement-text.ts';
import { ResourceRules, readLink } from './resource-rules.ts';
import { readSignature, slicesOf } from './signature.ts';

export interface SignOptions {
  readonly identifier: string | null;
  /** Text of a requirement set; `$self.identifier` stands for the identifier. Null for none. */
  readonly requirements: string | null;
  /** Null signs ad hoc. */
  readonly identity: Identity | null;
  readonly runtime: boolean;
  readonly deep: boolean;
  readonly strict: boolean;
}

/**
 * Signs code as `codesign --sign` does: seals the resources, then puts the signature into every slice of the
 * executable, or into files of `_CodeSignature` where the executable cannot hold it.
 *
 * @returns the code as it is now, and its identifier
 */
export function signCode(code: Code, options: SignOptions): { code: Code; identifier: string } {
  if (options.strict) checkBeforehand(code);
  const identifier = options.identifier ?? recommendIdentifier(code);
  const resources = code.bundle === null ? null : sealResources(code, options);
  const requirements = encodeRequirements(readRequirements(options, identifier));
  const special = new Map<number, Buffer>([[SLOT.requirements, requirements]]);
  if (resources !== null) special.set(SLOT.resourceDirectory, resources);
  const infoPlist = code.bundle?.infoPlist ?? null;
  if (infoPlist !== null) special.set(SLOT.infoPlist, readFileSync(infoPlist));
  const flags = (options.identity === null ? FLAG_ADHOC : 0) | (options.runtime ? FLAG_RUNTIME : 0);
  const team = options.identity?.team ?? null;
  const signedAt = new Date();
  const endorse = (directory: Buffer) =>
    options.identity === null ? Buffer.alloc(0) : makeCmsSignature(directory, options.identity, signedAt);

  if (code.bundle !== null) clearMetaFiles(code.bundle.base);
  if (resources !== null) writeMetaFile(code, SLOT.resourceDirectory, resources);
  if (code.image === null) {
    const directory = makeCodeDirectory({
      identifier,
      team,
      flags,
      code: code.executableBytes,
      pageSize: 0,
      special,
      executableSegment: null,
      runtimeVersion: 0,
    });
    writeMetaFile(code, SLOT.codeDirectory, directory);
    writeMetaFile(code, SLOT.requirements, requirements);
    writeMetaFile(code, SLOT.signature, endorse(directory));
  } else {
    const bytes = embedSignature(code.executableBytes, code.image, (slice, signed) => {
      const infoSlot = code.bundle === null ? slice.infoPlist : null;
      const directory = makeCodeDirectory({
        identifier,
        team,
        flags,
        code: signed,
        pageSize: 4096,
        special: infoSlot === null ? special : new Map([...special, [SLOT.infoPlist, infoSlot]]),
        executableSegment: {
          base: slice.text?.fileOffset ?? 0,
          limit: slice.text?.fileSize ?? 0,
          flags: slice.isExecutable ? 1 : 0,
        },
        runtimeVersion: options.runtime ? (slice.build?.sdk ?? 0) : 0,
      });
      return makeSuperBlob(MAGIC.embeddedSignature, [
        [SLOT.codeDirectory, directory],
        [SLOT.requirements, requirements],
        [SLOT.signature, makeBlob(MAGIC.wrapper, endorse(directory))],
      ]);
    });
    replaceFile(code.executable, bytes);
  }
  return { code: openCode(code.path), identifier };
}

function checkBeforehand(code: Code): void {
  const [fault] = code.strictFaults;
  if (fault !== undefined) throw new CodeSigningError(fault);
  for (const path of [code.path, code.executable]) {
    const name = sidebandOf(path);
    if (name !== null)
      throw new CodeSigningError('detritus', { attachedData: [`Disallowed xattr ${name} found on ${path}`] });
  }
}

function readRequirements({ requirements, identity }: SignOptions, identifier: string): RequirementSet {
  if (requirements !== null)
    return parseRequirements(requirements.replaceAll('$self.identifier', identifier));
  if (identity === null) return new Map();
  return new Map([[DESIGNATED, requirementFor(identifier, identity.chain.map(parseCertificate))]]);
}

function recommendIdentifier(code: Code): string {
  const info: PropertyList = code.bundle?.info ?? {};
  const named =
    stringAt(info, 'CFBundleIdentifier') ?? stringAt(info, 'CFBundleName') ?? canonicalName(code.path);
  if (named.includes('.')) return named;
  // Ad-hoc code without a dotted identifier gets something of its own behind it.
  return `${named}-${createHash('sha1').update(code.executableBytes).digest('hex')}`;
}

/** Name without its extension and without a version at the end, its first number kept (diskrep.cpp). */
function canonicalName(path: string): string {
  const name = basename(path).replace(/\.[^.0-9][^.]*$/, '');
  if (/^[0-9.]/.test(name)) return name;
  return name.replace(/^(.*?[^0-9.])(\.?[0-9]*)[0-9.]*$/, '$1$2');
}

/** The resource directory: every file that the default rules take in, with its hash. */
function sealResources(code: Code, options: SignOptions): Buffer {
  const { base, resources } = code.bundle ?? { base: '', resources: '' };
  const { rules, rules2 } = defaultRules(resources);
  const executable = executableInBase(code);
  const files2: Record<string, unknown> = {};
  for (const { path, kind, isOptional } of new ResourceRules(base, rules2, executable).scan()) {
    const seal = sealResource(join(base, path), kind, options);
    files2[path] = isOptional ? { ...seal, optional: true } : seal;
  }
  const files: Record<string, unknown> = {};
  for (const { path, kind, isOptional } of new ResourceRules(base, rules, executable).scan()) {
    if (kind === 'link') continue;
    const hash = arrayBuffer(
      createHash('sha1')
        .update(readFileSync(join(base, path)))
        .digest(),
    );
    files[path] = isOptional ? { hash, optional: true } : hash;
  }
  return writePropertyList({ files, files2, rules, rules2 });
}

function sealResource(path: string, kind: 'file' | 'link' | 'nested', options: SignOptions): PropertyList {
  if (kind === 'link') return { symlink: readLink(path) };
  if (kind === 'nested') return sealNested(path, options);
  if (options.strict && sidebandOf(path) !== null) throw new CodeSigningError('detritus');
  return { hash2: arrayBuffer(createHash('sha256').update(readFileSync(path)).digest()) };
}

function sealNested(path: string, options: SignOptions): PropertyList {
  try {
    const found = openCode(path);
    const code = options.deep ? signCode(found, options).code : found;
    const [slice = null] = slicesOf(code);
    const signature = readSignature(code, slice);
    return {
      cdhash: arrayBuffer(cdHash(signature.directory)),
      requirement: printRequirement(designatedRequirement(code, signature)),
    };
  } catch (error) {
    throw error instanceof CodeSigningError ? error.with({ subcomponent: path }) : error;
  }
}

/** Data in a property list has to be an ArrayBuffer of its own for @plist/serialize. */
function arrayBuffer(bytes: Buffer): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}

function clearMetaFiles(base: string): void {
  for (const name of META_FILES.values()) rmSync(join(base, '_CodeSignature', name), { force: true });
}

function writeMetaFile(code: Code, slot: number, bytes: Buffer): void {
  const name = META_FILES.get(slot) ?? '';
  if (code.bundle === null) {
    writeAttribute(code.executable, `com.apple.cs.${name}`, bytes);
    return;
  }
  const folder = join(code.bundle.base, '_CodeSignature');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), bytes);
}

function replaceFile(path: string, bytes: Buffer): void {
  const { mode } = statSync(path);
  const temporary = `${path}.cstemp`;
  writeFileSync(temporary, bytes);
  chmodSync(temporary, mode & 0o7777);
  renameSync(temporary, path);
}
