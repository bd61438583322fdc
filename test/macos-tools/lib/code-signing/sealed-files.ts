import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { sidebandOf } from './attributes.ts';
import { type CodeDirectory, hashAlgorithm, hashFor } from './code-directory.ts';
import { CodeSigningError } from './code-signing-error.ts';
import { dataAt, isDictionary, type PropertyList, stringAt, toBuffer } from './property-list.ts';
import type { Requirement } from './requirement.ts';
import { parseRequirement } from './requirement-parser.ts';
import { type Resource, type ResourceRules, readLink } from './resource-rules.ts';

/** What is sealed in one bundle, and how closely to look. */
export interface SealedFiles {
  /** `files2` of CodeResources (or `files`): seals by path. */
  readonly files: PropertyList;
  readonly version: 1 | 2;
  readonly directories: readonly CodeDirectory[];
  /** This bundle's rules, then those of the bundles around it: a link may point into any of them. */
  readonly scopes: readonly ResourceRules[];
  /** Whether links may not lead out of the bundles. */
  readonly links: boolean;
  /** Whether Finder information and resource forks are refused. */
  readonly sideband: boolean;
  /** Checks nested code; throws CodeSigningError, `requirement-failed` where it is other code. */
  readonly verifyNested: (path: string, requirement: Requirement) => void;
}

/**
 * Compares what lies on disk with what is sealed: changed, added and missing files, links and nested code.
 *
 * @throws CodeSigningError the first fault found, with the paths of all
 */
export function checkSealedFiles(plan: SealedFiles): void {
  const check = new SealedFilesCheck(plan);
  const left = new Map(Object.entries(plan.files));
  for (const resource of plan.scopes[0]?.scan() ?? []) {
    left.delete(resource.path);
    check.checkResource(resource);
  }
  for (const [path, seal] of left) check.checkMissing(path, seal);
  const { findings } = check;
  if (findings.first !== null) throw findings.first.with(withoutEmpty(findings));
}

/** What was found wrong with the files of one bundle, in the categories that codesign prints. */
interface Findings {
  first: CodeSigningError | null;
  readonly added: string[];
  readonly modified: string[];
  readonly missing: string[];
}

function withoutEmpty({ added, modified, missing }: Findings) {
  return {
    ...(added.length > 0 ? { added } : {}),
    ...(modified.length > 0 ? { modified } : {}),
    ...(missing.length > 0 ? { missing } : {}),
  };
}

class SealedFilesCheck {
  readonly #plan: SealedFiles;
  readonly #base: string;
  readonly #findings: Findings = { first: null, added: [], modified: [], missing: [] };

  constructor(plan: SealedFiles) {
    this.#plan = plan;
    this.#base = plan.scopes[0]?.base ?? '';
  }

  get findings(): Findings {
    return this.#findings;
  }

  checkResource({ path, kind }: Resource): void {
    const fullPath = join(this.#base, path);
    const name = this.#plan.sideband ? sidebandOf(fullPath) : null;
    if (name !== null)
      this.#report(
        new CodeSigningError('detritus', { attachedData: [`Disallowed xattr ${name} found on ${fullPath}`] }),
      );
    const seal = this.#plan.files[path];
    if (seal === undefined) {
      if (this.#plan.version === 1 && kind === 'link') return;
      this.#findings.added.push(fullPath);
      this.#report(new CodeSigningError('bad-resource'));
      return;
    }
    const details = readSeal(seal);
    const link = stringAt(details, 'symlink');
    const nested = stringAt(details, 'requirement');
    if (nested !== null && kind !== 'link') this.#checkNested(fullPath, nested);
    else if (link !== null && kind === 'link') this.#checkLink(fullPath, link);
    else if (nested === null && link === null && kind !== 'link') this.#checkFile(fullPath, details);
    else this.#modified(fullPath);
  }

  /** A sealed file that is not there must be an optional one. */
  checkMissing(path: string, seal: unknown): void {
    if (readSeal(seal)['optional'] === true) return;
    this.#findings.missing.push(join(this.#base, path));
    this.#report(new CodeSigningError('bad-resource'));
  }

  #checkFile(path: string, seal: PropertyList): void {
    if (!statSync(path).isFile()) {
      this.#modified(path);
      return;
    }
    const bytes = readFileSync(path);
    const isSame = this.#plan.directories.every(({ hashType }) => {
      const key = hashType === 1 ? 'hash' : `hash${hashType}`;
      const expected = dataAt(seal, key) ?? dataAt(seal, 'hash');
      if (expected === null) throw new CodeSigningError('resources-invalid');
      return expected.length === hashAlgorithm(hashType).size && expected.equals(hashFor(hashType, bytes));
    });
    if (!isSame) this.#modified(path);
  }

  #checkLink(path: string, sealed: string): void {
    const target = readLink(path);
    if (target !== sealed) {
      this.#modified(path);
      return;
    }
    if (!this.#plan.links || this.#isAllowedTarget(path, target)) return;
    this.#findings.modified.push(path);
    this.#report(new CodeSigningError('link-destination'));
  }

  #isAllowedTarget(path: string, target: string): boolean {
    let resolved: string;
    try {
      resolved = realpathSync(resolve(dirname(path), target));
    } catch {
      return false;
    }
    if (target.startsWith('/')) return /^\/(System|Library)\/./.test(resolved);
    for (const scope of this.#plan.scopes) {
      const root = realpathSync(scope.base);
      if (resolved.startsWith(root)) return scope.includes(resolved.slice(root.length + 1));
    }
    return false;
  }

  #checkNested(path: string, requirement: string): void {
    try {
      this.#plan.verifyNested(path, readSealedRequirement(requirement));
    } catch (error) {
      if (!(error instanceof CodeSigningError)) throw error;
      if (error.code !== 'requirement-failed') throw error.with({ subcomponent: path });
      this.#findings.modified.push(path);
      this.#report(new CodeSigningError('bad-nested-code'));
    }
  }

  #modified(path: string): void {
    this.#findings.modified.push(path);
    this.#report(new CodeSigningError('bad-resource'));
  }

  #report(error: CodeSigningError): void {
    this.#findings.first ??= error;
  }
}

function readSeal(seal: unknown): PropertyList {
  const hash = toBuffer(seal);
  if (hash !== null) return { hash };
  if (!isDictionary(seal)) throw new CodeSigningError('resources-invalid');
  return seal;
}

function readSealedRequirement(text: string): Requirement {
  try {
    return parseRequirement(text);
  } catch (error) {
    throw new CodeSigningError('resources-invalid', {}, { cause: error });
  }
}
