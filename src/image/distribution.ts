import { attribute, type Element, elements, elementsBelow, parseXml, textOf } from './package-xml.ts';
import { unreadable } from './seven-zip-module.ts';

/** What a product archive says of itself in its `Distribution`: what is chosen and for whom. */
export interface Distribution {
  readonly title: string | null;
  readonly packageReferences: readonly PackageReference[];
  readonly choices: readonly Choice[];
  /** Whether and when a person may choose: `never`, `always`, `allow`; null where it does not say. */
  readonly customize: string | null;
  /** E.g. `arm64`, `x86_64`; empty where it does not say. */
  readonly hostArchitectures: readonly string[];
  /** Versions of macOS that it may be installed on; empty for all. */
  readonly allowedSystems: readonly SystemRange[];
  /** Where it may be installed; null where it does not say. */
  readonly domains: Domains | null;
  /** What of its own it runs before anything is installed. */
  readonly checks: DistributionChecks;
}

export interface PackageReference {
  readonly id: string | null;
  readonly version: string | null;
  /** The member that holds it, `#Nexy.pkg`; null where this reference only adds to another. */
  readonly source: string | null;
}

export interface Choice {
  readonly id: string | null;
  readonly title: string | null;
  /** `true`, `false` or an expression of JavaScript; null where it does not say, which means yes. */
  readonly startSelected: string | null;
  readonly selected: string | null;
  /** Replaces the install location of its packages. */
  readonly customLocation: string | null;
  /** Ids of the packages that it stands for. */
  readonly packages: readonly string[];
}

export interface SystemRange {
  readonly minimum: string | null;
  /** The first version that it may no longer be installed on. */
  readonly before: string | null;
}

export interface Domains {
  readonly anywhere: boolean;
  readonly currentUserHome: boolean;
  readonly localSystem: boolean;
}

export interface DistributionChecks {
  readonly installationCheck: boolean;
  readonly volumeCheck: boolean;
  /** JavaScript of its own, which such checks and choices call. */
  readonly hasScript: boolean;
  /** The JavaScript may run programs. */
  readonly allowsExternalScripts: boolean;
}

/**
 * Reads a `Distribution` (Apple's "Distribution Definition XML Schema Reference").
 *
 * @throws UpdateError `image-unreadable`
 */
export async function readDistribution(path: string, text: string): Promise<Distribution> {
  const document = await parseXml(path, 'Distribution', text);
  const names = ['installer-gui-script', 'installer-script'];
  const [product, another] = names.flatMap((name) => elements(document, name));
  if (product === undefined || another !== undefined)
    throw unreadable(path, 'its Distribution is not that of a package');
  const options = elements(product, 'options');
  const fromOptions = (name: string) =>
    options.map((one) => attribute(one, name)).find((one) => one !== null);
  const [domains] = elements(product, 'domains');
  return {
    title: textOf(elements(product, 'title')[0]),
    packageReferences: elementsBelow(product, 'pkg-ref').map(readReference),
    choices: elements(product, 'choice').map(readChoice),
    customize: fromOptions('customize') ?? null,
    hostArchitectures: listOf(fromOptions('hostArchitectures')),
    allowedSystems: elementsBelow(product, 'allowed-os-versions')
      .flatMap((one) => elements(one, 'os-version'))
      .map((one) => ({ minimum: attribute(one, 'min'), before: attribute(one, 'before') })),
    domains: domains === undefined ? null : readDomains(domains),
    checks: {
      installationCheck: hasScript(product, 'installation-check'),
      volumeCheck: hasScript(product, 'volume-check'),
      hasScript: elements(product, 'script').some((one) => textOf(one) !== null),
      allowsExternalScripts: ['true', 'yes'].includes(fromOptions('allow-external-scripts') ?? ''),
    },
  };
}

function readReference(reference: Element): PackageReference {
  return {
    id: attribute(reference, 'id'),
    version: attribute(reference, 'version'),
    source: textOf(reference),
  };
}

function readChoice(choice: Element): Choice {
  return {
    id: attribute(choice, 'id'),
    title: attribute(choice, 'title'),
    startSelected: attribute(choice, 'start_selected'),
    selected: attribute(choice, 'selected'),
    customLocation: attribute(choice, 'customLocation'),
    packages: elements(choice, 'pkg-ref').map((reference) => attribute(reference, 'id') ?? ''),
  };
}

/** Defaults of the reference: anywhere and home no, the system yes. */
function readDomains(domains: Element): Domains {
  return {
    anywhere: attribute(domains, 'enable_anywhere') === 'true',
    currentUserHome: attribute(domains, 'enable_currentUserHome') === 'true',
    localSystem: attribute(domains, 'enable_localSystem') !== 'false',
  };
}

function hasScript(product: Element, name: string): boolean {
  return elements(product, name).some((one) => attribute(one, 'script') !== null);
}

function listOf(text: string | null | undefined): readonly string[] {
  return (text ?? '').split(/[,\s]+/).filter((one) => one !== '');
}
