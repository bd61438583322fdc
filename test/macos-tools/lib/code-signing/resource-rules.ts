import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { CodeSigningError } from './code-signing-error.ts';
import { isDictionary, type PropertyList } from './property-list.ts';

/** What a rule of a resource directory says of the files it matches. */
interface Rule {
  readonly matches: (path: string) => boolean;
  readonly weight: number;
  readonly isOmitted: boolean;
  readonly isOptional: boolean;
  readonly isNested: boolean;
  /** `yes`: not looked at at all. `target`: so too, but a link may point at it (the main executable). */
  readonly isExcluded: 'no' | 'yes' | 'target';
}

/** Something on disk that a rule takes in. */
export interface Resource {
  /** Relative to the resource base, with `/`. */
  readonly path: string;
  readonly kind: 'file' | 'link' | 'nested';
  readonly isOptional: boolean;
}

/** A set of resource rules bound to one bundle (behaviour of Security's resources.cpp). */
export class ResourceRules {
  readonly #base: string;
  readonly #rules: readonly Rule[];

  /**
   * @param base folder that paths are relative to, e.g. `X.app/Contents`
   * @param rules the dictionary `rules2` (or `rules`) of CodeResources
   * @param executable path of the main executable relative to `base`, which is sealed by its own pages
   */
  constructor(base: string, rules: PropertyList, executable: string | null) {
    this.#base = base;
    this.#rules = [...readRules(rules), ...['_CodeSignature', 'CodeResources', '_MASReceipt'].map(exclude)];
    if (executable !== null) this.#rules = [...this.#rules, { ...exclude(executable), isExcluded: 'target' }];
  }

  get base(): string {
    return this.#base;
  }

  /** Everything that has to be sealed, in the order of names. */
  scan(): readonly Resource[] {
    return [...this.#scanFolder('')];
  }

  /** Whether a link may point at this path: it is sealed, or it is the main executable. */
  includes(path: string): boolean {
    const [first] = path.split('/');
    if (first !== undefined && first !== path) {
      const top = this.#find(first);
      if (top !== null && top.isExcluded !== 'no') return top.isExcluded === 'target';
    }
    const rule = this.#find(path);
    if (rule === null) return false;
    return rule.isExcluded === 'target' || (rule.isExcluded === 'no' && !rule.isOmitted);
  }

  *#scanFolder(folder: string): Generator<Resource> {
    for (const name of readFolder(join(this.#base, folder))) {
      const path = folder === '' ? name : `${folder}/${name}`;
      const status = lstatSync(join(this.#base, path));
      const rule = this.#find(path);
      if (status.isDirectory()) {
        if (rule?.isExcluded === 'yes') continue;
        // Nested code is recognised by the dot in its name; other folders are walked through.
        if (rule?.isNested && name.includes('.')) yield { path, kind: 'nested', isOptional: rule.isOptional };
        else yield* this.#scanFolder(path);
      } else if (!status.isFile() && !status.isSymbolicLink()) {
        throw new CodeSigningError('not-a-resource');
      } else {
        if (status.isSymbolicLink() && name.toLowerCase() === '.ds_store')
          throw new CodeSigningError('ds-store-link');
        if (rule === null || rule.isOmitted || rule.isExcluded !== 'no') continue;
        const kind = status.isSymbolicLink() ? 'link' : rule.isNested ? 'nested' : 'file';
        yield { path, kind, isOptional: rule.isOptional };
      }
    }
  }

  #find(path: string): Rule | null {
    let best: Rule | null = null;
    for (const rule of this.#rules) {
      if (!rule.matches(path)) continue;
      if (rule.isExcluded !== 'no') return rule;
      if (best === null || rule.weight > best.weight) best = rule;
    }
    return best;
  }
}

/** Whether rules leave out more than Apple allows (the strict check of Security's StaticCode.cpp). */
export function areRulesWeak(rules: PropertyList, version: 1 | 2, resources: string): boolean {
  const catchAll = version === 1 ? '^Resources/' : '^.*';
  const allowed = [
    '^(.*/)?\\.DS_Store$',
    '^Info\\.plist$',
    '^PkgInfo$',
    `^${resources}.*\\.lproj/locversion.plist$`,
  ];
  const omitted = Object.entries(rules).filter(([, rule]) => isOmission(rule));
  return rules[catchAll] !== true || omitted.some(([pattern]) => !allowed.includes(pattern));
}

/** Text of a link. */
export function readLink(path: string): string {
  return readlinkSync(path, 'utf8');
}

function readFolder(path: string): readonly string[] {
  try {
    return readdirSync(path).sort();
  } catch (error) {
    throw new CodeSigningError('unreadable-code', {}, { cause: error });
  }
}

function exclude(path: string): Rule {
  return {
    matches: (candidate) => candidate === path,
    weight: 0,
    isOmitted: false,
    isOptional: false,
    isNested: false,
    isExcluded: 'yes',
  };
}

function readRules(rules: PropertyList): readonly Rule[] {
  return Object.entries(rules).map(([pattern, rule]) => {
    if (typeof rule !== 'boolean' && !isDictionary(rule)) throw new CodeSigningError('bad-resource-rules');
    const expression = compile(pattern);
    const options: PropertyList = isDictionary(rule) ? rule : {};
    const weight = options['weight'];
    return {
      matches: (path) => expression.test(path),
      weight: typeof weight === 'number' ? Math.trunc(weight) : 1,
      isOmitted: isOmission(rule),
      isOptional: options['optional'] === true,
      isNested: options['nested'] === true,
      isExcluded: 'no',
    };
  });
}

function isOmission(rule: unknown): boolean {
  return rule === false || (isDictionary(rule) && rule['omit'] === true);
}

const CLASSES: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  digit: '0-9',
  lower: 'a-z',
  space: '\\s',
  upper: 'A-Z',
};

/** POSIX extended expressions of rules, as far as they occur, read as JavaScript's. */
function compile(pattern: string): RegExp {
  try {
    return new RegExp(
      pattern.replace(/\[:(\w+):\]/g, (_, name: string) => CLASSES[name] ?? ''),
      's',
    );
  } catch (error) {
    throw new CodeSigningError('bad-resource-rules', {}, { cause: error });
  }
}
